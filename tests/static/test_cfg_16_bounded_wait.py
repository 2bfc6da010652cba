"""CFG-16: every readiness loop of an init ends by itself, ready or not."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_16_bounded_wait import every_wait_is_bounded

test_every_wait_is_bounded = judged_by(every_wait_is_bounded)
