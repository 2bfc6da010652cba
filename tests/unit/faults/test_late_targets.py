"""Late targets: what a run shows, which inits share a gate, and what the gate takes for the begin of a connection."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from dayzero.analysis.inventory import Promise
from dayzero.compose.yaml_source import Place
from dayzero.docker.container_exit import Ending
from dayzero.faults.late_targets import Delay, LateRun, apart
from dayzero.probes.in_container.late_gate import Kept, begun

SYN, ACK = 0x02, 0x10


def packet(target: str, port: int, flags: int, protocol: int = 6) -> bytes:
    header = struct.pack(
        "!BBHHHBBH4s4s",
        0x45,
        0,
        40,
        1,
        0,
        64,
        protocol,
        0,
        socket.inet_aton("10.0.0.9"),
        socket.inet_aton(target),
    )
    return header + struct.pack("!HHIIBBHHH", 50000, port, 0, 0, 5 << 4, flags, 0, 0, 0)


def promise(name: str, *targets: str) -> Promise:
    return Promise(name, "", (), targets, "", (), Place(Path("inventory.yml"), 1, 1))


def test_only_the_first_packet_of_a_connection_begins_it() -> None:
    """Given packets of all kinds,
    when the gate looks at them,
    then the one that asks for a connection tells whither, and no other does."""
    assert begun(packet("10.0.0.1", 5432, SYN)) == ("10.0.0.1", 5432)
    assert begun(packet("10.0.0.1", 5432, SYN | ACK)) is None
    assert begun(packet("10.0.0.1", 5432, ACK)) is None
    assert begun(packet("10.0.0.1", 53, SYN, protocol=17)) is None
    assert begun(packet("10.0.0.1", 5432, SYN)[:30]) is None
    assert begun(b"\x60" + bytes(60)) is None
    assert begun(b"") is None


def test_a_gate_is_due_when_the_time_since_the_first_attempt_is_over() -> None:
    """Given an init that is kept from its targets,
    when it has not tried yet, or is through, or is kept for good, then there is no such moment,
    and else it comes so many seconds after its first attempt."""
    assert Kept("an-init", [], 40, once=False, port=40000).due is None
    assert Kept("an-init", [], 40, once=False, port=40000, since=100.0).due == 140.0
    assert Kept("an-init", [], 40, once=False, port=40000, since=100.0, is_open=True).due is None
    assert Kept("an-init", [], None, once=True, port=40000, since=100.0).due is None


def test_inits_share_a_gate_unless_they_share_a_target() -> None:
    """Given inits of which two provision the same target,
    when they are divided among gates,
    then these two are at different ones, and there are no more gates than that takes."""
    one, two, three = promise("one", "db"), promise("two", "db", "queue"), promise("three", "cache")
    assert apart([one, two, three]) == [[one, three], [two]]
    assert apart([]) == []


def test_the_longest_gap_is_that_of_the_share_that_is_asked_for() -> None:
    """Given attempts that were refused while the targets were late by ten seconds,
    when the longest gap is asked for, then it is one that ended within the share; without a wait there is none."""
    run = LateRun(Ending(0, 12.0, ""), (100.0, 101.0, 103.0, 109.0), (110.5,), 110.0)
    assert run.longest_gap() == 6.0
    assert run.longest_gap(0.5) == 2.0
    assert LateRun(Ending(1, 12.0, ""), (100.0, 105.0), (), None).longest_gap() == 0.0
    assert LateRun(Ending(0, 2.0, ""), (), (110.5,), 110.0).longest_gap() == 0.0


def test_delays_have_names_for_people_and_for_projects() -> None:
    """Given delays, when they are named, then those of the same length that differ in kind have different names."""
    assert (str(Delay(3)), Delay(3).slug) == ("3 s", "late-3")
    assert (str(Delay(200, once=True)), Delay(200, once=True).slug) == (
        "200 s and then gone again",
        "late-200-once",
    )
