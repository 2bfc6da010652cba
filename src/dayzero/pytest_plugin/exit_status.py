"""pytest plugin: the exit code of a run that judged criteria.

0: all was judged and nothing failed. 1: a stack failed, or a test that judges no criterion did. 5: there was nothing to
judge, for no init was found. 6: something could not be judged, and nothing failed. A run without criteria, an
interrupted one and a wrong call keep pytest's own.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import pytest

from dayzero.report.coverage import NO_INIT, leaves_open, lines_of

COULD_NOT_JUDGE = 6
"""The first code that pytest does not use itself."""

REPORT = pytest.StashKey[Mapping[str, Any]]()
"""What the run reports, in the form of `acceptance.json`; not there after a run without criteria."""


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_ExitStatus(), "dayzero-exit-status")


def exit_code(report: Mapping[str, Any], plain: int, *, others_failed: bool) -> int:
    """The exit code for a report, where pytest itself would end with `plain`."""
    if plain not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return plain
    results = report["results"]
    statuses = {result["status"] for result in results}
    if "fail" in statuses or others_failed:
        return pytest.ExitCode.TESTS_FAILED
    if "error" in statuses or leaves_open(report["coverage"]):
        return COULD_NOT_JUDGE
    if plain == pytest.ExitCode.OK and any(result["observed"].startswith(NO_INIT) for result in results):
        return pytest.ExitCode.NO_TESTS_COLLECTED
    return plain


class _ExitStatus:
    """The controller's side; it alone ends with the run's code."""

    def __init__(self) -> None:
        self._others_failed = False

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._others_failed |= report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._others_failed |= report.failed and "criterion" not in report.keywords

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Around the reporter, which is the innermost."""
        outcome = yield
        report = session.config.stash.get(REPORT, None)
        if report is not None:
            session.exitstatus = exit_code(report, int(session.exitstatus), others_failed=self._others_failed)
        return outcome

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> Generator[None, None, None]:
        """Says last of all what was not judged because it could not be loaded."""
        outcome = yield
        report = config.stash.get(REPORT, None)
        coverage = report["coverage"] if report is not None else []
        lines = lines_of(coverage)
        if lines:
            title = "judged on a part" if leaves_open(coverage) else "not all was loaded"
            terminalreporter.section(title, red=True)
            for line in lines:
                terminalreporter.write_line(line)
        return outcome
