"""CFG-7: an init leaves its result in its targets, not in its own container."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.analysis.mounts import Holds, writable_mounts
from dayzero.compose.project import ComposeProject
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule


@rule("CFG-7", "SPEC-INFRA-03 §3", "002 §3")
def an_init_keeps_no_local_state(init: InitService, project: ComposeProject, verdict: Verdict) -> None:
    """Given an init service,
    when its volumes and data folders are read,
    then none is writable.
    """
    verdict.subject = init.name
    verdict.expected = "no writable volume or data folder; scratch on tmpfs"
    kept = [one for one in writable_mounts(init) if one.holds is Holds.DATA]
    verdict.observed = (
        "; ".join(f"{one.name} is writable at {one.target}" for one in kept) or "nothing writable is mounted"
    )
    verdict.source = kept[0].source if kept else init.where("volumes")
    verdict.look = "write to the target service, or use tmpfs for scratch"
    verdict.check(not kept)
