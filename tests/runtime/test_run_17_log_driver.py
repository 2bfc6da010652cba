"""RUN-17 where the engine has Loki's log driver: the trail is the same, under the same labels."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from python_on_whales import Container, DockerClient

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.errors import StackUnusable
from dayzero.core.verdict import Verdict
from dayzero.docker.dind import own_engine
from dayzero.docker.loki_driver import NAME, has_log_driver
from dayzero.docker.run_identity import RunIdentity
from dayzero.probes.audit_trail import Comparison, compared, held_of, runs_in
from dayzero.pytest_plugin import progress
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.dns import names_of
from dayzero.stack.one_off import await_end, brief_run, run_of
from dayzero.stack.stack import Stack
from dayzero.targets.loki.client import LokiObserver

INIT = "mng-pg-init"
"""One whose target is small; the way of its lines is that of all others."""
COLLECTING = ["engine-proxy", "engine-watch", "alloy", "loki"]
BRIEF_RUNS = 5


@pytest.fixture(scope="module")
def by_driver(
    planned_stack: Stack,
    own_engine_image: str,
    own_log_driver: Callable[[DockerClient, Path], None],
    identity: RunIdentity,
    run_folder: Path,
    promises: dict[str, Promise],
) -> Iterator[Stack]:
    """One init, its target and what collects its lines, up on an engine of its own that has the driver."""
    for service in (INIT, *COLLECTING):
        require_service(service, planned_stack)
    folder = run_folder / "log-driver"
    folder.mkdir()
    with own_engine(own_engine_image, identity, folder, planned_stack.root) as engine:
        stack = Stack(
            root=planned_stack.root,
            identity=identity,
            workspace=folder,
            name=f"{identity.name}-driver",
            prefix="",
            make_secrets=planned_stack.make_secrets,
            profiles=planned_stack.profiles,
            overrides=planned_stack.overrides,
            settings={"ENGINE_SOCKET": str(engine.socket)},
            host=engine.host,
            way_to=engine.way_to,
            log_driver=True,
        )
        own_log_driver(stack.engine, folder / "plugin")
        if not has_log_driver(stack.engine):
            raise StackUnusable("the run's own engine has no log driver after it was installed")
        services = [*COLLECTING, *promises[INIT].targets, INIT]
        engine.take(sorted({stack.model["services"][name]["image"] for name in services}))
        progress.say(f"{INIT} works on an engine of its own, with Loki's log driver")
        stack.up(services)
        await_end(stack.container(INIT))
        stack.wait_healthy(COLLECTING)
        with names_of(stack.address):
            yield stack


def _unlike(loki: LokiObserver, container: Container, expected: dict[str, str], init_label: str) -> list[str]:
    """What is wrong with the labels of the container's lines."""
    wanted = {**expected, "container": str(container.name), "init": init_label}
    wrong = []
    for entry in held_of(loki, container):
        (run,) = runs_in([entry.line])
        found = {name: entry.labels.get(name) for name in (*wanted, "run")}
        if found != {**wanted, "run": run}:
            wrong.append(f"{entry.line!r} has {found}")
    return wrong


@criterion("RUN-17", "PRD §8", subject="log driver")
def test_the_trail_is_the_same_by_the_log_driver(by_driver: Stack, verdict: Verdict) -> None:
    """Given an engine with Loki's log driver, and the stack's services logging through it,
    when an init provisions its target, runs again while Loki is down, and has runs that are over at once,
    then Loki holds all lines of all of them, once and in order, with project, service, container, init, run and
    stream, as it does when they are read from the engine's files."""
    stack = by_driver
    verdict.look = (
        "infra/06-observability/log-driver.yml and alloy/log-driver.alloy; docker compose logs alloy"
    )
    with ExitStack() as kept:
        with stack.stopped("loki"):
            containers = [stack.container(INIT), kept.enter_context(run_of(stack, INIT))]
            await_end(containers[-1])
        for _ in range(BRIEF_RUNS):
            brief = brief_run(INIT, secrets.token_hex(6), 0)
            containers.append(kept.enter_context(run_of(stack, INIT, **brief)))
            await_end(containers[-1])
        loki = LokiObserver()
        drivers = {one.host_config.log_config.type for one in containers if one.host_config.log_config}
        with ThreadPoolExecutor(len(containers)) as pool:
            trails: list[Comparison] = list(pool.map(lambda one: compared(loki, one), containers))
        shared = {"project": stack.name, "service": INIT, "stream": "stdout", "source": "container"}
        wrong = [text for one in containers for text in _unlike(loki, one, shared, INIT)]
    lines = sum(len(trail.said) for trail in trails)
    lost = [str(trail) for trail in trails if not trail.same]
    verdict.expected = (
        f"all lines of {len(trails)} runs, by the driver {NAME}, with the labels of the other way"
    )
    verdict.observed = "; ".join([*lost, *wrong]) or f"all {lines} lines, with all labels"
    verdict.check(drivers == {NAME}, "another driver")
    verdict.check(all(trail.said for trail in trails), "a run wrote no line")
    verdict.check(lost == [], "lines are not as written")
    verdict.check(wrong == [], "labels are not as with the other way")
