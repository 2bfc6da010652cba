"""pytest plugin: inits that wait for minutes, set off once the run's stack is up and judged after all other tests."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.faults.late_targets import Delay, LateTargets
from dayzero.faults.retrying_copies import RetryingCopies
from dayzero.pytest_plugin import progress
from dayzero.stack.stack import Stack


def promises_of(session: pytest.Session, fixture: str) -> dict[str, Promise]:
    """The inits that selected tests judge with the fixture; none if only tests of all inits together do."""
    found: dict[str, Promise] = {}
    for item in session.items:
        if isinstance(item, pytest.Function) and fixture in item.fixturenames and hasattr(item, "callspec"):
            promise = item.callspec.params.get("promise")
            if isinstance(promise, Promise):
                found[promise.name] = promise
    return found


@pytest.fixture(scope="session")
def retrying_copies(
    request: pytest.FixtureRequest, planned_stack: Stack, probe_image: str, promises: dict[str, Promise]
) -> Iterator[RetryingCopies]:
    """Many copies of the inits that selected tests judge, waiting together for targets that never answer."""
    judged = promises_of(request.session, "retrying_copies")
    present = {
        name: promise
        for name, promise in (judged or promises).items()
        if name in planned_stack.model["services"]
    }
    ports = {target: promise.port or 0 for promise in present.values() for target in promise.targets}
    copies = RetryingCopies(planned_stack, list(present), ports, probe_image)
    try:
        copies.start()
        progress.say(
            f"{sum(copies.copies.values())} copies of {len(present)} inits wait for targets that never answer"
        )
        yield copies
    finally:
        copies.remove()


UNHINDERED = Delay(0)


@pytest.fixture(scope="session")
def late_targets(
    request: pytest.FixtureRequest, stack: Stack, probe_image: str, promises: dict[str, Promise]
) -> Iterator[dict[Delay, LateTargets]]:
    """The inits that selected tests judge, in front of targets that are late by each of the times, and by none."""
    judged = promises_of(request.session, "late_targets")
    present = [promise for name, promise in judged.items() if name in stack.model["services"]]
    delays = sorted(
        {
            delay
            for item in request.session.items
            if isinstance(item, pytest.Function)
            and "late_targets" in item.fixturenames
            and isinstance(delay := item.callspec.params["delay"], Delay)
        }
    )
    late = {delay: LateTargets(stack, present, delay, probe_image) for delay in [UNHINDERED, *delays]}
    with ThreadPoolExecutor(len(late)) as pool:
        try:
            list(pool.map(LateTargets.start, late.values()))
            progress.say(
                f"{len(present)} inits wait for targets that are late by {', '.join(map(str, delays))}"
            )
            yield late
        finally:
            list(pool.map(LateTargets.remove, late.values()))
