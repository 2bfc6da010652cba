"""What is known at one point of a run that is only thought through: the fault, the shell's options, its variables."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from dayzero.shell.syntax import Body, Word


class Fault(enum.Enum):
    """Of the one step that is made to fail: ARMED not yet, FIRED it failed, STUCK it fails at every further attempt."""

    ARMED = "armed"
    FIRED = "fired"
    STUCK = "stuck"


class Told(enum.Enum):
    """A value that carries the news of the fault: a STATUS other than 0, or a TEXT that is not what it should be."""

    STATUS = "status"
    TEXT = "text"


Value = str | Told


class Scope(enum.Flag):
    """Where in the script the run is."""

    PLAIN = 0
    CONDITION = enum.auto()
    LOOP = enum.auto()
    TESTING_LOOP = enum.auto()
    BACKGROUND = enum.auto()
    SUBSTITUTION = enum.auto()
    CAUSED = enum.auto()
    """In a branch that is taken because of the fault."""
    LOOP_CONDITION = enum.auto()


@dataclass(frozen=True)
class State:
    """`ok`: `$?` is 0; `tells`: that is because of the fault; `spoilt`: the last command printed what it should not.

    arguments: the positional parameters where known. job: the step failed in the background and nobody asked yet.
    ran: the step was tried with success in this turn of a loop. excused: the failure was let pass with `||`.
    slipped: how it first went unnoticed, in words.
    """

    fault: Fault = Fault.ARMED
    errexit: bool = False
    pipefail: bool = False
    values: tuple[tuple[str, Value], ...] = ()
    ok: bool = True
    tells: bool = False
    spoilt: bool = False
    arguments: tuple[Word, ...] | None = None
    job: bool = False
    ran: bool = False
    excused: bool = False
    slipped: str = ""
    scope: Scope = Scope.PLAIN
    exit_trap: Body | None = None
    error_trap: Body | None = None

    def __hash__(self) -> int:
        """States are looked up far more often than made, so the hash is worked out once."""
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = hash(tuple(self.__dict__.values()))
            self.__dict__["_hash"] = known
        return known

    @property
    def failed(self) -> bool:
        return self.fault is not Fault.ARMED

    def value(self, name: str) -> Value | None:
        return next((value for known, value in self.values if known == name), None)

    def told(self, names: frozenset[str]) -> bool:
        """Whether one of the variables carries the news."""
        return any(name in names and isinstance(value, Told) for name, value in self.values)

    def assigned(self, name: str, value: Value | None) -> State:
        kept = [pair for pair in self.values if pair[0] != name]
        if value is not None:
            kept.append((name, value))
        return self.but(values=tuple(sorted(kept, key=lambda pair: pair[0])))

    def without(self, names: frozenset[str]) -> State:
        """These variables forgotten."""
        kept = tuple(pair for pair in self.values if pair[0] not in names)
        return self if len(kept) == len(self.values) else self.but(values=kept)

    def but(self, **changes: Any) -> State:
        """The same with some fields changed (as dataclasses.replace, at a fraction of its time)."""
        made = object.__new__(State)
        made.__dict__.update(self.__dict__)
        made.__dict__.pop("_hash", None)
        made.__dict__.update(changes)
        return made

    def ended(self, ok: bool = True, *, tells: bool = False) -> State:
        """After a command."""
        return self.but(ok=ok, tells=tells and not ok, spoilt=False)

    def within(self, scope: Scope) -> State:
        return self.but(scope=self.scope | scope)

    def back_in(self, scope: Scope) -> State:
        return self.but(scope=scope)

    def slips(self, how: str) -> State:
        return self if self.slipped or not self.failed else self.but(slipped=how)


class Way(enum.Enum):
    """How a command is left: for the NEXT one, or out of a loop, function or script. CAUGHT: the fault is acted on."""

    NEXT = "next"
    BREAK = "break"
    CONTINUE = "continue"
    RETURN = "return"
    EXIT = "exit"
    CAUGHT = "caught"


@dataclass(frozen=True)
class Outcome:
    """asked: the command is a check whose answer depends on the fault, so both answers are among the outcomes."""

    way: Way
    state: State
    asked: bool = False

    def at(self, state: State) -> Outcome:
        """The same, in another state."""
        return Outcome(self.way, state, self.asked)

    @property
    def loud(self) -> int:
        """How clearly the fault is acted on: 2 it ends the script, the function or is mended, 0 not at all."""
        if self.way is Way.CAUGHT or (self.way in (Way.EXIT, Way.RETURN) and not self.state.ok):
            return 2
        told = any(isinstance(value, Told) for _, value in self.state.values)
        return 1 if told or (self.state.tells and not self.state.ok) else 0


Outcomes = set[Outcome]


def loudest(branches: list[set[Outcome]]) -> set[Outcome]:
    """Of the branches after a check, those that act most on the fault: that is what the check is there for."""
    ranks = [max((outcome.loud for outcome in branch), default=0) for branch in branches]
    best = max(ranks, default=0)
    return {
        outcome for branch, rank in zip(branches, ranks, strict=True) if rank == best for outcome in branch
    }
