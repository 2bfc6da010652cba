"""SUITE-1: known-bad stacks are caught and benign ones pass; caught, missed and error are three different results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.selftest.static_catalogue import verdict_on
from dayzero.selftest.two_runs import TwoRuns
from dayzero.selftest.variant_run import Finding, VariantRun
from dayzero.stack.variant import read_variant
from tests.suite.conftest import KNOWN_BAD, SAMPLE, Sampled

Sample = Callable[..., dict[str, Sampled]]


@criterion("SUITE-1", subject="suite")
@pytest.mark.parametrize("known_bad", SAMPLE)
def test_a_known_bad_stack_is_caught_and_a_benign_one_passes(
    known_bad: str, sampled: Sample, verdict: Verdict
) -> None:
    """Given a stack of the catalogue, with services that break a criterion and unusual ones that keep it,
    when it is judged by the command that a user would type,
    then each service that breaks it is reported as failed, by that criterion and under its name, and no other is."""
    one = sampled()[known_bad]
    verdicts = {each.id: verdict_on(each, one.run.judged) for each in one.expectations}
    wrong = [f"{name}: {said}" for name, said in verdicts.items() if said != "as expected"]
    blamed = {(each.criterion, each.subject) for each in one.expectations if each.expect == "fail"}
    verdict.expected = f"{len(blamed)} caught, the other {len(verdicts) - len(blamed)} let pass"
    verdict.observed = "; ".join(wrong) or f"{len(verdicts)} of {len(verdicts)} judged as {known_bad} says"
    verdict.look = f"fixtures/stacks/static/{known_bad}/compose.yml says of each service why"
    verdict.attach("output.txt", one.run.output)
    verdict.require(
        {each.expect for each in one.expectations} >= {"fail", "pass"}, f"{known_bad} states too little"
    )
    verdict.check(not wrong, "not as the stack says")
    others = [
        f"{result['criterion']} of {result['subject']}"
        for result in one.run.judged
        if result["status"] == "fail"
        and not blamed & {(result["criterion"], each) for each in (result["subject"], "")}
    ]
    verdict.check(not others, f"blamed although not known to be bad: {', '.join(others)}")


@pytest.mark.runtime
@pytest.mark.slow
@criterion("SUITE-1", subject="suite")
def test_a_known_bad_variant_is_caught_when_it_runs(two_runs: TwoRuns, verdict: Verdict) -> None:
    """Given a variant of our own stack that is known to break a criterion of the running stack,
    when it is booted and judged,
    then that criterion reports the init that breaks it, and nothing that the variant does not name."""
    variant = read_variant(KNOWN_BAD)
    judged = VariantRun(variant, two_runs.runs["bad"].judged, [], "")
    verdicts = {str(each): judged.finding(each) for each in variant.statements}
    verdict.expected = f"caught: {', '.join(verdicts)}"
    verdict.observed = "; ".join(f"{name}: {found.value}: {seen}" for name, (found, seen) in verdicts.items())
    verdict.look = f"fixtures/stacks/runtime/{KNOWN_BAD.name}/override.yml says why it is bad"
    verdict.attach("output.txt", two_runs.runs["bad"].output)
    verdict.require(
        {each.kind for each in variant.statements} == {"breaks"}, f"{KNOWN_BAD.name} is another variant"
    )
    verdict.check(
        all(found is Finding.AS_STATED for found, _ in verdicts.values()), "not as the variant says"
    )
    others = [*judged.unstated("fail"), *judged.unstated("error")]
    verdict.check(not others, f"blamed although not known to be bad: {'; '.join(others)}")


RULES = {
    "blind": ("tests.suite.rules_that_are_blind", "fail", "missed"),
    "over-eager": ("tests.suite.rules_that_blame_all", "pass", "false alarm"),
    "crashing": ("tests.suite.rules_that_crash", "fail", "error"),
}


@criterion("SUITE-1", subject="suite")
@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_found_out_as_what_it_is(rule: str, sampled: Sample, verdict: Verdict) -> None:
    """Given rules that never fail, that fail whatever they see, or that break before they have looked,
    when the catalogue is judged by them,
    then it says missed of the first, false alarm of the second and error of the third, and nothing is as expected."""
    plugin, stated, kind = RULES[rule]
    found: Counter[str] = Counter()
    for one in sampled(f"-p{plugin}").values():
        about = [each for each in one.expectations if each.expect == stated]
        found.update(verdict_on(each, one.run.judged).partition(":")[0] for each in about)
    verdict.expected = (
        f"{kind}, and nothing else, of all that {'breaks' if stated == 'fail' else 'keeps'} a criterion"
    )
    verdict.observed = (
        ", ".join(f"{said} {number} times" for said, number in found.items()) or "nothing judged"
    )
    verdict.look = "src/dayzero/selftest/static_catalogue.py, verdict_on"
    verdict.check(set(found) == {kind})
