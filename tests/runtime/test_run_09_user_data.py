"""RUN-9: what users put in or changed on purpose outlives provisioning."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.errors import StackUnusable
from dayzero.core.verdict import Verdict
from dayzero.docker.container_exit import Ending
from dayzero.pytest_plugin.per_init import SideBySide
from dayzero.stack.stack import Stack
from dayzero.targets.snapshot import difference, snapshot
from dayzero.targets.workload import busy_user


@dataclass(frozen=True)
class Rerun:
    """What hindered the user, or what the user changed, how the init then ended, and what it changed in its turn."""

    hindered: str
    by_user: str = ""
    end: Ending | None = None
    by_init: str = ""


@pytest.fixture(scope="module")
def reruns(side_by_side: SideBySide) -> dict[str, Future[Rerun]]:
    """Each init run again after a user has worked with its target."""
    return side_by_side(_work_and_run_again)


def _work_and_run_again(stack: Stack, promise: Promise) -> Rerun:
    fresh = snapshot(stack, promise.name)
    if hindered := busy_user(stack, promise.name):
        return Rerun(hindered)
    left = snapshot(stack, promise.name)
    if left == fresh:
        raise StackUnusable("the user's changes do not show in the snapshot, so nothing can be judged")
    end = stack.run_init(promise.name)
    return Rerun("", difference(fresh, left), end, difference(left, snapshot(stack, promise.name)))


@criterion("RUN-9")
def test_a_rerun_leaves_everything_of_the_users(
    promise: Promise, reruns: dict[str, Future[Rerun]], verdict: Verdict
) -> None:
    """Given a user has added data to the provisioned target and changed settings of it on purpose,
    when the init runs again,
    then it exits with 0 and everything is as the user left it."""
    verdict.expected = "exit code 0 and no difference to what the user left"
    verdict.look = "the step of the provisioner that writes without asking what is there"
    seen = reruns[promise.name].result()
    verdict.observed = f"the user could not work with the provisioned target: {seen.hindered}"
    verdict.check(not seen.hindered)
    assert seen.end is not None
    verdict.attach(f"{promise.name}-user.diff", seen.by_user)
    verdict.attach(f"{promise.name}-rerun.log", seen.end.log)
    verdict.observed = f"{seen.end.state}; difference: {seen.by_init or 'none'}"
    verdict.check(seen.end.exit_code == 0, "the rerun failed")
    verdict.check(seen.by_init == "", "the rerun changed what the user left")
