"""Every known-bad stack under fixtures/stacks/static is caught, and every unusual but correct one let pass.

Each folder is judged once, by the command that a user would type; the report of that run is compared with what the
folder's annotations say (see `dayzero.selftest.expectations`). Four things can happen to an expectation, and they are
told apart: it comes true (caught, or let pass), it is missed, there is a false alarm, or an error: not judged at all.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dayzero.core.verdict import Verdict
from dayzero.selftest.expectations import Expectation, expectations_of
from dayzero.selftest.static_catalogue import expectations, folders, judge_folder, verdict_on
from dayzero.selftest.suite_run import SuiteRunBroken

Result = dict[str, Any]


def _judge(folder: Path, report: Path) -> None:
    """Judge a folder; a run that breaks leaves its words behind."""
    try:
        judge_folder(folder, report)
    except SuiteRunBroken as broken:
        report.mkdir(exist_ok=True)
        (report / "error.txt").write_text(str(broken), encoding="utf-8")


@pytest.fixture(scope="session")
def reports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where the reports of the judged folders lie. One worker judges all that the session needs, the others wait."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    wanted: set[Path] = set()
    for item in request.session.items:
        if isinstance(item, pytest.Function) and "reports" in item.fixturenames:
            given = item.callspec.params.values() if hasattr(item, "callspec") else folders()
            wanted |= {Path(one.folder if isinstance(one, Expectation) else str(one)) for one in given}
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


@pytest.mark.parametrize("expectation", expectations(), ids=lambda expectation: expectation.id)
def test_a_stack_is_judged_as_it_says(expectation: Expectation, reports: Path) -> None:
    """A known-bad service is caught and a correct one let pass, each by the criterion that it is about."""
    results = _results(expectation.folder, reports)
    verdict = verdict_on(expectation, results)
    assert verdict == "as expected", f"{verdict}; expected because {expectation.because}"


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
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
        assert result["source"] or result["evidence"], (
            f"{result['criterion']} of {result['subject']} does not say where it was seen"
        )
        if result["source"] is not None:
            file = folder / result["source"]["file"]
            lines = file.read_text(encoding="utf-8").splitlines()
            assert 1 <= result["source"]["line"] <= len(lines), (
                f"{file.name} has no line {result['source']['line']}"
            )


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_folder_says_what_it_is_about(folder: Path) -> None:
    """No orphan: a folder without a usable annotation about the criterion in its name proves nothing."""
    assert expectations_of(folder)


@pytest.mark.criterion(
    "SUITE-1", subject="static catalogue"
)  # too much for `-m acceptance`, which takes a sample
def test_the_whole_catalogue_is_judged_as_it_says(reports: Path, verdict: Verdict) -> None:
    """Given every stack of the static catalogue,
    when each is judged by the criteria that it is about,
    then all that break one are caught by it, and all that keep it are let pass."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for one in expectations():
        said = verdict_on(one, _results(one.folder, reports))
        found[said.partition(":")[0]] += 1
        if said != "as expected":
            wrong.append(f"{one.id}: {said}")
    verdict.expected = f"{len(expectations())} as expected, none missed, no false alarm, no error"
    verdict.observed = ", ".join(f"{number} {said}" for said, number in found.items())
    verdict.look = "the tests of this file beside it, which say of each why"
    verdict.attach("wrong.txt", "\n".join(wrong) or "nothing")
    verdict.check(not wrong)
