"""CFG-6: what an init is given to work with, it cannot change."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.analysis.mounts import Holds, writable_mounts
from dayzero.compose.project import ComposeProject
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule


@rule("CFG-6", "SPEC-INFRA-03 §3", "002 §3")
def scripts_and_configuration_are_mounted_read_only(
    init: InitService, project: ComposeProject, verdict: Verdict
) -> None:
    """Given an init service,
    when its bind mounts of scripts, SQL, configuration and seed files are read,
    then each of them is read-only.
    """
    verdict.subject = init.name
    verdict.expected = "every script and configuration mount is read-only"
    writable = [one for one in writable_mounts(init) if one.holds is Holds.SCRIPTS]
    verdict.observed = (
        "; ".join(f"{one.name} is writable at {one.target}" for one in writable) or "none is writable"
    )
    verdict.source = writable[0].source if writable else init.where("volumes")
    verdict.look = "append :ro, or set read_only: true"
    verdict.check(not writable)
