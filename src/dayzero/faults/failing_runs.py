"""Ways in which a run of an init goes wrong: it fails and says so, or it is killed before it can say anything."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from python_on_whales import Container

from dayzero.core.errors import StackUnusable
from dayzero.stack.one_off import await_end, brief_run, run_of
from dayzero.stack.stack import Stack

KILLED = 128 + 9
"""The exit code of a process that the kernel killed."""

Mishap = Callable[[Stack, str], Iterator[Container]]


def _fails(stack: Stack, init: str) -> Iterator[Container]:
    with run_of(stack, init, **brief_run(init, secrets.token_hex(6), 3)) as container:
        await_end(container)
        yield container


def _is_killed(stack: Stack, init: str) -> Iterator[Container]:
    with run_of(stack, init, entrypoint=["sleep", "300"], command=[]) as container:
        container.kill()
        await_end(container)
        yield container


def _runs_out_of_memory(stack: Stack, init: str) -> Iterator[Container]:
    little = {"mem_limit": "12m", "memswap_limit": "12m", "mem_reservation": "6m"}
    # tail keeps its input's last line, and zeros never end one.
    with run_of(stack, init, entrypoint=["tail", "/dev/zero"], command=[], **little) as container:
        await_end(container)
        # The engine's own flag for it is not to be relied on: the word may come after the end, or not at all.
        if container.state.exit_code != KILLED:
            raise StackUnusable(f"{container.name} ended before its memory ran out: see docker logs")
        yield container


MISHAPS: dict[str, Mishap] = {
    "exit code 3": _fails,
    "SIGKILL": _is_killed,
    "out of memory": _runs_out_of_memory,
}
"""By kind: makes one container of the init end so, and removes it when it has been looked at."""


@contextmanager
def ended_badly(stack: Stack, init: str, kind: str) -> Iterator[Container]:
    """While inside, there is a container of the init that ended in this way. Raises StackUnusable if it ended well."""
    with contextmanager(MISHAPS[kind])(stack, init) as container:
        if not container.state.exit_code:
            raise StackUnusable(f"{init} could not be made to fail by {kind}: it exited with 0")
        yield container
