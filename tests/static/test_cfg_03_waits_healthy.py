"""CFG-3: an init starts when its targets are healthy, and not before."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_03_waits_healthy import an_init_waits_until_each_target_is_healthy

test_an_init_waits_until_each_target_is_healthy = judged_by(an_init_waits_until_each_target_is_healthy)
