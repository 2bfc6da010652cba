"""CFG-14: project_net is a network for other projects, and the collector finds containers by it."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_14_project_net import (
    other_projects_can_join_the_network,
    the_collector_finds_containers_by_the_network,
)

test_other_projects_can_join_the_network = judged_by(other_projects_can_join_the_network)
test_the_collector_finds_containers_by_the_network = judged_by(the_collector_finds_containers_by_the_network)
