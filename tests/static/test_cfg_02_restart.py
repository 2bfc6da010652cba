"""CFG-2: an init runs once; nothing starts it again."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_02_restart import an_init_is_never_restarted

test_an_init_is_never_restarted = judged_by(an_init_is_never_restarted)
