"""SUITE-3: a failure says criterion and clause, what was expected and seen, the evidence, and what to look at next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.selftest.suite_run import SuiteRun
from dayzero.selftest.two_runs import TwoRuns
from dayzero.selftest.untold import untold
from tests.suite.conftest import SAMPLE, Sampled


@criterion("SUITE-3", subject="suite")
@pytest.mark.parametrize("known_bad", SAMPLE)
def test_a_failure_tells_all_that_it_knows(
    known_bad: str, sampled: Callable[..., dict[str, Sampled]], verdict: Verdict
) -> None:
    """Given a stack that breaks a criterion in several services,
    when it is judged,
    then each failure says clause, promise, expected, observed, its place or evidence, and what to look at next, in
    the terminal and in JUnit, and the JSON report says the same."""
    _judge(sampled()[known_bad].run, verdict)


@pytest.mark.runtime
@pytest.mark.slow
@criterion("SUITE-3", subject="suite")
def test_a_failure_of_the_running_stack_tells_as_much(two_runs: TwoRuns, verdict: Verdict) -> None:
    """Given a variant of our own stack that breaks a criterion when it runs,
    when it is booted and judged,
    then each failure says clause, promise, expected, observed, its evidence, and what to look at next."""
    _judge(two_runs.runs["bad"], verdict)


def _judge(run: SuiteRun, verdict: Verdict) -> None:
    failures = [result for result in run.judged if result["status"] == "fail"]
    lacks = untold(run)
    verdict.expected = f"nothing left unsaid in {len(failures)} failures"
    verdict.observed = "; ".join(lacks) or "nothing left unsaid"
    verdict.look = "src/dayzero/report/terminal.py, and what the criterion's test fills into its verdict"
    verdict.attach("output.txt", run.output)
    verdict.require(failures, "the stack was not caught, which SUITE-1 judges")
    verdict.check(not lacks)
