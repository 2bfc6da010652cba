# breaks: SUITE-7 suite because: who counts failures by the JUnit file's head sees one too few
# select: suite_07 and agree
"""pytest plugin: the JUnit file's head counts no failures."""

from __future__ import annotations

import re

from tests.selfcheck.planted import replaced


def uncounted(xml: str) -> str:
    return re.sub(r'failures="\d+"', 'failures="0"', xml)


def pytest_configure() -> None:
    replaced(
        "dayzero.pytest_plugin.report", "tell_errors_apart", lambda truly: lambda xml: uncounted(truly(xml))
    )
