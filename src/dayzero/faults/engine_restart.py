"""What became of a stack whose engine went down under it and came back, without anybody's help."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from python_on_whales import Container

from dayzero.core.wait import Took, time_until
from dayzero.docker.dind import OwnEngine
from dayzero.stack.dns import names_of
from dayzero.stack.stack import Stack
from dayzero.targets.snapshot import lasting_state

READY_SECONDS = 180
"""How long all servers together may take to be ready again."""
STAYS_SECONDS = 30
"""An engine starts again what it means to before it answers; what is still exited after so long stays so."""


@dataclass(frozen=True)
class InitState:
    """Where an init stands: its state in words, the engine's count of restarts, when it started last."""

    status: str
    exit_code: int | None
    restarts: int
    started_at: datetime | None

    def __str__(self) -> str:
        return f"{self.status} ({self.exit_code}), {self.restarts} restarts, started {self.started_at}"


@dataclass(frozen=True)
class Return:
    """One stop and start of the engine: whether it was down, what is not back after READY_SECONDS, and what changed.

    `states` has for each init the full state of its targets, or what kept it from being seen.
    """

    was_down: bool
    took: Took
    not_back: list[str]
    inits: dict[str, InitState]
    states: dict[str, str | Exception]


def init_state(container: Container) -> InitState:
    """Where the init stands now."""
    state = container.state
    return InitState(str(state.status), state.exit_code, container.restart_count or 0, state.started_at)


def lasting_services(stack: Stack, inits: list[str]) -> list[str]:
    """What is meant to run as long as the stack is up: all but inits, also such as the inventory does not name.

    That others wait for a service's end tells that it has one.
    """
    services = stack.model["services"]
    ending = {
        name
        for service in services.values()
        for name, waits in (service.get("depends_on") or {}).items()
        if waits["condition"] == "service_completed_successfully"
    }
    return [name for name in services if name not in ending.union(inits)]


def restart(engine: OwnEngine, stack: Stack, down: Callable[[], None], inits: list[str]) -> Return:
    """Take the engine down with `down`, start it, and wait until whatever is no init is ready again."""
    lasting = lasting_services(stack, inits)
    down()
    was_down = not engine.answers()
    engine.start()
    stack.forget_addresses()
    answered = time.monotonic()

    def settled() -> bool:
        late = stack.unready(lasting)
        patient = time.monotonic() - answered < STAYS_SECONDS
        return not late or (not patient and all(one.endswith(": exited") for one in late))

    took = time_until(settled, READY_SECONDS)
    states: dict[str, str | Exception] = {}
    with names_of(stack.address):
        for name in inits:
            try:
                states[name] = lasting_state(stack, name)
            except Exception as unseen:  # noqa: BLE001 -- each client has its own; the test raises what this init met
                states[name] = unseen
    return Return(
        was_down,
        took,
        stack.unready(lasting),
        {name: init_state(stack.container(name)) for name in inits},
        states,
    )
