"""Watches every process of the machine for secrets while the stack boots and works, from a container of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testcontainers.core.container import DockerContainer

from dayzero.core.errors import StackUnusable
from dayzero.core.secret_forms import every_form
from dayzero.core.wait import await_condition
from dayzero.docker.run_identity import RunIdentity

_SAMPLER = Path(__file__).with_name("in_container") / "process_sampler.py"


@dataclass(frozen=True)
class Sighting:
    """A secret seen: its name; `cmdline`, `environ` or `file`; the program or file; the container's id if in one."""

    secret: str
    where: str
    program: str
    container: str | None


@dataclass(frozen=True)
class Watch:
    """What the sampler saw: the secrets, and how closely it looked (passes and processes over so many seconds).

    starts: programs of whose start the kernel told, missed: those of them that were over before they could be read;
    overruns: moments at which the kernel could not tell all; files: those read in the containers' scratch space;
    containers: those with a process that it looked into; unreadable: those, or "host", with one that it may not.
    """

    sightings: list[Sighting]
    passes: int
    processes: int
    starts: int
    missed: int
    overruns: int
    files: int
    seconds: float
    containers: list[str]
    unreadable: list[str]


class SecretWatch:
    """The sampler's container. `start` returns once it samples; `finish` stops it and says what it saw."""

    def __init__(self, image: str, identity: RunIdentity, workspace: Path, secrets: dict[str, str]) -> None:
        wanted = workspace / "secrets-watched" / "watched.json"
        wanted.parent.mkdir(mode=0o700)
        wanted.touch(mode=0o600)
        wanted.write_text(json.dumps(every_form(secrets)), encoding="utf-8")
        self._container = (
            DockerContainer(image)
            .with_kwargs(
                pid_mode="host",
                # The kernel tells of program starts in the machine's own network namespace alone.
                network_mode="host",
                cap_add=["SYS_PTRACE", "NET_ADMIN", "SYS_NICE"],
                security_opt=["apparmor=unconfined"],
                labels=identity.labels,
                entrypoint=["python3", "/sampler.py", "/run/secrets/watched.json"],
                user="0",
            )
            .with_volume_mapping(str(_SAMPLER), "/sampler.py", "ro")
            .with_volume_mapping(str(wanted), "/run/secrets/watched.json", "ro")
        )

    def _lines(self) -> list[dict[str, Any]]:
        out, _ = self._container.get_logs()
        return [json.loads(line) for line in out.decode().splitlines()]

    def _complaint(self) -> str:
        _, errors = self._container.get_logs()
        return (errors.decode().strip().splitlines() or ["it says nothing"])[-1]

    def start(self) -> None:
        """Start sampling. Raises StackUnusable when the sampler does not begin within 20 s."""
        self._container.start()
        await_condition(
            lambda: bool(self._lines()),
            20,
            lambda: f"the process sampler did not start: {self._complaint()}",
        )

    def finish(self) -> Watch:
        """Stop sampling and return what was seen."""
        wrapped = self._container.get_wrapped_container()
        wrapped.stop(timeout=10)
        *found, summary = self._lines()[1:] or [{}]
        if "passes" not in summary:
            raise StackUnusable(f"the process sampler broke off: {self._complaint()}")
        sightings = [
            Sighting(line["secret"], line["where"], line["program"], line["container"]) for line in found
        ]
        return Watch(sightings, **summary)

    def remove(self) -> None:
        """Remove the container."""
        self._container.stop()
