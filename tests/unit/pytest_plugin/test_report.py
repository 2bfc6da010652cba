"""What a run leaves in `acceptance.json`, `acceptance.xml` and the terminal."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from dayzero.core.catalogue import load_catalogue
from dayzero.pytest_plugin.report import SCHEMA_FILE
from tests.unit.conftest import SmallSuite

SCENARIO = '"""Given a stack, when it is read, then it is sound."""'

OUTCOMES = {
    "pass": ("verdict.observed = 'restart: no'", "pass", ".", 0),
    "fail": ("verdict.observed = 'restart: always'; verdict.check(False)", "fail", "F", 1),
    "an assertion of our own": ("assert 'topics' == 'buckets'", "error", "E", 6),
    "a missing premise": ("verdict.require(False, 'no cluster to look at')", "error", "E", 6),
    "any other exception": ("raise ValueError('no answer')", "error", "E", 6),
    "a missing value": ("{}['restart']", "error", "E", 6),
    "not applicable": ("verdict.not_applicable('it has no script')", "skip", "s", 0),
}


@pytest.mark.parametrize(("body", "status", "letter", "code"), OUTCOMES.values(), ids=OUTCOMES)
def test_each_outcome_has_its_own_status(
    suite: SmallSuite, body: str, status: str, letter: str, code: int
) -> None:
    """Given a criterion's test that ends in one of the possible ways,
    when it runs,
    then the report's status, the terminal's letter and the exit code say which way it was."""
    run = suite.run(
        f"@criterion('CFG-2', subject='kafka-init')\ndef test_it(verdict):\n    {SCENARIO}\n    {body}\n"
    )
    assert run.only["status"] == status
    assert f"test_small.py {letter} " in run.outcome.stdout.str()
    assert run.outcome.ret == code


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_broken_fixture_is_an_error_not_a_failure(suite: SmallSuite, when: str) -> None:
    """Given a fixture that fails its assertion before or after the test,
    when the test runs,
    then the criterion could not be observed: status error, exit code not zero."""
    steps = {
        "before": "    assert False, 'no boot'\n    yield",
        "after": "    yield\n    assert False, 'no boot'",
    }[when]
    run = suite.run(f"""
@pytest.fixture
def stack():
{steps}

@criterion('CFG-2')
def test_it(stack):
    {SCENARIO}
""")
    assert run.only["status"] == "error"
    assert "no boot" in run.only["observed"]
    assert run.outcome.ret == 6


def test_a_failure_stays_a_failure_when_the_fixture_breaks_too(suite: SmallSuite) -> None:
    """Given a test that fails and whose fixture breaks afterwards,
    when it runs,
    then the finding about the stack is kept."""
    run = suite.run(f"""
@pytest.fixture
def stack():
    yield
    raise OSError('gone')

@criterion('CFG-2')
def test_it(stack, verdict):
    {SCENARIO}
    verdict.observed = 'restart: always'
    verdict.check(False)
""")
    assert (run.only["status"], run.only["observed"]) == ("fail", "restart: always")
    assert "OSError: gone" in run.output


def test_a_result_has_the_exact_form(suite: SmallSuite) -> None:
    """Given a test that fills in its whole verdict,
    when it fails,
    then its line of the report has every field of the format, with the values given."""
    run = suite.run(f"""
@criterion('RUN-3', 'REQ-SPC-AUT-002', subject='kafka-init')
def test_it(verdict):
    {SCENARIO}
    verdict.expected = 'min.insync.replicas=2'
    verdict.observed = 'min.insync.replicas=1'
    verdict.source = Source('infra/k-init.yml', 12, 7)
    verdict.attach('topics.txt', 'infra-events')
    verdict.check(False)
""")
    result = dict(run.only)
    assert isinstance(result.pop("seconds"), float)
    (evidence,) = result.pop("evidence")
    assert re.fullmatch(r"evidence/[\w.-]+/[\w.-]+/topics\.txt", evidence)
    assert (run.folder / evidence).read_text(encoding="utf-8") == "infra-events"
    assert result == {
        "criterion": "RUN-3",
        "clause": ["REQ-SPC-AUT-002"],
        "subject": "kafka-init",
        "status": "fail",
        "given": "a stack",
        "when": "it is read",
        "then": "it is sound",
        "expected": "min.insync.replicas=2",
        "observed": "min.insync.replicas=1",
        "source": {"file": "infra/k-init.yml", "line": 12, "column": 7},
        "look": "open infra/k-init.yml:12:7",
    }


def test_the_report_has_the_exact_form(suite: SmallSuite) -> None:
    """Given a stack with one compose file and a fixture that records versions and a timeline,
    when a criterion is judged,
    then the report's other parts have every field of the format."""
    (suite.pytester.path / "compose.yaml").write_text(
        "name: shop\nservices: {web: {image: 'web:1'}}\n", encoding="utf-8"
    )
    run = suite.run(
        f"""
@criterion('CFG-2')
def test_it():
    {SCENARIO}
    record_versions({{'engine': '26.1.5', 'images': {{'web': 'web:1@sha256:0'}}}})
    record_timeline([{{'service': 'web', 'created': None}}])
""",
        "--profile=data",
    )
    report = run.report
    assert list(report) == [
        *("schema", "stack", "versions", "run"),
        *("judged", "not_judged", "left_out", "not_reached"),
        *("notes", "coverage", "timeline", "results"),
    ]
    assert report["schema"] == "dayzero/1"
    assert report["stack"]["path"] == "."
    assert report["stack"]["files"] == ["compose.yaml"]
    assert report["stack"]["profiles"] == ["data"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", report["stack"]["digest"])
    assert set(report["versions"]) == {"dayzero", "engine", "compose", "images"}
    assert report["versions"]["engine"] == "26.1.5"
    assert report["versions"]["images"] == {"web": "web:1@sha256:0"}
    assert set(report["run"]) == {"id", "started", "seconds", "command", "workers"}
    assert "--profile=data" in report["run"]["command"]
    assert report["timeline"] == [{"service": "web", "created": None}]
    assert run.only["subject"] == "shop"


def test_every_criterion_appears(suite: SmallSuite) -> None:
    """Given a run that judges one criterion,
    when the report is written,
    then every criterion of the catalogue is in it, the others as skip with the reason."""
    run = suite.run(f"@criterion('CFG-2')\ndef test_it():\n    {SCENARIO}\n")
    results = run.report["results"]
    assert [result["criterion"] for result in results] == list(load_catalogue())
    assert {result["status"] for result in results if result["criterion"] != "CFG-2"} == {"skip"}
    assert all(result["observed"] for result in results)


def test_one_test_may_judge_several_criteria(suite: SmallSuite) -> None:
    """Given a test with two criteria,
    when it fails,
    then each of the two has its own result."""
    run = suite.run(
        f"@criterion('CFG-6')\n@criterion('CFG-7')\ndef test_it(verdict):\n    {SCENARIO}\n    verdict.check(False)\n"
    )
    assert [(result["criterion"], result["status"]) for result in run.judged] == [
        ("CFG-6", "fail"),
        ("CFG-7", "fail"),
    ]


def test_a_failure_tells_the_whole_finding(suite: SmallSuite) -> None:
    """Given a verdict with source, evidence and advice,
    when the test fails,
    then the terminal shows criterion, clause, subject, expected, observed, source, evidence and where to look."""
    run = suite.run(f"""
@criterion('CFG-2', '002 §1', subject='kafka-init')
def test_it(verdict):
    {SCENARIO}
    verdict.expected = 'restart no'
    verdict.observed = 'restart: always'
    verdict.source = Source('compose.yml', 4, 5)
    verdict.look = 'the anchor that it merges'
    verdict.attach('model.txt', 'x')
    verdict.check(False, 'again')
""")
    run.outcome.stdout.re_match_lines(
        [
            r"CFG-2 · 002 §1 · FAIL",
            r"  subject +kafka-init",
            r"  promise +An init is never restarted",
            r"  expected +restart no",
            r"  observed +again: restart: always",
            r"  source +compose\.yml:4:5",
            r"  evidence +reports/evidence/.*/model\.txt",
            r"  look next +the anchor that it merges",
            r"test_small\.py:\d+: in test_it",
        ],
        consecutive=False,
    )
    assert "FAILED test_small.py::test_it - CFG-2 kafka-init: again: restart: always" in run.output


PHASES = {
    "a check in a fixture, before": ("verdict.check(False)", "pass", "pass", "fail", ["failure"]),
    "a check in a test": ("pass", "verdict.check(False)", "pass", "fail", ["failure"]),
    "a check in a fixture, after": ("pass", "pass", "verdict.check(False)", "fail", ["failure"]),
    "an error before": ("assert not 'booted'", "pass", "pass", "error", ["error"]),
    "an error in a test": ("pass", "assert not 'seen'", "pass", "error", ["error"]),
    "an error after": ("pass", "pass", "assert not 'removed'", "error", ["error"]),
    "an error after a failed check": (
        *("pass", "verdict.check(False)", "assert not 'removed'"),
        *("fail", ["failure", "error"]),
    ),
    "a failed check after an error": (
        *("pass", "assert not 'seen'", "verdict.check(False)"),
        *("fail", ["error", "failure"]),
    ),
}


@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["one process", "a worker"])
@pytest.mark.parametrize(("before", "body", "after", "status", "tags"), PHASES.values(), ids=PHASES)
def test_a_failed_check_is_a_failure_in_every_phase_and_all_else_an_error(
    suite: SmallSuite, before: str, body: str, after: str, status: str, tags: list[str], workers: list[str]
) -> None:
    """Given a test and its fixture, where a check of the verdict fails or something else goes wrong,
    when they run, here or on a worker,
    then report, terminal and JUnit file say failure for the check and error for anything else."""
    run = suite.run(
        f"""
@pytest.fixture
def stack(verdict):
    {before}
    yield
    {after}

@criterion('CFG-2')
def test_it(stack, verdict):
    {SCENARIO}
    {body}
""",
        *workers,
        apart=bool(workers),
    )
    assert (run.only["status"], run.outcome.ret) == (status, {"fail": 1, "error": 6}[status])
    assert all(f"1 {tag.replace('failure', 'failed')}" in run.output for tag in tags)
    tree = ElementTree.fromstring((run.folder / "acceptance.xml").read_text(encoding="utf-8"))
    assert [child.tag for child in tree.iterfind(".//testcase/*") if child.tag != "properties"] == tags
    (totals,) = tree.iter("testsuite")
    counts = {"failures": tags.count("failure"), "errors": tags.count("error")}
    assert {name: int(totals.get(name, -1)) for name in counts} == counts


def test_a_failed_check_among_several_broken_ends_is_a_failure(suite: SmallSuite) -> None:
    """Given two fixtures that both go wrong after the test, one of them by a failed check,
    when the test runs,
    then the check's finding is what is reported."""
    run = suite.run(f"""
@pytest.fixture
def engine():
    yield
    raise OSError('gone')

@pytest.fixture
def stack(engine, verdict):
    yield
    verdict.check(False, 'left a volume')

@criterion('CFG-2')
def test_it(stack):
    {SCENARIO}
""")
    assert (run.only["status"], run.only["observed"]) == ("fail", "left a volume")


def test_where_time_decides_the_result_has_the_pressure(suite: SmallSuite) -> None:
    """Given limits in seconds that are kept, broken by the stack, and perhaps broken by others' load,
    when they are judged,
    then the last is an error, and each result has the CPU pressure of the span that was timed."""
    run = suite.run(f"""
from dayzero.core import verdict as verdicts
from dayzero.core.wait import Took
from dayzero.core.cpu_pressure import Pressure

@criterion('RUN-2')
@pytest.mark.parametrize('seconds, others', [(4, 0.9), (6, 0.01), (6, 0.5), (6, None)])
def test_it(verdict, seconds, others, monkeypatch):
    {SCENARIO}
    pressure = lambda began, ended: Pressure(ended - began, 0.75, others)
    monkeypatch.setattr(verdicts, 'pressure_between', pressure)
    verdict.subject = f'{{seconds}} {{others}}'
    verdict.within(Took(0, seconds), 5)
""")
    seen = {result["subject"]: (result["status"], result["pressure"]["cpu_others"]) for result in run.judged}
    assert seen == {
        "4 0.9": ("pass", 0.9),
        "6 0.01": ("fail", 0.01),
        "6 0.5": ("error", 0.5),
        "6 None": ("fail", None),
    }
    assert {result["pressure"]["span_seconds"] for result in run.judged} == {4, 6}
    assert "the CPU pressure is unknown" in run.output
    page = (run.folder / "acceptance.html").read_text(encoding="utf-8")
    assert "50 % of the CPU time went to others, for 75 % of 6.0 s somebody waited for a CPU" in page
    Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))).validate(run.report)


def test_a_failed_check_outlasts_what_breaks_on_the_way_out(suite: SmallSuite) -> None:
    """Given a check that fails while a server is stopped, and a server that does not come back,
    when the test runs,
    then the check's finding is what is reported."""
    run = suite.run(f"""
@criterion('CFG-2')
def test_it(verdict):
    {SCENARIO}
    try:
        verdict.check(False, 'nobody took over')
    finally:
        raise OSError('not healthy')
""")
    assert (run.only["status"], run.only["observed"]) == ("fail", "nobody took over")
    assert "OSError: not healthy" in run.output


def test_a_run_without_criteria_leaves_the_last_report_alone(suite: SmallSuite) -> None:
    """Given the reports of an earlier run,
    when tests run that judge no criterion,
    then those reports are untouched and nothing is added."""
    earlier = suite.run(f"@criterion('CFG-2')\ndef test_it():\n    {SCENARIO}\n")
    before = {file: file.read_bytes() for file in earlier.folder.rglob("*") if file.is_file()}
    later = suite.run("def test_plain():\n    pass\n")
    assert later.outcome.ret == 0
    assert {file: file.read_bytes() for file in later.folder.rglob("*") if file.is_file()} == before


def test_a_run_that_cannot_start_leaves_no_half_report(suite: SmallSuite) -> None:
    """Given a path that does not exist,
    when pytest is asked to run it,
    then it refuses and no report file appears."""
    run = suite.run(None, "no-such-file.py")
    assert run.outcome.ret == pytest.ExitCode.USAGE_ERROR
    assert not list(run.folder.glob("**/*"))


def test_evidence_of_the_last_run_makes_way(suite: SmallSuite) -> None:
    """Given a report with evidence,
    when the next run writes its report,
    then the old evidence is gone and a folder that is not ours stays."""
    test = f"@criterion('CFG-2')\ndef test_it(verdict):\n    {SCENARIO}\n    verdict.attach('a.txt', 'x')\n"
    old = suite.run(test)
    (old_evidence,) = old.only["evidence"]
    (old.folder / "evidence" / "mine").mkdir()
    new = suite.run(test)
    (new_evidence,) = new.only["evidence"]
    assert (new.folder / new_evidence).exists()
    assert not (old.folder / old_evidence).exists()
    assert (old.folder / "evidence" / "mine").exists()


def test_a_secret_is_in_nothing_that_the_run_writes(suite: SmallSuite) -> None:
    """Given a test that meets a secret in its output, its verdict, its evidence and its exception,
    when it fails,
    then neither terminal nor any report holds the secret, plain or encoded."""
    run = suite.run(
        f"""
@criterion('CFG-5')
def test_it(verdict, record_property):
    {SCENARIO}
    import base64
    secret = 'hunter' + '2-and-more'
    redaction.register([secret])
    print(secret)
    record_property('seen', secret)
    verdict.observed = 'password=' + secret
    verdict.look = secret
    verdict.attach('env.txt', base64.b64encode(b'user:' + secret.encode()).decode())
    verdict.check(secret == '', secret)
""",
        apart=True,
    )
    assert run.only["status"] == "fail"
    written = [file.read_text(encoding="utf-8") for file in run.folder.rglob("*") if file.is_file()]
    assert len(written) == 5
    for text in (*written, run.output):
        assert "hunter2-and-more" not in text
        assert "aHVudGVyMi1hbmQtbW9yZ" not in text
        assert "h1bnRlcjItYW5kLW1vcm" not in text
    assert "password=[redacted]" in run.output
