"""CFG-9: the members of a cluster are equal, and they fit."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_09_memory_of_clusters import members_of_a_cluster_reserve_the_same_memory

test_members_of_a_cluster_reserve_the_same_memory = judged_by(members_of_a_cluster_reserve_the_same_memory)
