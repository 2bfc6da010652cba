"""CFG-4: a failed init keeps those from starting that need what it makes."""

from __future__ import annotations

from dayzero.analysis.consumers import consumers_of
from dayzero.analysis.init_detection import InitService
from dayzero.compose.project import ComposeProject
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule


@rule("CFG-4", "SPEC-INFRA-03 §6", "002 §6")
def consumers_wait_for_the_completion_of_an_init(
    init: InitService, project: ComposeProject, verdict: Verdict
) -> None:
    """Given an init service,
    when the services that depend on it or use its result are read,
    then each is held back by service_completed_successfully, so that a failed init blocks it.
    """
    verdict.subject = init.name
    verdict.expected = "every consumer waits with service_completed_successfully"
    consumers = consumers_of(init)
    early = [one for one in consumers if not one.waits]
    told = [f"{one.service}: {one.condition or f'does not wait, though {one.because}'}" for one in early]
    waiting = ", ".join(one.service for one in consumers if one.waits) or "nobody"
    verdict.observed = "; ".join(told) or f"{waiting} waits for it"
    verdict.source = early[0].source if early else init.where()
    verdict.look = (
        f"in the consumer: depends_on: {{{init.name}: {{condition: service_completed_successfully}}}}"
    )
    verdict.check(not early)
