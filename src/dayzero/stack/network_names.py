"""By which names, and at which address, a service is known on a network of the stack."""

from __future__ import annotations

from dataclasses import dataclass

from dayzero.core.errors import StackUnusable
from dayzero.stack.stack import Stack

NETWORK = "infra_net"


@dataclass(frozen=True)
class Neighbour:
    """A service on the network: its names there, all in lower case, and its address."""

    service: str
    names: frozenset[str]
    address: str


def neighbour(stack: Stack, service: str) -> Neighbour:
    """The service on infra_net. Raises StackUnusable when it has no address there."""
    full_name = stack.model["networks"][NETWORK]["name"]
    attached = (stack.container(service).network_settings.networks or {}).get(full_name)
    if attached is None or not attached.ip_address:
        raise StackUnusable(f"{service} has no address on {NETWORK}: is it running, and attached to it?")
    declared = stack.model["services"][service]["networks"].get(NETWORK) or {}
    names = {service, *(declared.get("aliases") or [])}
    # The engine knows each name also as that of a host in a domain called like the network.
    names |= {f"{name}.{full_name}" for name in names}
    return Neighbour(service, frozenset(name.lower() for name in names), attached.ip_address)
