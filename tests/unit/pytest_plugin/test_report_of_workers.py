"""Reports of runs that are spread over workers, or that do not come to their end."""

from __future__ import annotations

from tests.unit.conftest import SmallSuite

SCENARIO = '"""Given a stack, when it is read, then it is sound."""'

SPREAD = f"""
@criterion('CFG-2')
@pytest.mark.parametrize('service', ['a', 'b', 'c', 'd'])
def test_it(verdict, service):
    {SCENARIO}
    verdict.subject = service
    secret = 'hunter' + '2-and-more'
    redaction.register([secret])
    verdict.attach('seen.txt', secret)
    record_timeline([{{'service': service}}])
    record_versions({{'images': {{service: 'x:1'}}}})
    print(secret)
    verdict.check(service != 'b', secret)
    if service == 'c':
        raise OSError(secret)
"""


def test_workers_report_the_same(suite: SmallSuite) -> None:
    """Given a suite with a pass, a failure and an error,
    when two workers share it,
    then the report says what one process would say, and no secret has travelled."""
    run = suite.run(SPREAD, "-n2", apart=True)
    assert [(result["subject"], result["status"]) for result in run.judged] == [
        ("a", "pass"),
        ("b", "fail"),
        ("c", "error"),
        ("d", "pass"),
    ]
    assert run.report["run"]["workers"] == 2
    assert sorted(entry["service"] for entry in run.report["timeline"]) == ["a", "b", "c", "d"]
    assert set(run.report["versions"]["images"]) == {"a", "b", "c", "d"}
    assert all((run.folder / path).is_file() for result in run.judged for path in result["evidence"])
    texts = [file.read_text(encoding="utf-8") for file in run.folder.rglob("*") if file.is_file()]
    assert len(texts) == 4 + 4
    assert not [text for text in (*texts, run.output) if "hunter2-and-more" in text]
    assert "1 failed, 2 passed, 1 error" in run.output


def test_a_worker_that_dies_is_an_error(suite: SmallSuite) -> None:
    """Given a test that takes its worker down with it,
    when the run ends,
    then its criterion is an error, not absent and not a pass."""
    run = suite.run(
        f"@criterion('RUN-2')\ndef test_it():\n    {SCENARIO}\n    import os; os._exit(3)\n",
        "-n1",
        apart=True,
    )
    assert run.only["status"] == "error"
    assert run.outcome.ret == 1


def test_an_interrupted_run_reports_what_it_has(suite: SmallSuite) -> None:
    """Given three criteria, interrupted while the second is judged,
    when the run ends,
    then the first has its result, the second is an error, the third says that it was not reached."""
    run = suite.run(
        f"""
@criterion('CFG-2')
def test_first():
    {SCENARIO}

@criterion('CFG-3')
def test_second():
    {SCENARIO}
    raise KeyboardInterrupt

@criterion('CFG-4')
def test_third():
    {SCENARIO}
""",
        apart=True,
    )
    statuses = {
        result["criterion"]: (result["status"], result["observed"]) for result in run.report["results"]
    }
    assert statuses["CFG-2"] == ("pass", "as expected")
    assert statuses["CFG-3"] == ("error", "the run ended while this was judged")
    assert statuses["CFG-4"] == ("skip", "the run ended before it was judged")
    assert run.outcome.ret == 2
    assert (run.folder / "acceptance.xml").is_file()
    assert (run.folder / "acceptance.html").is_file()
