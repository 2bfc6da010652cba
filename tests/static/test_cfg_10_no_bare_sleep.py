"""CFG-10: steps are ordered by what is ready, not by time."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.core.criterion import criterion
from dayzero.core.finding import CannotTell
from dayzero.core.verdict import Verdict
from dayzero.rules import cfg_10_no_bare_sleep


@criterion("CFG-10", "002 §8", "004 §4")
def test_no_step_is_ordered_by_a_bare_sleep(init: InitService, verdict: Verdict) -> None:
    """Given an init service,
    when its inline commands and scripts are followed from where the container starts,
    then no sleep stands outside a loop that tests something with a step after it.
    """
    verdict.subject = init.name
    verdict.expected = "a sleep only inside a loop that tests what it waits for"
    verdict.look = (
        "wait for the thing itself: service_healthy in depends_on, or a bounded loop around a probe"
    )
    try:
        sleeps = cfg_10_no_bare_sleep.check(init)
    except CannotTell as reason:
        verdict.not_applicable(str(reason))
    verdict.observed = "; ".join(map(str, sleeps)) or "no bare sleep"
    verdict.source = sleeps[0].source if sleeps else None
    verdict.check(not sleeps)
