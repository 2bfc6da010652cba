"""What a run ends with says whether the stack failed or could not be judged, and nothing unjudged is green."""

from __future__ import annotations

import pytest

from tests.unit.conftest import JudgedRun, SmallSuite

SCENARIO = '"""Given a stack, when it is read, then it is sound."""'
PASS = "verdict.observed = 'sound'"
FAIL = "verdict.check(False)"
ERROR = "raise OSError('no answer')"
SKIP = "verdict.not_applicable('it has no script')"
TESTS = f"""
@criterion('CFG-2')
def test_a_relation_of_nobody(init, verdict):
    {SCENARIO}
    verdict.subject = init.name

@criterion('CFG-4')
def test_a_relation(init, verdict):
    {SCENARIO}
    verdict.subject = init.name
    verdict.expected = 'every consumer waits'
    {{relation}}

@criterion('CFG-18')
def test_an_image(init, verdict):
    {SCENARIO}
    verdict.subject = init.name
"""
INIT = """
  db: {image: "postgres:16.4", healthcheck: {test: [CMD, pg_isready]}}
  db-init: {image: "postgres:16.4", entrypoint: [psql, -h, db, -c, "create schema a"], depends_on: [db]}
"""


@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["one process", "a worker"])
@pytest.mark.parametrize(
    ("bodies", "code"),
    [
        ([PASS, SKIP], 0),
        ([PASS, ERROR], 6),
        ([FAIL, ERROR], 1),
        ([PASS, FAIL], 1),
    ],
    ids=["all judged", "an error", "a failure and an error", "a failure"],
)
def test_a_failure_ends_with_1_and_what_could_not_be_judged_with_6(
    suite: SmallSuite, bodies: list[str], code: int, workers: list[str]
) -> None:
    """Given criteria that come to a pass, a skip for what does not apply, a failure or an error,
    when they have been judged, here or on a worker,
    then the exit code is 1 with a failure, 6 with an error and no failure, and else 0."""
    tests = "".join(
        f"@criterion('CFG-2', subject='init-{number}')\ndef test_{number}(verdict):\n    {SCENARIO}\n    {body}\n"
        for number, body in enumerate(bodies)
    )
    assert suite.run(tests, *workers, apart=bool(workers)).outcome.ret == code


OTHERS = {
    "a test of no criterion": "def test_plain():\n    assert False\n",
    "its fixture": "@pytest.fixture\ndef thing():\n    raise OSError\n\ndef test_plain(thing):\n    pass\n",
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_test_of_no_criterion_fails_as_ever(suite: SmallSuite, other: str) -> None:
    """Given a criterion that could not be judged beside a test of no criterion that fails, or one such test alone,
    when they have run,
    then the exit code is pytest's own 1."""
    test = f"@criterion('CFG-2')\ndef test_it():\n    {SCENARIO}\n    {ERROR}\n"
    assert suite.run(test + other).outcome.ret == 1
    assert suite.run(other).outcome.ret == 1


def test_a_wrong_call_and_an_interrupted_run_keep_their_codes(suite: SmallSuite) -> None:
    """Given a criterion that is interrupted, and a call of a file that is not there,
    when pytest ends,
    then with its own codes for that."""
    interrupted = f"@criterion('CFG-2')\ndef test_it():\n    {SCENARIO}\n    raise KeyboardInterrupt\n"
    assert suite.run(interrupted, apart=True).outcome.ret == pytest.ExitCode.INTERRUPTED
    assert suite.run(None, "no-such-file.py").outcome.ret == pytest.ExitCode.USAGE_ERROR


def _judge(suite: SmallSuite, compose: str, relation: str = PASS, *arguments: str) -> JudgedRun:
    (suite.pytester.path / "compose.yaml").write_text(compose, encoding="utf-8")
    plugins = ("-p", "dayzero.pytest_plugin.static", "-p", "dayzero.pytest_plugin.setup_errors")
    return suite.run(TESTS.format(relation=relation), *plugins, *arguments, "-ra")


def _statuses(run: JudgedRun) -> dict[str, str]:
    return {result["criterion"]: result["status"] for result in run.judged}


def test_a_project_that_was_loaded_whole_is_green(suite: SmallSuite) -> None:
    """Given a project of which nothing is missing,
    when all its criteria hold,
    then nothing is said to be missing, and the exit code is 0."""
    run = _judge(suite, f"services:\n{INIT}")
    assert _statuses(run) == {"CFG-2": "pass", "CFG-4": "pass", "CFG-18": "pass"}
    assert run.report["coverage"] == []
    assert "judged on a part" not in run.output
    assert run.outcome.ret == 0


def test_a_missing_include_reaches_verdict_report_terminal_and_exit_code(suite: SmallSuite) -> None:
    """Given a project with an include that is missing,
    when all that could be seen of it holds,
    then what the include could change is an error, the report's head and the terminal's end say what is missing and
    where, and the exit code is 6."""
    run = _judge(suite, f"include: [gone.yml]\nservices:\n{INIT}")
    assert _statuses(run) == {"CFG-2": "pass", "CFG-4": "error", "CFG-18": "pass"}
    (entry,) = [one for one in run.report["coverage"] if one["kind"] == "include"]
    assert entry["source"] == {"file": "compose.yaml", "line": 1, "column": 11}
    assert entry["touches"] == [{"criterion": "CFG-4", "subject": "db-init"}]
    page = (run.folder / "acceptance.html").read_text(encoding="utf-8")
    assert "judged on a part of the project" in page or "1 finding in 1 of 3" in page
    assert page.index("Could not be loaded") < page.index("<main>")
    assert "gone.yml: cannot be read" in page[: page.index("<main>")]
    run.outcome.stdout.fnmatch_lines(
        [
            "*could not look*",
            "*gone.yml: cannot be read*1 tests*",
            "*judged on a part*",
            "compose.yaml:1: gone.yml: cannot be read (*; left open: CFG-4",
        ]
    )
    assert run.outcome.ret == 6


def test_a_failure_beside_a_gap_stays_a_failure(suite: SmallSuite) -> None:
    """Given a project with an include that is missing,
    when a criterion fails on what is there,
    then it stays failed, and the exit code is 1."""
    run = _judge(suite, f"include: [gone.yml]\nservices:\n{INIT}", FAIL)
    assert _statuses(run)["CFG-4"] == "fail"
    assert run.outcome.ret == 1


def test_a_skip_for_what_nobody_sets_is_not_green(suite: SmallSuite) -> None:
    """Given a project that leaves an env file to its user,
    when a verdict was skipped for that,
    then the skip names the file, and the exit code is 6."""
    compose = f"services:\n{INIT.replace('depends_on: [db]', 'depends_on: [db], env_file: gone.env')}"
    (suite.pytester.path / "compose.yaml").write_text(compose, encoding="utf-8")
    run = suite.run(
        f"@criterion('CFG-8')\ndef test_it(init, verdict):\n    {SCENARIO}\n    verdict.subject = init.name\n",
        *("-p", "dayzero.pytest_plugin.static"),
    )
    assert run.only["status"] == "skip"
    assert "compose.yaml:4: env_file gone.env is not among the project's files" in run.only["observed"]
    assert run.outcome.ret == 6


def test_no_init_is_said_once_and_ends_with_5(suite: SmallSuite) -> None:
    """Given a project without an init,
    when it is judged,
    then one line says what was looked at and how to name one, and the exit code is 5."""
    run = _judge(suite, "services: {web: {image: 'web:1'}, db: {image: 'db:1'}}\n")
    assert set(_statuses(run).values()) == {"skip"}
    assert run.output.count("none of the 2 services in compose.yaml (web, db)") == 1
    assert "--inventory FILE" in run.output
    assert run.outcome.ret == 5


def test_a_project_that_cannot_be_read_is_said_once_and_ends_with_6(suite: SmallSuite) -> None:
    """Given a project whose file is no YAML,
    when it is judged,
    then every verdict is an error, one line says why, and the exit code is 6."""
    run = _judge(suite, "services: {a: [}\n")
    assert set(_statuses(run).values()) == {"error"}
    assert run.output.count("compose.yaml:1:16: not valid YAML") == 1
    (entry,) = run.report["coverage"]
    assert (entry["kind"], len(entry["touches"])) == ("project", 3)
    assert run.outcome.ret == 6
