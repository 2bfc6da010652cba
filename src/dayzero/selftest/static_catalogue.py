"""The known-bad and the unusual stacks under fixtures/stacks/static: judged as a user would, and held against what they
say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dayzero.report.exit_code import COULD_NOT_JUDGE
from dayzero.selftest.expectations import AnnotationBroken, Expectation, expectations_of
from dayzero.selftest.suite_run import ROOT, SuiteRun, SuiteRunBroken, run_suite

STACKS = ROOT / "fixtures" / "stacks" / "static"

_JUDGED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, COULD_NOT_JUDGE)
_OF_ENGINES = (
    "dayzero.pytest_plugin.failure_evidence",
    "dayzero.pytest_plugin.runtime",
    "dayzero.pytest_plugin.plain_stack",
    "dayzero.pytest_plugin.targets",
    "dayzero.pytest_plugin.setup_errors",
    "fixtures.run_images",
    "fixtures.image_contract",
)
_WITHOUT_ENGINE = [*(f"-pno:{name}" for name in _OF_ENGINES), "-pno:xdist"]


def folders() -> list[Path]:
    """Every stack of the catalogue."""
    return sorted(folder for folder in STACKS.iterdir() if folder.is_dir())


def expectations() -> list[Expectation]:
    """What all of them state; one whose annotations are broken is left to the test that reads them."""
    found: list[Expectation] = []
    for folder in folders():
        try:
            found += expectations_of(folder)
        except AnnotationBroken:
            continue
    return found


def judge_folder(folder: Path, report: Path, plugins: Sequence[str] = ()) -> SuiteRun:
    """Judge a folder by the criteria that it is about, with these `-p` options.

    Raises SuiteRunBroken when the run ends in any way but with a judgement.
    """
    about = sorted({one.criterion.lower().replace("-", "_") for one in expectations_of(folder)})
    names = " or ".join(f"test_{name[:4]}{int(name[4:]):02}" for name in about)
    # The plugins that need an engine take most of the start, and no static test asks for them.
    selection = ["tests/static", "-m", "static", "-k", names, *_WITHOUT_ENGINE, "-q"]
    run = run_suite([*selection, *plugins, f"--stack={folder}"], report, seconds=300)
    if run.code not in _JUDGED:
        raise SuiteRunBroken(f"judging {folder.name} ended with {run.code}: {run.output[-2000:]}")
    return run


def verdict_on(expectation: Expectation, results: Iterable[dict[str, Any]]) -> str:
    """One of: as expected, missed, false alarm, guessed, not judged, error; with what was reported instead."""
    about = [
        result
        for result in results
        if result["criterion"] == expectation.criterion and expectation.subject in ("", result["subject"])
    ]
    if not about:
        return f"error: no result for {expectation.criterion} of {expectation.subject or 'the project'}"
    worst = min(about, key=lambda result: ("error", "fail", "skip", "waived", "pass").index(result["status"]))
    status, said = worst["status"], worst["observed"]
    if status == expectation.expect:
        return "as expected"
    if status == "error":
        return f"error: {said}"
    kind = {"fail": "missed", "pass": "false alarm", "skip": "guessed", "error": "guessed"}[
        expectation.expect
    ]
    if expectation.expect == "pass" and status == "skip":
        kind = "not judged"
    return f"{kind}: {status} instead of {expectation.expect} ({said})"
