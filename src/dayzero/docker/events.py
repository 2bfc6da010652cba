"""Records the engine's own events of one run's containers: what started, became healthy or died, and when."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dayzero.docker.run_identity import RUN_LABEL

_ACTIONS = ("create", "start", "die", "oom", "kill", "health_status: healthy", "health_status: unhealthy")


@dataclass(frozen=True)
class EngineEvent:
    """One event: time in UTC, compose project and service, the container's id, the action, the exit code of a `die`."""

    time: datetime
    project: str
    service: str
    container: str
    action: str
    exit_code: int | None


class EventRecorder:
    """Follows `docker events` for the containers with the run's label until stopped."""

    def __init__(self, run: str) -> None:
        self._events: list[EngineEvent] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [
                "docker",
                "events",
                "--filter",
                f"label={RUN_LABEL}={run}",
                "--filter",
                "type=container",
                "--format",
                "{{json .}}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            raw: dict[str, Any] = json.loads(line)
            action = str(raw["Action"])
            if action not in _ACTIONS:
                continue
            attributes = raw["Actor"]["Attributes"]
            event = EngineEvent(
                time=datetime.fromtimestamp(raw["timeNano"] / 1e9, UTC),
                project=attributes.get("com.docker.compose.project", ""),
                service=attributes.get("com.docker.compose.service", attributes.get("name", "")),
                container=raw["Actor"]["ID"],
                action=action,
                exit_code=int(attributes["exitCode"]) if "exitCode" in attributes else None,
            )
            with self._changed:
                self._events.append(event)
                self._changed.notify_all()

    @property
    def events(self) -> list[EngineEvent]:
        """What happened so far, in order."""
        with self._changed:
            return list(self._events)

    def stop(self) -> None:
        """End the recording."""
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        if self._process.stdout:
            self._process.stdout.close()
