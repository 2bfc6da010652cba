"""The parts of observing that need no engine: names, timelines, comparisons, the search for secrets."""

from __future__ import annotations

import base64
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import await_condition
from dayzero.docker.events import EngineEvent
from dayzero.probes.leak_scan import leaks_in_files, secrets_in
from dayzero.stack.boot import timeline_of
from dayzero.stack.dns import names_of
from dayzero.targets.snapshot import difference

START = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "s3cr3t/Value+with=signs"


def event(second: int, service: str, action: str, exit_code: int | None = None) -> EngineEvent:
    return EngineEvent(START + timedelta(seconds=second), "p", service, "id", action, exit_code)


def test_the_timeline_keeps_the_first_time_of_each_step() -> None:
    steps = [
        event(0, "db", "create"),
        event(1, "db", "start"),
        event(2, "init", "create"),
        event(4, "db", "health_status: healthy"),
        event(5, "init", "start"),
        event(7, "init", "die", 1),
        event(8, "init", "start"),
        event(9, "init", "die", 0),
    ]
    database, init = timeline_of(steps)
    assert database["healthy"] == "2026-01-01T00:00:04.000Z"
    assert database["finished"] is None
    assert (init["started"], init["finished"], init["exit_code"]) == (
        "2026-01-01T00:00:05.000Z",
        "2026-01-01T00:00:07.000Z",
        1,
    )


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"user:" + SECRET.encode()).decode(),
        base64.b64encode(b"some-user:" + SECRET.encode() + b"\n").decode(),
    ],
)
def test_a_secret_is_found_in_any_form(shown: str) -> None:
    assert secrets_in(f"before {shown} after", {"the one": SECRET, "another": "x" * 20}) == ["the one"]


def test_what_only_looks_like_a_secret_is_not_found() -> None:
    assert secrets_in("c2VjcmV0 s3cr3t/Value secret value", {"the one": SECRET}) == []


def test_files_with_a_secret_are_named(tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text("nothing")
    (tmp_path / "dirty.txt").write_text(f"x{SECRET}x")
    assert leaks_in_files(tmp_path, {"the one": SECRET}) == ["the one in dirty.txt"]


def test_a_folder_that_is_not_there_is_not_clean(tmp_path: Path) -> None:
    """Given a folder that does not exist,
    when it is searched for secrets,
    then that is an error and no empty list."""
    with pytest.raises(NotADirectoryError, match="reports is not there to be searched"):
        leaks_in_files(tmp_path / "reports", {"the one": SECRET})


def test_names_resolve_only_while_their_stack_is_in_use() -> None:
    with names_of({"a-service": "127.0.0.9"}.get):
        assert socket.getaddrinfo("a-service", 80)[0][4][0] == "127.0.0.9"
        with names_of({"a-service": "127.0.0.8"}.get):
            assert socket.getaddrinfo("a-service", 80)[0][4][0] == "127.0.0.8"
        assert socket.getaddrinfo("a-service", 80)[0][4][0] == "127.0.0.9"
        assert socket.getaddrinfo("localhost", 80)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("a-service", 80)


def test_a_condition_that_never_holds_is_an_error_that_says_so() -> None:
    with pytest.raises(StackUnusable, match="the door is shut after 0 s"):
        await_condition(lambda: False, 0.2, lambda: "the door is shut")


def test_equal_states_have_no_difference() -> None:
    assert difference("a\nb", "a\nb") == ""
    assert "+c" in difference("a\nb", "a\nb\nc")
