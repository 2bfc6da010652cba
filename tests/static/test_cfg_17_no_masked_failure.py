"""CFG-17: an init whose work failed does not end with 0."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_17_no_masked_failure import a_failed_step_shows_in_the_exit_code

test_a_failed_step_shows_in_the_exit_code = judged_by(a_failed_step_shows_in_the_exit_code)
