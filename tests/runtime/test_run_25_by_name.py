"""RUN-25: an init reaches its targets, and nobody else, over infra_net and by the service's name."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.probes.network_capture import WireRecord, watch_the_wire
from dayzero.pytest_plugin.per_init import SideBySide
from dayzero.stack.network_names import NETWORK, neighbour
from dayzero.stack.stack import Stack


@pytest.fixture(scope="module")
def records(side_by_side: SideBySide, probe_image: str) -> dict[str, Future[WireRecord]]:
    """Each init run once more under watch."""
    return side_by_side(lambda stack, promise: watch_the_wire(stack, promise.name, probe_image))


@criterion("RUN-25")
def test_an_init_reaches_its_targets_by_name(
    promise: Promise, stack: Stack, records: dict[str, Future[WireRecord]], verdict: Verdict
) -> None:
    """Given an init on its own networks, with somebody who records in its network namespace,
    when it runs with success,
    then every connection that it begins goes to the address that one of its targets has on infra_net,
    and a name by which that target is known there, its own or an alias, was looked up and told that address."""
    seen = records[promise.name].result()
    verdict.attach(f"{promise.name}-watched.log", seen.ending.log)
    verdict.attach(
        f"{promise.name}-wire.txt",
        "\n".join(
            [f"{name} is {', '.join(sorted(found)) or 'unknown'}" for name, found in seen.lookups.items()]
            + sorted(map(str, seen.contacts))
        ),
    )
    verdict.require(
        seen.ending.exit_code == 0, f"{promise.name} is {seen.ending.state} under watch: see its log"
    )
    verdict.require(seen.contacts, f"{promise.name} has done its work, and not one connection of it was seen")
    targets = {one.address: one for one in (neighbour(stack, name) for name in promise.targets)}
    astray = sorted(str(contact) for contact in seen.contacts if contact.address not in targets)
    unnamed = sorted(
        targets[contact.address].service
        for contact in seen.contacts
        if contact.address in targets
        and not any(contact.address in seen.lookups.get(name, ()) for name in targets[contact.address].names)
    )
    verdict.expected = (
        f"contacts with {', '.join(promise.targets)} on {NETWORK} alone, each after a look-up of its name"
    )
    verdict.observed = (
        f"{len(seen.contacts)} contacts, looked up {', '.join(sorted(seen.lookups)) or 'nothing'}; "
        f"elsewhere: {', '.join(astray) or 'none'}; not by name: {', '.join(unnamed) or 'none'}"
    )
    verdict.look = "the endpoint in the init's settings, its extra_hosts, and the networks that it joins"
    verdict.check(astray == [], "contacts with others")
    verdict.check(unnamed == [], "contacts without a look-up")
