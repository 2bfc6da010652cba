"""CFG-10: steps are ordered by what is ready, not by time."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_10_no_bare_sleep import no_step_is_ordered_by_a_bare_sleep

test_no_step_is_ordered_by_a_bare_sleep = judged_by(no_step_is_ordered_by_a_bare_sleep)
