"""CFG-12: the inventory and the compose files tell the same story."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_12_inventory_agrees import the_inventory_agrees_with_the_compose_files

test_the_inventory_agrees_with_the_compose_files = judged_by(the_inventory_agrees_with_the_compose_files)
