"""How Loki is read page by page, what differs between two logs, and how long a rule held."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from dayzero.core.errors import StackUnusable
from dayzero.probes.audit_trail import Comparison, documented_query, runs_in
from dayzero.probes.init_alerts import would_have_fired
from dayzero.targets.loki import client as loki_observer
from dayzero.targets.loki.client import LokiObserver, Rule
from tests.unit.conftest import ROOT

THEN = datetime(2026, 1, 1, tzinfo=UTC)
LINES = [(1767225600_000000000 + at, f"line {number}") for number, at in enumerate([0, 5, 5, 9, 30])]


class _Loki:
    """Holds LINES in two streams and answers as the real one does: from start on, up to the limit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, lines: list[tuple[int, str]]) -> None:
        self.lines = lines
        texts = [line for _, line in lines]
        self.streams = {"stdout": texts[::2], "stderr": texts[1::2]}
        monkeypatch.setattr(requests, "get", self._get)

    def _get(self, url: str, params: dict[str, Any], timeout: float) -> SimpleNamespace:
        page = [one for one in self.lines if params["start"] <= one[0]][: params["limit"]]
        streams = [
            {"stream": {"stream": name}, "values": [[str(at), line] for at, line in page if line in own]}
            for name, own in self.streams.items()
        ]
        return SimpleNamespace(ok=True, json=lambda: {"data": {"result": streams}})


@pytest.mark.parametrize("size", [3, 4, 5, 6])
def test_pages_are_joined_without_loss_or_repetition(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(loki_observer, "_PAGE", size)
    _Loki(monkeypatch, LINES)
    found = [(one.at, one.line) for one in LokiObserver().entries("{}", THEN)]
    assert sorted(found) == LINES
    assert [at for at, _ in found] == [at for at, _ in LINES]


def test_more_lines_of_one_moment_than_a_page_holds_are_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loki_observer, "_PAGE", 2)
    _Loki(monkeypatch, [(LINES[0][0], text) for text in "abc"])
    with pytest.raises(StackUnusable, match="one nanosecond"):
        LokiObserver().entries("{}", THEN)


def test_a_refusal_is_told_with_lokis_words(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimpleNamespace(ok=False, status_code=400, text="parse error at line 1\n")
    monkeypatch.setattr(requests, "get", lambda *given, **named: answer)
    with pytest.raises(StackUnusable, match=r"Loki answers 400 .*: parse error at line 1$"):
        LokiObserver().rules()


@pytest.mark.parametrize(
    ("held", "text"),
    [
        pytest.param(["a", "b"], "init: all 2 lines", id="the same"),
        pytest.param(["a"], "init: 1 of 2 lines: missing 1, first 'b'", id="one missing"),
        pytest.param(["a", "b", "b"], "init: 3 of 2 lines: too often 1, first 'b'", id="one twice"),
        pytest.param(["b", "a"], "init: 2 of 2 lines: in another order", id="in another order"),
    ],
)
def test_what_differs_is_named(held: list[str], text: str) -> None:
    compared = Comparison("init", ["a", "b"], held)
    assert str(compared) == text
    assert compared.same is (held == ["a", "b"])


def test_lines_are_told_apart_by_their_run() -> None:
    lines = [
        "init=a run=1 event=start",
        "a word between",
        "init=a run=2 event=start",
        "init=a run=1 event=exit",
    ]
    assert runs_in(lines) == {"1": [lines[0], lines[3]], "2": [lines[2]]}


def test_the_readmes_query_is_filled_in(tmp_path: Path) -> None:
    assert documented_query(ROOT, "os-init", "77") == '{init="os-init"} | run="77"'
    (tmp_path / "README.md").write_text("## Who did what\nNothing.\n", encoding="utf-8")
    with pytest.raises(StackUnusable, match="no ```logql block"):
        documented_query(tmp_path, "os-init", "77")


@pytest.mark.parametrize(
    ("moments", "seconds", "fires"),
    [
        pytest.param([0, 1, 2], 0, True, id="at once"),
        pytest.param([0], 0, True, id="for one moment, where no more is asked"),
        pytest.param([0, 1, 2], 2, True, id="just long enough"),
        pytest.param([0, 1, 2], 3, False, id="too briefly"),
        pytest.param([0, 1, 5, 6], 2, False, id="twice too briefly"),
    ],
)
def test_a_rule_fires_when_it_held_at_a_stretch(moments: list[float], seconds: float, fires: bool) -> None:
    loki = SimpleNamespace(values=lambda *given: [({"init": "a"}, moments)])
    rule = Rule("Late", "{}", seconds, "ok", "")
    assert would_have_fired(loki, rule, THEN, THEN) == ([{"init": "a"}] if fires else [])  # type: ignore[arg-type]
