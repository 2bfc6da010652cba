"""pytest plugin: turns the outcome of a criterion's test into results, on whichever worker runs it.

The results travel to the controller in `report.user_properties`: with the setup report as what is being
judged, with the teardown report as what came of it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from _pytest._code.code import ExceptionChainRepr, ReprEntryNative, ReprFileLocation, ReprTraceback

from dayzero.core.catalogue import load_catalogue
from dayzero.core.criterion import Criterion, criteria_of
from dayzero.core.redaction import redact, redact_tree
from dayzero.core.result import Result, Status
from dayzero.core.scenario import parse
from dayzero.core.verdict import NotApplicable, StackFailed, Verdict, Withheld
from dayzero.pytest_plugin.settings import RunSettings, settings_of
from dayzero.report.terminal import failure_text, headline, where_to_look

BEGUN = "dayzero.begun"
JUDGED = "dayzero.judged"
WITHHELD = "dayzero.withheld"
SHOWN_AS = "criterion_status"
"""A report's attribute, which xdist carries along: the status that the terminal shows."""

_judgement_key = pytest.StashKey["Judgement"]()


@dataclass
class Judgement:
    """What is known so far about one test and the criteria that it judges."""

    criteria: list[Criterion]
    verdict: Verdict
    status: Status | None = None
    statement: str = ""
    seconds: float = 0.0
    withheld: Withheld | None = None
    waived: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def verdict(request: pytest.FixtureRequest) -> Verdict:
    """The verdict of this test, to be filled in by it."""
    return judgement_of(request.node).verdict


def judgement_of(item: pytest.Item) -> Judgement:
    """The judgement of a test, made when it is first asked for."""
    if _judgement_key not in item.stash:
        keep = partial(settings_of(item.config).evidence.keep, item.nodeid)
        item.stash[_judgement_key] = Judgement(
            criteria_of(item.iter_markers("criterion")), Verdict(keep=keep)
        )
    return item.stash[_judgement_key]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup() -> Generator[None]:
    return (yield from _skipping())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call() -> Generator[None]:
    return (yield from _skipping())


def _skipping() -> Generator[None]:
    """Let pytest skip what a criterion, or a fixture, says is not applicable."""
    try:
        return (yield)
    except NotApplicable as reason:
        raise pytest.skip.Exception(str(reason), _use_item_location=True) from reason


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    judgement = judgement_of(item)
    if judgement.criteria:
        decides = _note_outcome(judgement, report, call)
        _present(item, judgement, report, call, decides)
    _redact_report(report)
    return report


def _note_outcome(judgement: Judgement, report: pytest.TestReport, call: pytest.CallInfo[None]) -> bool:
    """Take one phase into account: a failed check is the stack's fault in any phase, another exception never is.

    Returns whether the judgement is what this phase has come to. A finding about the stack outlasts what breaks
    after it, and an error of ours what a later phase would have said.
    """
    if report.when == "call":
        judgement.seconds = call.duration
    if report.skipped:
        judgement.status = "skip"
        reason = call.excinfo.value.__cause__ if call.excinfo else None
        judgement.withheld = reason.withheld if isinstance(reason, NotApplicable) else None
        judgement.statement = (
            report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
        )
    elif report.failed and call.excinfo is not None:
        if judgement.status == "fail" and not judgement.waived:
            return False
        finding = _finding_in(call.excinfo.value)
        judgement.status = "error" if finding is None else "fail"
        judgement.statement = _statement(call.excinfo) if finding is None else str(finding)
    elif report.when == "call":
        judgement.status = "pass"
    return True


def _finding_in(raised: BaseException | None) -> StackFailed | None:
    """The failed check in an exception: beside others in a group, or before what broke on the way out of a `with`."""
    if raised is None or isinstance(raised, StackFailed):
        return raised
    if isinstance(raised, BaseExceptionGroup):
        return next((found for one in raised.exceptions if (found := _finding_in(one))), None)
    return _finding_in(raised.__context__)


def _statement(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """The exception in words; of an assertion with a message that message, else what was compared."""
    words = excinfo.exconly(tryshort=True)
    if not excinfo.errisinstance(AssertionError):
        return words
    return words.removeprefix("AssertionError: ").partition("\nassert ")[0]


def _present(
    item: pytest.Item,
    judgement: Judgement,
    report: pytest.TestReport,
    call: pytest.CallInfo[None],
    decides: bool,
) -> None:
    """Write the results into the report, and let a failure show as what it is: finding, error or waived.

    decides: whether the judgement is what this phase has come to; pytest's own words stay in a report of another.
    """
    settings = settings_of(item.config)
    results = results_of(item, judgement, settings)
    if report.when == "setup":
        report.user_properties.append((BEGUN, results))
    if report.when == "teardown":
        report.user_properties.append((JUDGED, results))
        if judgement.withheld:
            report.user_properties.append((WITHHELD, judgement.withheld))
    if not report.failed or call.excinfo is None or not decides:
        return
    unwaived = [result for result in results if result["status"] != "waived"]
    if not unwaived:
        report.outcome = "skipped"
        path, line, _ = item.location
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {'; '.join(judgement.waived.values())}")
    else:
        text = failure_text(unwaived, settings.reports_shown)
        report.longrepr = _finding(item, call.excinfo, text, headline(unwaived[0]))
    vars(report)[SHOWN_AS] = unwaived[0]["status"] if unwaived else "waived"


def results_so_far(session: pytest.Session) -> list[Result]:
    """What this process has judged up to now, in the order of its tests."""
    return [
        result
        for item in session.items
        if _judgement_key in item.stash and judgement_of(item).status and judgement_of(item).criteria
        for result in results_of(item, judgement_of(item), settings_of(item.config))
    ]


def results_of(item: pytest.Item, judgement: Judgement, settings: RunSettings) -> list[Result]:
    """One result for each criterion that the test judges, as far as it has come."""
    scenario = parse(item.function.__doc__) if isinstance(item, pytest.Function) else None
    if scenario is None:
        raise RuntimeError(f"{item.nodeid} was collected without Given/When/Then")
    verdict = judgement.verdict
    source = verdict.source
    results: list[Result] = []
    for criterion in judgement.criteria:
        subject = verdict.subject or criterion.subject or settings.stack_name
        status: Status = judgement.status or "error"
        waiver = settings.waivers.for_(criterion.id, subject)
        observed = _observed(judgement)
        if waiver is not None and status == "fail":
            status = "waived"
            judgement.waived[criterion.id] = str(waiver)
            observed = f"{observed} ({waiver})"
        elif waiver is not None and status == "pass":
            observed = f"{observed} (the waiver until {waiver.until} is no longer needed)"
        result: Result = {
            "criterion": criterion.id,
            "clause": list(criterion.clauses or load_catalogue()[criterion.id].clauses),
            "subject": subject,
            "status": status,
            "given": scenario.given,
            "when": scenario.when,
            "then": scenario.then,
            "expected": verdict.expected or scenario.then,
            "observed": observed,
            "source": {"file": source.file, "line": source.line, "column": source.column} if source else None,
            "evidence": list(verdict.evidence),
            "look": "",
            "seconds": round(judgement.seconds, 3),
        }
        result["look"] = where_to_look(result, verdict.look)
        if verdict.pressure is not None:
            result["pressure"] = verdict.pressure.rounded()
        results.append(result)
    return results


def _observed(judgement: Judgement) -> str:
    """What was seen, for a failure with the flaw before it; for a skip its reason, for an error the exception."""
    said = judgement.verdict.observed
    match judgement.status:
        case "pass":
            return said or "as expected"
        case "fail":
            return ": ".join(filter(None, (judgement.statement, said))) or "other than expected"
        case "error":
            return f"could not be observed: {judgement.statement}" + (f" (so far: {said})" if said else "")
        case "skip":
            return judgement.statement
        case _:
            return "the run ended while this was judged"


def _finding(
    item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], text: str, message: str
) -> ExceptionChainRepr:
    """The finding first, a short traceback below it; built of parts that xdist can carry."""
    # As pytest does: the frames of pytest itself say nothing, and reading their source for each test takes long.
    traceback = excinfo.getrepr(style="short", tbfilter=item._traceback_filter)
    entries: list[Any] = [ReprEntryNative([text])]
    if isinstance(traceback, ExceptionChainRepr):
        for part, _, _ in traceback.chain:
            entries += part.reprentries
    path, line, _ = item.location
    where = ReprFileLocation(path, (line or 0) + 1, message)
    return ExceptionChainRepr([(ReprTraceback(entries, None, "short"), where, None)])


def _redact_report(report: pytest.TestReport) -> None:
    """Secrets leave this process in no part of a report: not in traceback, captured output or properties."""
    report.sections = [(name, redact(text)) for name, text in report.sections]
    report.user_properties = [(name, redact_tree(value)) for name, value in report.user_properties]
    if isinstance(report.longrepr, tuple):
        file, number, reason = report.longrepr
        report.longrepr = (file, number, redact(reason))
    elif report.longrepr is not None and redact(str(report.longrepr)) != str(report.longrepr):
        crash = getattr(report.longrepr, "reprcrash", None)
        path, line, _ = report.location
        where = ReprFileLocation(path, (line or 0) + 1, redact(crash.message) if crash else "")
        lines = [f"{line}\n" for line in redact(str(report.longrepr)).splitlines()]
        report.longrepr = ExceptionChainRepr(
            [(ReprTraceback([ReprEntryNative(lines)], None, "native"), where, None)]
        )


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, str | tuple[str, dict[str, bool]]] | None:
    match getattr(report, SHOWN_AS, None):
        case "waived":
            return "waived", "w", ("WAIVED", {"yellow": True})
        case "error":
            return "error", "E", "ERROR"
        case "fail":  # pytest calls it an error when a fixture found it
            return "failed", "F", "FAILED"
    return None
