"""A step of an assembly may take as long as it does something; one that is stuck is ended, and so is one not wanted."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from fixtures.conditions import holds_within
from images.step import Log, StepFailed

SILENT_WORK = f"{sys.executable} -c 'import time\nwhile time.process_time() < 2.6: pass'"
"""Computes in a child and writes nothing, for longer than IDLE."""
IDLE = 1.5


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr("images.step.IDLE_SECONDS", IDLE)
    monkeypatch.setattr("images.step._LOOK_SECONDS", 0.1)
    monkeypatch.setattr("images.step.HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr("images.activity.BUSY_SECONDS", 0.05)
    return Log("kafka", tmp_path / "log", said.append)


said: list[str] = []


def has_ended(file: Path) -> bool:
    """Whether the process whose id the file holds ends soon."""

    def gone() -> bool:
        try:
            state = Path(f"/proc/{int(file.read_text())}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state == "Z"

    return holds_within(gone, 10) is not None


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(f"{SILENT_WORK}; true", id="computes in a child"),
        pytest.param("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.4; done", id="writes now and then"),
    ],
)
def test_a_step_that_does_something_has_no_limit(work: str, log: Log) -> None:
    """Given a step that computes silently in a child of its own, or only writes now and then,
    when it takes longer than a step may be idle,
    then it ends by itself, and signs of life were given meanwhile."""
    said.clear()
    log.run("patience", ["sh", "-c", work])
    assert any("so far" in line for line in said)
    assert said[-1].startswith("kafka       patience: done in")


def test_a_stuck_step_is_ended_with_its_children(log: Log, tmp_path: Path) -> None:
    """Given a step whose child waits for something that never comes,
    when it has neither written nor computed for as long as a step may be idle,
    then both are ended, and one line says what is stuck and where its log is."""
    line = f"sleep 600 & echo $! >{tmp_path}/child; wait"
    with pytest.raises(StepFailed, match=r"^kafka: waiting is stuck: .* nor computed .*\[log: .*/log\]$"):
        log.run("waiting", ["sh", "-c", line])
    assert has_ended(tmp_path / "child")


def test_a_step_that_is_not_wanted_any_more_is_ended(log: Log, tmp_path: Path) -> None:
    """Given a step that works,
    when the whole supply is stopped,
    then the step and its children end at once, and no other step begins."""
    failures: list[StepFailed] = []

    def run() -> None:
        try:
            log.run("working", ["sh", "-c", f"echo $$ >{tmp_path}/own; while :; do :; done"])
        except StepFailed as failure:
            failures.append(failure)

    runner = threading.Thread(target=run)
    runner.start()
    holds_within((tmp_path / "own").exists, 30)
    log.stop.set()
    runner.join(timeout=30)
    assert has_ended(tmp_path / "own")
    assert str(failures[0]) == "kafka: working was interrupted"
    with pytest.raises(StepFailed, match="next was interrupted"):
        log.run("next", ["sh", "-c", "exit 3"])
