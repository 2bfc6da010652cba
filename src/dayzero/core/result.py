"""One line of the report: what a criterion came to on one subject."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Status = Literal["pass", "fail", "error", "skip", "waived"]

STATUSES: tuple[Status, ...] = ("fail", "error", "waived", "pass", "skip")
"""Every status, the ones that ask for attention first."""


class Place(TypedDict):
    """A place in a file of the stack; line and column count from 1."""

    file: str
    line: int
    column: int


class Result(TypedDict):
    """As it stands in `acceptance.json`: fail means the stack is wrong, error that it could not be observed.

    evidence: paths relative to the report's folder. look: what to look at next; "" for pass and skip. seconds: the
    test's own time, without its fixtures'. For skip, `observed` is the reason. pressure: where time decides,
    `span_seconds`, and the shares `cpu_some` and `cpu_others` of it, null for what is unknown (see
    `src/dayzero/core/cpu_pressure.py`).
    """

    criterion: str
    clause: list[str]
    subject: str
    status: Status
    given: str
    when: str
    then: str
    expected: str
    observed: str
    source: Place | None
    evidence: list[str]
    look: str
    seconds: float
    pressure: NotRequired[dict[str, float | None]]
