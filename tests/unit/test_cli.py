"""`dayzero check` judges projects by their files, as pytest does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dayzero.analysis.judged_project import load_judged
from dayzero.cli import main
from dayzero.report.exit_code import COULD_NOT_JUDGE, FAILED, NOTHING_TO_JUDGE
from dayzero.rules.judge import judge_project
from dayzero.rules.rule import all_rules
from dayzero.selftest.expectations import expectations_of
from dayzero.selftest.static_catalogue import folders, verdict_on

SOUND = """
services:
  db:
    image: postgres:17.6
    healthcheck: {test: [CMD, pg_isready]}
  db-init:
    image: postgres:17.6
    user: "999:999"
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    entrypoint: [psql, -h, db, -v, ON_ERROR_STOP=1, -c, "create schema a"]
    depends_on: {db: {condition: service_healthy}}
"""


def project(folder: Path, text: str) -> Path:
    (folder / "compose.yml").write_text(text, encoding="utf-8")
    return folder


def test_a_finding_names_file_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given an init that the engine starts again,
    when its project is checked,
    then one line says where and what, and the exit code is that of a failure."""
    bad = project(tmp_path, SOUND + "    restart: always\n")
    assert main(["check", str(bad)]) == FAILED
    (line,) = [one for one in capsys.readouterr().out.splitlines() if " CFG-2 " in one]
    row = SOUND.count("\n") + 1
    assert line.startswith(f"compose.yml:{row}:5: CFG-2 fail db-init: ")


def test_a_sound_project_is_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a project with nothing wrong in it,
    when it is checked,
    then the exit code is 0 and one line tells the numbers."""
    assert main(["check", str(project(tmp_path, SOUND))]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert " pass" in line
    assert "fail" not in line


def test_results_are_those_of_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a project,
    when it is checked and JSON is asked for,
    then each result has the form of the report's."""
    main(["check", "--json", str(project(tmp_path, SOUND))])
    said = json.loads(capsys.readouterr().out)
    assert {result["criterion"] for result in said["results"]} == {rule.id for rule in all_rules()}
    assert all(result["given"] and result["then"] for result in said["results"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(
            "services: {web: {image: 'nginx:1.27', ports: ['80:80']}}", NOTHING_TO_JUDGE, id="no init"
        ),
        pytest.param("services: [", COULD_NOT_JUDGE, id="no YAML"),
        pytest.param("include: [other.yml]\n" + SOUND, COULD_NOT_JUDGE, id="a part is missing"),
    ],
)
def test_what_was_not_judged_is_not_passed(tmp_path: Path, text: str, code: int) -> None:
    """Given a project without an init, one that cannot be read, or one of which a part is missing,
    when it is checked,
    then the exit code says so."""
    assert main(["check", str(project(tmp_path, text))]) == code


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_both_doors_come_to_the_same(folder: Path) -> None:
    """Given a stack that states how it should be judged,
    when it is judged without pytest,
    then every rule comes to what is stated."""
    known = {rule.id for rule in all_rules()}
    stated = [one for one in expectations_of(folder) if one.criterion in known]
    results = [dict(one) for one in judge_project(load_judged(folder))]
    wrong = {one.id: said for one in stated if (said := verdict_on(one, results)) != "as expected"}
    assert wrong == {}
