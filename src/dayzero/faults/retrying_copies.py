"""Fifty copies of a stack's inits that wait for targets which accept and never answer (RUN-13).

A target that never answers shows a retry schedule best. The client is there from its connection until it is given up,
so attempts are told from connections (a Kafka client makes several by itself when it is refused), an attempt that
nothing ends is seen, and what is left between attempts is the pause. Copies show in two minutes what one init shows
in ten, and they alone can show that two runs differ.

The inits share the copies so that each one's reserve about the same memory: a JVM has few, a shell script many. No
init has fewer than MIN_COPIES, and none has more than reserve COPIES_MEMORY. The copies wait at a gate before their
first step and are let through two of an init at a time, STEP seconds apart. All at once they would keep the machine
busy for seconds, in which nobody pauses as he means to; the two have a second in common, in case their randomness is
taken from the clock. Their arrivals are compared by the time since each one's first attempt, as though all had come
at once. A copy is ended when it has paused ENOUGH times; one whose attempts are long stays until it gives up by
itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import yaml
from python_on_whales import Container, DockerClient

from dayzero.core.cpu_pressure import Pressure, pressure_between
from dayzero.core.errors import StackUnusable
from dayzero.core.wait import holds_within
from dayzero.docker.internal_network import create_internal_network
from dayzero.docker.logs import text_of
from dayzero.probes.attempt_recorder import (
    Announcement,
    Attempt,
    AttemptRecorder,
    attempts_of,
    cut_short,
    pauses_between,
)
from dayzero.probes.init_log import events_of
from dayzero.probes.retry_schedule import LONGEST_ATTEMPT, MIN_COPIES, Waiting
from dayzero.stack.stack import Stack

COPIES = 50
COPIES_MEMORY = 512 << 20
"""Bytes that the copies of one init may reserve."""
USUAL_MEMORY = 64 << 20
"""What is taken for the reservation of an init that states none."""
ENOUGH = 12
"""Pauses: five in which the schedule of the reference stack grows, and seven at its cap."""
LIMIT_SECONDS = 300
"""The time limit of RUN-11, after which a copy must have given up."""

TOLERANCE_SECONDS = 0.1
"""By so much a pause may be shorter than it was announced: it is given in hundredths, and clocks are read in turn."""

_BEHAVIOUR = "accepts and never answers"
_GATE = "/run/gate"
# Each line that is written into the FIFO lets one copy through.
_HELD = f'read -r _ <{_GATE}/open; exec "$$0" "$$@"'
_GLANCE = 2.0
_MORE_SECONDS = 15
STEP = 1.0
"""Seconds between two copies and the next two."""
_KILLED = 137


def shares(memory: Mapping[str, int], total: int = COPIES) -> dict[str, int]:
    """How many of the copies each init gets, by the memory in bytes that it reserves (0: it states nothing)."""
    sizes = {init: size or USUAL_MEMORY for init, size in memory.items()}
    most = {init: max(MIN_COPIES, COPIES_MEMORY // size) for init, size in sizes.items()}
    found = dict.fromkeys(sizes, MIN_COPIES)
    while sum(found.values()) < total and (free := [init for init in found if found[init] < most[init]]):
        found[min(free, key=lambda init: found[init] * sizes[init])] += 1
    return found


@dataclass(frozen=True)
class Waited:
    """What one copy did, the pauses of which its log says that they were longer, and the log."""

    waiting: Waiting
    untrue: list[str]
    log: str


class RetryingCopies:
    """The copies, and the host in the place of their targets. `start` sets them off; `waits` is what was seen."""

    def __init__(self, model: Stack, inits: Sequence[str], ports: Mapping[str, int], image: str) -> None:
        services = model.model["services"]
        self._engine = DockerClient()
        self._identity = model.identity
        self._network = f"{model.identity.name}-retries"
        self.copies = shares({init: int(services[init].get("mem_reservation") or 0) for init in inits})
        folder = model.workspace / "retries"
        folder.mkdir()
        self._gates = {init: _fifo(folder / "gates" / init) for init in self.copies}
        # Read and write, so that neither end of a FIFO waits for the other to be opened.
        self._tokens = {init: os.open(gate / "open", os.O_RDWR) for init, gate in self._gates.items()}
        override = folder / "retries.override.yml"
        override.write_text(self._override(services), encoding="utf-8")
        create_internal_network(self._engine, self._identity, self._network)
        self.stack = Stack(
            root=model.root,
            identity=model.identity,
            workspace=folder,
            name=self._network,
            prefix=f"{self._network}-",
            make_secrets=model.make_secrets,
            profiles=model.profiles,
            overrides=[*model.overrides, override],
            settings=model.settings,
        )
        self._recorder = AttemptRecorder(
            image, self._identity, self._network, ports, ports.values(), _BEHAVIOUR
        )
        self._places: dict[str, tuple[str, Container]] = {}
        """By address: the init and its copy."""
        self._ended: set[str] = set()
        self._seen: dict[str, tuple[list[Attempt], float]] = {}
        """By address: its attempts, and when that was looked at."""
        self._over = threading.Event()
        self._all_through = threading.Event()
        self._since = self._through = 0.0
        self._watch: threading.Thread | None = None
        self._trouble: Exception | None = None

    def _override(self, services: Mapping[str, dict[str, object]]) -> str:
        held = {}
        for init, count in self.copies.items():
            service = services[init]
            argv = [*(service.get("entrypoint") or []), *(service.get("command") or [])]  # type: ignore[misc]
            held[init] = {
                "entrypoint": ["/bin/sh", "-c", _HELD, *(str(word).replace("$", "$$") for word in argv)],
                "volumes": [
                    {"type": "bind", "source": str(self._gates[init]), "target": _GATE, "read_only": True}
                ],
                "deploy": {"replicas": count},
                "command": "RESET",
                "depends_on": "RESET",
                "container_name": "RESET",
            }
        text = yaml.safe_dump({"services": held}, sort_keys=False)
        # A reset is a YAML tag of Compose's own, hence text.
        text = text.replace(": RESET\n", ": !reset null\n")
        return f"{text}networks:\n  infra_net: !override\n    external: true\n    name: {self._network}\n"

    def start(self) -> None:
        """Start to listen, and have all else done in the background: start the copies, let them through, watch them."""
        self._recorder.start()
        self._watch = threading.Thread(target=self._follow, daemon=True)
        self._watch.start()

    def _follow(self) -> None:
        try:
            self._start_copies()
            self._since = time.time()
            self._let_through()
            self._through = time.monotonic()
            self._all_through.set()
            while not self._over.wait(_GLANCE) and len(self._ended) < len(self._places):
                self._glance()
        except Exception as trouble:  # noqa: BLE001 -- raised again by whoever asks what was seen
            self._trouble = trouble
            self._all_through.set()

    def _start_copies(self) -> None:
        said = self.stack.up(list(self.copies))
        for container in self.stack.containers():
            init = container.config.labels["com.docker.compose.service"] if container.config.labels else ""
            networks = container.network_settings.networks or {}
            address = networks[self._network].ip_address if self._network in networks else None
            if init not in self.copies or not container.state.running or not address:
                last = (said.strip().splitlines() or ["no output"])[-1]
                raise StackUnusable(f"a copy of {init or container.name} could not be held back: {last}")
            self._places[address] = (init, container)
        if len(self._places) != sum(self.copies.values()):
            raise StackUnusable(f"{len(self._places)} copies started of {sum(self.copies.values())}")

    def _let_through(self) -> None:
        """Two of an init at a time, the inits in turn."""
        left = dict(self.copies)
        while any(left.values()):
            for init, count in left.items():
                if count and not self._over.wait(STEP):
                    os.write(self._tokens[init], b"\n" * min(count, 2))
                    left[init] -= min(count, 2)
            if self._over.is_set():
                return

    def _glance(self) -> None:
        """Take note of the attempts so far, and end the copies that have shown enough."""
        running = {
            container.id
            for container in self._engine.container.list(
                filters=[("label", f"com.docker.compose.project={self.stack.name}")]
            )
        }
        connections, now = self._recorder.connections(), time.clock_gettime(time.CLOCK_BOOTTIME)
        for address, (_, container) in self._places.items():
            if address in self._ended:
                continue
            attempts = attempts_of(one for one in connections if one.source == address)
            self._seen[address] = attempts, now
            if container.id not in running:
                self._ended.add(address)
            elif len(attempts) > ENOUGH or any(one.seconds(now) >= LONGEST_ATTEMPT for one in attempts):
                container.kill()
                self._ended.add(address)

    def waits(self, init: str) -> list[Waited]:
        """What the init's copies did, once all have shown enough, or given up, or should have.

        Raises StackUnusable when they could not be started, or not be watched until now.
        """
        self._all_through.wait()
        mine = [address for address, (of, _) in self._places.items() if of == init]
        holds_within(
            lambda: self._trouble is not None or self._ended.issuperset(mine),
            self._through + LIMIT_SECONDS + _MORE_SECONDS - time.monotonic(),
        )
        if self._trouble is not None:
            raise StackUnusable(f"the copies were not watched to the end: {self._trouble}") from self._trouble
        # Those that were let through together are next to each other.
        mine.sort(key=lambda address: self._seen[address][0][0].opened if self._seen[address][0] else 0.0)
        return [self._waited(address) for address in mine]

    def _waited(self, address: str) -> Waited:
        container = self._places[address][1]
        container.reload()  # type: ignore[no-untyped-call]
        gave_up = not container.state.running and container.state.exit_code != _KILLED
        attempts, now = self._seen[address]
        longest = max((one.seconds(now) for one in attempts), default=0.0)
        boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        announced = [
            Announcement(event.nanoseconds / 1e9 - boot, float(event.pairs["next"]))
            for event in events_of(container)
            if event.pairs["event"] == "wait" and "next" in event.pairs
        ]
        return Waited(
            Waiting(tuple(pauses_between(attempts)), longest, gave_up),
            cut_short(announced, attempts, TOLERANCE_SECONDS),
            text_of(container),
        )

    def pressure(self) -> Pressure:
        """How scarce CPU time was since the copies were let through, for so long as they are watched at most."""
        return pressure_between(self._since, min(time.time(), self._since + LIMIT_SECONDS))

    def lateness(self) -> float:
        """Seconds that a dozen programs took to start in a container beside the copies; nine times in ten less."""
        return quantiles(self._recorder.lateness(), n=10)[-1]

    def remove(self) -> None:
        """Take the copies, the listener and the network down."""
        self._over.set()
        if self._watch:
            self._watch.join()
        for token in self._tokens.values():
            os.close(token)
        self.stack.down()
        self._recorder.remove()
        self._engine.network.remove(self._network)


def _fifo(folder: Path) -> Path:
    """A folder with a FIFO `open` in it that anybody may read."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    os.mkfifo(folder / "open")
    (folder / "open").chmod(0o444)
    return folder
