"""Looks at Grafana through its HTTP API: as a viewer who opens dashboards, and as an administrator who tries more."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from dayzero.core import redaction
from dayzero.core.errors import StackUnusable
from dayzero.core.wait import holds_within
from dayzero.stack.stack import Stack

_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_POINTS = 300
"""A panel's width: what a browser asks for is one value for each of so many points."""

_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_SECONDS = 10


@dataclass(frozen=True)
class PanelQuery:
    """One query of one panel, as Grafana's browser part would send it; `text` is what its author wrote."""

    panel: str
    text: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.panel}: {self.text}"


@dataclass(frozen=True)
class QueryResult:
    """What came of a query: how many values, and the data source's words if it refused."""

    query: PanelQuery
    values: int
    error: str

    @property
    def has_data(self) -> bool:
        return self.values > 0 and not self.error


class GrafanaObserver:
    """Reads and tries to change one Grafana. requests' exceptions mean that nothing was seen."""

    def __init__(self, stack: Stack, address: str = "grafana") -> None:
        self.url = f"http://{address}:3000"
        self._admin = requests.Session()
        self._admin.auth = ("admin", stack.secrets.passwords["grafana_admin_password"])
        self._viewer: requests.Session | None = None

    def served(self) -> dict[str, str]:
        """Every dashboard that can be found now: uid to title; nothing while Grafana does not answer yet."""
        try:
            answer = self._admin.get(f"{self.url}/api/search?type=dash-db&limit=5000", timeout=_SECONDS)
        except requests.ConnectionError:
            return {}
        return {one["uid"]: one["title"] for one in answer.json()} if answer.ok else {}

    def dashboard(self, uid: str) -> dict[str, Any]:
        """A dashboard as Grafana serves it. Raises StackUnusable when it serves none of that uid."""
        answer = self._admin.get(f"{self.url}/api/dashboards/uid/{uid}", timeout=_SECONDS)
        if not answer.ok:
            raise StackUnusable(
                f"Grafana answers {answer.status_code} for the dashboard {uid}: {answer.text}"
            )
        content: dict[str, Any] = answer.json()["dashboard"]
        return content

    def save(self, dashboard: dict[str, Any]) -> requests.Response:
        """Save a dashboard as the user interface does, over whatever is there."""
        body = {"dashboard": dashboard, "overwrite": True, "message": "saved by hand"}
        return self._admin.post(f"{self.url}/api/dashboards/db", json=body, timeout=_SECONDS)

    def delete(self, uid: str) -> requests.Response:
        """Delete a dashboard as the user interface does."""
        return self._admin.delete(f"{self.url}/api/dashboards/uid/{uid}", timeout=_SECONDS)

    def queries(self, dashboard: dict[str, Any]) -> list[PanelQuery]:
        """Every query of every panel; for a variable data source the default one of its type, or the first by name."""
        variables = {
            variable["name"]: self._data_source(variable["query"])
            for variable in dashboard["templating"]["list"]
            if variable["type"] == "datasource"
        }
        # In the dashboard's own words, so that a query that is run again later sees what has come meanwhile.
        span = {key: dashboard["time"][key] for key in ("from", "to")}
        found = []
        for panel in _panels(dashboard["panels"]):
            for target in panel.get("targets", []):
                source = target.get("datasource") or panel.get("datasource") or {}
                name = _VARIABLE.fullmatch(str(source.get("uid")))
                uid = variables[name[1]] if name else source.get("uid")
                query = {
                    **target,
                    "datasource": {**source, "uid": uid},
                    "intervalMs": max(15_000, _seconds_back(span["from"]) * 1000 // _POINTS),
                    "maxDataPoints": _POINTS,
                }
                text = str(target.get("expr") or target.get("query") or target)
                found.append(PanelQuery(panel["title"], text, {**span, "queries": [query]}))
        return found

    def run(self, query: PanelQuery) -> QueryResult:
        """Run one query as a viewer, through Grafana's own query API."""
        answer = self._as_viewer().post(f"{self.url}/api/ds/query", json=query.body, timeout=30)
        try:
            content = answer.json()
        except requests.JSONDecodeError:
            return QueryResult(query, 0, f"HTTP {answer.status_code}: {answer.text[:200]}")
        results = content.get("results") or {}
        errors = [one["error"] for one in results.values() if one.get("error")]
        if not answer.ok and not errors:
            errors = [f"HTTP {answer.status_code}: {content.get('message', answer.text[:200])}"]
        values = sum(_values(frame) for one in results.values() for frame in one.get("frames") or [])
        return QueryResult(query, values, "; ".join(errors))

    def _data_source(self, kind: str) -> str:
        known = self._admin.get(f"{self.url}/api/datasources", timeout=_SECONDS).json()
        fitting = sorted(
            (one for one in known if one["type"] == kind), key=lambda one: (not one["isDefault"], one["name"])
        )
        if not fitting:
            raise StackUnusable(f"Grafana knows no data source of type {kind}: see provisioning/datasources")
        uid: str = fitting[0]["uid"]
        return uid

    def _as_viewer(self) -> requests.Session:
        """A session with the token of an account that may look and no more, made at first use."""
        if self._viewer is None:
            name = f"viewer-{secrets.token_hex(4)}"
            account = self._made("serviceaccounts", {"name": name, "role": "Viewer"})
            token = self._made(f"serviceaccounts/{account['id']}/tokens", {"name": name})["key"]
            redaction.register([token])
            self._viewer = requests.Session()
            self._viewer.headers["Authorization"] = f"Bearer {token}"
        return self._viewer

    def _made(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        answer = self._admin.post(f"{self.url}/api/{path}", json=body, timeout=_SECONDS)
        if not answer.ok:
            raise StackUnusable(f"Grafana answers {answer.status_code} when asked for {path}: {answer.text}")
        made: dict[str, Any] = answer.json()
        return made


def all_results(grafana: GrafanaObserver, queries: list[PanelQuery], patience: float) -> list[QueryResult]:
    """The result of every query; those without data are asked again until they have some, or patience is at its end."""
    results = [grafana.run(query) for query in queries]

    def complete() -> bool:
        results[:] = [one if one.has_data else grafana.run(one.query) for one in results]
        return all(one.has_data for one in results)

    holds_within(complete, patience)
    return results


def _panels(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Panels, and those inside collapsed rows."""
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels") or [])


def _values(frame: dict[str, Any]) -> int:
    """How many values that are no time stamps a data frame holds."""
    fields = frame["schema"]["fields"]
    columns = frame["data"]["values"]
    return sum(
        sum(value is not None for value in column)
        for field, column in zip(fields, columns, strict=False)
        if field["type"] != "time"
    )


def _seconds_back(text: str) -> int:
    """`now-6h` in seconds."""
    match = re.fullmatch(r"now-(\d+)([smhd])", text)
    if match is None:
        raise StackUnusable(f"a dashboard begins at {text!r}: write now- and a number of s, m, h or d")
    return int(match[1]) * _SPANS[match[2]]
