"""The audit trail of an init from both sides: what it said, by the engine's log, and what Loki holds of it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from python_on_whales import Container

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import await_condition
from dayzero.docker.logs import said_by
from dayzero.targets.loki.client import Entry, LokiObserver

ARRIVAL_SECONDS = 60
"""How long a line may take to Loki on a busy machine; how long it did take is in the report."""

_RUN = re.compile(r"\brun=(\S+)")
_FENCED = re.compile(r"^## Who did what$.*?^```logql\n(.+?)\n```$", re.MULTILINE | re.DOTALL)


def runs_in(lines: list[str]) -> dict[str, list[str]]:
    """The lines of each run, by its id, in their order; lines without a run belong to none."""
    runs: dict[str, list[str]] = {}
    for line in lines:
        if found := _RUN.search(line):
            runs.setdefault(found[1], []).append(line)
    return runs


def documented_query(root: Path, init: str, run: str) -> str:
    """The README's own query for what one init did in one run, with X and Y filled in as a reader would."""
    found = _FENCED.search((root / "README.md").read_text(encoding="utf-8"))
    if found is None:
        raise StackUnusable("README.md has no ```logql block under `## Who did what`: write the query there")
    return found[1].replace('"X"', f'"{init}"').replace('"Y"', f'"{run}"')


def held_of(loki: LokiObserver, container: Container) -> list[Entry]:
    """What Loki holds of the container's own words."""
    project = (container.config.labels or {})["com.docker.compose.project"]
    query = f'{{project="{project}", container="{container.name}", stream=~"stdout|stderr"}}'
    return loki.entries(query, container.created)


@dataclass(frozen=True)
class Comparison:
    """A container's log against what Loki holds of it."""

    container: str
    said: list[str]
    held: list[str]

    @property
    def same(self) -> bool:
        """Whether every line is there once, in its order, and no other."""
        return self.said == self.held

    def __str__(self) -> str:
        if self.same:
            return f"{self.container}: all {len(self.said)} lines"
        missing = [line for line in self.said if line not in self.held]
        doubled = sorted({line for line in self.held if self.held.count(line) > self.said.count(line)})
        found = [
            f"missing {len(missing)}, first {missing[0]!r}" if missing else "",
            f"too often {len(doubled)}, first {doubled[0]!r}" if doubled else "",
        ]
        what = "; ".join(text for text in found if text) or "in another order"
        return f"{self.container}: {len(self.held)} of {len(self.said)} lines: {what}"


def compared(loki: LokiObserver, container: Container, patience: float = ARRIVAL_SECONDS) -> Comparison:
    """The ended container's log against Loki's, once as many lines have arrived or patience is at its end."""
    said = [one.line for one in said_by(container)]
    held: list[str] = []

    def arrived() -> bool:
        held[:] = [entry.line for entry in held_of(loki, container)]
        return len(held) >= len(said)

    with suppress(StackUnusable):
        await_condition(arrived, patience, lambda: "lines are missing")
    assert container.name
    return Comparison(container.name, said, held)
