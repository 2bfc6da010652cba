"""A step of an assembly may take as long as it does something; one that is stuck is ended, and so is one not wanted."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dayzero.core.wait import holds_within
from tests.unit.conftest import ROOT
from tools.images.leftover_step import end_leftovers
from tools.images.step import Log, StepFailed

SILENT_WORK = f"{sys.executable} -c 'import time\nwhile time.process_time() < 2.6: pass'"
"""Computes in a child and writes nothing, for longer than IDLE."""
IDLE = 1.5


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr("tools.images.step.IDLE_SECONDS", IDLE)
    monkeypatch.setattr("tools.images.step._LOOK_SECONDS", 0.1)
    monkeypatch.setattr("tools.images.step.HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr("tools.images.activity.BUSY_SECONDS", 0.05)
    return Log("kafka", tmp_path / "log", said.append)


said: list[str] = []


def has_ended(file: Path, seconds: float = 10) -> bool:
    """Whether the process whose id the file holds ends within the time."""

    def gone() -> bool:
        try:
            state = Path(f"/proc/{int(file.read_text())}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state == "Z"

    return holds_within(gone, seconds) is not None


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


LONE = """
import sys
from pathlib import Path
from tools.images.leftover_step import end_leftovers
from tools.images.step import Log
log = Log("kafka", Path(sys.argv[1]) / "kafka.log", print)
log.run("working", ["sh", "-c", f"echo $$ >{sys.argv[1]}/own; sleep 600 & echo $! >{sys.argv[1]}/child; wait"])
"""


def test_what_a_killed_run_left_running_is_ended_by_the_next(tmp_path: Path) -> None:
    """Given a run that was killed in the middle of a step, which goes on, and the note of a step that is gone,
    when the next run begins,
    then the step and its children are ended, and nobody else is."""
    killed = subprocess.Popen(
        [sys.executable, "-c", LONE, str(tmp_path)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    child = tmp_path / "child"
    assert holds_within(lambda: child.exists() and child.read_text() != "", 60) is not None
    killed.kill()
    killed.wait()
    (tmp_path / "other.step").write_text(f"{os.getpid()} 1")
    assert not has_ended(child, 0)
    assert end_leftovers(tmp_path) == ["kafka"]
    assert has_ended(tmp_path / "own")
    assert has_ended(child)
    assert not list(tmp_path.glob("*.step"))


def test_a_step_that_ended_in_order_leaves_no_note(log: Log, tmp_path: Path) -> None:
    """Given a step that ends well and one that fails,
    when both are over,
    then the next run finds nothing to end."""
    log.run("fine", ["true"])
    with pytest.raises(StepFailed):
        log.run("bad", ["false"])
    assert end_leftovers(tmp_path) == []
    assert not list(tmp_path.glob("*.step"))
