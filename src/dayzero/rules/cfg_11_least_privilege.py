"""CFG-11: an init runs with no more rights than its work needs."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.analysis.privileges import excess_of, user_cannot_be_told
from dayzero.compose.project import ComposeProject
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule


@rule("CFG-11", "PRD §8")
def an_init_runs_with_least_privilege(init: InitService, project: ComposeProject, verdict: Verdict) -> None:
    """Given an init service,
    when its user, capabilities, security options and mounts are read,
    then it runs as non-root without capabilities, gains no privileges and does not reach the engine's socket.
    """
    verdict.subject = init.name
    verdict.expected = (
        "user non-root, cap_drop: [ALL], security_opt: [no-new-privileges:true], no engine socket"
    )
    excess = excess_of(init)
    verdict.observed = "; ".join(one.what for one in excess) or "least privilege"
    verdict.source = excess[0].source if excess else init.where("user")
    verdict.look = "harden the service as the reference stack does"
    if not excess and user_cannot_be_told(init):
        verdict.not_applicable("the user that its image runs as cannot be told from the files; set user:")
    verdict.check(not excess)
