"""RUN-9: what users put in or changed on purpose outlives provisioning."""

from __future__ import annotations

from fixtures.busy_user import busy_user
from fixtures.criterion import criterion
from fixtures.inventory import Promise
from fixtures.stack import Stack, StackUnusable
from fixtures.target_snapshot import difference, snapshot
from fixtures.verdict import Verdict


@criterion("RUN-9")
def test_a_rerun_leaves_everything_of_the_users(promise: Promise, stack: Stack, verdict: Verdict) -> None:
    """Given a user has added data to the provisioned target and changed settings of it on purpose,
    when the init runs again,
    then it exits with 0 and everything is as the user left it."""
    verdict.expected = "exit code 0 and no difference to what the user left"
    verdict.look = "the step of the provisioner that writes without asking what is there"
    fresh = snapshot(stack, promise.name)
    hindered = busy_user(stack, promise.name)
    verdict.observed = f"the user could not work with the provisioned target: {hindered}"
    assert not hindered
    left = snapshot(stack, promise.name)
    if left == fresh:
        raise StackUnusable("the user's changes do not show in the snapshot, so nothing can be judged")
    verdict.attach(f"{promise.name}-user.diff", difference(fresh, left))
    end = stack.run_init(promise.name)
    changed = difference(left, snapshot(stack, promise.name))
    verdict.observed = f"{end.state}; difference: {changed or 'none'}"
    verdict.attach(f"{promise.name}-rerun.log", end.log)
    assert end.exit_code == 0
    assert changed == ""
