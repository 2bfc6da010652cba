"""Whose a secret is that the sampler saw, also when its process ended while it was read."""

from __future__ import annotations

import json
import socket
import struct

import pytest

from dayzero.probes.in_container.process_sampler import Sampler

CONTAINER = "c0" * 32
SHELL, CAT, HOST = 71, 72, 73
FORK, EXEC = 0x1, 0x2


def _event(what: int, *pids: int) -> bytes:
    """A message of the kernel's process connector: two headers, the kind, processor and time, then process ids."""
    return struct.pack("=36xI12x6I", what, *pids, *[0] * (6 - len(pids)))


@pytest.fixture
def sampler(monkeypatch: pytest.MonkeyPatch) -> Sampler:
    """One that is told of programs by the test, on a machine with a shell in a container and one outside."""
    made = Sampler({"password": ["hunter2hunter2"]})
    proc = {
        (SHELL, "cgroup"): f"0::/docker/{CONTAINER}\n".encode(),
        (HOST, "cgroup"): b"0::/user.slice\n",
        (CAT, "cmdline"): b"cat\0/tmp/err\0",
        (CAT, "environ"): b"PASSWORD=hunter2hunter2\0",
    }
    monkeypatch.setattr(made, "_content", lambda pid, part: proc.get((int(pid), part), b""))
    return made


def _hears(sampler: Sampler, *events: bytes) -> None:
    """Let the kernel tell it of these, one after the other."""
    kernel, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with kernel, ours:
        sampler._events = ours
        for event in events:
            kernel.send(event)
            assert sampler.hear(1)


@pytest.mark.parametrize(("parent", "owner"), [(SHELL, CONTAINER), (HOST, None)])
def test_what_a_process_held_that_is_gone_is_its_parents(
    parent: int, owner: str | None, sampler: Sampler, capsys: pytest.CaptureFixture[str]
) -> None:
    _hears(sampler, _event(FORK, parent, parent, CAT, CAT), _event(EXEC, CAT, CAT))
    told = json.loads(capsys.readouterr().out)
    assert told == {"secret": "password", "where": "environ", "program": "cat", "container": owner}


def test_a_thread_is_nobodys_child(sampler: Sampler, capsys: pytest.CaptureFixture[str]) -> None:
    _hears(
        sampler,
        _event(FORK, SHELL, SHELL, CAT, CAT),
        _event(FORK, CAT, CAT, CAT + 100, CAT),
        _event(EXEC, CAT, CAT),
    )
    assert json.loads(capsys.readouterr().out)["container"] == CONTAINER
