"""CFG-7: an init leaves its result in its targets, not in its own container."""

from __future__ import annotations

import pytest

from dayzero.analysis.init_detection import InitService
from dayzero.analysis.mounts import Holds, writable_mounts
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.pytest_plugin.static import is_own_stack


@criterion("CFG-7", "SPEC-INFRA-03 §3", "002 §3")
def test_an_init_keeps_no_local_state(
    init: InitService, verdict: Verdict, pytestconfig: pytest.Config
) -> None:
    """Given an init service,
    when its volumes and data folders are read,
    then none is writable; and in the reference stack its root file system is read-only too.
    """
    verdict.subject = init.name
    verdict.expected = "no writable volume or data folder; scratch on tmpfs"
    kept = [one for one in writable_mounts(init) if one.holds is Holds.DATA]
    verdict.observed = (
        "; ".join(f"{one.name} is writable at {one.target}" for one in kept) or "nothing writable is mounted"
    )
    verdict.source = kept[0].source if kept else init.where("volumes")
    verdict.look = "write to the target service, or use tmpfs for scratch"
    verdict.check(not kept)
    if is_own_stack(pytestconfig):
        verdict.observed += f"; read_only: {init.config.get('read_only', False)}"
        verdict.source = init.where("read_only")
        verdict.check(init.config.get("read_only") is True, "its root file system is writable")
