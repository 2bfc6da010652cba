"""Watches one run of an init on the wire, from inside its own network namespace: names, answers, connections (RUN-25).

The init runs as it is, on its own networks, with its own hosts file; it only waits for a file before its first step,
so that nothing is sent before somebody watches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from testcontainers.core.container import DockerContainer

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import await_condition
from dayzero.docker.container_exit import Ending
from dayzero.stack.stack import Stack

_RECORDER = Path(__file__).with_name("in_container") / "packet_recorder.py"
_GATE = "/run/observed"
_HELD = f'until [ -e {_GATE}/open ]; do sleep 0.05; done; exec "$$0" "$$@"'


@dataclass(frozen=True)
class Contact:
    """A connection that was begun: its address and port, tcp or udp."""

    address: str
    port: int
    by: str

    def __str__(self) -> str:
        return f"{self.by} {self.address}:{self.port}"


@dataclass(frozen=True)
class WireRecord:
    """How a run ended, each name that it looked up with the addresses answered, and whom it contacted."""

    ending: Ending
    lookups: Mapping[str, frozenset[str]]
    contacts: frozenset[Contact]


class _Recorder:
    """The recorder in the network namespace of a container."""

    def __init__(self, image: str, stack: Stack, container: str) -> None:
        self._container = (
            DockerContainer(image)
            .with_kwargs(
                network_mode=f"container:{container}",
                cap_add=["NET_RAW"],
                labels=stack.identity.labels,
                entrypoint=["python3", "/recorder.py"],
                user="0",
            )
            .with_volume_mapping(str(_RECORDER), "/recorder.py", "ro")
        )

    def lines(self) -> list[dict[str, Any]]:
        out, _ = self._container.get_logs()
        return [json.loads(line) for line in out.decode().splitlines()]

    def start(self) -> None:
        self._container.start()
        await_condition(
            lambda: bool(self.lines()), 20, lambda: f"nobody watches the wire: {self._complaint()}"
        )

    def _complaint(self) -> str:
        _, errors = self._container.get_logs()
        return (errors.decode().strip().splitlines() or ["it says nothing"])[-1]

    def finish(self) -> list[dict[str, Any]]:
        """What was recorded. Raises StackUnusable when the recorder has not lasted until now."""
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        if wrapped.status != "running":
            raise StackUnusable(f"the watch over the wire broke off: {self._complaint()}")
        return self.lines()[1:]

    def remove(self) -> None:
        self._container.stop()


def watch_the_wire(stack: Stack, init: str, image: str) -> WireRecord:
    """Run the init once more under watch."""
    gate = stack.workspace / f"gate-{init}"
    gate.mkdir()
    service = stack.model["services"][init]
    argv = [*(service.get("entrypoint") or []), *(service.get("command") or [])]
    held = {
        "entrypoint": ["/bin/sh", "-c", _HELD, *argv],
        "volumes": [{"type": "bind", "source": str(gate), "target": _GATE, "read_only": True}],
    }
    override = stack.workspace / f"gate-{init}.yml"
    text = yaml.safe_dump({"services": {init: held}}, sort_keys=False)
    # A reset is a YAML tag of Compose's own, hence text.
    override.write_text(f"{text}    command: !reset []\n", encoding="utf-8")
    before = set(stack.reruns_of(init))
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(stack.run_init, init, client=stack.client([*stack.files, override]))
        try:
            await_condition(
                lambda: run.done() or bool(set(stack.reruns_of(init)) - before),
                60,
                lambda: f"{init} has not been started",
            )
            if run.done():
                raise StackUnusable(f"{init} could not be held back to be watched: {run.result().log}")
            (container,) = set(stack.reruns_of(init)) - before
            recorder = _Recorder(image, stack, container)
            try:
                recorder.start()
                (gate / "open").touch()
                ending = run.result()
                return _record(ending, recorder.finish())
            finally:
                recorder.remove()
        finally:
            (gate / "open").touch()  # whoever waits in front of it may go


def _record(ending: Ending, events: list[dict[str, Any]]) -> WireRecord:
    lookups: dict[str, set[str]] = {}
    for event in events:
        if "name" in event:
            lookups.setdefault(event["name"], set()).update(event["addresses"])
    contacts = {Contact(event["to"], event["port"], event["by"]) for event in events if "to" in event}
    return WireRecord(
        ending, {name: frozenset(found) for name, found in lookups.items()}, frozenset(contacts)
    )
