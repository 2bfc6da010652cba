"""CFG-5: credentials reach an init as secret files only."""

from __future__ import annotations

from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_05_no_plaintext_credential import no_credential_reaches_an_init_in_plaintext

test_no_credential_reaches_an_init_in_plaintext = judged_by(no_credential_reaches_an_init_in_plaintext)
