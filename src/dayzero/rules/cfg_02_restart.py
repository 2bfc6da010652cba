"""CFG-2: an init runs once; nothing starts it again."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.compose.project import ComposeProject
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule


@rule("CFG-2", "002 §1")
def an_init_is_never_restarted(init: InitService, project: ComposeProject, verdict: Verdict) -> None:
    """Given an init service,
    when the resolved compose model is read,
    then its restart policy is "no" and its deploy section sets none either.
    """
    verdict.subject = init.name
    verdict.expected = 'restart: "no" (or none), and no deploy.restart_policy that restarts'
    restart = str(init.config.get("restart") or "no")
    policy = (init.config.get("deploy") or {}).get("restart_policy")
    condition = "none" if policy is None else str(policy.get("condition") or "any")
    verdict.observed = f"restart: {restart}; deploy.restart_policy: {condition}"
    verdict.source = (
        init.where("restart") if restart != "no" or policy is None else init.where("deploy", "restart_policy")
    )
    verdict.look = 'an init that failed must block its dependents; set restart: "no"'
    written = init.written("restart")
    unset = [one.name for one in written.variables if not one.has_value] if written is not None else []
    if unset and condition == "none" and not init.config.get("restart"):
        verdict.not_applicable(f"its restart policy comes from {unset[0]}, which is nowhere set")
    verdict.check(restart == "no")
    verdict.check(condition == "none")
