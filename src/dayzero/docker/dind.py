"""An engine of the run's own, in a privileged container: one that may be stopped and cut off, with all that runs on it.

Its containers have addresses that only it knows the way to, so each that is asked for gets a further address on the
network between it and this machine, which leads there.
"""

from __future__ import annotations

import ipaddress
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from python_on_whales import Container, DockerClient
from python_on_whales.exceptions import DockerException

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import await_condition
from dayzero.docker.run_identity import RunIdentity, free_subnets, taken_subnets

START_SECONDS = 90


class OwnEngine:
    """Starts, stops and cuts off the engine. `socket` is its socket, `host` the same as a URL."""

    def __init__(self, image: str, identity: RunIdentity, workspace: Path, root: Path) -> None:
        self._outer = DockerClient()
        self._name = f"{identity.name}-engine"
        folder = workspace / "engine"
        folder.mkdir()
        self.socket = folder / "docker.sock"
        self.host = f"unix://{self.socket}"
        self._between, bridge = free_subnets(2, taken_subnets(self._outer))
        self._spare = ipaddress.ip_network(self._between).hosts()
        for _ in range(20):  # the gateway and the engine itself have the first ones
            next(self._spare)
        self._ways: dict[str, str] = {}
        self._outer.network.create(self._name, subnet=self._between, labels=identity.labels)
        self._outer.volume.create(self._name, labels=identity.labels)
        first = next(ipaddress.ip_network(bridge).hosts())
        self._container: Container = self._outer.container.create(
            image,
            [
                *("dockerd", f"--host={self.host}", "--group=0", f"--bip={first}/24"),
                *("--storage-driver=overlay2", "--pidfile=/run/docker.pid"),
            ],
            entrypoint="dind",
            name=self._name,
            labels=identity.labels,
            networks=[self._name],
            privileged=True,
            init=True,
            tmpfs=["/run"],
            stop_timeout=120,
            volumes=[(self._name, "/var/lib/docker"), (root, root, "ro"), (workspace, workspace)],
        )

    def start(self) -> None:
        """Start it and wait until it answers. Raises StackUnusable with its last line when it does not."""
        self._container.start()
        self._ways.clear()
        await_condition(
            lambda: self.answers() or not self._container.state.running,
            START_SECONDS,
            lambda: f"the run's own engine does not answer: {self._last_line()}",
        )
        if not self.answers():
            raise StackUnusable(f"the run's own engine ended: {self._last_line()}")
        # Its firewall lets nobody from outside in, and nothing but this machine is outside.
        self._inside("iptables", "-I", "DOCKER-USER", "-j", "ACCEPT")

    def stop(self) -> None:
        """Shut it down as an operator would (SIGTERM): it stops its containers first."""
        self._container.stop(time=120)

    def cut_off(self) -> None:
        """End it and every process on it at the same moment (SIGKILL), as when the power fails."""
        self._container.kill()

    def answers(self) -> bool:
        """Whether the engine answers now."""
        return (
            subprocess.run(
                ["docker", "--host", self.host, "version"],
                capture_output=True,
                timeout=60,
                check=False,
            ).returncode
            == 0
        )

    def take(self, images: Iterable[str]) -> None:
        """Bring images over from the run's engine. Raises StackUnusable when that fails."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saving:
            loaded = subprocess.run(
                ["docker", "--host", self.host, "load", "--quiet"],
                stdin=saving.stdout,
                capture_output=True,
                text=True,
                check=False,
            )
        if saving.returncode or loaded.returncode:
            raise StackUnusable(
                f"the images could not be brought to the run's own engine: {loaded.stderr.strip()}"
            )

    def way_to(self, address: str) -> str:
        """An address that leads from here to `address` on this engine, until it is stopped."""
        if address not in self._ways:
            alias = str(next(self._spare))
            self._inside("ip", "address", "add", f"{alias}/32", "dev", "eth0")
            self._inside(
                *("iptables", "-t", "nat", "-I", "PREROUTING", "-d", alias),
                *("-j", "DNAT", "--to-destination", address),
            )
            self._ways[address] = alias
        return self._ways[address]

    def _inside(self, *command: str) -> None:
        try:
            self._container.execute(list(command), privileged=True)
        except DockerException as refusal:
            raise StackUnusable(f"{command[0]} failed in the run's own engine: {refusal.stderr}") from None

    def _last_line(self) -> str:
        log = self._container.logs(tail=5)
        assert isinstance(log, str)
        return (log.strip().splitlines() or ["it says nothing"])[-1]

    def remove(self) -> None:
        """Remove it with everything on it."""
        self._container.remove(force=True, volumes=True)
        self._outer.volume.remove(self._name)
        self._outer.network.remove(self._name)


@contextmanager
def own_engine(image: str, identity: RunIdentity, workspace: Path, root: Path) -> Iterator[OwnEngine]:
    """While inside, the run has an engine of its own, from this image."""
    engine = OwnEngine(image, identity, workspace, root)
    try:
        engine.start()
        yield engine
    finally:
        engine.remove()
