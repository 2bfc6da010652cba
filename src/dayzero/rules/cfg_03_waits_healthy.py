"""CFG-3: an init starts when its targets are healthy, and not before."""

from __future__ import annotations

from dayzero.analysis.endpoints import Contact
from dayzero.analysis.healthcheck import Probing, probe_of
from dayzero.analysis.init_detection import InitService
from dayzero.analysis.targets_of_init import targets_of, what_cannot_be_told
from dayzero.compose.project import ComposeProject
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule

HEALTHY = "service_healthy"


@rule("CFG-3", "002 §1", "TASK-003")
def an_init_waits_until_each_target_is_healthy(
    init: InitService, project: ComposeProject, verdict: Verdict
) -> None:
    """Given an init service,
    when the services that it talks to are looked up in its depends_on,
    then each stands there with service_healthy, and each has a healthcheck that really probes it.
    """
    verdict.subject = init.name
    verdict.expected = (
        "depends_on with service_healthy for each service it talks to, each with a real healthcheck"
    )
    verdict.look = "wait for the target itself: depends_on: {TARGET: {condition: service_healthy}}"
    targets = targets_of(init)
    flaws = [(target, _flaw(init, project, target)) for target in targets]
    wrong = [(target, flaw) for target, flaw in flaws if flaw]
    talks_to = ", ".join(target.service for target in targets) or "no service of this project"
    verdict.observed = f"it talks to {talks_to}" + "".join(
        f"; {target.service}: {flaw}" for target, flaw in wrong
    )
    verdict.source = init.where("depends_on", wrong[0][0].service) if wrong else init.where("depends_on")
    if not wrong:
        unknown = what_cannot_be_told(init, targets)
        if unknown:
            verdict.not_applicable(unknown)
    verdict.check(not wrong)


def _flaw(init: InitService, project: ComposeProject, target: Contact) -> str:
    """What is wrong with the wait for one target; "" if nothing is."""
    details = (init.config.get("depends_on") or {}).get(target.service)
    if details is None:
        return f"not waited for directly (named in {target.through})"
    if details.get("condition") != HEALTHY:
        return f"waited for with {details.get('condition') or 'service_started'} only"
    probing = probe_of(project.services[target.service]).probing
    return probing.value if probing in (Probing.NONE, Probing.HOLLOW) else ""
