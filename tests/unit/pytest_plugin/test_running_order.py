"""In which order the criteria of the running stack are judged."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dayzero.selftest.suite_run import run_suite


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The files of the acceptance tests, as often as there are tests, in the order in which they are run."""
    collected = run_suite(
        ["tests/runtime", "-m", "acceptance", "--collect-only", "-q"], tmp_path_factory.mktemp("reports")
    )
    return [line for line in collected.output.splitlines() if "::" in line]


def _places(order: Sequence[str], test: str) -> list[int]:
    found = [place for place, name in enumerate(order) if test in name]
    assert found, f"{test} was not collected"
    return found


def test_pauses_are_watched_before_any_server_runs(order: list[str]) -> None:
    """Given that servers keep a machine busy,
    when the criteria are put in order,
    then RUN-13 comes before whoever boots a stack."""
    assert max(_places(order, "test_run_13")) < min(_places(order, "test_run_24"))
    assert max(_places(order, "test_run_24")) < min(_places(order, "test_run_01"))


def test_late_inits_put_nothing_back_that_a_test_has_taken_away(order: list[str]) -> None:
    """Given tests that take outputs away from targets, and inits that provision them when they are let through,
    when the criteria are put in order,
    then the inits are set off after those tests."""
    late = min(_places(order, "test_run_14"))
    for test in (
        "test_run_08",
        "test_run_09",
        "test_run_10",
        "test_run_12",
        "test_run_16",
        "test_run_17_truth",
    ):
        assert max(_places(order, test)) < late


def test_long_waits_are_judged_when_all_else_is(order: list[str]) -> None:
    """Given inits that wait for minutes,
    when the criteria are put in order,
    then whatever does not wait for them is judged first."""
    waiting = min(_places(order, "test_run_11"))
    assert max(_places(order, "test_run_25")) < waiting
    assert (
        max(
            _places(
                order,
                "test_run_14_late_target.py::test_a_late_target_is_provisioned_soon_after[kafka-init-3 s]",
            )
        )
        < waiting
    )
