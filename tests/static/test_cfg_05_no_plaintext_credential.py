"""CFG-5: credentials reach an init as secret files only."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.rules.cfg_05_no_plaintext_credential import doubts_of, exposures_of


@criterion("CFG-5", "SEC-SPC-AUTO-001", "SEC-AUTO-001", "TASK-004")
def test_no_credential_reaches_an_init_in_plaintext(init: InitService, verdict: Verdict) -> None:
    """Given an init service,
    when all that its container is given is read: variables, env files, arguments, labels, build arguments, scripts,
    then no password, key or token is in it; they come as files under /run/secrets.
    """
    verdict.subject = init.name
    verdict.expected = "credentials only as files under /run/secrets"
    verdict.look = "declare it under secrets: and let the script read /run/secrets/NAME"
    exposures = exposures_of(init)
    more = f" and {len(exposures) - 5} more" if len(exposures) > 5 else ""
    verdict.observed = "; ".join(one.what for one in exposures[:5]) + more or "no credential in plaintext"
    verdict.source = exposures[0].source if exposures else init.where("environment")
    if not exposures:
        doubts = doubts_of(init)
        if doubts:
            verdict.not_applicable(doubts[0])
    verdict.check(not exposures)
