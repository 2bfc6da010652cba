# breaks: SUITE-1 suite because: a rule that crashed cannot be told from one that is blind
# select: suite_01 and crashing
"""pytest plugin: whatever breaks in a static criterion's test passes."""

from tests.selfcheck.planted.what_breaks_passes import pytest_pyfunc_call as pytest_pyfunc_call
