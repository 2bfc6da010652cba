"""Lets an init run on a target in several states, and keeps what it says of each run beside what is so."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dayzero.analysis.inventory import Promise
from dayzero.core import logfmt
from dayzero.docker.logs import Said, said_by
from dayzero.faults.bad_input import WEAKNESSES
from dayzero.probes.audit_trail import compared, runs_in
from dayzero.probes.trail_truth import EngineRecord, all_created, false_claims, false_exit
from dayzero.stack.one_off import await_end, brief_run, run_of, seconds_lived
from dayzero.stack.stack import Stack
from dayzero.targets.held_resources import State, change_enforced, held_resources, remove_one
from dayzero.targets.loki.client import LokiObserver

RUN_SECONDS = 330
"""An init may take its whole 300 s of waiting."""

LEAST_TOLERANCE = 0.5
"""Seconds. The init's clock counts hundredths; on a busy machine a line is some tenths on its way to the engine."""


@dataclass(frozen=True)
class ToldRun:
    """One run: in what state it found things, its lines in Loki, the target before and after it, the engine's record.

    Without `states` it is the boot, before which nothing was there. `lost` says what the trail lacks of the run's log.
    """

    what: str
    lines: Sequence[str]
    engine: EngineRecord
    states: tuple[State, State] | None = None
    lost: str = ""

    def events(self) -> list[dict[str, str]]:
        """The run's audit lines."""
        return [logfmt.parse(line) for line in self.lines]

    def __str__(self) -> str:
        actions = ", ".join(one.get("action", "?") for one in self.events() if one.get("event") == "resource")
        return (
            f"{self.what}: {actions or 'nothing'}, {self.engine.exit_code} after {self.engine.written:.2f} s"
        )


@dataclass(frozen=True)
class Account:
    """The runs of one init, and by how many seconds its clock and the engine's may be apart on this machine."""

    promise: Promise
    tolerance: float
    runs: Sequence[ToldRun]

    def untruths(self, run: ToldRun) -> list[str]:
        """What in its lines is not as it was."""
        try:
            events = run.events()
        except logfmt.NotLogfmt as unreadable:
            return [str(unreadable)]
        before, after = run.states or all_created(self.promise, events)
        return [
            *([run.lost] if run.lost else []),
            *false_claims(self.promise, events, before, after, whole=run.engine.exit_code == 0),
            *false_exit(events, run.engine, self.tolerance),
        ]


def account_of(
    stack: Stack, promise: Promise, loki: LokiObserver, timeline: Iterable[Mapping[str, Any]]
) -> Account:
    """Have the init tell of the boot, of a target that lacks something, of one that lacks nothing, and of a failure.

    Leaves the target as promised. `timeline` is the engine's record of the boot.
    """
    runs = [_boot(stack, promise, loki, timeline)]
    taken = remove_one(stack, promise)
    changed = change_enforced(stack, promise, spared=taken)
    what = f"without {taken.kind} {taken.name}"
    if changed:
        what += f", with {changed.setting}={changed.changed_to} on {changed.output.name}"
    runs.append(_told(stack, promise, loki, what))
    runs.append(_told(stack, promise, loki, "with all in place"))
    weakness = WEAKNESSES[promise.name]
    malformed = {weakness.setting: weakness.malformed}
    runs.append(_told(stack, promise, loki, f"with a malformed {weakness.setting}", malformed))
    return Account(promise, LEAST_TOLERANCE + 2 * _start_and_end(stack, promise.name), runs)


def _start_and_end(stack: Stack, init: str) -> float:
    """Seconds that the engine takes for a container of the init that does nothing: to start it and to see its end."""
    with run_of(stack, init, **brief_run(init, secrets.token_hex(6), 0)) as container:
        await_end(container)
        return seconds_lived(container)


def _told(
    stack: Stack, promise: Promise, loki: LokiObserver, what: str, settings: Mapping[str, str] | None = None
) -> ToldRun:
    before = held_resources(stack, promise.name)
    with stack.one_off(promise.name, overrides=settings) as container:
        await_end(container, RUN_SECONDS)
        after = held_resources(stack, promise.name)
        trail = compared(loki, container)
        engine = EngineRecord(container.state.exit_code, seconds_lived(container), _apart(said_by(container)))
    return ToldRun(what, trail.held, engine, (before, after), "" if trail.same else str(trail))


def _boot(
    stack: Stack, promise: Promise, loki: LokiObserver, timeline: Iterable[Mapping[str, Any]]
) -> ToldRun:
    """The first run of the init's own container, which may have run again since."""
    container = stack.container(promise.name)
    trail = compared(loki, container)
    run, lines = next(iter(runs_in(trail.held).items()), ("", []))
    said = [one for one in said_by(container) if f"run={run}" in one.line.split()]
    (seen,) = [one for one in timeline if one["service"] == promise.name]
    lived = 0.0
    if seen["started"] and seen["finished"]:
        lived = (
            datetime.fromisoformat(seen["finished"]) - datetime.fromisoformat(seen["started"])
        ).total_seconds()
    engine = EngineRecord(seen["exit_code"], lived, _apart(said))
    return ToldRun("at the boot", lines, engine, lost="" if trail.same else str(trail))


def _apart(said: Sequence[Said]) -> float:
    return (said[-1].at - said[0].at).total_seconds() if said else 0.0
