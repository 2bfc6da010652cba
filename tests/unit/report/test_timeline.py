"""The boot's timeline becomes bars."""

from __future__ import annotations

from typing import Any

import pytest

from dayzero.report.timeline import CHART, BootTimeline, lay_out


def entry(service: str, *moments: int | None, exit_code: int | None = None) -> dict[str, Any]:
    """Created, started, healthy and finished in seconds after 11:00."""
    names = ("created", "started", "healthy", "finished")
    times = [
        None if at is None else f"2026-11-21T11:{at // 60:02d}:{at % 60:02d}.000+00:00" for at in moments
    ]
    return {"service": service, **dict(zip(names, times, strict=True)), "exit_code": exit_code}


def drawn(*entries: dict[str, Any]) -> BootTimeline:
    timeline = lay_out(entries)
    assert timeline is not None
    return timeline


LIVES = {
    "an init that succeeded": (
        entry("x", 0, 10, None, 40, exit_code=0),
        ["waiting", "done"],
        "exit 0 · 30.0 s",
    ),
    "an init that failed": (
        entry("x", 0, 10, None, 40, exit_code=1),
        ["waiting", "failed"],
        "exit 1 · 30.0 s",
    ),
    "a healthy service": (entry("x", 0, 1, 12, None), ["waiting", "starting", "healthy"], "healthy · 11.0 s"),
    "a service without a healthcheck": (entry("x", 0, 1, None, None), ["waiting", "running"], "running"),
    "one that was blocked": (entry("x", 0, None, None, None), ["waiting"], "never started"),
}


@pytest.mark.parametrize(("life", "kinds", "note"), LIVES.values(), ids=LIVES)
def test_a_life_becomes_bars(life: dict[str, Any], kinds: list[str], note: str) -> None:
    """Given the moments of one service,
    when the timeline is laid out,
    then its bars and its note tell how it went."""
    (lane,) = drawn(life).lanes
    assert [bar.kind for bar in lane.bars] == kinds
    assert lane.note == note


def test_bars_stand_at_their_time() -> None:
    """Given an init that ran from 30 s to 60 s of a boot of 60 s,
    when the timeline is laid out,
    then its bar covers the second half of the chart."""
    timeline = drawn(entry("db", 0, 0, 20, None), entry("db-init", 0, 30, None, 60, exit_code=0))
    bar = timeline.lanes[1].bars[1]
    assert bar.left == pytest.approx(timeline.labels + CHART / 2)
    assert bar.width == pytest.approx(CHART / 2)
    assert [at for _, at in timeline.ticks] == [0, 10, 20, 30, 40, 50, 60]


def test_services_stand_in_the_order_of_their_start() -> None:
    """Given services that started at different times and one that never did,
    when the timeline is laid out,
    then they stand in that order, the blocked one last."""
    timeline = drawn(entry("c", 0, None, None, None), entry("b", 0, 9, 10, None), entry("a", 1, 2, 3, None))
    assert [lane.service for lane in timeline.lanes] == ["a", "b", "c"]


@pytest.mark.parametrize("entries", [[], [entry("x", None, None, None, None)]])
def test_without_a_container_there_is_no_drawing(entries: list[dict[str, Any]]) -> None:
    """Given no container that was ever created,
    when the timeline is laid out,
    then there is nothing to draw."""
    assert lay_out(entries) is None


def test_a_boot_of_no_length_can_be_drawn() -> None:
    """Given a single container that was created and never more,
    when the timeline is laid out,
    then it has an axis and a bar one can see."""
    timeline = drawn(entry("x", 5, None, None, None))
    assert timeline.ticks
    assert timeline.lanes[0].bars[0].width > 0
