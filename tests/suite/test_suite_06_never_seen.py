"""SUITE-6: a compose project that nobody has seen before is judged as well as our own."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.selftest.random_project import compose_at_random
from dayzero.selftest.static_catalogue import verdict_on
from tests.suite.conftest import Judge


@criterion("SUITE-6", subject="static criteria of another project")
def test_files_of_a_project_never_seen_are_judged(
    judge: Judge, tmp_path: Path, pytestconfig: pytest.Config, verdict: Verdict
) -> None:
    """Given a project put together at random, without an inventory, whose inits have one fault each or none,
    when its static criteria are judged,
    then every init is found, every fault is reported by its own criterion, and nothing else is."""
    seed = pytestconfig.option.seed if pytestconfig.option.seed is not None else random.randrange(1_000_000)
    project = compose_at_random(tmp_path / "project", seed)
    run = judge("tests/static", "-k", "not test_cfg_01", f"--stack={project.folder}")
    found = {result["subject"] for result in run.judged if result["criterion"] == "CFG-2"}
    wrong = [
        f"{each.criterion} of {each.subject}: {said}"
        for each in project.expectations
        if (said := verdict_on(each, run.judged)) != "as expected"
    ]
    planted = {(each.criterion, each.subject) for each in project.expectations}
    wrong += [
        f"{result['criterion']} of {result['subject']}: {result['status']} although nothing is wrong"
        for result in run.judged
        if result["status"] in ("fail", "error") and (result["criterion"], result["subject"]) not in planted
    ]
    verdict.expected = f"{len(project.inits)} inits found, {len(planted)} faults reported, nothing else"
    verdict.observed = (
        f"--seed {seed}: found {', '.join(sorted(found))}; {'; '.join(wrong) or 'judged as composed'}"
    )
    verdict.look = f"the project in the evidence; --seed {seed} composes it again"
    for file in sorted(path for path in project.folder.rglob("*") if path.is_file()):
        verdict.attach(file.name, file.read_text(encoding="utf-8"))
    verdict.attach("output.txt", run.output)
    verdict.check(found == set(project.inits), "not every init was found, or more than there are")
    verdict.check(not wrong, "not as composed")


@criterion("SUITE-6", subject="runtime criteria of another project")
def test_a_running_project_never_seen_is_judged_by_its_inventory(
    judge: Judge, tmp_path: Path, verdict: Verdict
) -> None:
    """Given another project and an inventory that states what its init promises,
    when its runtime criteria are asked for,
    then they boot and judge it."""
    folder = tmp_path / "project"
    project = compose_at_random(folder, 1)
    inventory = folder / "inventory.yml"
    stated = {
        name: {"compose": "jobs.yaml", "targets": [target], "outputs": [{"kind": "object", "name": target}]}
        for name, target in project.inits.items()
    }
    inventory.write_text(yaml.safe_dump({"inits": stated}), encoding="utf-8")
    run = judge("tests/runtime", "-m", "acceptance", "-k", "test_run_02", f"--stack={folder}")
    seen = {(result["status"], result["observed"]) for result in run.judged}
    verdict.expected = "RUN-2 judged of each init"
    verdict.observed = (
        "; ".join(sorted(f"{status}: {observed}" for status, observed in seen)) or "nothing was judged"
    )
    verdict.look = (
        "the fixture `planned_stack` in dayzero.pytest_plugin.runtime, which boots our own stack alone"
    )
    verdict.attach("output.txt", run.output)
    verdict.require("error" not in {status for status, _ in seen}, "it could not be looked at")
    verdict.check("RUN-2" in run.report["judged"])
