"""RUN-12: what waiting cannot cure ends an init at once."""

from __future__ import annotations

import re

import pytest

from fixtures.broken_inputs import AT_ONCE_SECONDS, BROKEN
from fixtures.criterion import criterion
from fixtures.inventory import Promise
from fixtures.stack import Stack
from fixtures.verdict import Verdict

PROGRESS = re.compile(r"\bevent=(?:start|wait|ready|resource)\b")


@criterion("RUN-12")
@pytest.mark.parametrize("kind", BROKEN)
def test_what_waiting_cannot_cure_fails_at_once(
    kind: str, promise: Promise, stack: Stack, verdict: Verdict
) -> None:
    """Given an init whose credential is rejected, whose secret is missing or empty, or whose setting is malformed,
    when it runs in front of a healthy target,
    then it exits with code 1 at once and says in one line what is wrong, without the secret."""
    run, telling = BROKEN[kind]
    end = run(stack, promise.name)
    complaints = [line for line in end.log.splitlines() if line.strip() and not PROGRESS.search(line)]
    verdict.expected = (
        f"{kind}: exit code 1 within {AT_ONCE_SECONDS} s, "
        f"and beside the lines of progress one that tells of it (/{telling(promise.name)}/)"
    )
    verdict.observed = (
        f"{end.state} after {end.seconds:.1f} s; {' | '.join(complaints[:5]) or 'no such line'}"
        + (f" … {len(complaints)} lines" if len(complaints) > 1 else "")
    )
    verdict.look = (
        "how the provisioner checks its settings and secrets, and which errors it takes for hopeless"
    )
    verdict.attach(f"{promise.name}-{kind.replace(' ', '-')}.log", end.log)
    assert end.exit_code == 1
    assert end.seconds <= AT_ONCE_SECONDS
    assert len(complaints) == 1
    assert re.search(telling(promise.name), complaints[0])
    assert not any(value in end.log for value in stack.secrets.values.values())
