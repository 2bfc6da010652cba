"""RUN-2: an init is quick."""

from __future__ import annotations

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.stack.stack import Stack

LIMIT_SECONDS = 60


@criterion("RUN-2")
def test_an_init_finishes_within_a_minute(promise: Promise, stack: Stack, verdict: Verdict) -> None:
    """Given a stack that was just booted,
    when the engine's own timestamps of the init's start and finish are compared,
    then no more than 60 seconds lie between them."""
    end = stack.ended(promise.name)
    verdict.expected = f"at most {LIMIT_SECONDS} s from start to finish"
    verdict.observed = f"{end.state} after {end.seconds:.1f} s"
    verdict.look = f"the waited= and calls= of the exit line in docker compose logs {promise.name}"
    if not end.seconds:
        verdict.not_applicable(f"{promise.name} never started, which RUN-1 judges")
    verdict.within(end.took, LIMIT_SECONDS)
