"""Facts about a service or a project: what a pass found out about it, computed once and kept with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar


class HasFacts(Protocol):
    """What facts can be kept with, each under the function that computes it."""

    facts: dict[Any, Any]


S = TypeVar("S", bound=HasFacts)
T = TypeVar("T")


def fact(compute: Callable[[S], T]) -> Callable[[S], T]:
    """A function of one service or project whose result is kept with it, for as long as it lives."""

    @wraps(compute)
    def known(subject: S) -> T:
        if compute not in subject.facts:
            subject.facts[compute] = compute(subject)
        found: T = subject.facts[compute]
        return found

    return known
