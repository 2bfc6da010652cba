"""RUN-11: the time limit holds over all that an init waits for, not for each target or step anew."""

from __future__ import annotations

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.faults.late_targets import Delay, LateTargets

LIMIT_SECONDS = 300
ANEW = "its time limit began anew after the first answer"


@pytest.mark.slow
@criterion("RUN-11")
@pytest.mark.parametrize("delay", [pytest.param(Delay(200, once=True), id="200 s")])
def test_the_limit_holds_over_all_that_an_init_waits_for(
    delay: Delay, promise: Promise, late_targets: dict[Delay, LateTargets], verdict: Verdict
) -> None:
    """Given targets that refuse for 200 seconds, answer one connection, and are then gone for good,
    when an init waits for them with its default settings,
    then it exits with code 1 within 300 seconds of its start: its time does not begin anew with its next wait."""
    seen = late_targets[delay].run(promise.name, LIMIT_SECONDS + 30)
    end = seen.ending
    verdict.expected = (
        f"exit code 1 within {LIMIT_SECONDS} s, {delay.seconds:.0f} of them over at the first answer"
    )
    verdict.observed = f"{end.state} after {end.seconds:.1f} s, with {len(seen.reached)} connections answered"
    verdict.look = "whether the deadline is computed once at the init's start, or at the start of each wait"
    verdict.attach(f"{promise.name}-{delay.slug}.log", end.log)
    if end.exit_code == 0:
        verdict.not_applicable("it does all its work over one connection, so nothing was left to wait for")
    verdict.require(
        seen.reached or end.seconds >= delay.seconds,
        f"{promise.name} is {end.state} before its targets answered: see RUN-14",
    )
    verdict.within(end.took, LIMIT_SECONDS, ANEW if seen.reached else "too late")
    verdict.check(end.exit_code == 1, "another exit code")
