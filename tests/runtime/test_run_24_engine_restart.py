"""RUN-24: after a restart of the engine the stack is ready again without a hand, and no init runs again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.docker.dind import own_engine
from dayzero.docker.logs import text_of
from dayzero.docker.run_identity import RunIdentity
from dayzero.faults.engine_restart import (
    READY_SECONDS,
    InitState,
    Return,
    init_state,
    lasting_services,
    restart,
)
from dayzero.pytest_plugin import progress
from dayzero.stack.dns import names_of
from dayzero.stack.profiles import provisioned_planes
from dayzero.stack.stack import Stack
from dayzero.targets.snapshot import difference, lasting_state
from dayzero.targets.workload import busy_user

WAYS = ("shut down", "cut off")


@dataclass(frozen=True)
class Restarts:
    """The stack before its engine went down, in inits and their targets' states, and after each way of going down."""

    inits: dict[str, InitState]
    states: dict[str, str]
    hindered: dict[str, str]
    returns: dict[str, Return]
    output: str
    stack: Stack


@pytest.fixture(scope="module")
def restarts(
    planned_stack: Stack,
    own_engine_image: str,
    identity: RunIdentity,
    run_folder: Path,
    promises: dict[str, Promise],
) -> Iterator[Restarts]:
    """The stack on an engine of its own, which users work with, and which then goes down and comes back twice."""
    began = time.monotonic()
    with own_engine(own_engine_image, identity, run_folder, planned_stack.root) as engine:
        stack = Stack(
            root=planned_stack.root,
            identity=identity,
            workspace=run_folder,
            name=f"{identity.name}-again",
            prefix="",
            make_secrets=planned_stack.make_secrets,
            profiles=provisioned_planes(planned_stack, promises),
            overrides=planned_stack.overrides,
            settings=planned_stack.settings,
            host=engine.host,
            way_to=engine.way_to,
        )
        engine.take(sorted({service["image"] for service in stack.model["services"].values()}))
        progress.say(f"an engine of the run's own has the images after {time.monotonic() - began:.0f} s")
        inits = [name for name in promises if name in stack.model["services"]]
        output = stack.up()
        progress.say(f"the stack is up on it after {time.monotonic() - began:.0f} s")
        stack.wait_healthy(lasting_services(stack, inits), READY_SECONDS)
        with names_of(stack.address):
            hindered = {name: busy_user(stack, name) for name in inits}
            states = {name: lasting_state(stack, name) for name in inits}
        before = {name: init_state(stack.container(name)) for name in inits}
        returns = {}
        for way, down in zip(WAYS, (engine.stop, engine.cut_off), strict=True):
            returns[way] = restart(engine, stack, down, inits)
            progress.say(f"the engine was {way} and is back after {time.monotonic() - began:.0f} s")
        yield Restarts(before, states, hindered, returns, output, stack)


@criterion("RUN-24", subject="servers")
@pytest.mark.parametrize("way", WAYS)
def test_what_served_serves_again(
    way: str, restarts: Restarts, planned_stack: Stack, promises: dict[str, Promise], verdict: Verdict
) -> None:
    """Given a stack that is up on an engine,
    when the engine is shut down under it, or is cut off with all that runs on it, and is started again,
    then every server is healthy again in time, and every gate runs, without any command."""
    planned_stack.require_images_of(*promises)
    seen = restarts.returns[way]
    verdict.expected = f"{way}: all servers healthy and all gates running within {READY_SECONDS} s"
    verdict.observed = f"not back: {'; '.join(seen.not_back) or 'none'}; settled {seen.took}"
    verdict.look = (
        "the service's restart policy, and its log: it starts in no order, beside stale files of its own"
    )
    verdict.require(seen.was_down, "the engine still answered after it had been taken down")
    verdict.check(seen.not_back == [])
    verdict.within(seen.took, READY_SECONDS)


@criterion("RUN-24")
@pytest.mark.parametrize("way", WAYS)
def test_what_is_done_stays_done(way: str, promise: Promise, restarts: Restarts, verdict: Verdict) -> None:
    """Given a provisioned stack that users have worked with,
    when its engine is shut down, or is cut off with all that runs on it, and is started again,
    then the init is still exited (0), was not started again, and its targets hold all that they held."""
    seen, before = restarts.returns[way], restarts.inits[promise.name]
    after, state = seen.inits[promise.name], seen.states[promise.name]
    hindered = restarts.hindered[promise.name]
    verdict.expected = (
        f"{way}: exited (0), 0 restarts, started {before.started_at}; the targets' state unchanged"
    )
    changed = difference(restarts.states[promise.name], state) if isinstance(state, str) else ""
    verdict.observed = f"{after}; difference: {changed or 'none'}"
    verdict.look = "the init's restart policy; where its target keeps its data"
    verdict.attach(f"{promise.name}-up.txt", restarts.output)
    if changed or not isinstance(state, str):
        for target in promise.targets:
            verdict.attach(f"{target}.log", text_of(restarts.stack.container(target)))
    verdict.require(seen.was_down, "the engine still answered after it had been taken down")
    verdict.check(
        (after.status, after.exit_code, after.restarts) == ("exited", 0, 0), "it did not stay exited (0)"
    )
    verdict.check(after.started_at == before.started_at, "it was started again")
    verdict.require(isinstance(state, str), f"the state of its targets could not be seen: {state}")
    verdict.require(not hindered, f"the user could not work with the provisioned target: {hindered}")
    verdict.check(changed == "", "its targets' state changed")
