"""SUITE-7: a run leaves JUnit XML, a JSON report by a published schema, and one HTML page that stands alone."""

from __future__ import annotations

import pytest

from dayzero.analysis.init_detection import inits_of
from dayzero.compose.project import ComposeProject
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.selftest.report_faults import report_faults
from dayzero.selftest.static_catalogue import STACKS
from dayzero.selftest.suite_run import SuiteRun
from dayzero.selftest.two_runs import TwoRuns
from tests.suite.conftest import Judge

EVERY_STATUS = "cfg-17-masked-failure"
"""A stack whose inits pass, fail and cannot be told, all by one criterion."""


@criterion("SUITE-7", subject="suite")
def test_the_reports_are_sound_and_agree(judge: Judge, verdict: Verdict) -> None:
    """Given a stack with failures, passes and skips,
    when two criteria of it are judged by two workers,
    then the counts in JUnit are right, the JSON keeps to the schema beside it, both name the same results, and the
    page loads nothing from elsewhere and has a row for each criterion and a column for each init."""
    folder = STACKS / EVERY_STATUS
    run = judge("tests/static", "-k", "test_cfg_17 or test_cfg_02", f"--stack={folder}", "-n2")
    inits = [init.name for init in inits_of(ComposeProject.load(folder, profiles=(), overrides=()))]
    statuses = {result["status"] for result in run.judged}
    verdict.require({"pass", "fail", "skip"} <= statuses, f"the run came to {sorted(statuses)} alone")
    _judge(run, inits, verdict)


@pytest.mark.runtime
@pytest.mark.slow
@criterion("SUITE-7", subject="suite")
def test_the_reports_of_a_boot_draw_it(two_runs: TwoRuns, verdict: Verdict) -> None:
    """Given a run that boots a stack,
    when it has ended,
    then its reports are sound and agree, name the engine and each image, and draw when each service of the boot was
    created, started, healthy or finished."""
    run = two_runs.runs["sound"]
    booted = {entry["service"] for entry in run.report["timeline"]}
    versions = run.report["versions"]
    verdict.require("valkey-cluster-init" in booted, f"the boot consisted of {sorted(booted)}")
    verdict.check(versions["engine"] and versions["compose"], "the engine's version is not told")
    verdict.check(set(versions["images"]) == booted, "not every image that ran is named")
    _judge(run, ["valkey-cluster-init"], verdict)


def _judge(run: SuiteRun, inits: list[str], verdict: Verdict) -> None:
    faults = report_faults(run, inits)
    verdict.expected = f"sound reports of {len(run.judged)} results and {len(inits)} inits"
    verdict.observed = "; ".join(faults) or "nothing wrong with them"
    verdict.look = (
        "dayzero.pytest_plugin.report, dayzero.report.html, src/dayzero/report/acceptance.schema.json"
    )
    for name in ("acceptance.json", "acceptance.xml", "acceptance.html"):
        verdict.attach(name, run.page(name) if (run.folder / name).is_file() else "not written")
    verdict.check(not faults)
