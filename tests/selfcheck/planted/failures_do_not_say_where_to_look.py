# breaks: SUITE-3 suite because: the terminal and JUnit leave out what to look at next
# select: suite_03 and uneven
"""pytest plugin: the last row of a failure is missing."""

from __future__ import annotations

from tests.selfcheck.planted import replaced


def pytest_configure() -> None:
    replaced(
        "dayzero.pytest_plugin.evaluation",
        "failure_text",
        lambda whole: lambda *given: whole(*given).partition("  look next")[0],
    )
