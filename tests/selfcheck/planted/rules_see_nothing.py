# breaks: SUITE-1 suite because: no known-bad stack is caught any more, and nobody is told
# select: suite_01 and benign
"""pytest plugin: the static criteria fail no stack, whatever they see."""

from tests.suite.rules_that_are_blind import pytest_pyfunc_call as pytest_pyfunc_call
