"""RUN-8: provisioning again changes nothing."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.core.wait import holds_within
from dayzero.docker.container_exit import Ending
from dayzero.pytest_plugin.per_init import SideBySide
from dayzero.stack.stack import Stack
from dayzero.targets.snapshot import difference, snapshot


@dataclass(frozen=True)
class Reruns:
    """How an init ended alone and twice at the same time, and how its target then differed from before."""

    alone: Ending
    both: list[Ending]
    changed: str


@pytest.fixture(scope="module")
def reruns(side_by_side: SideBySide) -> dict[str, Future[Reruns]]:
    """Each init run again."""
    return side_by_side(_run_again)


def _run_again(stack: Stack, promise: Promise) -> Reruns:
    before = snapshot(stack, promise.name)
    alone = stack.run_init(promise.name)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(stack.run_init, [promise.name] * 2))
    return Reruns(alone, both, difference(before, snapshot(stack, promise.name)))


@criterion("RUN-8")
def test_running_again_changes_nothing(
    promise: Promise, reruns: dict[str, Future[Reruns]], verdict: Verdict
) -> None:
    """Given a provisioned target whose whole state was recorded,
    when the init runs once more alone, and then twice at the same time,
    then every run exits with 0 and the target's state is exactly as before."""
    seen = reruns[promise.name].result()
    ends = [seen.alone, *seen.both]
    verdict.expected = "exit codes 0, 0 and 0, and no difference in the target's state"
    verdict.observed = (
        f"alone {ends[0].state}, together {ends[1].state} and {ends[2].state}; "
        f"difference: {seen.changed or 'none'}"
    )
    verdict.look = "the step of the provisioner that does not ask whether its work is done"
    for number, end in enumerate(ends):
        verdict.attach(f"{promise.name}-rerun-{number}.log", end.log)
    verdict.check([end.exit_code for end in ends] == [0, 0, 0], "a rerun failed")
    verdict.check(seen.changed == "", "the target's state changed")


@criterion("RUN-8", "VAL-AUTO-PLN-003", subject="all inits")
def test_up_again_changes_nothing(promises: dict[str, Promise], stack: Stack, verdict: Verdict) -> None:
    """Given a stack that is up and provisioned,
    when the one documented command runs a second time,
    then every init runs again, exits with 0, and leaves every target's state exactly as before."""
    stack.require_images_of(*promises)
    inits = [name for name in promises if name in stack.model["services"]]
    before = {name: snapshot(stack, name) for name in inits}
    started = {name: stack.container(name).state.started_at for name in inits}
    output = stack.up()
    # Where no gate is among the chosen profiles, `up` returns while an init still works.
    holds_within(lambda: not stack.running(inits), 120)
    verdict.attach("up-again.txt", output)
    ends = {name: stack.ended(name) for name in inits}
    idle = [name for name in inits if stack.container(name).state.started_at == started[name]]
    changed = {name: difference(before[name], snapshot(stack, name)) for name in inits}
    verdict.expected = "every init ran again and exited (0); no difference in any target"
    verdict.observed = (
        f"exit codes {{{', '.join(f'{name}: {end.exit_code}' for name, end in ends.items())}}}; "
        f"did not run: {', '.join(idle) or 'none'}; difference: {[text for text in changed.values() if text] or 'none'}"
    )
    verdict.look = "the log of the init that failed or changed something"
    verdict.check(idle == [], "an init did not run again")
    verdict.check({end.exit_code for end in ends.values()} == {0}, "an init failed")
    verdict.check(not any(changed.values()), "a target's state changed")
