"""pytest plugin: the exit code of a run that judged criteria.

0: all was judged and nothing failed. 1: a stack failed, or a test that judges no criterion did. 5: there was nothing to
judge, for no init was found. 6: something could not be judged, and nothing failed. A run without criteria, an
interrupted one and a wrong call keep pytest's own.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import pytest

from dayzero.report.coverage import leaves_open, lines_of
from dayzero.report.exit_code import COULD_NOT_JUDGE, FAILED, exit_code_of

REPORT = pytest.StashKey[Mapping[str, Any]]()
"""What the run reports, in the form of `acceptance.json`; not there after a run without criteria."""


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_ExitStatus(), "dayzero-exit-status")


def exit_code(report: Mapping[str, Any], plain: int, *, others_failed: bool) -> int:
    """The exit code for a report, where pytest itself would end with `plain`."""
    if plain not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return plain
    if others_failed:
        return pytest.ExitCode.TESTS_FAILED
    code = exit_code_of(report["results"], report["coverage"])
    return code if plain == pytest.ExitCode.OK or code in (FAILED, COULD_NOT_JUDGE) else plain


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
