"""RUN-16: the account of each init can do the init's work and nothing beyond it."""

from __future__ import annotations

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.stack.stack import Stack
from dayzero.targets.access import tried
from dayzero.targets.accounts import cells_about


@criterion("RUN-16")
def test_an_account_can_do_its_job_and_no_more(promise: Promise, stack: Stack, verdict: Verdict) -> None:
    """Given a provisioned target with data, settings, accounts and resources of others in it,
    when the init's account, and each account that the init made, tries for real whatever a client can ask for,
    then what its job needs is done, and the target itself refuses everything else."""
    with cells_about(stack, promise.name) as cells:
        answers = tried(cells)
    wrong = [answer for answer in answers if not answer.is_right]
    allowed = sum(cell.allowed for cell in cells)
    verdict.expected = f"{allowed} actions done, {len(cells) - allowed} refused by the target"
    verdict.observed = f"{len(answers)} tried; " + (
        "; ".join(
            f"wrongly refused {answer.cell} ({answer.refusal})"
            if answer.cell.allowed
            else f"wrongly allowed {answer.cell}"
            for answer in wrong
        )
        or "each answered as it should"
    )
    verdict.look = (
        "what the target grants the account where it makes it: its entrypoint, roles or first start"
    )
    verdict.attach(
        f"{promise.name}-rights.txt",
        "\n".join(f"{answer.cell}: {answer.refusal or 'done'}" for answer in answers),
    )
    verdict.check(wrong == [])
    verdict.require(0 < allowed < len(cells), "a matrix that allows all, or nothing, judges nothing")
