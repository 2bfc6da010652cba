"""RUN-10: whatever a killed init left half done, the next run completes."""

from __future__ import annotations

import re
from concurrent.futures import Future
from functools import partial

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.faults.crash.campaign import Aftermath, Campaign, run_campaign
from dayzero.pytest_plugin.per_init import SideBySide

EXIT_LINE = re.compile(r"\bevent=exit code=1\b")


@pytest.fixture(scope="module")
def campaigns(
    side_by_side: SideBySide, seed: int, request: pytest.FixtureRequest
) -> dict[str, Future[Campaign]]:
    """Each init killed at its start, after each resource, in each manner, and at some random moments."""
    return side_by_side(partial(run_campaign, seed=seed, random_kills=request.config.option.kills))


@criterion("RUN-10")
def test_a_rerun_completes_what_a_killed_run_left(
    promise: Promise, campaigns: dict[str, Future[Campaign]], verdict: Verdict
) -> None:
    """Given a target as it is after its own first boot,
    when the init is killed at its start, after each resource that it logs or at a random moment, by a signal or for
    want of memory, or its target is killed under it, and the init then runs again,
    then the killed run says that it failed, the second exits with 0, and the target is as after one clean run."""
    _judge(campaigns[promise.name].result(), verdict)


def _judge(campaign: Campaign, verdict: Verdict) -> None:
    wrong = [f"{one.kill}: {problem}" for one in campaign.aftermaths if (problem := _problem(one))]
    verdict.expected = (
        "a killed run ends with a code other than 0, after SIGTERM with 1 and an exit line; "
        "the rerun exits with 0 and leaves the state of one clean run"
    )
    verdict.observed = f"{campaign.figures()}; wrong: {'; '.join(wrong) or 'nothing'}"
    verdict.look = "the step that takes what exists for finished, or what is done outside one transaction"
    for number, one in enumerate(campaign.aftermaths):
        if _problem(one):
            verdict.attach(
                f"{campaign.init}-killed-{number}.log",
                f"{one.kill}\n{one.run.log}\nleft undone:\n{one.undone}\n\n"
                f"rerun:\n{one.rerun.log if one.rerun else 'none'}\ndifference from a clean run:\n{one.wrong}\n",
            )
    verdict.check(wrong == [])
    verdict.require(
        not campaign.never_hit,
        f"{campaign.init} was done before it could be killed: "
        f"{', '.join(map(str, campaign.never_hit))}; give the machine less to do",
    )


def _problem(one: Aftermath) -> str:
    """What is wrong about one kill, "" if nothing."""
    if one.rerun is None:
        if one.run.exit_code:
            return f"without being killed it exited ({one.run.exit_code})"
        return f"it exited (0) with work undone: {one.undone}"
    if one.rerun.exit_code:
        return f"the rerun exited ({one.rerun.exit_code})"
    if one.wrong:
        return f"after the rerun: {one.wrong}"
    if one.run.exit_code == 0:
        # Only a lost target may be survived, and then the work has to be done.
        return f"it exited (0) with work undone: {one.undone}" if one.undone else ""
    if one.kill.manner == "SIGTERM" and not (one.run.exit_code == 1 and EXIT_LINE.search(one.run.log)):
        return f"it exited ({one.run.exit_code}) without an exit line"
    return ""
