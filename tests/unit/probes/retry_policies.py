"""Retry policies, right ones and wrong ones, and a copy of an init that follows one while its target never answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count, repeat

from dayzero.faults.retrying_copies import ENOUGH, LIMIT_SECONDS
from dayzero.probes.retry_schedule import Waiting

Policy = Callable[[random.Random], Iterator[float]]
"""The pauses of one copy, in seconds, without an end."""


def ceilings(base: float = 0.25, cap: float = 8.0, factor: float = 2.0) -> Iterator[float]:
    """Exponential up to the cap."""
    return (min(cap, base * factor**number) for number in count())


def full_jitter(base: float = 0.25, cap: float = 8.0, factor: float = 2.0) -> Policy:
    return lambda draw: (draw.uniform(0, top) for top in ceilings(base, cap, factor))


def spread(least: float, most: float, base: float = 0.25, cap: float = 8.0) -> Policy:
    """Between `least` and `most` times the exponential."""
    return lambda draw: (top * draw.uniform(least, most) for top in ceilings(base, cap))


def equal_jitter(base: float = 0.25, cap: float = 8.0) -> Policy:
    return spread(0.5, 1.0, base, cap)


def decorrelated_jitter(base: float = 0.25, cap: float = 8.0) -> Policy:
    def pauses(draw: random.Random) -> Iterator[float]:
        last = base
        while True:
            last = min(cap, draw.uniform(base, 3 * last))
            yield last

    return pauses


def fixed(seconds: float) -> Policy:
    return lambda _draw: repeat(seconds)


def without_jitter(base: float = 0.25, cap: float = 8.0) -> Policy:
    return lambda _draw: ceilings(base, cap)


def without_growth(least: float, most: float) -> Policy:
    return lambda draw: (draw.uniform(least, most) for _ in count())


def seeded_alike(_draw: random.Random) -> Iterator[float]:
    return full_jitter()(random.Random(1))


def followed(policy: Policy, draw: random.Random, attempt: float) -> Waiting:
    """What is seen of a copy whose attempts take `attempt` seconds each, on a machine that is now and then late."""
    pauses: list[float] = []
    clock = attempt
    for pause in policy(draw):
        late = abs(draw.gauss(0.02, 0.02)) + (draw.uniform(0, 0.3) if draw.random() < 0.03 else 0.0)
        clock += pause + late + attempt
        if clock > LIMIT_SECONDS:
            break
        pauses.append(pause + late)
        if len(pauses) == ENOUGH:
            return Waiting(tuple(pauses), attempt, ended=False)
    return Waiting(tuple(pauses), attempt, ended=True)
