"""Attempts told from connections, and the listener that records them, tried on real connections."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dayzero.faults.retrying_copies import COPIES, COPIES_MEMORY, shares
from dayzero.probes.attempt_recorder import (
    Announcement,
    Attempt,
    Connection,
    attempts_of,
    cut_short,
    pauses_between,
    read_connections,
)
from tests.unit.conftest import ROOT

MIB = 1 << 20
CLIENT = "import socket, sys, time; time.sleep(0.4); socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(9)"


def connection(opened: float, closed: float | None, program: float | None = None) -> Connection:
    return Connection("10.0.0.1", opened, closed, program)


def test_connections_at_the_same_time_are_one_attempt() -> None:
    """Given a client that opens a second connection while it has one,
    when attempts are told apart,
    then both are of one attempt, which lasts until the last of them is closed."""
    attempts = attempts_of([connection(1, 6), connection(2, 7), connection(9, None)])
    assert attempts == [Attempt(1, 7, None), Attempt(9, None, None)]
    assert [one.seconds(20) for one in attempts] == [6, 11]


def test_a_program_that_connects_again_at_once_goes_on_with_its_attempt() -> None:
    """Given a connection right after another,
    when no program is known to have been started for it, then it is of the same attempt,
    and when one was, or it comes later, then it is the next attempt."""
    assert len(attempts_of([connection(1, 2, 0.5), connection(2.05, 3, 0.5)])) == 1
    assert len(attempts_of([connection(1, 2, 0.5), connection(2.05, 3, 2.02)])) == 2
    assert len(attempts_of([connection(1, 2, 0.5), connection(2.5, 3, 0.5)])) == 2
    assert len(attempts_of([connection(1, 2, 0.5), connection(2.05, 3)])) == 1
    assert attempts_of([connection(1, 2), connection(2.05, 3, 0.5)]) == [Attempt(1, 3, 0.5)]
    assert len(attempts_of([connection(1, 2), connection(2.5, 3)])) == 2


def test_a_pause_ends_when_the_next_program_starts() -> None:
    """Given attempts of programs that take long to connect,
    when the pauses between them are taken,
    then they last until the program is started; one that has been there all the time pauses until it connects."""
    attempts = [Attempt(3, 8, 0), Attempt(14, 19, 10), Attempt(25, 30, 10), Attempt(31, 36, None)]
    assert pauses_between(attempts) == [2, 6, 1]
    assert pauses_between([Attempt(0, 5.004, 0), Attempt(6, 7, 5.0)]) == [0]
    assert pauses_between([]) == []


def test_the_events_of_the_listener_make_connections() -> None:
    """Given what the listener prints,
    when it is read while one connection is still open,
    then each has its moments, in the order in which they came."""
    events: list[dict[str, Any]] = [
        {"id": 0, "from": "10.0.0.1", "port": 1, "opened": 1.0},
        {"id": 0, "program": 0.5},
        {"id": 1, "from": "10.0.0.1", "port": 1, "opened": 2.0},
        {"late": 0.02},
        {"id": 1, "program": None},
        {"id": 0, "closed": 6.0},
    ]
    assert read_connections(events) == [connection(1.0, 6.0, 0.5), connection(2.0, None)]


@contextmanager
def listener(behaviour: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        str(ROOT / "src/dayzero/probes/in_container/attempt_listener.py"),
        behaviour,
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline()) == {"ready": True}
            yield process, port
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    event: dict[str, Any] = {"late": 0.0}
    while "late" in event:
        event = json.loads(process.stdout.readline())
    return event


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="the listener runs on Linux alone")
def test_the_listener_that_never_answers_sees_when_a_client_is_given_up() -> None:
    """Given a client that connects some time after its start,
    when it is killed while it waits for an answer,
    then the listener has told of its start, its connection and its end, in this order."""
    with listener("accepts and never answers") as (process, port):
        with subprocess.Popen([sys.executable, "-c", CLIENT, str(port)]) as client:
            opened, program = told(process), told(process)
            client.kill()
        closed = told(process)
        assert closed["id"] == program["id"] == opened["id"]
        assert program["program"] + 0.4 <= opened["opened"] + 0.01
        assert opened["opened"] <= closed["closed"] <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_the_listener_that_closes_lets_go_at_once() -> None:
    """Given a listener that accepts and closes,
    when somebody connects,
    then the connection is reset, and its end is told without anything that the client does."""
    with (
        listener("accepts and closes") as (process, port),
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        opened, closed = told(process), told(process)
        if "program" in closed:  # it is told whenever it is found
            closed = told(process)
        assert (opened["port"], closed["id"]) == (port, opened["id"])
        assert closed["closed"] >= opened["opened"]
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_copies_are_shared_by_memory() -> None:
    """Given inits of which one is much larger,
    when the copies are shared,
    then it gets few, the others the rest, and one that is alone no more than its memory allows."""
    found = shares({"java": 96 * MIB, "shell": 16 * MIB, "other": 16 * MIB})
    assert sum(found.values()) == COPIES
    assert found["java"] < found["shell"]
    assert abs(found["shell"] - found["other"]) <= 1
    assert shares({"java": 96 * MIB})["java"] == COPIES_MEMORY // (96 * MIB)
    assert shares({"huge": 2048 * MIB, "silent": 0}) == {"huge": 4, "silent": 8}


def test_an_announced_pause_must_be_made() -> None:
    """Given attempts and the pauses that a log announces after them,
    when one was over before its time, then it is told,
    and one that was prolonged, because the next client never connected or the machine was late, is none of these."""
    attempts = [Attempt(0, 5, None), Attempt(6, 11, None), Attempt(20, 25, None), Attempt(26, None, None)]
    kept = [Announcement(5.1, 1.0), Announcement(11.0, 2.0), Announcement(16.0, 3.5), Announcement(24.9, 1.0)]
    assert cut_short(kept, attempts, 0.1) == []
    assert cut_short([Announcement(5.1, 1.5)], attempts, 0.1) == ["1.50 s announced, 1.00 s seen"]
    assert cut_short([Announcement(30.0, 9.0)], attempts[:3], 0.1) == []
