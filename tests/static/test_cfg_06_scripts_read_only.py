"""CFG-6: what an init is given to work with, it cannot change."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_06_scripts_read_only import scripts_and_configuration_are_mounted_read_only

test_scripts_and_configuration_are_mounted_read_only = judged_by(
    scripts_and_configuration_are_mounted_read_only
)
