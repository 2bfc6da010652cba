"""CFG-4: a failed init keeps those from starting that need what it makes."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_04_consumers_wait import consumers_wait_for_the_completion_of_an_init

test_consumers_wait_for_the_completion_of_an_init = judged_by(consumers_wait_for_the_completion_of_an_init)
