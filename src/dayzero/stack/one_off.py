"""Runs a service in one more container, with the service's labels, log options and network, and keeps it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import yaml
from python_on_whales import Container

from dayzero.core.errors import StackUnusable
from dayzero.docker.container_exit import ended_within
from dayzero.stack.stack import Stack

BRIEF = """\
say() { echo "ts=$$(date -u +%Y-%m-%dT%H:%M:%SZ) init=$$1 run=$$2 event=$$3"; }
say "$$1" "$$2" start
say "$$1" "$$2" "exit code=$$3 seconds=0.01 waited=0.00 calls=0"
exit "$$3"
"""
"""A whole run in a few milliseconds: the init's name, the run and the exit code are its arguments."""


@contextmanager
def run_of(stack: Stack, service: str, **settings: Any) -> Iterator[Container]:
    """While inside, there is one more container of the service, started without its dependencies.

    `settings` are keys of its compose service that outrank the stack's own: entrypoint, mem_limit and the like.
    """
    override = stack.workspace / f"run-{service}-{secrets.token_hex(4)}.yml"
    override.write_text(yaml.safe_dump({"services": {service: settings}}), encoding="utf-8")
    with stack.one_off(service, client=stack.client([*stack.files, override])) as container:
        yield container


def address_of(container: Container) -> str:
    """Where it can be reached from here. Raises StackUnusable while it has no address."""
    networks = container.network_settings.networks or {}
    found = [network.ip_address for network in networks.values() if network.ip_address]
    if not found:
        raise StackUnusable(f"{container.name} has no address: see docker logs {container.name}")
    return str(found[0])


def brief_run(init: str, run: str, code: int) -> dict[str, Sequence[str]]:
    """Settings of a run that says that it starts and ends, and does nothing between."""
    return {"entrypoint": ["/bin/sh", "-c", BRIEF, "sh", init, run, str(code)], "command": []}


def await_end(container: Container, seconds: float = 120) -> None:
    """Wait until it has exited. Raises StackUnusable when it still runs after `seconds`."""
    if not ended_within(container, seconds):
        raise StackUnusable(f"{container.name} still runs after {seconds:.0f} s")


def finished(container: Container) -> float:
    """When it ended, in seconds since 1970 as the engine states. Raises StackUnusable while it has no end."""
    state = container.state
    if state.running or state.finished_at is None:
        raise StackUnusable(f"{container.name} has not ended: see docker logs {container.name}")
    return state.finished_at.timestamp()


def seconds_lived(container: Container) -> float:
    """From its start to its end, as the engine states, which may see the end of a brief one first."""
    assert container.state.started_at is not None
    return max(0.0, finished(container) - container.state.started_at.timestamp())
