"""The report's `coverage`: what of a project could not be loaded, and which verdicts that left open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from dayzero.core.result import Place

NO_INIT = "no init found"
"""How the reason of a verdict begins for which no init was found."""


class Missing(TypedDict):
    """One entry of the report's `coverage`; touches: the verdicts that it left open."""

    kind: str
    what: str
    source: Place | None
    touches: list[dict[str, str]]


_MOST_LINES = 8


def lines_of(coverage: Iterable[Missing]) -> list[str]:
    """For the terminal: what left a verdict open, or may hide some, and which those are.

    A project that could not be loaded at all has been said by then (see `dayzero.pytest_plugin.setup_errors`).
    """
    telling = [one for one in coverage if leaves_open([one]) or one["kind"] == "compose"]
    telling = [one for one in telling if one["kind"] != "project"]
    lines = []
    for one in telling[:_MOST_LINES]:
        where = f"{one['source']['file']}:{one['source']['line']}: " if one["source"] else ""
        criteria = list(dict.fromkeys(verdict["criterion"] for verdict in one["touches"]))
        left_open = f"; left open: {', '.join(criteria)}" if criteria else ""
        lines.append(f"{where}{one['what']}{left_open}")
    more = len(telling) - len(lines)
    return [*lines, f"and {more} more: see the report"] if more > 0 else lines


def leaves_open(coverage: Iterable[Missing]) -> bool:
    """Whether what could not be loaded keeps the run from being green."""
    return any(one["touches"] or one["kind"] in ("include", "extends") for one in coverage)
