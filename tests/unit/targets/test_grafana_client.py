"""How a dashboard's panels become queries, and what counts as data."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from dayzero.core.errors import StackUnusable
from dayzero.targets.grafana.client import GrafanaObserver, PanelQuery

SOURCES = [
    {"uid": "old", "name": "A second one", "type": "prometheus", "isDefault": False},
    {"uid": "mimir", "name": "Mimir", "type": "prometheus", "isDefault": True},
]


class _Answer:
    ok = True
    status_code = 200
    text = ""

    def __init__(self, content: Any) -> None:
        self.content = content

    def json(self) -> Any:
        return self.content


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> GrafanaObserver:
    """One whose Grafana knows two data sources, and gives everybody a token."""
    monkeypatch.setattr(requests.Session, "get", lambda self, url, **rest: _Answer(SOURCES))
    secrets = SimpleNamespace(passwords={"grafana_admin_password": "x"}, directory=Path())
    return GrafanaObserver(SimpleNamespace(secrets=secrets))  # type: ignore[arg-type]


def _dashboard(**changes: Any) -> dict[str, Any]:
    panel = {
        "title": "Up",
        "datasource": {"type": "prometheus", "uid": "${metrics}"},
        "targets": [{"refId": "A", "expr": "up"}],
    }
    return {
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "metrics", "type": "datasource", "query": "prometheus"}]},
        "panels": [{"type": "row", "title": "More", "panels": [panel]}],
        **changes,
    }


def test_a_variable_means_the_default_data_source_of_its_type(grafana: GrafanaObserver) -> None:
    query = grafana.queries(_dashboard())[0]
    assert query.body["queries"][0]["datasource"]["uid"] == "mimir"
    assert str(query) == "Up: up"


def test_the_span_is_the_dashboards_own(grafana: GrafanaObserver) -> None:
    body = grafana.queries(_dashboard())[0].body
    assert (body["from"], body["to"]) == ("now-6h", "now")
    assert body["queries"][0]["intervalMs"] == 6 * 3600 * 1000 // 300


def test_a_span_that_is_not_understood_is_no_verdict(grafana: GrafanaObserver) -> None:
    with pytest.raises(StackUnusable, match="begins at 'yesterday'"):
        grafana.queries(_dashboard(time={"from": "yesterday", "to": "now"}))


def _answering(monkeypatch: pytest.MonkeyPatch, query_answer: Any) -> None:
    def post(self: requests.Session, url: str, **rest: Any) -> _Answer:
        return _Answer(query_answer if url.endswith("/api/ds/query") else {"id": 1, "key": "a-token"})

    monkeypatch.setattr(requests.Session, "post", post)


def _frame(*values: Any) -> dict[str, Any]:
    return {
        "schema": {"fields": [{"type": "time"}, {"type": "number"}]},
        "data": {"values": [[1] * len(values), list(values)]},
    }


@pytest.mark.parametrize(
    ("frames", "values"),
    [
        pytest.param([_frame(1.0, None)], 1, id="a value and a gap"),
        pytest.param([_frame(None)], 0, id="time stamps alone are no data"),
        pytest.param([{"schema": {"fields": []}, "data": {"values": []}}], 0, id="an empty frame"),
        pytest.param([], 0, id="no frame"),
    ],
)
def test_data_is_a_value_beside_the_time(
    grafana: GrafanaObserver, monkeypatch: pytest.MonkeyPatch, frames: list[dict[str, Any]], values: int
) -> None:
    _answering(monkeypatch, {"results": {"A": {"status": 200, "frames": frames}}})
    result = grafana.run(PanelQuery("Up", "up", {}))
    assert result.values == values
    assert result.has_data is (values > 0)


def test_an_error_of_the_data_source_is_no_data_and_is_told(
    grafana: GrafanaObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answering(monkeypatch, {"results": {"A": {"error": "parse error", "frames": [_frame(1.0)]}}})
    result = grafana.run(PanelQuery("Up", "up(", {}))
    assert not result.has_data
    assert result.error == "parse error"
