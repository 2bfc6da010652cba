"""What a reported failure keeps to itself: each must say clause, expected, observed, the evidence and where to look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dayzero.core.catalogue import load_catalogue
from dayzero.selftest.suite_run import SuiteRun


def untold(run: SuiteRun) -> list[str]:
    """One line for each thing that a failure of the run does not say, in the terminal, in JUnit or in the JSON."""
    junit = [element.text or "" for element in run.junit.iter("failure")]
    found: list[str] = []
    for result in run.judged:
        if result["status"] == "fail":
            name = f"{result['criterion']} of {result['subject']}"
            found += [f"{name}: acceptance.json has no {lack}" for lack in _empty(result)]
            found += [f"{name}: the terminal does not tell {lack}" for lack in _lacking(result, [run.output])]
            found += [f"{name}: acceptance.xml does not tell {lack}" for lack in _lacking(result, junit)]
    return found


def _empty(result: dict[str, Any]) -> Iterator[str]:
    for field in ("subject", "expected", "observed", "given", "when", "then", "look"):
        if not str(result[field]).strip():
            yield field
    if load_catalogue()[result["criterion"]].clauses and not result["clause"]:
        yield "clause"
    if not result["source"] and not result["evidence"]:
        yield "source and no evidence"


def _lacking(result: dict[str, Any], texts: list[str]) -> Iterator[str]:
    """Which rows the block about this result lacks; the block itself where there is none."""
    head = f"{result['criterion']} · {', '.join(result['clause']) or 'no clause'} · FAIL"
    blocks = [block for text in texts for block in _blocks(text, head)]
    own = [block for block in blocks if _row(block, "subject") == _flat(result["subject"])]
    block = next((one for one in own if _row(one, "observed") == _flat(result["observed"])), None)
    if block is None:
        yield f"it: no block {head!r} with that subject and what was observed"
        return
    wanted = {
        "promise": load_catalogue()[result["criterion"]].promise,
        "expected": result["expected"],
        "look next": result["look"],
    }
    for label, text in wanted.items():
        if _row(block, label) != _flat(text):
            yield label
    place = result["source"]
    if place and _row(block, "source") != f"{place['file']}:{place['line']}:{place['column']}":
        yield "its source"
    if any(path not in block for path in result["evidence"]):
        yield "its evidence"


def _blocks(text: str, head: str) -> Iterator[str]:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.removeprefix("E").strip() == head:
            rest = lines[number + 1 :]
            end = next((at for at, one in enumerate(rest) if not one.startswith("  ")), len(rest))
            yield "\n".join(rest[:end])


def _row(block: str, label: str) -> str:
    """The row's text in one line: whatever stands behind the label, down to the next label."""
    found = re.search(rf"^  {label}\s+(.*(?:\n {{10,}}.*)*)", block, re.MULTILINE)
    return _flat(found[1]) if found else ""


def _flat(text: str) -> str:
    return " ".join(text.split())
