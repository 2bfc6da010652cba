"""What a failed criterion says in the terminal and in JUnit: the whole finding, before any traceback."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from dayzero.core.catalogue import load_catalogue
from dayzero.core.result import Result

_LABEL = 10
_WIDTH = 108


def failure_text(results: Iterable[Result], reports: str) -> str:
    """One block per failed criterion: clause, promise, expected, observed, source, evidence, what to look at next."""
    return "\n".join(_block(result, reports) for result in results)


def headline(result: Result) -> str:
    """The finding in one line."""
    return f"{result['criterion']} {result['subject']}: {_first_line(result['observed'])}"


def where_to_look(result: Result, advice: str) -> str:
    """What to look at next: the test's own advice, else what the result itself offers; "" where nothing is wrong."""
    if result["status"] in ("pass", "skip"):
        return ""
    if advice:
        return advice
    if result["status"] == "error":
        return "the traceback in the terminal: the suite could not observe this, which says nothing about the stack"
    if place := result["source"]:
        return f"open {place['file']}:{place['line']}:{place['column']}"
    return "the evidence" if result["evidence"] else "run again with --keep and look at the stack itself"


def _block(result: Result, reports: str) -> str:
    place = result["source"]
    source = f"{place['file']}:{place['line']}:{place['column']}" if place else ""
    lines = [
        f"{result['criterion']} · {', '.join(result['clause']) or 'no clause'} · {result['status'].upper()}",
        _row("subject", result["subject"]),
        _row("promise", load_catalogue()[result["criterion"]].promise),
        _row("expected", result["expected"]),
        _row("observed", result["observed"]),
        *([_row("source", source)] if source else []),
        *(_row("evidence", f"{reports}/{path}") for path in result["evidence"]),
        _row("look next", result["look"]),
    ]
    return "\n".join(lines) + "\n"


def _row(label: str, text: str) -> str:
    indent = " " * (_LABEL + 4)
    wrapped = [
        part
        for line in text.splitlines() or [""]
        for part in textwrap.wrap(line, _WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
        or [""]
    ]
    return f"  {label:<{_LABEL}}  " + f"\n{indent}".join(wrapped)


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""
