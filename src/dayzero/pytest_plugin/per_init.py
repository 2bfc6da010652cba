"""pytest plugin: what is tried on each init is tried on all at once, for inits of different targets do not meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.stack.stack import Stack

T = TypeVar("T")


@dataclass(frozen=True)
class SideBySide:
    """Calls what is to be tried with the stack and each of the inits, all at the same time."""

    stack: Stack
    promises: Sequence[Promise]
    pool: ThreadPoolExecutor

    def __call__(self, trial: Callable[[Stack, Promise], T]) -> dict[str, Future[T]]:
        """What comes of it, by init."""
        return {promise.name: self.pool.submit(trial, self.stack, promise) for promise in self.promises}


@pytest.fixture(scope="module")
def side_by_side(request: pytest.FixtureRequest, stack: Stack) -> Iterator[SideBySide]:
    """Tries something on each init that the stack has and that a selected test of the module judges."""
    chosen = {
        promise.name: promise
        for item in request.session.items
        if item.getparent(pytest.Module) is request.node and (promise := _promise_of(item)) is not None
    }
    present = [promise for name, promise in chosen.items() if name in stack.model["services"]]
    with ThreadPoolExecutor(max(1, len(present))) as pool:
        yield SideBySide(stack, present, pool)


def _promise_of(item: pytest.Item) -> Promise | None:
    found = item.callspec.params.get("promise") if hasattr(item, "callspec") else None
    return found if isinstance(found, Promise) else None
