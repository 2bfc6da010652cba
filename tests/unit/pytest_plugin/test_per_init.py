"""What is tried on several inits is tried at the same time, and only on those that somebody asks about."""

from __future__ import annotations

import pytest

from tests.unit.conftest import SmallSuite

PLUGIN = ("-p", "dayzero.pytest_plugin.per_init")

TRIALS = """
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace

from dayzero.analysis.inventory import Promise
from dayzero.compose.yaml_source import Place

INITS = ("first-init", "other-init", "absent-init")
PROMISES = [Promise(name, "", (), (), "", (), Place(Path(), 1, 1)) for name in INITS]
STACK = SimpleNamespace(model={{"services": {{"first-init": {{}}, "other-init": {{}}}}}})
TOGETHER = Barrier({together})

@pytest.fixture(scope="module")
def stack():
    return STACK

@pytest.fixture(scope="module")
def trials(side_by_side):
    def trial(stack, promise):
        TOGETHER.wait(timeout=20)
        return f"{{promise.name}} was tried"
    return side_by_side(trial)

@pytest.mark.parametrize("promise", [pytest.param(one, id=one.name) for one in PROMISES])
def test_it(promise, trials):
    if promise.name == "absent-init":
        assert promise.name not in trials
    else:
        assert trials[promise.name].result() == f"{{promise.name}} was tried"

def test_how_many(trials):
    assert len(trials) == {together}
"""


def test_inits_are_tried_at_the_same_time(suite: SmallSuite) -> None:
    """Given trials each of which waits until another one is under way,
    when all tests of their module run,
    then all trials end, and a service that the stack does not have is not tried."""
    suite.run(TRIALS.format(together=2), *PLUGIN).outcome.assert_outcomes(passed=4)


@pytest.mark.parametrize("selection", ["other or many", "absent or other or many"])
def test_only_chosen_inits_are_tried(suite: SmallSuite, selection: str) -> None:
    """Given the same trials,
    when the tests of one init alone are selected,
    then no other init is tried."""
    outcome = suite.run(TRIALS.format(together=1), *PLUGIN, "-k", selection).outcome
    assert outcome.ret == 0
    assert outcome.parseoutcomes()["passed"] == len(selection.split(" or "))
