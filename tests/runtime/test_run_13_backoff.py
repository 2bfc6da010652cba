"""RUN-13: retries slow down exponentially to a cap, and never march in step, as their target sees it."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.faults.retrying_copies import RetryingCopies
from dayzero.probes.retry_schedule import ALARM_RATE, TESTS, judge_schedule, together
from dayzero.stack.stack import Stack

BUSY_SECONDS = 0.3
"""Where a dozen programs take so long to start, first pauses take several times as long as was meant."""


def _rate(copies: RetryingCopies) -> float:
    """What each test may contribute to the false alarms of the run: those on each init, and the one on all of them."""
    return ALARM_RATE / (TESTS * len(copies.copies) + 1)


@pytest.mark.slow
@criterion("RUN-13")
def test_retries_back_off_and_are_randomised(
    promise: Promise, retrying_copies: RetryingCopies, verdict: Verdict
) -> None:
    """Given copies of an init that were started together, and a host in the place of its targets that never answers,
    when each tries again and again,
    then the pauses that the host sees grow to a cap, no two copies pause alike, and they do not arrive together."""
    seen = retrying_copies.waits(promise.name)
    waits = [one.waiting for one in seen]
    verdict.expected = "pauses that grow exponentially to a cap, drawn at random, after attempts that end"
    verdict.look = (
        "the init's wait loop: the timeout of one attempt, how the next pause is computed, its randomness"
    )
    verdict.attach(f"{promise.name}-pauses.txt", _table([wait.pauses for wait in waits]))
    verdict.attach(f"{promise.name}-retrying.log", seen[0].log)
    judgement = judge_schedule(waits, _rate(retrying_copies))
    unseen = [pause for one in seen for pause in one.untrue]
    verdict.observed = f"{len(waits)} copies: {judgement}" + (
        f"; {len(unseen)} pauses that the log announces were not seen, such as {unseen[0]}" if unseen else ""
    )
    verdict.pressure = retrying_copies.pressure()
    late = retrying_copies.lateness()
    verdict.require(
        late <= BUSY_SECONDS or not judgement.faults,
        f"this machine is too busy to tell pauses: a dozen programs take {late:.1f} s to start; {verdict.pressure}",
    )
    verdict.check(not judgement.faults, "; ".join(fault.value for fault in judgement.faults))


@pytest.mark.slow
@criterion("RUN-13", subject="all inits")
def test_fifty_inits_do_not_arrive_together(
    retrying_copies: RetryingCopies, planned_stack: Stack, promises: dict[str, Promise], verdict: Verdict
) -> None:
    """Given fifty inits that were started together in front of targets that never answer,
    when what their attempts and their starts take is left out of account,
    then at the last attempts that all have made, no more of them arrive within a moment than chance brings together."""
    planned_stack.require_images_of(*promises)
    waits = [one.waiting for init in retrying_copies.copies for one in retrying_copies.waits(init)]
    verdict.require(
        all(wait.third for wait in waits), "some copy hardly paused: see the single inits' results"
    )
    crowd = together(waits, _rate(retrying_copies))
    verdict.expected = f"fewer than {crowd.least} of {crowd.copies} within a moment, each time"
    verdict.observed = str(crowd)
    verdict.look = "where the inits take the randomness of their pauses from"
    verdict.check(not crowd.is_together, "inits arrive together")


def _table(pauses: list[tuple[float, ...]]) -> str:
    """One column for each copy, one row for each pause."""
    rows = zip_longest(*pauses)
    return "".join(
        " ".join("       " if pause is None else f"{pause:7.3f}" for pause in row) + "\n" for row in rows
    )
