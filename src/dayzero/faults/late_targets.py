"""Inits whose targets become healthy late: the run's own servers, kept from them for a while (RUN-14, RUN-11).

The inits run as they are, beside those of the stack, in the network of a container of the suite's. That refuses their
connections, as the host of a server does which has not begun to listen, and lets them through when the time has come.
So one set of real servers, which notice nothing, is late for several runs of each init by different times. The
servers were provisioned at the boot: a late init asks them all that it always asks, and finds its work done.

A run with a delay of 0 shows what the init takes by itself. Where an init is let through `once`, its targets are gone
again after its first connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from testcontainers.core.container import DockerContainer

from dayzero.analysis.inventory import Promise
from dayzero.core.errors import StackUnusable
from dayzero.core.wait import await_condition
from dayzero.docker.container_exit import Ending, ended_within, ending
from dayzero.stack.stack import Stack

_GATE = Path(__file__).parents[1] / "probes" / "in_container" / "late_gate.py"


@dataclass(frozen=True, order=True)
class Delay:
    """For how many seconds from its first attempt an init is kept from its targets; `once`: again after one more."""

    seconds: float
    once: bool = False

    @property
    def slug(self) -> str:
        return f"late-{self.seconds:.0f}{'-once' * self.once}"

    def __str__(self) -> str:
        return f"{self.seconds:.0f} s{' and then gone again' * self.once}"


@dataclass(frozen=True)
class LateRun:
    """One run: how it ended, and the moments, in seconds since 1970, of its connections that were refused, of those
    that were let through, and of its targets' becoming healthy (None: not while it ran)."""

    ending: Ending
    refused: tuple[float, ...]
    reached: tuple[float, ...]
    healthy: float | None

    def longest_gap(self, share: float = 1.0) -> float:
        """The longest time between two refused attempts within the first `share` of the wait; 0 if there were none."""
        if not self.refused or self.healthy is None:
            return 0.0
        until = self.refused[0] + share * (self.healthy - self.refused[0])
        return max((later - one for one, later in pairwise(self.refused) if later <= until), default=0.0)


class _Gate:
    """The container whose network inits share; they have no target in common, so that it can tell them apart."""

    def __init__(self, stack: Stack, promises: Sequence[Promise], delay: Delay, image: str) -> None:
        self.inits = [promise.name for promise in promises]
        networks = sorted(
            {name for init in self.inits for name in stack.model["services"][init].get("networks") or {}}
        )
        self._networks = [stack.model["networks"][name]["name"] for name in networks]
        self._stack = stack
        kept = {
            promise.name: {
                "addresses": sorted(
                    {address for target in promise.targets for address in _addresses(stack, target)}
                ),
                "seconds": delay.seconds,
                "once": delay.once,
            }
            for promise in promises
        }
        self._container = (
            DockerContainer(image)
            .with_kwargs(
                network=self._networks[0],
                cap_add=["NET_ADMIN", "NET_RAW"],
                labels=stack.identity.labels,
                entrypoint=["python3", "/gate.py", json.dumps(kept)],
                user="0",
            )
            .with_volume_mapping(str(_GATE), "/gate.py", "ro")
        )
        self.id = ""

    def start(self) -> None:
        self._container.start()
        wrapped = self._container.get_wrapped_container()
        for network in self._networks[1:]:
            self._stack.engine.network.connect(network, wrapped.id)
        await_condition(
            lambda: bool(self.events()), 20, lambda: f"the gate was not closed: {self._complaint()}"
        )
        self.id = wrapped.id

    def _complaint(self) -> str:
        _, errors = self._container.get_logs()
        return (errors.decode().strip().splitlines() or ["it says nothing"])[-1]

    def events(self) -> list[dict[str, Any]]:
        """What it has told so far. Raises StackUnusable when it has not lasted until now."""
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        if wrapped.status != "running":
            raise StackUnusable(f"the gate broke down: {self._complaint()}")
        out, _ = self._container.get_logs()
        return [json.loads(line) for line in out.decode().splitlines(keepends=True) if line.endswith("\n")]

    def remove(self) -> None:
        self._container.stop()


class LateTargets:
    """All inits with targets that are late by the same time. `start` sets them off; `run` is what became of one."""

    def __init__(self, stack: Stack, promises: Iterable[Promise], delay: Delay, image: str) -> None:
        self.delay = delay
        self._stack = stack
        self._promises = {promise.name: promise for promise in promises}
        self._gates = [_Gate(stack, group, delay, image) for group in apart(self._promises.values())]
        self._image = image
        self._project: Stack | None = None
        self._healthy_since = self._target_starts()

    def start(self) -> None:
        """Close the gates, then start the inits behind them."""
        for gate in self._gates:
            gate.start()
        name = f"{self._stack.identity.name}-{self.delay.slug}"
        held = {
            init: {
                "network_mode": f"container:{gate.id}",
                "networks": "RESET",
                "depends_on": "RESET",
            }
            for gate in self._gates
            for init in gate.inits
        }
        override = self._stack.workspace / f"{self.delay.slug}.override.yml"
        # A reset is a YAML tag of Compose's own, hence text. Nobody needs networks of this project.
        text = yaml.safe_dump({"services": held}).replace(": RESET\n", ": !reset null\n") + "networks:\n"
        for network, details in self._stack.model["networks"].items():
            text += f"  {network}: !override\n    external: true\n    name: {details['name']}\n"
        override.write_text(text, encoding="utf-8")
        self._project = Stack(
            root=self._stack.root,
            identity=self._stack.identity,
            workspace=self._stack.workspace,
            name=name,
            prefix=f"{name}-",
            make_secrets=self._stack.make_secrets,
            profiles=self._stack.profiles,
            overrides=[*self._stack.overrides, override],
            settings=self._stack.settings,
            own_subnets=False,
        )
        self._project.up(sorted(held))

    def run(self, init: str, seconds: float) -> LateRun:
        """Wait for the init's end, at most so long from now; one that still runs has none. Raises StackUnusable."""
        assert self._project is not None
        container = self._project.container(init)
        ended_within(container, seconds)
        events = [
            event
            for gate in self._gates
            if init in gate.inits
            for event in gate.events()
            if event.get("init") == init
        ]
        changed = {
            target
            for target in self._promises[init].targets
            if self._target_starts()[target] != self._healthy_since[target]
        }
        if changed:
            raise StackUnusable(
                f"{', '.join(sorted(changed))} was started anew meanwhile, so its init was late for that"
            )
        return LateRun(
            ending(container),
            tuple(event["at"] for event in events if event.get("refused") is True),
            tuple(event["at"] for event in events if event.get("refused") is False),
            next((event["opened"] for event in events if "opened" in event), None),
        )

    def _target_starts(self) -> dict[str, object]:
        targets = {target for promise in self._promises.values() for target in promise.targets}
        return {target: self._stack.container(target).state.started_at for target in targets}

    def remove(self) -> None:
        """Take the inits and the gates down."""
        if self._project is not None:
            self._project.down()
        for gate in self._gates:
            gate.remove()


def _addresses(stack: Stack, service: str) -> list[str]:
    networks = stack.container(service).network_settings.networks or {}
    return [network.ip_address for network in networks.values() if network.ip_address]


def apart(promises: Iterable[Promise]) -> list[list[Promise]]:
    """The promises in as few groups as needed, so that no two of a group have a target in common."""
    groups: list[list[Promise]] = []
    for promise in promises:
        for group in groups:
            if not any(set(promise.targets) & set(other.targets) for other in group):
                group.append(promise)
                break
        else:
            groups.append([promise])
    return groups
