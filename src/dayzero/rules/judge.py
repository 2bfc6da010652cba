"""Judges a project by every rule, without pytest."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dayzero.analysis.coverage import no_init, withdrawn
from dayzero.analysis.init_detection import inits_of
from dayzero.compose.project import ComposeProject
from dayzero.core.result import Result, Status
from dayzero.core.scenario import parse
from dayzero.core.verdict import NotApplicable, StackFailed, Verdict
from dayzero.report.terminal import where_to_look
from dayzero.rules.rule import Rule, all_rules


def judge_project(project: ComposeProject) -> list[Result]:
    """One result for each of those whom a rule judges, in the order of the criteria."""
    return [_judge(rule, project, who) for rule in all_rules() for who in _judged_by(rule, project)]


def _judged_by(rule: Rule, project: ComposeProject) -> Sequence[object]:
    """Those whom the rule judges; None where there is nobody, and where it judges the project."""
    return (inits_of(project) if rule.of_inits else rule.names_in(project)) or [None]


def _judge(rule: Rule, project: ComposeProject, who: object) -> Result:
    verdict, began = Verdict(), time.perf_counter()
    status: Status = "pass"
    said = ""
    try:
        _fill_in(verdict, rule, project, who)
    except StackFailed as failed:
        status, said = "fail", str(failed)
    except NotApplicable as reason:
        status, said = "skip", str(reason)
    except Exception as broken:  # noqa: BLE001 -- whatever breaks in a rule says nothing about the stack
        status, said = "error", f"could not be observed: {type(broken).__name__}: {broken}"
    observed = {"pass": verdict.observed, "fail": ": ".join(filter(None, (said, verdict.observed)))}.get(
        status, said
    )
    scenario, source = parse(rule.judge.__doc__), verdict.source
    assert scenario is not None, f"{rule.id} tells no scenario"
    result: Result = {
        "criterion": rule.id,
        "clause": list(rule.clauses),
        "subject": verdict.subject or rule.subject or getattr(who, "name", None) or project.name,
        "status": status,
        "given": scenario.given,
        "when": scenario.when,
        "then": scenario.then,
        "expected": verdict.expected or scenario.then,
        "observed": observed or "as expected",
        "source": {"file": source.file, "line": source.line, "column": source.column} if source else None,
        "evidence": [],
        "look": "",
        "seconds": round(time.perf_counter() - began, 3),
    }
    result["look"] = where_to_look(result, verdict.look)
    return result


def _fill_in(verdict: Verdict, rule: Rule, project: ComposeProject, who: object) -> None:
    if who is None and rule.of_inits:
        raise NotApplicable(no_init(project))
    failure: StackFailed | None = None
    try:
        if rule.names is None:
            rule.judge(project, verdict)
        else:
            rule.judge(who, project, verdict)
    except StackFailed as failed:
        failure = failed
    reason = withdrawn(
        project, rule.id, verdict.subject or rule.subject or "", verdict.source, failed=failure is not None
    )
    if reason is not None:
        raise reason
    if failure is not None:
        raise failure
