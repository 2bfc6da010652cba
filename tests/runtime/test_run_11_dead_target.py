"""RUN-11: in front of a dead target an init gives up in time, says why, and holds back whatever needs it."""

from __future__ import annotations

import re

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.faults.dead_targets import KINDS, DeadTargets

LIMIT_SECONDS = 300
PATIENCE_SECONDS = 240
"""An init that gives up long before the limit fails a stack whose target is merely slow."""
LAST_WORDS = 3
"""Lines at the end of the log in which an init may say what it waited for, and why in vain."""
ERROR = re.compile(
    r"(?i)refus|resol|time[d ]*-?out|unreach|unknown|disconnect|reset|clos(?:ed|ing)|could ?n[o']t|cannot|unable"
    r"|fail(?:ed|ure)|no (?:answer|route|response|connection|such host)|exception|error(?!=\"?\"?(?:\s|$))"
)
"""What an error looks like, whoever words it."""


@pytest.mark.slow
@criterion("RUN-11")
@pytest.mark.parametrize("kind", KINDS)
def test_an_init_gives_up_on_a_dead_target_in_time(
    kind: str, promise: Promise, dead_targets: dict[str, DeadTargets], verdict: Verdict
) -> None:
    """Given a target that is dead, proven from the init's own network,
    when the init waits for it with its default settings,
    then it exits with code 1 within 300 seconds, names the target and the last error, and its consumers never start."""
    seen = dead_targets[kind].outcome(promise.name, LIMIT_SECONDS + 30)
    lines = seen.ending.log.strip().splitlines() or ["no log"]
    started = [name for name, ever in seen.consumers.items() if ever]
    verdict.expected = (
        f"{kind}: exit code 1 after {PATIENCE_SECONDS} to {LIMIT_SECONDS} s, "
        "target and last error at the end of the log, no consumer started"
    )
    verdict.observed = (
        f"{seen.ending.state} after {seen.ending.seconds:.1f} s; "
        f"consumers started: {', '.join(started) or 'none'}; {lines[-1]}"
    )
    verdict.look = (
        "the init's wait loop: its deadline, the timeout of one attempt, what it prints when it gives up"
    )
    verdict.attach(f"{promise.name}-{kind.replace(' ', '-')}.log", seen.ending.log)
    verdict.within(seen.ending.took, LIMIT_SECONDS)
    verdict.check(seen.ending.exit_code == 1, "another exit code")
    verdict.check(seen.ending.seconds >= PATIENCE_SECONDS, "too early")
    verdict.check(
        any(target in line for target in promise.targets for line in lines[-LAST_WORDS:]),
        "the target is not named at the end",
    )
    verdict.check(any(ERROR.search(line) for line in lines[-LAST_WORDS:]), "no error at the end")
    verdict.check(started == [], "a consumer started")
    verdict.require(seen.consumers, "nothing depends on this init, so nothing was seen to be held back")
