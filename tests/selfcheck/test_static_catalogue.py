"""Every known-bad stack under fixtures/stacks/static is caught, and every unusual but correct one let pass.

Each folder is judged once, by the command that a user would type; the report of that run is compared with what the
folder's annotations say (see `fixtures.expectations`). Four things can happen to an expectation, and they are told
apart: it comes true (caught, or let pass), it is missed, there is a false alarm, or an error: not judged at all.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fixtures.catalogue import load_catalogue
from fixtures.expectations import AnnotationBroken, Expectation, expectations_of

STACKS = Path(__file__).parents[2] / "fixtures" / "stacks" / "static"
JUDGED = [f"CFG-{number}" for number in range(1, 19)]

_OF_ENGINES = ("running_stack", "plain_stack", "observers", "obstacle", "tried_images")
_WITHOUT_ENGINE = [*(f"-pno:fixtures.{name}" for name in _OF_ENGINES), "-pno:xdist"]

Result = dict[str, Any]


def _folders() -> list[Path]:
    return sorted(folder for folder in STACKS.iterdir() if folder.is_dir())


def _expectations() -> list[Expectation]:
    """A broken annotation is reported by its own test below, not as an error of collection."""
    found = []
    for folder in _folders():
        try:
            found += expectations_of(folder)
        except AnnotationBroken:
            continue
    return found


def _judge(folder: Path, report: Path) -> None:
    """Judge a folder as a user would, by the criteria that it is about; a run that breaks leaves its words behind."""
    about = sorted({one.criterion.lower().replace("-", "_") for one in expectations_of(folder)})
    names = " or ".join(f"test_{name[:4]}{int(name[4:]):02}" for name in about)
    # The plugins that need an engine take most of the start, and no static test asks for them.
    command = [sys.executable, "-m", "pytest", "tests/static", "-m", "static", "-k", names, *_WITHOUT_ENGINE]
    run = subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", "--stack", str(folder), "--report", str(report)],
        cwd=STACKS.parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if run.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        report.mkdir(exist_ok=True)
        said = f"judging {folder.name} ended with {run.returncode}:\n{run.stdout[-2000:]}{run.stderr[-2000:]}"
        (report / "error.txt").write_text(said, encoding="utf-8")


@pytest.fixture(scope="session")
def reports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where the reports of the judged folders lie. One worker judges all that the session needs, the others wait."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    given = [
        value for item in items if "reports" in item.fixturenames for value in item.callspec.params.values()
    ]
    wanted = {Path(value.folder if isinstance(value, Expectation) else str(value)) for value in given}
    with (shared / "judging.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = sorted(folder for folder in wanted if not (shared / folder.name).exists())
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            list(pool.map(lambda folder: _judge(folder, shared / folder.name), missing))
    return shared


def _results(folder: Path, reports: Path) -> list[Result]:
    failed = reports / folder.name / "error.txt"
    if failed.exists():
        pytest.fail(f"error: {failed.read_text(encoding='utf-8')}")
    report = json.loads((reports / folder.name / "acceptance.json").read_text(encoding="utf-8"))
    results: list[Result] = report["results"]
    return results


def verdict_on(expectation: Expectation, results: list[Result]) -> str:
    """One of: as expected, missed, false alarm, guessed, error; with what was reported instead."""
    about = [
        result
        for result in results
        if result["criterion"] == expectation.criterion and expectation.subject in ("", result["subject"])
    ]
    if not about:
        return f"error: no result for {expectation.criterion} of {expectation.subject or 'the project'}"
    worst = min(about, key=lambda result: ("error", "fail", "skip", "waived", "pass").index(result["status"]))
    status, said = worst["status"], worst["observed"] or worst.get("reason") or ""
    if status == expectation.expect:
        return "as expected"
    if status == "error":
        return f"error: {said}"
    kind = {"fail": "missed", "pass": "false alarm", "skip": "guessed"}[expectation.expect]
    if expectation.expect == "pass" and status == "skip":
        kind = "not judged"
    return f"{kind}: {status} instead of {expectation.expect} ({said})"


@pytest.mark.parametrize("expectation", _expectations(), ids=lambda expectation: expectation.id)
def test_a_stack_is_judged_as_it_says(expectation: Expectation, reports: Path) -> None:
    """A known-bad service is caught and a correct one let pass, each by the criterion that it is about."""
    results = _results(expectation.folder, reports)
    verdict = verdict_on(expectation, results)
    assert verdict == "as expected", f"{verdict}; expected because {expectation.because}"


@pytest.mark.parametrize("folder", _folders(), ids=lambda folder: folder.name)
def test_a_failure_points_into_the_stack_and_blames_nobody_else(folder: Path, reports: Path) -> None:
    """What the folder's criterion reports as failed is annotated so, and its source is a line of the stack's files."""
    expected = expectations_of(folder)
    criteria = {expectation.criterion for expectation in expected}
    blamed = {(one.criterion, one.subject) for one in expected if one.expect == "fail"}
    whole = {one.criterion for one in expected if one.expect == "fail" and not one.subject}
    for result in _results(folder, reports):
        if result["criterion"] not in criteria or result["status"] != "fail":
            continue
        named = (result["criterion"], result["subject"]) in blamed or result["criterion"] in whole
        assert named, f"false alarm: {result['criterion']} of {result['subject']}: {result['observed']}"
        assert result["observed"], f"{result['criterion']} of {result['subject']} does not say what was seen"
        if result["source"] is not None:
            file = folder / result["source"]["file"]
            lines = file.read_text(encoding="utf-8").splitlines()
            assert 1 <= result["source"]["line"] <= len(lines), (
                f"{file.name} has no line {result['source']['line']}"
            )


@pytest.mark.parametrize("folder", _folders(), ids=lambda folder: folder.name)
def test_every_folder_says_what_it_is_about(folder: Path) -> None:
    """No orphan: a folder without a usable annotation about the criterion in its name proves nothing."""
    assert expectations_of(folder)


@pytest.mark.parametrize("criterion", JUDGED)
def test_every_criterion_has_a_bad_and_a_good_stack(criterion: str) -> None:
    """A criterion that never failed on a known-bad stack, or never let a correct one pass, is not trusted."""
    assert criterion in load_catalogue()
    seen = Counter(one.expect for one in _expectations() if one.criterion == criterion)
    assert seen["fail"], f"{criterion}: no stack under fixtures/stacks/static that it must catch"
    assert seen["pass"], f"{criterion}: no stack under fixtures/stacks/static that it must let pass"
