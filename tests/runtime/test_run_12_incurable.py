"""RUN-12: what waiting cannot cure ends an init at once."""

from __future__ import annotations

import pytest

from fixtures.broken_inputs import BROKEN
from fixtures.criterion import criterion
from fixtures.inventory import Promise
from fixtures.stack import Stack
from fixtures.verdict import Verdict

AT_ONCE_SECONDS = 30
"""A JVM's start and the refusal of a busy server, and far from the 300 s of waiting."""


@criterion("RUN-12")
@pytest.mark.parametrize("kind", BROKEN)
def test_what_waiting_cannot_cure_fails_at_once(
    kind: str, promise: Promise, stack: Stack, verdict: Verdict
) -> None:
    """Given an init whose credential is rejected, whose secret is missing or empty, or whose setting is malformed,
    when it runs in front of a healthy target,
    then it exits with code 1 at once and says in one line what is wrong, without the secret."""
    verdict.subject = promise.name
    run, word = BROKEN[kind]
    end = run(stack, promise.name)
    reasons = [line for line in end.log.splitlines() if "reason=" in line]
    verdict.expected = f"{kind}: exit code 1 within {AT_ONCE_SECONDS} s and one line whose reason tells of {word(promise.name)!r}"
    verdict.observed = f"exit code {end.exit_code} after {end.seconds:.1f} s; {' | '.join(reasons) or 'no line with a reason'}"
    verdict.look = (
        "how the provisioner checks its settings and secrets, and which errors it takes for hopeless"
    )
    verdict.attach(f"{promise.name}-{kind.replace(' ', '-')}.log", end.log)
    assert end.exit_code == 1
    assert end.seconds <= AT_ONCE_SECONDS
    assert len(reasons) == 1
    assert word(promise.name) in reasons[0]
    assert not any(value in end.log for value in stack.secrets.values.values())
