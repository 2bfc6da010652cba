"""A container's log as the engine keeps it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime

from python_on_whales import Container

from dayzero.core.errors import StackUnusable


@dataclass(frozen=True)
class Said:
    """One line of a container's log as the engine keeps it."""

    at: datetime
    line: str


def said_by(container: Container) -> list[Said]:
    """All that the container has written, stdout and stderr, in the engine's order."""
    command = [*container.client_config.docker_cmd, "logs", "--timestamps", container.id]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise StackUnusable(f"docker logs {container.name} failed: {done.stdout.strip()[-300:]}")
    rows = [row.partition(" ") for row in done.stdout.splitlines()]
    return [Said(_moment(stamp), line) for stamp, _, line in rows]


def text_of(container: Container) -> str:
    """All that the container has written, as one text."""
    return "\n".join(one.line for one in said_by(container))


def _moment(stamp: str) -> datetime:
    # Nine digits of a second are more than datetime holds.
    whole, _, part = stamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{part[:6].ljust(6, '0')}").replace(tzinfo=UTC)
