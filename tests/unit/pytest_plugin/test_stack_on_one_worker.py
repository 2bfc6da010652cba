"""What boots a stack for several tests boots it on one worker, whatever the number of workers."""

from __future__ import annotations

from tests.unit.conftest import SmallSuite

SHARED = """
import os
from pathlib import Path

@pytest.fixture
def {fixture}():
    pass

@pytest.mark.parametrize("number", range(6))
def test_it({fixture}, number):
    with Path("workers-{fixture}").open("a") as seen:
        seen.write(os.environ["PYTEST_XDIST_WORKER"] + chr(10))
"""


def test_tests_of_one_stack_share_a_worker(suite: SmallSuite) -> None:
    """Given tests that share the run's stack, and others whose module boots one of its own,
    when they run on two workers,
    then those of either kind run on one worker, and the kinds on different ones."""
    fixtures = ("stack", "planned_stack")
    for fixture in fixtures:
        suite.write(SHARED.format(fixture=fixture), f"test_{fixture}.py")
    run = suite.run(None, "-p", "dayzero.pytest_plugin.runtime", "-n", "2", apart=True)
    run.outcome.assert_outcomes(passed=12)
    workers = [set((suite.pytester.path / f"workers-{fixture}").read_text().split()) for fixture in fixtures]
    assert sorted(map(len, workers)) == [1, 1], run.output
    assert workers[0] != workers[1]
