"""Starts services of a stack again at other addresses than they had: as an engine may that deals them out anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from python_on_whales import Container

from dayzero.docker.helper_image import PROBE
from dayzero.stack.stack import Stack


def moved(stack: Stack, services: Sequence[str]) -> None:
    """Stop all of the services and start them at addresses that none of them had, which others have meanwhile."""
    containers = [stack.container(service) for service in services]
    networks = sorted(containers[0].network_settings.networks or {})
    stack.engine.container.stop(containers, time=30)
    placeholders: list[Container] = []
    try:
        for _ in containers:
            placeholder = stack.engine.run(
                PROBE,
                ["sleep", "infinity"],
                detach=True,
                networks=networks[:1],
                labels=stack.identity.labels,
            )
            assert isinstance(placeholder, Container)
            placeholders.append(placeholder)
            for network in networks[1:]:
                stack.engine.network.connect(network, placeholder)
        stack.engine.container.start(containers)
    finally:
        stack.engine.container.remove(placeholders, force=True)
        stack.forget_addresses()


@contextmanager
def exchanged(stack: Stack, services: Sequence[str]) -> Iterator[None]:
    """While inside, each of the services is at the address that the one before it had, and all but the first run.

    All are restarted for it, and once more afterwards, when the engine chooses their addresses again.
    """
    containers = [stack.container(service) for service in services]
    networks = {
        name: [(one.network_settings.networks or {})[name].ip_address for one in containers]
        for name in containers[0].network_settings.networks or {}
    }
    stack.engine.container.stop(containers, time=30)
    try:
        _place(stack, services, containers, {name: [*ips[-1:], *ips[:-1]] for name, ips in networks.items()})
        stack.engine.container.start(containers[1:])
        stack.forget_addresses()
        yield
    finally:
        stack.engine.container.stop(containers, time=30)
        _place(stack, services, containers, {name: [None] * len(ips) for name, ips in networks.items()})
        stack.engine.container.start(containers)
        stack.forget_addresses()


def _place(
    stack: Stack, services: Sequence[str], containers: list[Container], networks: dict[str, list[str | None]]
) -> None:
    """Give stopped containers these addresses on each network; None is any."""
    for network, addresses in networks.items():
        for container in containers:
            stack.engine.network.disconnect(network, container)
        for service, container, address in zip(services, containers, addresses, strict=True):
            stack.engine.network.connect(network, container, alias=service, ip=address)
