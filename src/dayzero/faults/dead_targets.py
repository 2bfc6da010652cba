"""Inits in front of targets that are dead in different ways, all waiting at the same time (RUN-11).

Each kind has a compose project of its own: the stack's own inits and what consumes them, on an `internal` network where
the targets' names stand for nothing, for a closed port, or for a host that drops every packet.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from docker.types import EndpointConfig
from python_on_whales import Container, DockerClient
from testcontainers.core.container import DockerContainer

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import await_condition
from dayzero.docker.container_exit import NEVER, Ending, ending
from dayzero.docker.internal_network import create_internal_network
from dayzero.docker.run_identity import RunIdentity
from dayzero.stack.stack import Stack

KINDS = ("not resolved", "refused", "dropped")

# All at once: whoever drops packets is silent for the whole timeout.
_PROVE = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def seen(place):
    host, port = place
    try:
        socket.create_connection((socket.gethostbyname(host), port), timeout=3).close()
        return "answers"
    except socket.gaierror:
        return "not resolved"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "dropped"
places = json.loads(sys.argv[1])
with ThreadPoolExecutor(len(places)) as pool:
    for (host, _), what in zip(places, pool.map(seen, places)):
        print(host, what)
"""


@dataclass(frozen=True)
class DeadEnd:
    """What became of one init in front of its dead target, and of what depends on it (service to ever started)."""

    ending: Ending
    consumers: dict[str, bool]


class DeadTargets:
    """One kind of dead. `start` proves the fault and sets the inits off; `outcome` waits for an init's end."""

    def __init__(
        self, kind: str, model: Stack, inits: Sequence[str], ports: dict[str, int], image: str
    ) -> None:
        self.kind = kind
        self.inits = list(inits)
        self._ports = ports
        self._image = image
        self._identity: RunIdentity = model.identity
        self._engine = DockerClient()
        slug = kind.replace(" ", "-")
        self._network = f"{model.identity.name}-{slug}"
        override = model.workspace / f"{slug}.override.yml"
        # A reset is a YAML tag of Compose's own, hence text: an init that waited for a dead target would never start.
        override.write_text(
            "services:\n"
            + "".join(f"  {name}:\n    depends_on: !reset []\n" for name in self.inits)
            + f"networks:\n  infra_net: !override\n    external: true\n    name: {self._network}\n",
            encoding="utf-8",
        )
        self._stand_in: DockerContainer | None = None
        create_internal_network(self._engine, self._identity, self._network)
        self.stack = Stack(
            root=model.root,
            identity=model.identity,
            workspace=_folder(model.workspace / slug),
            name=f"{model.identity.name}-{slug}",
            prefix=f"{model.identity.name}-{slug}-",
            make_secrets=model.make_secrets,
            profiles=model.profiles,
            overrides=[*model.overrides, override],
            settings=model.settings,
        )
        self._gates = self._consumers()
        self._up: threading.Thread | None = None
        self._started = 0.0

    def _consumers(self) -> dict[str, list[str]]:
        services = self.stack.model["services"]
        return {
            init: sorted(
                name for name, service in services.items() if init in (service.get("depends_on") or {})
            )
            for init in self.inits
        }

    def start(self) -> None:
        """Put the fault in place, prove it from the inits' network, then run `up` for everything that consumes them."""
        hosts = sorted(self._ports)
        if self.kind != "not resolved":
            drop = "iptables -P INPUT DROP && " if self.kind == "dropped" else ""
            self._stand_in = DockerContainer(self._image).with_kwargs(
                labels=self._identity.labels,
                cap_add=["NET_ADMIN"],
                entrypoint=["sh", "-c", f"{drop}exec sleep infinity"],
                user="0",
                network=self._network,
                networking_config={self._network: EndpointConfig("1.40", aliases=hosts)},
            )
            self._stand_in.start()
        self._prove(hosts)
        self._started = time.monotonic()
        services = sorted({*self.inits, *(name for names in self._gates.values() for name in names)})
        self._up = threading.Thread(target=self.stack.up, args=(services,), daemon=True)
        self._up.start()

    def _prove(self, hosts: Iterable[str]) -> None:
        wanted = json.dumps([[host, self._ports[host]] for host in hosts])
        seen = self._engine.run(
            self._image,
            ["-c", _PROVE, wanted],
            entrypoint="python3",
            networks=[self._network],
            labels=self._identity.labels,
            remove=True,
        )
        assert isinstance(seen, str)
        wrong = [line for line in seen.splitlines() if not line.endswith(f" {self.kind}")]
        if wrong or len(seen.splitlines()) != len(self._ports):
            raise StackUnusable(
                f"the fault is not there: wanted every target {self.kind}, saw {', '.join(wrong) or seen!r}"
            )

    def _container(self, service: str) -> Container | None:
        try:
            return self.stack.container(service)
        except StackUnusable:
            return None

    def outcome(self, init: str, seconds: float) -> DeadEnd:
        """Wait until `init` has exited, at most `seconds` from the start. Raises StackUnusable when nothing ran."""

        def over() -> bool:
            container = self._container(init)
            return container is not None and container.state.status == "exited"

        left = max(1.0, seconds - (time.monotonic() - self._started))
        try:
            await_condition(over, left, lambda: f"{init} has not exited")
        except StackUnusable:
            container = self._container(init)
            if container is None:
                raise
            return DeadEnd(ending(container), {})  # still running is an answer, not a failure to look
        container = self._container(init)
        assert container is not None
        return DeadEnd(ending(container), {name: self._ever_started(name) for name in self._gates[init]})

    def _ever_started(self, service: str) -> bool:
        container = self._container(service)
        return container is not None and container.state.started_at not in (None, NEVER)

    def remove(self) -> None:
        """Take the project, the stand-in and the network down."""
        for container in self.stack.containers():
            container.kill() if container.state.running else None
        if self._up:
            self._up.join(timeout=60)
        self.stack.down()
        if self._stand_in:
            self._stand_in.stop()
        self._engine.network.remove(self._network)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
