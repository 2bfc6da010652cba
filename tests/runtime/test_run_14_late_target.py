"""RUN-14: an init whose target becomes healthy late has provisioned it within one longest pause of that."""

from __future__ import annotations

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.core.wait import Took
from dayzero.faults.late_targets import Delay, LateRun, LateTargets
from dayzero.pytest_plugin.long_waits import UNHINDERED
from dayzero.stack.stack import Stack

PATIENCE_SECONDS = 60
"""After its targets have become healthy, an init is watched for so long: it then needs no more for its work (RUN-2)."""
CAP_SETTING = "PROVISION_BACKOFF_CAP"
LONG_SECONDS = 100
"""A wait in whose first half a cap must have been reached in order to be one."""


@criterion("RUN-14")
@pytest.mark.parametrize(
    "delay",
    [
        pytest.param(Delay(3), id="3 s"),
        pytest.param(Delay(40), id="40 s", marks=pytest.mark.slow),
        pytest.param(Delay(200), id="200 s", marks=pytest.mark.slow),
    ],
)
def test_a_late_target_is_provisioned_soon_after(
    delay: Delay, promise: Promise, stack: Stack, late_targets: dict[Delay, LateTargets], verdict: Verdict
) -> None:
    """Given an init whose targets refuse connections from its first attempt on,
    when they become healthy after some time,
    then it ends with 0, and no later than one longest pause and the time that its work takes after they have."""
    unhindered, late = (
        late_targets[each].run(promise.name, each.seconds + PATIENCE_SECONDS) for each in (UNHINDERED, delay)
    )
    verdict.require(
        unhindered.ending.exit_code == 0,
        f"{promise.name} is {unhindered.ending.state} also when its targets are not late",
    )
    verdict.require(late.refused or late.ending.exit_code is not None, f"{promise.name} was not seen to try")
    pause = _longest_pause(stack, promise.name, late, delay)
    # It may have begun its pause just before, and then it starts its client and does its work, on a machine that may be
    # twice as busy as it was when nothing was in its way.
    most = pause + 2 * unhindered.ending.seconds + 1
    verdict.expected = (
        f"exit code 0 within {most:.1f} s of its targets' becoming healthy: a pause of {pause:.1f} s, "
        f"and its work, which took {unhindered.ending.seconds:.1f} s by itself"
    )
    verdict.observed = _told(late, delay)
    verdict.look = (
        "the longest pause of the init's wait loop, and what it does between the end of its wait and its work"
    )
    verdict.attach(f"{promise.name}-{delay.slug}.log", late.ending.log)
    verdict.check(late.healthy is not None, "it ended before its targets were healthy")
    assert late.healthy is not None
    verdict.check(late.ending.exit_code in (0, None), "another exit code")
    ended = late.ending.exit_code is not None
    verdict.within(Took(late.healthy, late.ending.at, reached=ended), most)


def _longest_pause(stack: Stack, init: str, late: LateRun, delay: Delay) -> float:
    """The stack's own setting. Without one, what the first half of a long wait has shown, plus a quarter for chance;
    in a short one it may still be growing, to twice of what was seen."""
    stated = (stack.model["services"][init].get("environment") or {}).get(CAP_SETTING)
    if stated is not None:
        return float(stated)
    return 1.25 * late.longest_gap(0.5) if delay.seconds >= LONG_SECONDS else 2 * late.longest_gap()


def _told(late: LateRun, delay: Delay) -> str:
    if late.healthy is None:
        return f"{late.ending.state} after {late.ending.seconds:.1f} s, before its targets were healthy"
    first = f"connected {late.reached[0] - late.healthy:.1f} s" if late.reached else "not connected"
    return (
        f"targets healthy after {delay}; {first} after that, {late.ending.state} {late.ending.at - late.healthy:.1f} s "
        f"after; {len(late.refused)} attempts before, up to {late.longest_gap():.1f} s apart"
    )
