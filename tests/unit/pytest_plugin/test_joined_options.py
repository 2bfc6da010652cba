"""Nothing in a judged folder configures the judge, however pytest is called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dayzero.pytest_plugin.joined_options import at_home, demoted, joined, start

ROOT = Path(__file__).resolve().parents[3]
PYTEST = str(Path(sys.executable).with_name("pytest"))
COMPOSE = """
services:
  db: {image: "postgres:16.4", healthcheck: {test: [CMD-SHELL, pg_isready -h 127.0.0.1]}}
  db-init: {image: "postgres:16.4", entrypoint: [psql, -h, db, -c, "create schema a"], depends_on: [db]}
"""
REFUSES = "minversion = 99\naddopts = -p no_such_plugin\npythonpath = .\n"
CONFIGURATIONS = {
    "pytest.ini": f"[pytest]\n{REFUSES}",
    "tox.ini": f"[pytest]\n{REFUSES}",
    "setup.cfg": f"[tool:pytest]\n{REFUSES}",
    "pyproject.toml": '[tool.pytest.ini_options]\nminversion = "99"\naddopts = "-p no_such_plugin"\n',
    "not even one": None,
}
INVOCATIONS = {
    "beside it": (ROOT, [PYTEST], "{judged}", {}),
    "as a module": (ROOT, [sys.executable, "-m", "pytest"], "{judged}", {}),
    "by the environment": (ROOT, [PYTEST], "", {"PYTEST_ADDOPTS": "--stack {judged}"}),
    "inside of it": (None, [PYTEST], ".", {}),
    "inside of it, as a module": (None, [sys.executable, "-mpytest"], ".", {}),
    "inside of it, with its modules": (None, [sys.executable, "-m", "pytest"], ".", {"PYTHONPATH": "."}),
    "inside of it, as our root says": (None, [PYTEST, "--rootdir", str(ROOT)], ".", {}),
}


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A project with modules and a conftest.py of its own, each of which ends the run that imports it."""
    folder = tmp_path / "judged"
    for name in ("conftest.py", "fixtures/__init__.py", "yaml.py", "tests/test_theirs.py"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("raise SystemExit('the judged folder was imported')\n", encoding="utf-8")
    (folder / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("cwd", "program", "stack", "variables"), INVOCATIONS.values(), ids=INVOCATIONS)
def test_a_judged_folder_does_not_configure_its_judge(
    judged: Path, cwd: Path | None, program: list[str], stack: str, variables: dict[str, str]
) -> None:
    """Given a project whose pytest.ini refuses this pytest, and whose modules are named as the judge's own,
    when it is named to the judge from anywhere and in any way,
    then the judge's own tests are collected for it."""
    (judged / "pytest.ini").write_text(CONFIGURATIONS["pytest.ini"] or "", encoding="utf-8")
    arguments = ["--stack", stack.format(judged=judged)] if stack else []
    extra = {name: value.format(judged=judged) for name, value in variables.items()}
    assert _collected(judged, [*program, *arguments], cwd or judged, extra) == ["db-init"]


@pytest.mark.parametrize(("name", "text"), CONFIGURATIONS.items(), ids=CONFIGURATIONS)
def test_no_file_of_a_judged_folder_is_taken_for_the_judges_configuration(
    judged: Path, name: str, text: str | None
) -> None:
    """Given a project with any of the files that pytest reads its configuration from, or with none,
    when it is named to the judge,
    then the judge's own tests are collected for it."""
    if text is not None:
        (judged / name).write_text(text, encoding="utf-8")
    assert _collected(judged, [PYTEST, "--stack", str(judged)], ROOT, {}) == ["db-init"]


def _collected(judged: Path, command: list[str], cwd: Path, variables: dict[str, str]) -> list[str]:
    """The parameters of the tests that a run would run."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    others = [f"--ignore={ROOT / 'tests' / name}" for name in ("unit", "runtime", "selfcheck")]
    run = subprocess.run(
        [*command, "-m", "static", "-k", "cfg_02", "--report", str(judged), "--collect-only", "-q", *others],
        cwd=cwd,
        env={**clean, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return [line.partition("[")[2].rstrip("]") for line in run.stdout.splitlines() if "test_cfg_02" in line]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--stack", "a b", "-q"], ["--stack=a b", "-q"]),
        (["--profile", "data", "--engine", "x"], ["--profile=data", "--engine=x"]),
        (["--stack=x", "--report"], ["--stack=x", "--report"]),
        (["-k", "stack", "--", "--stack", "x"], ["-k", "stack", "--", "--stack", "x"]),
    ],
)
def test_an_option_is_joined_to_its_value(given: list[str], expected: list[str]) -> None:
    assert joined(given) == expected


def test_a_call_inside_of_the_checkout_stays_as_it_is(tmp_path: Path) -> None:
    """Given calls from inside of the checkout, or without any option of ours,
    when they are corrected,
    then nothing is added to them."""
    ours = ["--stack=x", "-m", "static"]
    assert at_home(ours, ROOT) == at_home(ours, ROOT / "tests") == ours
    assert at_home(["-m", "static"], tmp_path) == ["-m", "static"]


def test_what_a_user_names_himself_is_not_named_again(tmp_path: Path) -> None:
    """Given a call from elsewhere that names tests of the checkout and a configuration,
    when it is corrected,
    then only what is missing is added."""
    test = str(ROOT / "tests/static/test_cfg_02_restart.py")
    given = ["-c", "mine.toml", "-m", "static", "--stack=.", f"{test}::test_x"]
    assert at_home(given, tmp_path) == [*given, f"--rootdir={ROOT}"]


def test_only_pytest_is_corrected() -> None:
    """Given another program with an option of the same name,
    when Python starts,
    then its arguments stay as they are."""
    arguments = ["--stack", "x"]
    for program in (["python", "-m", "other"], ["python", "-c", "pytest"], ["python", "other.py", "pytest"]):
        start(program, arguments, {})
    assert arguments == ["--stack", "x"]


def test_modules_of_the_callers_path_come_last() -> None:
    """Given a search path that begins with what PYTHONPATH adds,
    when it is put in order,
    then those folders are its end, and the others stay in their order."""
    path = ["/judged", "/python", "/judged/more", "/packages"]
    assert demoted(path, f".{os.pathsep}more", Path("/judged")) == [
        "/python",
        "/packages",
        "/judged",
        "/judged/more",
    ]
    assert demoted(path, "", Path("/judged")) == path
