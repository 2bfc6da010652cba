"""CFG-11: an init runs with no more rights than its work needs."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_11_least_privilege import an_init_runs_with_least_privilege

test_an_init_runs_with_least_privilege = judged_by(an_init_runs_with_least_privilege)
