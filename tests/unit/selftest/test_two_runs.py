"""What two runs have in common on an engine is told, thing by thing."""

from __future__ import annotations

import pytest

from dayzero.selftest.two_runs import Held, TwoRuns

ALONE = Held({"the container dz-1-kafka", "the network dz-1_infra"}, {"10.64.1.0/24"}, set())

MET = {
    "nothing": (Held({"the container dz-2-kafka"}, {"10.64.2.0/24"}, set()), []),
    "a name": (Held({"the network dz-1_infra"}, set(), set()), ["both had the network dz-1_infra"]),
    "a subnet": (Held(set(), {"10.64.1.0/24"}, set()), ["both had the subnet 10.64.1.0/24"]),
    "a port that one asks for": (Held(set(), set(), {"9092"}), ["other asks for port 9092"]),
}


@pytest.mark.parametrize(("other", "told"), MET.values(), ids=MET)
def test_what_two_runs_share_is_named(other: Held, told: list[str]) -> None:
    """Given what two runs held on an engine,
    when both are compared,
    then each thing that they share, and each port of the machine that one asked for, is named."""
    assert TwoRuns({}, {"one": ALONE, "other": other}, True).in_each_others_way() == told
