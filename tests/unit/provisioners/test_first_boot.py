"""A member of the PostgreSQL cluster whose first boot was cut short, in front of a stand-in for etcd."""

from __future__ import annotations

import base64
import importlib.util
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.conftest import ROOT

SOURCE = ROOT / "infra" / "04-data" / "postgresql-cluster" / "first_boot.py"
OWN, OTHERS = "7431", "9999"


@dataclass
class Etcd:
    """Holds the cluster's `initialize` key, None where there is none; keeps what it was asked to delete."""

    initialize: str | None = None
    deletions: list[Any] = field(default_factory=list)

    def answer(self, call: str, asked: Any) -> dict[str, Any]:
        if call == "txn":
            self.deletions.append(asked)
            return {"succeeded": True}
        if self.initialize is None:
            return {}
        value = {"value": base64.b64encode(self.initialize.encode()).decode()} if self.initialize else {}
        return {"kvs": [{"key": asked["key"], **value}]}


@dataclass
class Place:
    """A member's volume."""

    program: ModuleType
    etcd: Etcd
    data: Path
    mark: Path

    def holds(self, *, data: bool, mark: bool, whole: bool = True) -> None:
        if data:
            (self.data / "global").mkdir(parents=True)
            (self.data / "PG_VERSION").write_text("17\n")
        if data and whole:
            (self.data / "global" / "pg_control").touch()
        if mark:
            self.mark.touch()

    @property
    def kept(self) -> tuple[bool, bool]:
        """Whether data and mark are there."""
        return self.data.exists(), self.mark.exists()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    etcd = Etcd()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = json.dumps(etcd.answer(self.path.rpartition("/")[2], asked)).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    spec = importlib.util.spec_from_file_location("first_boot", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    tool = tmp_path / "bin" / "pg_controldata"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho 'Database system identifier:           {OWN}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=":")
    volume = tmp_path / "volume"
    volume.mkdir()
    configuration = tmp_path / "patroni.yml"
    for name, path in (
        ("DATA", volume / "pg"),
        ("LAST_FILE", volume / "pg" / "global" / "pg_control"),
        ("MARK", volume / ".first-boot"),
        ("CONFIGURATION", configuration),
    ):
        monkeypatch.setattr(program, name, path)
    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # The first member is not there.
        configuration.write_text(
            f"scope: demo\netcd3: {{hosts: ['localhost:1', 'localhost:{server.server_port}']}}\n"
        )
        yield Place(program, etcd, volume / "pg", volume / ".first-boot")
        server.shutdown()


def test_a_new_member_is_marked_until_it_runs(place: Place) -> None:
    """Given an empty volume, and then one that is marked and still empty,
    when the member starts,
    then it is marked, and etcd is not asked."""
    for _ in range(2):
        assert place.program.main() == 0
        assert place.kept == (False, True)
    assert place.etcd.deletions == []


def test_data_that_ran_are_left_alone(place: Place) -> None:
    """Given data without a mark,
    when the member starts,
    then they stay, and no mark is made."""
    place.holds(data=True, mark=False)
    assert place.program.main() == 0
    assert place.kept == (True, False)


def test_who_was_making_the_cluster_starts_over(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Given half-made data, and an `initialize` key that is still empty,
    when the member starts,
    then the data are removed, and the key as long as it is empty; the mark stays for the next attempt."""
    place.holds(data=True, mark=True)
    place.etcd.initialize = ""
    assert place.program.main() == 0
    assert place.kept == (False, True)
    (asked,) = place.etcd.deletions
    key = base64.b64encode(b"/service/demo/initialize").decode()
    assert asked["compare"] == [{"key": key, "target": "VALUE", "value": ""}]
    assert asked["success"] == [{"requestDeleteRange": {"key": key}}]
    assert "starting over" in capsys.readouterr().out


@pytest.mark.parametrize("initialize", [OTHERS, None])
def test_a_copy_that_was_cut_short_is_removed(place: Place, initialize: str | None) -> None:
    """Given a half-made copy of a cluster's data, and a cluster that is made or one that is not yet,
    when the member starts,
    then the copy is removed and the key stays."""
    place.holds(data=True, mark=True)
    place.etcd.initialize = initialize
    assert place.program.main() == 0
    assert place.kept == (False, True)
    assert place.etcd.deletions == []


def test_a_later_copy_that_was_cut_short_is_removed(place: Place) -> None:
    """Given a copy without its last file on a member that ran before,
    when the member starts,
    then the copy is removed."""
    place.holds(data=True, mark=False, whole=False)
    place.etcd.initialize = OTHERS
    assert place.program.main() == 0
    assert place.kept == (False, False)


def test_data_of_the_cluster_that_was_made_are_kept(place: Place) -> None:
    """Given marked data of the very cluster that etcd tells of,
    when the member starts,
    then they stay."""
    place.holds(data=True, mark=True)
    place.etcd.initialize = OWN
    assert place.program.main() == 0
    assert place.kept == (True, True)


def test_an_etcd_that_does_not_answer_changes_nothing(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given half-made data and no etcd,
    when the member starts,
    then it ends with 1 and one line, and everything stays for its next start."""
    place.holds(data=True, mark=True)
    place.program.CONFIGURATION.write_text("scope: demo\netcd3: {hosts: ['localhost:1']}\n")
    assert place.program.main() == 1
    assert place.kept == (True, True)
    assert capsys.readouterr().err.count("\n") == 1
