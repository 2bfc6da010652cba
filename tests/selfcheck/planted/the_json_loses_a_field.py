# breaks: SUITE-7 suite because: readers of the report look for a field in vain
# select: suite_07 and agree
"""pytest plugin: the JSON report is written without the evidence of its results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.selfcheck.planted import replaced

Write = Callable[[Path, str], None]


def forgetful(write: Write) -> Write:
    def write_less(file: Path, text: str) -> None:
        if file.name == "acceptance.json":
            given = json.loads(text)
            for result in given["results"]:
                del result["evidence"]
            text = json.dumps(given)
        write(file, text)

    return write_less


def pytest_configure() -> None:
    replaced("dayzero.pytest_plugin.report", "write_text", forgetful)
