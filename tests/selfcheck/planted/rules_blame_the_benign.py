# breaks: SUITE-1 suite because: what conforms is reported as wrong
# select: suite_01 and benign
"""pytest plugin: the static criteria fail every stack, also one that conforms."""

from tests.suite.rules_that_blame_all import pytest_pyfunc_call as pytest_pyfunc_call
