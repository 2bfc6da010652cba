"""SUITE-3: a failure says criterion and clause, what was expected and seen, the evidence, and what to look at next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.criterion import criterion
from fixtures.untold import untold
from fixtures.verdict import Verdict
from tests.suite.conftest import SAMPLE, Sampled


@criterion("SUITE-3", subject="suite")
@pytest.mark.parametrize("stack", SAMPLE)
def test_a_failure_tells_all_that_it_knows(
    stack: str, sampled: Callable[..., dict[str, Sampled]], verdict: Verdict
) -> None:
    """Given a stack that breaks a criterion in several services,
    when it is judged,
    then each failure says clause, promise, expected, observed, its place or evidence, and what to look at next, in
    the terminal and in JUnit, and the JSON report says the same."""
    run = sampled()[stack].run
    failures = [result for result in run.judged if result["status"] == "fail"]
    lacks = untold(run)
    verdict.expected = f"nothing left unsaid in {len(failures)} failures"
    verdict.observed = "; ".join(lacks) or "nothing left unsaid"
    verdict.look = "fixtures/failure_text.py, and what the criterion's test fills into its verdict"
    verdict.attach("output.txt", run.output)
    verdict.require(failures, f"{stack} was not caught, which SUITE-1 judges")
    verdict.check(not lacks)
