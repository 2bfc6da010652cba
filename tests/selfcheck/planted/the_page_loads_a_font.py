# breaks: SUITE-7 suite because: the page does not stand alone
# select: suite_07 and agree
"""pytest plugin: the page asks another server for its font."""

from __future__ import annotations

from tests.selfcheck.planted import replaced

FONT = "<style>@import 'https://fonts.example/one.css';"


def pytest_configure() -> None:
    replaced(
        "dayzero.pytest_plugin.report",
        "render",
        lambda whole: lambda report: whole(report).replace("<style>", FONT, 1),
    )
