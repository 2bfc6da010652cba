"""The criteria of the suite itself can fail: a fault is planted in the suite, and the criterion that it breaks says so.

Each module under planted/ is a pytest plugin that breaks one thing. Its first comments state which criterion that is,
as those of a known-bad stack do, and with `# select: EXPRESSION` which of the criterion's tests are enough to see it.
A plant is caught, missed, or an error: not judged at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from dayzero.selftest.suite_run import SuiteRun, run_suite
from dayzero.stack.variant import Statement, read_statements

NEED_AN_ENGINE = ("SUITE-4", "SUITE-5")


@dataclass(frozen=True)
class Plant:
    """One module: what it states, and the tests that are to see it."""

    module: str
    statement: Statement
    select: str


def _plants() -> list[Plant]:
    found = []
    for file in sorted((Path(__file__).parent / "planted").glob("[!_]*.py")):
        select = re.search(r"^# select: (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        for statement in read_statements(file):
            found.append(
                Plant(f"{__package__}.planted.{file.stem}", statement, select[1] if select else "suite")
            )
    return found


def _marks(plant: Plant) -> list[pytest.MarkDecorator]:
    if plant.statement.criterion not in NEED_AN_ENGINE:
        return []
    return [pytest.mark.runtime, pytest.mark.xdist_group("stack")]


def _seen(run: SuiteRun, plant: Plant) -> str:
    statuses = {
        result["status"]
        for result in run.judged
        if plant.statement.concerns(result["criterion"], result["subject"])
    }
    if not statuses or statuses & {"error", "skip"}:
        return f"error: {sorted(statuses) or 'not judged'}"
    wanted = "fail" if plant.statement.kind == "breaks" else "pass"
    return "as stated" if wanted in statuses else "missed" if wanted == "fail" else "false alarm"


@pytest.mark.parametrize(
    "plant", [pytest.param(one, marks=_marks(one), id=one.module.rpartition(".")[2]) for one in _plants()]
)
def test_a_planted_fault_is_caught(plant: Plant, tmp_path: Path) -> None:
    """The criterion that it breaks fails with the fault planted; what it only looks like passes."""
    run = run_suite(["tests/suite", "-k", plant.select, f"-p{plant.module}"], tmp_path)
    seen = _seen(run, plant)
    assert seen == "as stated", (
        f"{seen}: {plant.statement} because {plant.statement.because}\n{run.output[-3000:]}"
    )


def test_every_plant_says_what_it_breaks() -> None:
    """No orphan: a module that states nothing proves nothing."""
    files = {file.stem for file in (Path(__file__).parent / "planted").glob("[!_]*.py")}
    assert files == {plant.module.rpartition(".")[2] for plant in _plants()}
