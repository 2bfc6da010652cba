"""What a run says of runtime criteria that it cannot judge, for the stack is not ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dayzero.selftest.suite_run import run_suite

STACK = "services: {db: {image: 'postgres:17.6'}}\n"
INVENTORY = """
inits:
  shop-init: {compose: compose.yaml, targets: [db], outputs: [{kind: database, name: shop}]}
"""

REASONS = {
    "without an inventory": ("", "no inventory states what this stack promises"),
    "with one": (INVENTORY, "inventory.yml states what this stack promises, but so far"),
}


@pytest.mark.parametrize(("inventory", "reason"), REASONS.values(), ids=REASONS)
def test_runtime_criteria_of_another_stack_are_not_judged(
    inventory: str, reason: str, tmp_path: Path
) -> None:
    """Given another project, with an inventory or without, and no engine,
    when a runtime criterion is asked for,
    then it is not judged, with the reason that is true of it, and no engine is missed."""
    project = tmp_path / "shop"
    project.mkdir()
    (project / "compose.yaml").write_text(STACK, encoding="utf-8")
    if inventory:
        (project / "inventory.yml").write_text(inventory, encoding="utf-8")
    run = run_suite(
        ["tests/runtime/test_run_02_duration.py", f"--stack={project}"],
        tmp_path / "reports",
        environment={**os.environ, "DOCKER_HOST": f"unix://{tmp_path / 'nobody.sock'}"},
    )
    assert "RUN-2" in run.report["not_judged"]
    (result,) = run.judged
    assert (result["criterion"], result["status"]) == ("RUN-2", "skip")
    assert result["observed"].startswith(reason)
