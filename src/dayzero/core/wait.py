"""Waiting for something to be so, how long it took, and what is said when it never is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dayzero.core.cpu_pressure import pressure_between
from dayzero.core.errors import StackUnusable

MOST_PATIENCE = 3
"""However busy others keep the machine, a wait lasts so many times as long as it should at most."""


@dataclass(frozen=True)
class Took:
    """From when to when something took, in seconds since 1970; not `reached`: until when it was waited for in vain."""

    began: float
    ended: float
    reached: bool = True

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    def __str__(self) -> str:
        return f"after {self.seconds:.1f} s" if self.reached else f"not within {self.seconds:.1f} s"


def has_lapsed(began: float, seconds: float) -> bool:
    """Whether so many seconds have gone by since `began` (in seconds since 1970), less what the run lost to others."""
    now = time.time()
    if now - began <= seconds:
        return False
    return now - began > MOST_PATIENCE * seconds or (
        now - began - pressure_between(began, now).lost_seconds > seconds
    )


def time_until(condition: Callable[[], bool], seconds: float, began: float | None = None) -> Took:
    """Poll `condition` until it holds, for so long that it cannot be for want of CPU time that it did not in `seconds`.

    began: from when on it is timed, in seconds since 1970; default now.
    """
    began = time.time() if began is None else began
    while not condition():
        if has_lapsed(began, seconds):
            return Took(began, time.time(), reached=False)
        time.sleep(0.1)
    return Took(began, time.time())


def holds_within(condition: Callable[[], bool], seconds: float) -> float | None:
    """After how many seconds `condition` held, None if it did not; as `time_until`."""
    took = time_until(condition, seconds)
    return took.seconds if took.reached else None


def await_condition(condition: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Poll `condition` until it holds. Raises StackUnusable with the text of `otherwise` after `seconds`."""
    if holds_within(condition, seconds) is None:
        raise StackUnusable(f"{otherwise()} after {seconds:.0f} s")
