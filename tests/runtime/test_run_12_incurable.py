"""RUN-12: what waiting cannot cure ends an init at once."""

from __future__ import annotations

import re
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.docker.container_exit import Ending
from dayzero.faults.bad_input import AT_ONCE_SECONDS, BROKEN, PATIENCE_SECONDS
from dayzero.faults.invalid_settings import REQUESTS
from dayzero.pytest_plugin.per_init import SideBySide
from dayzero.stack.stack import Stack
from dayzero.targets.snapshot import difference, snapshot

PROGRESS = re.compile(r"\bevent=(?:start|wait|ready|resource)\b")


@pytest.fixture(scope="module")
def broken(side_by_side: SideBySide) -> dict[str, Future[dict[str, Ending]]]:
    """How each init ended that was given something broken, by kind."""
    return side_by_side(_give_what_is_broken)


def _give_what_is_broken(stack: Stack, promise: Promise) -> dict[str, Ending]:
    return {kind: run(stack, promise.name) for kind, (run, _) in BROKEN.items()}


@criterion("RUN-12")
@pytest.mark.parametrize("kind", BROKEN)
def test_what_waiting_cannot_cure_fails_at_once(
    kind: str, promise: Promise, stack: Stack, broken: dict[str, Future[dict[str, Ending]]], verdict: Verdict
) -> None:
    """Given an init whose credential is rejected, whose secret is missing or empty, or whose setting is malformed,
    when it runs in front of a healthy target,
    then it exits with code 1 at once and says in one line what is wrong, without the secret."""
    _, telling = BROKEN[kind]
    end = broken[promise.name].result()[kind]
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
    verdict.within(end.took, AT_ONCE_SECONDS, "not at once")
    verdict.check(end.exit_code == 1, "another exit code")
    verdict.check(len(complaints) == 1, "not one line")
    verdict.check(re.search(telling(promise.name), complaints[0]), "the line does not tell of it")
    verdict.check(
        not any(value in end.log for value in stack.secrets.values.values()), "a secret is in the log"
    )


@dataclass(frozen=True)
class Refusals:
    """What became of all impossible requests to one init: what was wrong about it, and how each run ended."""

    wrong: list[str]
    ends: dict[str, Ending]


@pytest.fixture(scope="module")
def refusals(side_by_side: SideBySide) -> dict[str, Future[Refusals]]:
    """Each init asked for what cannot be."""
    return side_by_side(_ask_the_impossible)


def _ask_the_impossible(stack: Stack, promise: Promise) -> Refusals:
    init = promise.name
    wrong: list[str] = []
    ends: dict[str, Ending] = {}
    before = snapshot(stack, init)
    for request in REQUESTS[init]:
        with request.meanwhile(stack):
            end = stack.run_init(init, overrides=request.settings, timeout=PATIENCE_SECONDS)
        ends[request.what] = end
        told = [line for line in end.log.splitlines() if line.strip() and not PROGRESS.search(line)]
        if end.exit_code != 1 or len(told) != 1 or not re.search(request.telling, told[0]):
            wrong.append(
                f"{request.what}: {end.state} after {end.seconds:.1f} s, {' | '.join(told[:3]) or 'no such line'}"
            )
        if end.exit_code is None:
            break  # one that waits for what cannot be would have us wait for each of them
    changed = difference(before, snapshot(stack, init))
    if changed:
        wrong.append(f"one of them has changed the target: {changed}")
    return Refusals(wrong, ends)


@criterion("RUN-12")
def test_an_impossible_request_fails_at_once_and_changes_nothing(
    promise: Promise, refusals: dict[str, Future[Refusals]], verdict: Verdict
) -> None:
    """Given a healthy target whose whole state was recorded,
    when the init is asked for what cannot be, or with settings that carry commands to a shell or a server,
    then each time it exits with code 1 at once and names the resource or the setting in one line,
    and the target's state is exactly as before."""
    requests = REQUESTS[promise.name]
    seen = refusals[promise.name].result()
    for what, end in seen.ends.items():
        verdict.attach(f"{promise.name}-{what.replace(' ', '-')}.log", end.log)
    verdict.expected = (
        f"{len(requests)} requests ({', '.join(request.what for request in requests)}): exit code 1 within "
        f"{AT_ONCE_SECONDS} s, one line that names the resource or setting, no difference in the target"
    )
    verdict.observed = "; ".join(seen.wrong) or f"{len(requests)} requests, each refused so"
    verdict.look = (
        "how the provisioner checks its settings before its first call, and what it hands on to its client"
    )
    for what, end in seen.ends.items():
        verdict.within(end.took, AT_ONCE_SECONDS, f"{what}: not at once")
    verdict.check(seen.wrong == [])
