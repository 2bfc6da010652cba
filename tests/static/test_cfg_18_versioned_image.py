"""CFG-18: an init runs the same program tomorrow as today."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_18_versioned_image import every_image_has_a_version

test_every_image_has_a_version = judged_by(every_image_has_a_version)
