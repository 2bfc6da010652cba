"""What one boot was: the command's output and, from the engine's own events, when each service did what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dayzero.docker.events import EngineEvent


@dataclass(frozen=True)
class BootRecord:
    """The output of the one command, its wall time in seconds, and the timeline in the report's form."""

    output: str
    seconds: float
    timeline: list[dict[str, Any]]


def timeline_of(events: Iterable[EngineEvent]) -> list[dict[str, Any]]:
    """One entry a service, in the order of creation: the first time of each step, RFC 3339 in UTC, or None."""
    entries: dict[str, dict[str, Any]] = {}
    keys = {"create": "created", "start": "started", "health_status: healthy": "healthy", "die": "finished"}
    for event in events:
        entry = entries.setdefault(
            event.service,
            {
                "service": event.service,
                "created": None,
                "started": None,
                "healthy": None,
                "finished": None,
                "exit_code": None,
            },
        )
        key = keys.get(event.action)
        if key and entry[key] is None:
            entry[key] = event.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            if key == "finished":
                entry["exit_code"] = event.exit_code
    return list(entries.values())
