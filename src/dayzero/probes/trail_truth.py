"""Whether the trail of a run tells the truth: its lines against the target before and after and the engine's record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dayzero.analysis.inventory import Promise
from dayzero.targets.held_resources import PARTS, Resource, State

Pairs = Mapping[str, str]


@dataclass(frozen=True)
class EngineRecord:
    """What the engine itself keeps of a run; seconds by its own clock.

    lived: from the container's start to its end. written: from the moment at which the engine got the first line to
    the one at which it got the last.
    """

    exit_code: int | None
    lived: float
    written: float


def what_happened(resource: Resource, before: State, after: State) -> str:
    """What a run did to a resource: created, updated, unchanged, or nothing that it could claim: "it is not there"."""
    if resource not in after:
        return "it is not there"
    if resource not in before:
        return "created"
    return "unchanged" if before[resource] == after[resource] else "updated"


def false_claims(
    promise: Promise, events: Sequence[Pairs], before: State, after: State, *, whole: bool = True
) -> list[str]:
    """What is untrue or missing in what a run says of resources.

    Each promised output is told of once (at most once by a run that is not `whole`, for it failed), and nothing else is
    but what one of them is made of; of all of that the action is what a look at the target before and after tells.
    """
    claims = [
        (one.get("kind", ""), one.get("name", ""), one.get("action", "")) for one in _of(events, "resource")
    ]
    promised = [(output.kind, output.name) for output in promise.outputs]
    parts = set().union(*(PARTS.get(kind, frozenset()) for kind, _ in promised))
    found = []
    for kind, name in promised:
        told = [action for *resource, action in claims if resource == [kind, name]]
        if len(told) > 1 or (whole and not told):
            found.append(f"{kind} {name} is told of {len(told)} times: {', '.join(told) or 'never'}")
    for kind, name, action in claims:
        if (kind, name) not in promised and kind not in parts:
            found.append(f"{kind} {name} is said to be {action}, and nobody promised it")
        elif (truth := what_happened((kind, name), before, after)) != action:
            found.append(f"{kind} {name} is said to be {action}: {truth}")
    return found


def false_exit(events: Sequence[Pairs], engine: EngineRecord, tolerance: float) -> list[str]:
    """What is untrue in a run's last word: its exit code, and its seconds where they are further off than `tolerance`.

    They are held against the engine's times of the first and the last line, between which the init's clock runs; more
    than the container's whole life they cannot be, even if it wrote its lines at once.
    """
    exits = _of(events, "exit")
    if len(exits) != 1 or events[-1] is not exits[0]:
        return [f"{len(exits)} exit lines, of which one should be the last line"]
    code, seconds = exits[0].get("code", ""), exits[0].get("seconds", "")
    found = []
    if code != str(engine.exit_code):
        found.append(f"it says that it ended with {code or 'no code'}: the engine says {engine.exit_code}")
    try:
        took = float(seconds)
    except ValueError:
        return [*found, f"it says that it took {seconds!r} seconds"]
    if abs(took - engine.written) > tolerance or took > engine.lived + tolerance:
        found.append(
            f"it says that it took {took:.2f} s: by the engine its lines are {engine.written:.2f} s apart and it lived "
            f"{engine.lived:.2f} s (tolerance {tolerance:.2f} s)"
        )
    return found


def all_created(promise: Promise, events: Sequence[Pairs]) -> tuple[State, State]:
    """The states before and after a run on an empty target: whatever it tells of was not there, and is there."""
    named = {(one.get("kind", ""), one.get("name", "")): "" for one in _of(events, "resource")}
    return {}, {**named, **{(output.kind, output.name): "" for output in promise.outputs}}


def _of(events: Sequence[Pairs], event: str) -> list[Pairs]:
    return [one for one in events if one.get("event") == event]
