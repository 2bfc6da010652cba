"""CFG-7: an init leaves its result in its targets, not in its own container."""

from __future__ import annotations

import pytest

from dayzero.analysis.init_detection import InitService
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_07_no_local_state import an_init_keeps_no_local_state

test_an_init_keeps_no_local_state = judged_by(an_init_keeps_no_local_state)


@pytest.mark.reference
@criterion("CFG-7", "SPEC-INFRA-03 §3", "002 §3")
def test_its_root_is_read_only(init: InitService, verdict: Verdict) -> None:
    """Given an init of the reference stack,
    when its service is read,
    then its root file system is read-only."""
    verdict.subject = init.name
    verdict.expected = "read_only: true"
    verdict.observed = f"read_only: {init.config.get('read_only', False)}"
    verdict.source = init.where("read_only")
    verdict.look = "use tmpfs for scratch"
    verdict.check(init.config.get("read_only") is True, "its root file system is writable")
