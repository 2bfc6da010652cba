"""Asks Loki through its HTTP API: for lines, for the values of an expression over time, and for the ruler's rules."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from dayzero.core.errors import StackUnusable

_SECONDS = 30
_PAGE = 1000
"""Lines asked for at once: Loki gives at most 5000, and at its usual settings no answer above 4 MiB."""


@dataclass(frozen=True)
class Entry:
    """One line that Loki holds: when, in nanoseconds since 1970, and its labels together with its metadata."""

    at: int
    line: str
    labels: dict[str, str]


@dataclass(frozen=True)
class Rule:
    """One alerting rule as the ruler knows it; `pending` are the labels of what it holds for, `seconds` its `for:`."""

    name: str
    query: str
    seconds: float
    health: str
    error: str
    holds_for: list[dict[str, str]] = field(default_factory=list)


class LokiObserver:
    """Reads one Loki. requests' exceptions mean that nothing was seen, StackUnusable that Loki refused to answer."""

    def __init__(self, address: str = "loki") -> None:
        self.url = f"http://{address}:3100"

    def entries(self, query: str, since: datetime) -> list[Entry]:
        """Every line that the log query finds since then, oldest first."""
        found: list[Entry] = []
        start, end = round(since.timestamp() * 1e9), time.time_ns() + 10**10
        while True:
            page = self._page(query, start, end)
            # A page begins with the nanosecond at which the one before it ended.
            known = [entry for entry in found if entry.at == start]
            found += [entry for entry in page if entry not in known]
            if len(page) < _PAGE:
                return found
            if page[-1].at == start:
                raise StackUnusable(f"Loki has {_PAGE} lines of one nanosecond for {query}")
            start = page[-1].at

    def _page(self, query: str, start: int, end: int) -> list[Entry]:
        asked = {"query": query, "start": start, "end": end, "limit": _PAGE, "direction": "forward"}
        streams = self._ask("/loki/api/v1/query_range", asked)["data"]["result"]
        entries = [
            Entry(int(value[0]), value[1], stream["stream"])
            for stream in streams
            for value in stream["values"]
        ]
        return sorted(entries, key=lambda entry: entry.at)

    def values(
        self, query: str, since: datetime, until: datetime, step: float
    ) -> list[tuple[dict[str, str], list[float]]]:
        """For each series of a metric query its labels and the moments, one in `step` seconds, with a value."""
        asked = {"query": query, "start": since.timestamp(), "end": until.timestamp(), "step": step}
        series = self._ask("/loki/api/v1/query_range", asked)["data"]["result"]
        return [(one["metric"], [float(moment) for moment, _ in one["values"]]) for one in series]

    def rules(self) -> list[Rule]:
        """Every alerting rule that the ruler has loaded, with what came of its last evaluation."""
        groups = self._ask("/prometheus/api/v1/rules", {})["data"]["groups"]
        return [
            Rule(
                name=rule["name"],
                query=rule["query"],
                seconds=float(rule.get("duration") or 0),
                health=rule["health"],
                error=rule.get("lastError") or "",
                holds_for=[alert["labels"] for alert in rule.get("alerts") or []],
            )
            for group in groups
            for rule in group["rules"]
            if rule["type"] == "alerting"
        ]

    def rule_files(self) -> tuple[int, str]:
        """What Loki answers when asked for the rules in its files: status and text, which names a broken one."""
        answer = requests.get(f"{self.url}/loki/api/v1/rules", timeout=_SECONDS)
        return answer.status_code, answer.text.strip()

    def is_ready(self) -> bool:
        """Whether it says so; False while nothing answers."""
        try:
            return requests.get(f"{self.url}/ready", timeout=_SECONDS).ok
        except requests.ConnectionError:
            return False

    def _ask(self, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
        answer = requests.get(f"{self.url}{path}", params=parameters, timeout=_SECONDS)
        if not answer.ok:
            raise StackUnusable(f"Loki answers {answer.status_code} to {path}: {answer.text.strip()[:300]}")
        content: dict[str, Any] = answer.json()
        return content
