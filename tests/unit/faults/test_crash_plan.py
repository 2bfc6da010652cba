"""The plan of kills: drawn from a seed, and complete."""

from __future__ import annotations

from dayzero.faults.crash.plan import MANNERS, Kill, planned_kills

GAPS = [1.0, 0.001, 0.4]


def test_the_same_seed_gives_the_same_plan_and_another_another() -> None:
    """Given a seed, when the plan is drawn twice, then it is the same; of another seed or init it is another."""
    drawn = planned_kills("kafka-init", 7, GAPS, shortest=0.1, random_kills=9)
    assert drawn == planned_kills("kafka-init", 7, GAPS, shortest=0.1, random_kills=9)
    assert drawn != planned_kills("kafka-init", 8, GAPS, shortest=0.1, random_kills=9)
    assert drawn != planned_kills("os-init", 7, GAPS, shortest=0.1, random_kills=9)


def test_it_has_the_start_each_resource_each_manner_and_the_random_moments() -> None:
    """Given an init that logs two resources, when its kills are planned, then none of the points is left out."""
    drawn = planned_kills("kafka-init", 7, GAPS, shortest=0.1, random_kills=4)
    assert [kill.resources for kill in drawn if kill.fraction is None] == [0, 1, 2]
    assert {kill.manner for kill in drawn} == set(MANNERS)
    moments = [kill.fraction for kill in drawn if kill.fraction is not None]
    assert len(moments) == len(MANNERS) - 1 + 4
    assert all(0 < moment < 1 for moment in moments)


def test_a_moment_that_is_too_short_is_tried_but_not_demanded() -> None:
    """Given two audit lines with no time between them, when kills are planned, then it is not reachable."""
    drawn = planned_kills("kafka-init", 7, GAPS, shortest=0.1, random_kills=0)
    assert [kill.reachable for kill in drawn[:3]] == [True, False, True]
    assert str(drawn[0]) == "SIGKILL at its start"
    assert str(drawn[2]) == "SIGKILL after 2 resources"


def test_what_came_too_late_comes_earlier_the_next_time() -> None:
    """Given a random kill that missed, when it is tried again, then sooner; one that follows a resource still does."""
    at_random = Kill("SIGKILL", fraction=0.8)
    after_resource = Kill("SIGKILL", resources=1)
    assert at_random.earlier() == Kill("SIGKILL", fraction=0.56)
    assert after_resource.earlier() == after_resource
