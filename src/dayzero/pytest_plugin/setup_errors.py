"""pytest plugin: what kept the suite from looking is said once, in one line, instead of once for every test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from types import TracebackType

import pytest

from dayzero.analysis.coverage import NotLoaded
from dayzero.analysis.inventory import InventoryError
from dayzero.compose.yaml_source import ComposeUnreadable
from dayzero.core.errors import SetupError
from dayzero.core.redaction import redact
from dayzero.docker.prune import LeftoverStays
from dayzero.report.coverage import NO_INIT

_OBSTACLES = (
    SetupError,
    LeftoverStays,
    ComposeUnreadable,
    InventoryError,
)
_TOLD = "obstacle"
"""A report's attribute, which xdist carries along: the one line."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    met = _OBSTACLES if call.when == "setup" else (NotLoaded,)
    if call.excinfo is None or not isinstance(call.excinfo.value, met):
        return (yield)
    call.excinfo = _without_frames(call.excinfo)
    report = yield
    line = redact(str(call.excinfo.value))
    vars(report)[_TOLD] = line
    report.longrepr = line
    return report


def _without_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """The same exception as raised by its last frame alone: nobody reads the others, and rendering them takes long."""
    raised = excinfo.traceback[-1]
    last = TracebackType(None, raised.frame.raw, 0, raised.lineno + 1)
    return pytest.ExceptionInfo.from_exc_info((type(excinfo.value), excinfo.value, last))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Around pytest's own summary, which would show each of these tests by itself, errors even twice."""
    before = dict(terminalreporter.stats)
    told: dict[str, Counter[str]] = {}
    for outcome, title in (("error", "could not look"), ("skipped", "nothing to judge")):
        lines = {report: line for report in before.get(outcome, []) if (line := _line(report))}
        if lines:
            told[title] = Counter(lines.values())
            terminalreporter.stats[outcome] = [one for one in before[outcome] if one not in lines]
    try:
        return (yield)
    finally:
        terminalreporter.stats.update(before)
        for title, lines_of_it in told.items():
            terminalreporter.section(title, red=True)
            for line, tests in lines_of_it.items():
                terminalreporter.line(f"{line}  [{tests} tests]")


def _line(report: object) -> str:
    """What is to be said once of all tests that met it; "" for a test that has something of its own to say."""
    skipped = getattr(report, "longrepr", None)
    reason = str(skipped[2]).removeprefix("Skipped: ") if isinstance(skipped, tuple) else ""
    return str(getattr(report, _TOLD, "")) or (reason if reason.startswith(NO_INIT) else "")
