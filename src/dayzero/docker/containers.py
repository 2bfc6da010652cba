"""How the containers of one compose project stand, and which a run has, in one look at the engine each."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from dayzero.core.errors import StackUnusable
from dayzero.docker.run_identity import OWNER_LABEL, RUN_LABEL, RunIdentity, is_of_this_job

_ROW = (
    '{{.Label "com.docker.compose.service"}}\t{{.Label "com.docker.compose.oneoff"}}\t{{.State}}\t{{.Status}}'
)
_HEALTH = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)$")


@dataclass(frozen=True)
class ContainerState:
    """One container: its service, whether it is a further run beside the service's own, and the engine's words.

    `status` is created, running, restarting, exited or the like; `health` is starting, healthy or unhealthy, and ""
    without a healthcheck or while it does not run.
    """

    service: str
    one_off: bool
    status: str
    health: str

    @property
    def ready(self) -> bool:
        """Whether it runs and its healthcheck, if it has one, passed last time."""
        return self.status == "running" and self.health in ("", "healthy")


def container_states(project: str, host: str | None = None) -> list[ContainerState]:
    """Every container of the project, on the engine at `host` if one is given.

    Waiting asks this many times a second, and asking for each container alone costs a busy machine more than what is
    waited for. Raises StackUnusable with the engine's last line when it does not tell.
    """
    command = ["docker", *(["--host", host] if host else []), "ps", "--all", "--no-trunc"]
    command += ["--filter", f"label=com.docker.compose.project={project}", "--format", _ROW]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        why = (told.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise StackUnusable(f"the engine does not list the containers of {project}: {why}")
    return [_state(line.split("\t")) for line in told.stdout.splitlines()]


def ids_of_run(identity: RunIdentity) -> set[str] | None:
    """The ids of all containers of the run and of other workers of its job; None when the engine does not tell."""
    row = f'{{{{.ID}}}}\t{{{{.Label "{RUN_LABEL}"}}}}\t{{{{.Label "{OWNER_LABEL}"}}}}'
    command = ["docker", "ps", "--all", "--no-trunc", "--filter", f"label={RUN_LABEL}", "--format", row]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        return None
    rows = [line.split("\t") for line in told.stdout.splitlines()]
    return {id_ for id_, run, owner in rows if run == identity.name or is_of_this_job(owner)}


def _state(columns: Sequence[str]) -> ContainerState:
    service, one_off, status, description = columns
    health = _HEALTH.search(description)
    return ContainerState(service, one_off == "True", status, health[1] if health else "")
