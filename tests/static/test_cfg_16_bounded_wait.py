"""CFG-16: every readiness loop of an init ends by itself, ready or not."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.core.criterion import criterion
from dayzero.core.finding import CannotTell
from dayzero.core.verdict import Verdict
from dayzero.rules import cfg_16_bounded_wait


@criterion("CFG-16", "002 §6", "SPEC-INFRA-03 §6")
def test_every_wait_is_bounded(init: InitService, verdict: Verdict) -> None:
    """Given an init service,
    when its inline commands and scripts are followed from where the container starts,
    then every readiness loop in them has a deadline or a limit of attempts,
    and, where an inventory promises the init's behaviour, every attempt in such a loop has a time limit of its own.

    The second half is no rule of other projects: their clients' own limits are mostly out of sight.
    """
    verdict.subject = init.name
    verdict.expected = "every readiness loop has a deadline or a limit of attempts"
    verdict.look = "count the attempts or watch the clock, and exit with 1 when it is enough"
    try:
        promised = init.project.inventory is not None
        if promised:
            verdict.expected += ", and every attempt its own time limit"
        waits = cfg_16_bounded_wait.check(init, attempts=promised)
    except CannotTell as reason:
        verdict.not_applicable(str(reason))
    verdict.observed = "; ".join(map(str, waits)) or "no wait that may go on for ever"
    verdict.source = waits[0].source if waits else None
    verdict.check(not waits)
