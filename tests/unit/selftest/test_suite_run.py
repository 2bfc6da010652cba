"""A run within a run is ended in time, and takes over nothing of the outer one but what it is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dayzero.selftest.suite_run import SuiteRunBroken, run_suite


def test_a_run_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """Given a run that takes longer than it may,
    when its time is over,
    then it is ended, and that is told instead of a result."""
    begun: list[int] = []
    with pytest.raises(SuiteRunBroken, match="had not ended after 0 s"):
        run_suite(["tests/static", "-q"], tmp_path, seconds=0.2, begun=begun.append)
    (pid,) = begun
    assert not Path(f"/proc/{pid}").exists()


def test_a_run_without_a_report_is_told_with_its_last_words(tmp_path: Path) -> None:
    """Given a run that refuses its command line, although the outer run's own environment would forbid it to start,
    when its report is asked for,
    then there is none, and its own words say why."""
    run = run_suite(
        ["tests/static", "--stack=no-such-folder"],
        tmp_path,
        environment={**os.environ, "PYTEST_ADDOPTS": "--no-such-option"},
    )
    with pytest.raises(SuiteRunBroken, match="--stack no-such-folder: no such file or folder"):
        _ = run.report
