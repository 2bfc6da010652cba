"""CFG-17: an init whose work failed does not end with 0."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.core.criterion import criterion
from dayzero.core.finding import CannotTell
from dayzero.core.verdict import Verdict
from dayzero.rules import cfg_17_no_masked_failure


@criterion("CFG-17", "SPEC-AUTO-01", "REQ-SPC-AUTO-002")
def test_a_failed_step_shows_in_the_exit_code(init: InitService, verdict: Verdict) -> None:
    """Given an init service,
    when each step of its work is thought to fail, one at a time,
    then its script cannot end with 0, and it does end.
    """
    verdict.subject = init.name
    verdict.expected = "no way to end with 0 after a step of the work failed"
    verdict.look = (
        "set -e (and pipefail), && or || exit 1 between steps, curl --fail, psql ON_ERROR_STOP; no idling"
    )
    try:
        masked = cfg_17_no_masked_failure.check(init)
    except CannotTell as reason:
        verdict.not_applicable(str(reason))
    verdict.observed = "; ".join(map(str, masked)) or "every failed step shows"
    verdict.source = masked[0].source if masked else None
    verdict.check(not masked)
