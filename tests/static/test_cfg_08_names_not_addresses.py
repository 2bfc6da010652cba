"""CFG-8: an init finds its targets by name."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_08_names_not_addresses import no_address_is_written_where_a_name_should_stand

test_no_address_is_written_where_a_name_should_stand = judged_by(
    no_address_is_written_where_a_name_should_stand
)
