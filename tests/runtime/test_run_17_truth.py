"""RUN-17: what the trail says is what happened, by the target itself and by the engine's own record."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.faults.told_runs import LEAST_TOLERANCE, Account, account_of
from dayzero.pytest_plugin.per_init import SideBySide
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.boot import BootRecord
from dayzero.targets.loki.client import LokiObserver


@pytest.fixture(scope="module")
def accounts(side_by_side: SideBySide, boot: BootRecord) -> dict[str, Future[Account]]:
    """Each init's word about the boot, about mending its target, about finding it whole, and about a failure."""
    require_service("loki", side_by_side.stack)
    return side_by_side(partial(account_of, loki=LokiObserver(), timeline=boot.timeline))


@criterion("RUN-17", "PRD §8")
def test_what_the_trail_says_is_what_happened(
    promise: Promise, accounts: dict[str, Future[Account]], verdict: Verdict
) -> None:
    """Given an init that has provisioned an empty target at the boot,
    when it runs again after one output was taken away and an enforced setting changed, once more with all in place, and
    with a setting that makes it fail,
    then each run says created, updated or unchanged as the target was before and after, of every promised resource and
    of no other, and at its end the code and the seconds that the engine has recorded."""
    account = accounts[promise.name].result()
    wrong = [f"{run.what}: {text}" for run in account.runs for text in account.untruths(run)]
    verdict.expected = (
        "each resource as the target tells it, the engine's exit code, and its seconds "
        f"within {account.tolerance:.2f} s: {LEAST_TOLERANCE} s and twice what a run takes that does nothing"
    )
    verdict.observed = "; ".join(wrong) or f"{len(account.runs)} runs: {'; '.join(map(str, account.runs))}"
    verdict.look = f"what {promise.name} takes for the answer when it writes its line"
    for number, run in enumerate(account.runs):
        verdict.attach(f"{promise.name}-told-{number}.log", f"{run.what}\n" + "\n".join(run.lines))
    verdict.check(wrong == [])
