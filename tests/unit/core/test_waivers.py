"""Known failures that are accepted, with a reason, until a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dayzero.core.catalogue import load_catalogue
from dayzero.core.waivers import WaiverRefused, load_waivers
from tests.unit.conftest import ROOT, SmallSuite

SCENARIO = '"""Given a stack, when it is read, then it is sound."""'
FAILING = f"""
@criterion('CFG-15', subject='a.yml')
def test_it(verdict):
    {SCENARIO}
    verdict.check(False, 'no such file')
"""
PASSING = f"@criterion('CFG-15', subject='a.yml')\ndef test_it():\n    {SCENARIO}\n"
TODAY = date(2026, 11, 21)


def waiver(criterion: str = "CFG-15", subject: str = "a.yml", until: str = "2999-01-31") -> str:
    return f"- {{criterion: {criterion}, subject: {subject}, reason: not built yet, until: {until}}}\n"


def waive(suite: SmallSuite, text: str) -> None:
    (suite.pytester.path / "waivers.yml").write_text(text, encoding="utf-8")


def test_a_waived_failure_runs_and_is_told_apart(suite: SmallSuite) -> None:
    """Given a waiver for a failing criterion,
    when its test runs,
    then its status is waived with reason and date, the letter is w, and the run succeeds."""
    waive(suite, waiver())
    run = suite.run(FAILING)
    assert run.only["status"] == "waived"
    assert run.only["observed"] == "no such file (waived until 2999-01-31: not built yet)"
    assert "test_small.py w " in run.output
    assert "CFG-15 a.yml waived until 2999-01-31: not built yet" in run.output
    assert run.outcome.ret == 0


def test_a_waiver_covers_its_own_subject_only(suite: SmallSuite) -> None:
    """Given a waiver for another subject,
    when the criterion fails,
    then it fails."""
    waive(suite, waiver(subject="b.yml"))
    run = suite.run(FAILING)
    assert (run.only["status"], run.outcome.ret) == ("fail", 1)


def test_a_waiver_covers_what_a_fixture_has_found(suite: SmallSuite) -> None:
    """Given a waived criterion whose failed check stands in a fixture,
    when it runs,
    then its status is waived and the run succeeds."""
    waive(suite, waiver())
    run = suite.run(f"""
@pytest.fixture
def stack(verdict):
    verdict.check(False, 'no such file')

@criterion('CFG-15', subject='a.yml')
def test_it(stack):
    {SCENARIO}
""")
    assert (run.only["status"], run.outcome.ret) == ("waived", 0)


def test_a_waiver_is_no_cover_for_an_error(suite: SmallSuite) -> None:
    """Given a waived criterion whose fixture breaks after the test has failed,
    when it runs,
    then it is an error and the run fails."""
    waive(suite, waiver())
    run = suite.run(f"""
@pytest.fixture
def stack():
    yield
    raise OSError('gone')

@criterion('CFG-15', subject='a.yml')
def test_it(stack, verdict):
    {SCENARIO}
    verdict.check(False)
""")
    assert (run.only["status"], run.outcome.ret) == ("error", 6)


def test_one_waived_criterion_does_not_cover_the_other(suite: SmallSuite) -> None:
    """Given a test of two criteria of which one is waived,
    when it fails,
    then the other one fails and so does the run."""
    waive(suite, waiver())
    run = suite.run(f"@criterion('CFG-14', subject='a.yml'){FAILING}")
    assert [result["status"] for result in run.judged] == ["fail", "waived"]
    assert run.outcome.ret == 1


def test_a_pass_that_was_waived_stays_a_pass_with_a_note(suite: SmallSuite) -> None:
    """Given a waiver for a criterion that holds by now,
    when its test runs,
    then it passes and says that the waiver is no longer needed."""
    waive(suite, waiver())
    run = suite.run(PASSING)
    assert run.only["status"] == "pass"
    assert "no longer needed" in run.only["observed"]
    assert "CFG-15 a.yml passes: remove its waiver from waivers.yml" in run.output


def test_a_waiver_that_meets_no_subject_is_named(suite: SmallSuite) -> None:
    """Given a waiver whose subject is misspelt and one for a criterion that is not selected,
    when the run ends,
    then the first is named and the second is not."""
    waive(suite, waiver(subject="a.yaml") + waiver("CFG-14"))
    run = suite.run(PASSING)
    assert "CFG-15 a.yaml was not judged: waivers.yml may name it wrongly" in run.output
    assert "CFG-14 a.yml" not in run.output


def test_another_stack_is_judged_without_waivers(suite: SmallSuite) -> None:
    """Given a waiver and a stack named on the command line,
    when the criterion fails for that stack,
    then it fails."""
    waive(suite, waiver())
    run = suite.run(FAILING, "--stack", ".")
    assert (run.only["status"], run.outcome.ret) == ("fail", 1)


def test_waivers_hold_under_workers(suite: SmallSuite) -> None:
    """Given a waiver and a run on a worker,
    when the criterion fails,
    then it is waived all the same."""
    waive(suite, waiver())
    run = suite.run(FAILING, "-n1", apart=True)
    assert (run.only["status"], run.outcome.ret) == ("waived", 0)
    assert "1 waived" in run.output


def test_an_expired_waiver_fails_the_run_in_one_line(suite: SmallSuite) -> None:
    """Given a waiver whose date was yesterday,
    when anything is run,
    then the run fails with one line that names the waiver, and nothing is judged."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    waive(suite, waiver(until=yesterday.isoformat()))
    run = suite.run(FAILING)
    assert run.outcome.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in run.outcome.errlines if line] == [
        f"ERROR: waivers.yml: waiver 1: CFG-15 on a.yml expired on {yesterday}; mend the cause or renew it"
    ]
    assert run.report is None


def test_a_waiver_holds_through_its_last_day(tmp_path: Path) -> None:
    """Given a waiver until today,
    when it is read today and tomorrow,
    then it holds today and is refused tomorrow."""
    file = tmp_path / "waivers.yml"
    file.write_text(waiver(until=TODAY.isoformat()), encoding="utf-8")
    assert load_waivers(file, ["CFG-15"], TODAY).for_("CFG-15", "a.yml") is not None
    with pytest.raises(WaiverRefused, match="expired"):
        load_waivers(file, ["CFG-15"], TODAY + timedelta(days=1))


MALFORMED = {
    "not a list": ("criterion: CFG-15\n", "must be a list"),
    "no YAML": ("- [\n", "no valid YAML"),
    "no reason": ("- {criterion: CFG-15, subject: a, until: 2999-01-31}\n", "waiver 1: needs exactly"),
    "an extra field": (
        "- {criterion: CFG-15, subject: a, reason: b, until: 2999-01-31, x: 1}\n",
        "waiver 1: needs exactly",
    ),
    "an empty reason": (
        "- {criterion: CFG-15, subject: a, reason: ' ', until: 2999-01-31}\n",
        "reason must be some text",
    ),
    "no date": ("- {criterion: CFG-15, subject: a, reason: b, until: soon}\n", "until must be a date"),
    "unknown criterion": (waiver("CFG-99"), "the catalogue has no criterion 'CFG-99'"),
    "the same twice": (waiver() + waiver(), "waiver 2: CFG-15 on a.yml is waived twice"),
}


@pytest.mark.parametrize(("text", "complaint"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_waiver_is_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    """Given a waiver file with a mistake,
    when it is read,
    then it is refused in one line that says which waiver and what is wrong."""
    file = tmp_path / "waivers.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(WaiverRefused) as refused:
        load_waivers(file, load_catalogue(), TODAY)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_our_own_waivers_can_be_read() -> None:
    """Given the waivers of this repository,
    when they are read as of the day they were written,
    then they hold."""
    assert load_waivers(ROOT / "waivers.yml", load_catalogue(), TODAY)
