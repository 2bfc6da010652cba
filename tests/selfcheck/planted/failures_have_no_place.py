# breaks: SUITE-3 suite because: no failure says where in the files it was seen
# select: suite_03 and uneven
"""pytest plugin: results lose their source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dayzero.core.result import Result
from tests.selfcheck.planted import replaced

Results = Callable[..., list[Result]]


def placeless(whole: Results) -> Results:
    def without_source(*given: Any) -> list[Result]:
        results = whole(*given)
        for result in results:
            result["source"] = None
        return results

    return without_source


def pytest_configure() -> None:
    replaced("dayzero.pytest_plugin.evaluation", "results_of", placeless)
