"""Runs of the suite, each in a process of its own, for the criteria about the suite itself."""

from __future__ import annotations

from typing import Protocol

import pytest

from fixtures.suite_run import SuiteRun, plugins_handed_on, run_suite


class Judge(Protocol):
    """Runs the suite with these arguments and hands back what it left; `environment` is this process's by default."""

    def __call__(self, *arguments: str, environment: dict[str, str] | None = None) -> SuiteRun: ...


@pytest.fixture(scope="session")
def judge(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Runs the suite with the plugins of this run, the reports in a new folder each time."""

    def run(*arguments: str, environment: dict[str, str] | None = None) -> SuiteRun:
        folder = tmp_path_factory.mktemp("reports")
        return run_suite([*plugins_handed_on(pytestconfig), *arguments], folder, environment=environment)

    return run
