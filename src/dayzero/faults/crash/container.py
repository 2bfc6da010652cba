"""One init in a container of its own, started again and again, and ended in the midst of its work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from docker.errors import APIError
from testcontainers.core.docker_client import DockerClient as EngineClient

from dayzero.core.errors import StackUnusable
from dayzero.faults.crash.plan import Kill
from dayzero.stack.stack import Stack

_PERIOD = 100_000
"""Microseconds over which the engine hands out time on a processor."""
_LEAST = 1_000
"""Microseconds of them that the engine hands out at least."""
_LONGEST = 330.0
"""Seconds for one run: an init may take its whole 300 s of waiting."""

# The kernel then ends the container's first process, and with it all others, rather than one of the two that take
# the memory. Both wait for a word first, since starting them takes a while.
_HOG = (
    "echo 1000 >/proc/1/oom_score_adj && echo armed && read -r go && "
    "{ dd if=/dev/zero of=/dev/null bs=1G & exec dd if=/dev/zero of=/dev/null bs=1G; }"
)


@dataclass(frozen=True)
class Run:
    """One run: how it ended, what it logged, and when: seconds from its first line to each resource and to the end.

    `struck` says that it was still at work when it was struck, and that this ended it (or its target).
    """

    exit_code: int
    log: str
    resources: list[float]
    seconds: float
    struck: bool

    @property
    def gaps(self) -> list[float]:
        """Seconds from its start to the first audit line of a resource, between these, and to its end."""
        moments = [0.0, *self.resources, self.seconds]
        return [later - earlier for earlier, later in pairwise(moments)]


class KilledInit:
    """Runs an init as it is, or on a slice of a processor, so that a blow can hit its steps and not only its end."""

    def __init__(self, stack: Stack, container: str, target: str, cpus: float) -> None:
        self._stack = stack
        self._target = target
        self._cpus = cpus
        self._blow = ""
        self._client = EngineClient(timeout=_LONGEST)
        self._container: Any = self._client.client.containers.get(container)

    def close(self) -> None:
        """Let go of the engine."""
        self._client.client.close()

    def run(self) -> Run:
        """Run to the end, unhindered."""
        self._give(None)
        return self._followed(lambda _log: False)

    def braked(self) -> Run:
        """Run to the end on a slice of a processor."""
        self._give(self._cpus)
        return self._followed(lambda _log: False)

    def struck(self, kill: Kill, usual: Run, misses: int = 0) -> Run:
        """Run as `braked` does and strike as planned; an init may be done before it is struck.

        After each miss it gets half of the time that it had on a processor.
        """
        slower = 2**misses
        self._give(self._cpus / slower)

        def strike(log: _Log) -> bool:
            with self._ready(kill.manner) as blow:
                if kill.fraction is not None:
                    log.wait(lambda: False, usual.seconds * kill.fraction)
                else:
                    wanted = kill.resources or 0
                    log.wait(lambda: len(log.resources) >= wanted, usual.seconds * 5 * slower + 10)
                return not log.over and blow()

        return self._followed(strike)

    def _give(self, cpus: float | None) -> None:
        self._container.update(cpu_period=_PERIOD, cpu_quota=max(int(cpus * _PERIOD), _LEAST) if cpus else -1)

    def _followed(self, strike: Callable[[_Log], bool]) -> Run:
        log = _Log(self._container.attach(stream=True, stdout=True, stderr=True, logs=False))
        self._container.start()
        log.wait(lambda: log.began is not None, _LONGEST)
        sent = strike(log)
        log.wait(lambda: False, _LONGEST)
        if not log.over:
            raise StackUnusable(f"{self._container.name} still runs after {_LONGEST:.0f} s")
        self._container.wait()
        self._container.reload()
        state = self._container.attrs["State"]
        began = log.began or log.ended
        return Run(
            exit_code=int(state["ExitCode"]),
            log=log.text,
            resources=[moment - began for moment in log.resources],
            seconds=log.ended - began,
            struck=sent and self._has_hit(state),
        )

    @contextmanager
    def _ready(self, manner: str) -> Iterator[Callable[[], bool]]:
        """Prepare the blow; what it yields deals it and says whether the engine took it."""
        self._blow = manner
        if manner == "target killed":
            yield self._kill_target
        elif manner == "out of memory":
            with self._hog() as release:
                yield release
        else:
            yield lambda: self._accepted(lambda: self._container.kill(manner))

    def _accepted(self, deed: Callable[[], object]) -> bool:
        """Whether the engine did it; it refuses when the init is done."""
        try:
            deed()
        except APIError as refusal:
            if refusal.status_code not in (404, 409, 500) or self._running():
                raise
            return False
        return True

    def _running(self) -> bool:
        self._container.reload()
        return bool(self._container.attrs["State"]["Running"])

    def _kill_target(self) -> bool:
        with self._stack.stopped(self._target, kill=True):
            pass
        return True

    @contextmanager
    def _hog(self) -> Iterator[Callable[[], bool]]:
        api = self._client.client.api
        opened: list[Any] = []

        def enter() -> None:
            command = api.exec_create(self._container.id, ["/bin/sh", "-c", _HOG], stdin=True)
            opened.append(api.exec_start(command["Id"], socket=True))
            opened[0]._sock.recv(100)

        def release() -> bool:
            if not opened:
                return False
            self._give(None)
            opened[0]._sock.sendall(b"\n")
            return True

        if not self._accepted(enter):
            opened.clear()
        try:
            yield lambda: bool(opened) and self._accepted(release)
        finally:
            for connection in opened:
                connection.close()

    def _has_hit(self, state: dict[str, Any]) -> bool:
        match self._blow:
            case "SIGKILL":
                return bool(state["ExitCode"] == 137)
            case "SIGTERM":
                return bool(state["ExitCode"] != 0)
            case "out of memory":
                return bool(state["OOMKilled"]) and state["ExitCode"] == 137
            case _:
                lost = self._stack.container(self._target).state.finished_at
                ended = self._client.client.api.inspect_container(self._container.id)["State"]["FinishedAt"]
                return lost is not None and lost.isoformat() < ended


class _Log:
    """Follows what a run prints, with the time of each audit line, until the run is over."""

    def __init__(self, stream: Iterator[bytes]) -> None:
        self._changed = threading.Condition()
        self.began: float | None = None
        self.ended = 0.0
        self.over = False
        self.resources: list[float] = []
        self.text = ""
        threading.Thread(target=self._follow, args=(stream,), daemon=True).start()

    def _follow(self, stream: Iterator[bytes]) -> None:
        for chunk in stream:
            now = time.monotonic()
            with self._changed:
                self.began = self.began or now
                self.text += chunk.decode(errors="replace")
                more = self.text.count(" event=resource ") - len(self.resources)
                self.resources += [now] * more
                self._changed.notify_all()
        with self._changed:
            self.ended = time.monotonic()
            self.over = True
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool], seconds: float) -> None:
        """Until the condition holds or the run is over, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: self.over or condition(), seconds)
