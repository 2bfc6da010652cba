"""A host in the place of dead targets, which records each connection, and what attempts and pauses these amount to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from docker.types import EndpointConfig
from testcontainers.core.container import DockerContainer

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import await_condition
from dayzero.docker.run_identity import RunIdentity

_LISTENER = Path(__file__).with_name("in_container") / "attempt_listener.py"
_SAME_ATTEMPT = 0.1
"""Seconds: a program that connects again so soon after it lost a connection goes on with its attempt."""
_TOLD_LATE = 0.2
"""Seconds: a line about an attempt may be given an earlier moment than the attempt's end; clocks differ by less."""

_TICK = 0.01
"""Seconds: the kernel tells the start of a program to this, rounded down."""


@dataclass(frozen=True)
class Connection:
    """From whom it came, and when it was opened, closed (None: not yet) and its program started (None: not known).

    Moments are seconds since the machine's boot.
    """

    source: str
    opened: float
    closed: float | None
    program: float | None


@dataclass(frozen=True)
class Attempt:
    """Connections that belong together: from when until when somebody was there, and when the program was started."""

    opened: float
    closed: float | None
    program: float | None

    def seconds(self, now: float) -> float:
        """How long it took, or takes until now."""
        return (now if self.closed is None else self.closed) - self.opened


class AttemptRecorder:
    """The host: it has the names `hosts` on the network and listens on `ports`; see attempt_listener for behaviours."""

    def __init__(
        self,
        image: str,
        identity: RunIdentity,
        network: str,
        hosts: Iterable[str],
        ports: Iterable[int],
        behaviour: str,
    ) -> None:
        self._container = (
            DockerContainer(image)
            .with_kwargs(
                network=network,
                networking_config={network: EndpointConfig("1.40", aliases=sorted(set(hosts)))},
                # It looks for the programs at the other ends.
                pid_mode="host",
                cap_add=["SYS_PTRACE"],
                security_opt=["apparmor=unconfined"],
                labels=identity.labels,
                entrypoint=["python3", "/listener.py", behaviour, *map(str, sorted(set(ports)))],
                user="0",
            )
            .with_volume_mapping(str(_LISTENER), "/listener.py", "ro")
        )

    def start(self) -> None:
        """Begin to listen. Raises StackUnusable when it does not within 20 s."""
        self._container.start()
        await_condition(
            lambda: bool(self._lines()), 20, lambda: f"nobody listens for attempts: {self._complaint()}"
        )

    def _lines(self) -> list[dict[str, Any]]:
        out, _ = self._container.get_logs()
        # The last line may be on its way.
        return [json.loads(line) for line in out.decode().splitlines(keepends=True) if line.endswith("\n")]

    def _complaint(self) -> str:
        _, errors = self._container.get_logs()
        return (errors.decode().strip().splitlines() or ["it says nothing"])[-1]

    def connections(self) -> list[Connection]:
        """All connections so far. Raises StackUnusable when the listener has not lasted until now."""
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        if wrapped.status != "running":
            raise StackUnusable(f"the record of attempts broke off: {self._complaint()}")
        return read_connections(self._lines()[1:])

    def lateness(self) -> list[float]:
        """Seconds that a dozen programs took to start in the listener's container, each time that this was tried."""
        return [event["late"] for event in self._lines() if "late" in event]

    def remove(self) -> None:
        """Remove the container."""
        self._container.stop()


def read_connections(events: Iterable[Mapping[str, Any]]) -> list[Connection]:
    """The connections that the listener's events tell of, in the order in which they were opened."""
    opened: dict[int, Mapping[str, Any]] = {}
    closed: dict[int, float] = {}
    programs: dict[int, float | None] = {}
    for event in events:
        if "opened" in event:
            opened[event["id"]] = event
        elif "closed" in event:
            closed[event["id"]] = event["closed"]
        elif "program" in event:
            programs[event["id"]] = event["program"]
    found = [
        Connection(event["from"], event["opened"], closed.get(number), programs.get(number))
        for number, event in opened.items()
    ]
    return sorted(found, key=lambda connection: connection.opened)


def attempts_of(connections: Iterable[Connection]) -> list[Attempt]:
    """The attempts of one client: connections that overlap are of one, and those that one program makes at once."""
    found: list[Attempt] = []
    for next_one in connections:
        last = found[-1] if found else None
        if last is not None and _continues(last, next_one):
            ends = [last.closed, next_one.closed]
            closed = None if None in ends else max(end for end in ends if end is not None)
            program = next_one.program if last.program is None else last.program
            found[-1] = Attempt(last.opened, closed, program)
        else:
            found.append(Attempt(next_one.opened, next_one.closed, next_one.program))
    return found


def _continues(attempt: Attempt, connection: Connection) -> bool:
    if attempt.closed is None or connection.opened <= attempt.closed:
        return True
    # Of one that was brief the program is often not found; another would hardly have started in that time.
    new = connection.program is not None and connection.program >= attempt.closed - _TICK
    return not new and connection.opened - attempt.closed <= _SAME_ATTEMPT


def pauses_between(attempts: Sequence[Attempt]) -> list[float]:
    """Seconds from the end of each attempt to the start of the next one's program, or to its connection if the program
    has been there before."""
    return [_pause(earlier, later) for earlier, later in pairwise(attempts)]


def _pause(earlier: Attempt, later: Attempt) -> float:
    assert earlier.closed is not None, "an attempt that is under way has no successor"
    begun = later.opened
    if later.program is not None and later.program >= earlier.closed - _TICK:
        begun = min(begun, max(later.program, earlier.closed))
    return begun - earlier.closed


@dataclass(frozen=True)
class Announcement:
    """A pause that an init's log announces: when it was written, by the attempts' clock, and for how many seconds."""

    at: float
    seconds: float


def cut_short(
    announcements: Iterable[Announcement], attempts: Sequence[Attempt], tolerance: float
) -> list[str]:
    """The announced pauses that were over too soon by more than `tolerance` seconds, in words.

    An announcement is about the last attempt that was over when it was made. The next attempt that is seen may be a
    later one, if a client was given up before it had connected.
    """
    found = []
    for one in announcements:
        before = [number for number, attempt in enumerate(attempts) if _over_by(attempt, one.at + _TOLD_LATE)]
        if before and before[-1] + 1 < len(attempts):
            pause = _pause(attempts[before[-1]], attempts[before[-1] + 1])
            if pause < one.seconds - tolerance:
                found.append(f"{one.seconds:.2f} s announced, {pause:.2f} s seen")
    return found


def _over_by(attempt: Attempt, moment: float) -> bool:
    return attempt.closed is not None and attempt.closed <= moment
