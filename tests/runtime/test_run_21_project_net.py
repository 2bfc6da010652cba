"""RUN-21: other compose projects join project_net, are reached by name and observed; nobody else is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.core.wait import await_condition, holds_within
from dayzero.docker.logs import said_by
from dayzero.probes.audit_trail import ARRIVAL_SECONDS, compared, held_of
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.neighbor_project import PORT, Guest, guest_of, reach_from, told_without_network
from dayzero.stack.stack import Stack
from dayzero.targets.loki.client import LokiObserver

LINES = 5

HEALTHY_SECONDS = 120

AFTERWARDS_SECONDS = 10
"""How much of the application's log must have arrived after the outsider's first line: several rounds of discovery."""


@pytest.fixture(scope="module")
def before(stack: Stack) -> dict[str, datetime | None]:
    """When each container of the stack was started, before anybody joined."""
    return _starts(stack)


@pytest.fixture(scope="module")
def guest(stack: Stack, before: dict[str, datetime | None], probe_image: str) -> Iterator[Guest]:
    """A second project on the stack's network."""
    require_service("alloy", stack)
    with guest_of(stack, probe_image) as joined:
        yield joined


def _starts(stack: Stack) -> dict[str, datetime | None]:
    return {str(container.name): container.state.started_at for container in stack.containers()}


@criterion("RUN-21", "REQ-PRD-FUN-03", subject="names")
def test_names_resolve_and_connect_both_ways(
    guest: Guest, promises: dict[str, Promise], stack: Stack, verdict: Verdict
) -> None:
    """Given a second project that has joined project_net,
    when its application connects to every target of the stack by its service's name, and each of them to it,
    then each connection is made."""
    stack.require_images_of(*promises)
    present = [promise for name, promise in promises.items() if name in stack.model["services"]]
    if not present:
        verdict.not_applicable("the chosen profiles have no init, and so no target to connect to")
    targets = {target: promise.port for promise in present for target in promise.targets if promise.port}
    outward = guest.reach([f"{name}:{port}" for name, port in targets.items()])
    inward = {name: reach_from(stack.container(name), guest.image, f"app:{PORT}") for name in targets}
    wrong = [f"app to {place}: {why}" for place, why in outward.items() if why]
    wrong += [f"{name} to app: {why}" for name, why in inward.items() if why]
    verdict.expected = f"{len(targets)} connections each way"
    verdict.observed = "; ".join(wrong) or f"{len(outward)} from the application, {len(inward)} to it"
    verdict.look = "the networks of the service, and project_net in docker-compose.yml"
    verdict.require(targets, "the inventory states no target with a port")
    verdict.check(wrong == [])


@criterion("RUN-21", "REQ-SPC-AUT-005", subject="logs of a second project")
def test_a_second_projects_logs_are_in_loki_under_its_name(
    guest: Guest, before: dict[str, datetime | None], stack: Stack, loki: LokiObserver, verdict: Verdict
) -> None:
    """Given a second project that has joined project_net, with a server and a job that ends at once,
    when Loki is asked for the lines of its project's name,
    then it has all of them once, and no container of the stack was changed or started anew for it."""
    job = compared(loki, guest.container("job"))
    app = guest.container("app")
    await_condition(lambda: len(said_by(app)) >= LINES, ARRIVAL_SECONDS, lambda: f"{app.name} writes nothing")
    said = [one.line for one in said_by(app)]
    holds_within(lambda: len(held_of(loki, app)) >= len(said), ARRIVAL_SECONDS)
    held = [entry.line for entry in held_of(loki, app)][: len(said)]
    changed = sorted(name for name, start in _starts(stack).items() if before.get(name) != start)
    verdict.expected = (
        f"{len(said)} lines of the server and {len(job.said)} of the job; nothing of the stack changed"
    )
    verdict.observed = (
        f"{sum(a == b for a, b in zip(held, said, strict=False))} of the server's in order; {job}; "
        f"changed: {', '.join(changed) or 'nothing'}"
    )
    verdict.look = "discovery.docker in infra/06-observability/alloy/config.alloy"
    verdict.check(said, "the server wrote nothing")
    verdict.check(held == said, "the server's lines are not all in Loki")
    verdict.check(job.same, "the job's lines are not all in Loki")
    verdict.check(changed == [], "the stack was changed for it")


@criterion("RUN-21", "REQ-SPC-AUT-005", subject="outsider")
def test_a_container_outside_is_not_collected(guest: Guest, loki: LokiObserver, verdict: Verdict) -> None:
    """Given a container of another project that has not joined project_net and writes a line a second,
    when lines that a joined one wrote ten seconds later have arrived in Loki,
    then none of its own is there."""
    outsider, app = guest.container("outsider"), guest.container("app")
    await_condition(lambda: bool(said_by(outsider)), 30, lambda: f"{outsider.name} writes nothing")
    enough = said_by(outsider)[0].at.timestamp() + AFTERWARDS_SECONDS
    await_condition(
        lambda: any(entry.at / 1e9 > enough for entry in held_of(loki, app)),
        ARRIVAL_SECONDS,
        lambda: f"later lines of {app.name} are not in Loki, so nothing can be said of {outsider.name}",
    )
    collected = [
        entry
        for query in (f'{{container="{outsider.name}"}}', f'{{project="{guest.name}", service="outsider"}}')
        for entry in loki.entries(query, outsider.created)
    ]
    verdict.expected = f"none of {outsider.name}'s {len(said_by(outsider))} lines"
    verdict.observed = f"{len(collected)} lines"
    verdict.look = "the filter by network in infra/06-observability/alloy/config.alloy"
    verdict.check(collected == [])


@criterion("RUN-21", "REQ-PRD-FUN-03", subject="removal of a second project")
def test_its_removal_harms_nothing(stack: Stack, guest: Guest, loki: LokiObserver, verdict: Verdict) -> None:
    """Given a second project whose logs are collected,
    when it is removed,
    then every server of the stack is healthy as before without having been started anew, and what it logged stays."""
    app = guest.container("app")
    held = len(held_of(loki, app))
    name, created = app.name, app.created
    starts = _starts(stack)
    guest.compose.compose.down(volumes=True, timeout=1, quiet=True)
    servers = [service for service, model in stack.model["services"].items() if model.get("healthcheck")]
    holds_within(lambda: not stack.unready(servers), HEALTHY_SECONDS)
    unready = stack.unready(servers)
    kept = len(loki.entries(f'{{project="{guest.name}", container="{name}"}}', created))
    changed = sorted(name for name, start in _starts(stack).items() if starts.get(name) != start)
    verdict.expected = f"{len(servers)} servers healthy, none started anew, at least {held} lines kept"
    verdict.observed = (
        f"not healthy: {', '.join(unready) or 'none'}; started anew: {', '.join(changed) or 'none'}; "
        f"{kept} lines kept"
    )
    verdict.look = "docker compose ps -a"
    verdict.require(held, "nothing of the second project was in Loki before its removal")
    verdict.check(unready == [], "a server is not healthy")
    verdict.check(kept >= held, "lines are gone")
    verdict.check(changed == [], "a server was started anew")


@criterion("RUN-21", "REQ-PRD-FUN-03", subject="no project_net")
def test_a_missing_network_is_told_in_one_line(stack: Stack, probe_image: str, verdict: Verdict) -> None:
    """Given a second project that names a project_net which is not there,
    when it is brought up,
    then compose refuses in one line that names the network, and starts nothing."""
    require_service("alloy", stack)
    code, lines = told_without_network(stack, probe_image)
    telling = [line for line in lines if re.search(r"no-such-net.*(could not be|not) found", line)]
    verdict.expected = "an exit code other than 0 and one line that names the network"
    verdict.observed = f"exit code {code}: {' | '.join(lines)}"
    verdict.look = "docker network ls"
    verdict.check(code, "it was not refused")
    verdict.check(len(telling) == 1, "not one line that names the network")
