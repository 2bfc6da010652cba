"""How containers stand is read from one listing of the engine's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.core.errors import StackUnusable
from dayzero.docker.containers import container_states

LISTING = """\
kafka-1\tFalse\trunning\tUp 3 seconds (healthy)
kafka-2\tFalse\trunning\tUp 3 seconds (health: starting)
kafka-3\tFalse\trunning\tUp 2 minutes (unhealthy)
gate\tFalse\trunning\tUp Less than a second
kafka-init\tFalse\texited\tExited (0) 2 minutes ago
kafka-init\tTrue\trunning\tUp 1 second
late\tFalse\tcreated\tCreated
again\tFalse\trestarting\tRestarting (1) 2 seconds ago
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that keeps its arguments, and prints or refuses as the test says."""
    command = tmp_path / "docker"
    command.write_text(
        f'#!/bin/sh\necho "$@" >{tmp_path}/arguments\ncat {tmp_path}/listing && exit 0\n'
        'echo "warning" >&2\necho "Cannot connect to it" >&2\nexit 1\n',
        encoding="utf-8",
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def test_each_container_is_told_with_its_health(engine: Path) -> None:
    (engine / "listing").write_text(LISTING, encoding="utf-8")
    told = [(one.service, one.one_off, one.status, one.health, one.ready) for one in container_states("here")]
    assert told == [
        ("kafka-1", False, "running", "healthy", True),
        ("kafka-2", False, "running", "starting", False),
        ("kafka-3", False, "running", "unhealthy", False),
        ("gate", False, "running", "", True),
        ("kafka-init", False, "exited", "", False),
        ("kafka-init", True, "running", "", True),
        ("late", False, "created", "", False),
        ("again", False, "restarting", "", False),
    ]


def test_only_the_projects_containers_on_the_given_engine_are_asked_for(engine: Path) -> None:
    (engine / "listing").write_text("", encoding="utf-8")
    assert container_states("here", "unix:///run/other.sock") == []
    said = (engine / "arguments").read_text(encoding="utf-8")
    assert said.startswith("--host unix:///run/other.sock ps --all")
    assert "--filter label=com.docker.compose.project=here" in said


def test_an_engine_that_does_not_tell_is_no_empty_project(engine: Path) -> None:
    with pytest.raises(StackUnusable, match="containers of here: Cannot connect to it"):
        container_states("here")
