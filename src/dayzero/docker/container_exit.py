"""How a container ended."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from python_on_whales import Container

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import Took

NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""What the engine states as the time of something that has not happened."""


@dataclass(frozen=True)
class Ending:
    """How a container ended: exit code, seconds from start to finish as the engine states them, and its log.

    `exit_code` is None for one that has not ended, or never started; its seconds are then those since its start, or 0.
    at: when that was so, in seconds since 1970.
    """

    exit_code: int | None
    seconds: float
    log: str
    at: float = field(default_factory=time.time)

    @property
    def took(self) -> Took:
        """From its start to its end, or until it was looked at and had none."""
        return Took(self.at - self.seconds, self.at, reached=self.exit_code is not None)

    @property
    def state(self) -> str:
        """In words, as `docker ps -a` has it."""
        if self.exit_code is not None:
            return f"exited ({self.exit_code})"
        return "still running" if self.seconds else "never started"


def ended_within(container: Container, seconds: float) -> bool:
    """Wait until `container` runs no more, at most so long; whether it does not.

    The engine is asked once: asking time and again costs a busy machine as much as a brief init does. Raises
    StackUnusable when it does not tell.
    """
    command = [*container.client_config.docker_cmd, "container", "wait", container.id]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=max(0.0, seconds), check=False)
    except subprocess.TimeoutExpired:
        return False
    if told.returncode:
        raise StackUnusable(f"the engine does not tell of {container.id[:12]}'s end: {told.stderr.strip()}")
    container.reload()  # type: ignore[no-untyped-call]
    return True


def ending(container: Container) -> Ending:
    """How `container` ended, or that it has not."""
    state = container.state
    log = container.logs()
    assert isinstance(log, str)
    if state.started_at in (None, NEVER):
        return Ending(None, 0.0, log)
    assert state.started_at and state.finished_at
    if state.running:
        return Ending(None, (datetime.now(UTC) - state.started_at).total_seconds(), log)
    seconds = (state.finished_at - state.started_at).total_seconds()
    return Ending(state.exit_code, seconds, log, state.finished_at.timestamp())
