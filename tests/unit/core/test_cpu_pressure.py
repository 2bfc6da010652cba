"""How scarce CPU time was, who had it, and what that means for a limit in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dayzero.core.cpu_pressure import CpuSampler, Pressure, pressure_between
from dayzero.core.verdict import CannotJudge, StackFailed, Verdict
from dayzero.core.wait import Took, time_until
from dayzero.docker.containers import ids_of_run
from dayzero.docker.run_identity import RunIdentity, is_of_this_job

OURS, THEIRS = "a" * 64, "b" * 64
TICKS = os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count() or 1
JOB = os.getpgid(0)


class Machine:
    """A /proc of two processes of containers, one of the suite, one of the engine and one of somebody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.used = {"ours": 0.0, "theirs": 0.0, "suite": 0.0, "engine": 0.0, "somebody": 0.0}
        self.stolen = self.waited = 0.0
        (folder / "pressure").mkdir()
        self.write()

    def write(self) -> None:
        containers = {"ours": f"0::/docker/{OURS}", "theirs": f"0::/system.slice/docker-{THEIRS}.scope"}
        for pid, (who, seconds) in enumerate(self.used.items(), start=101):
            process = self.folder / str(pid)
            process.mkdir(exist_ok=True)
            job, name = (JOB, "pytest") if who == "suite" else (1, "dockerd" if who == "engine" else "x (y)")
            half = int(seconds * TICKS / 2)
            fields = ["S", "1", str(job), *"0" * 8, str(half), "0", "0", str(half), *"0" * 4, "77", "0"]
            (process / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n", encoding="utf-8")
            (process / "cgroup").write_text(containers.get(who, "0::/user.slice") + "\n", encoding="utf-8")
        busy = int(sum(self.used.values()) * TICKS)
        (self.folder / "stat").write_text(
            f"cpu {busy} 0 0 999 0 0 0 {int(self.stolen * TICKS)} 0 0\n", encoding="utf-8"
        )
        (self.folder / "pressure" / "cpu").write_text(
            f"some avg10=0.00 avg60=0.00 avg300=0.00 total={int(self.waited * 1e6)}\nfull avg10=0.00 total=0\n",
            encoding="utf-8",
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time of day, in seconds since 1970."""
    now = [1000.0]
    monkeypatch.setattr("time.time", lambda: now[0])

    def move(to: float) -> None:
        now[0] = to

    return move


@pytest.mark.parametrize(
    ("who", "part"),
    [("ours", 0.0), ("suite", 0.0), ("engine", 0.0), ("theirs", 0.5), ("somebody", 0.5), ("stolen", 0.5)],
)
def test_what_others_had_is_told_from_what_the_run_had(
    who: str, part: float, machine: Machine, clock: Callable[[float], None]
) -> None:
    """Given ten seconds in which half of the CPU time went to one process, or to the machine's own host,
    when the pressure of these seconds is asked for,
    then it is others' exactly if it was neither of the run's containers, nor the suite, nor the engine."""
    with CpuSampler(lambda: {OURS}, machine.folder) as sampler:
        if who == "stolen":
            machine.stolen = 5.0 * CPUS
        else:
            machine.used[who] = 5.0 * CPUS
        machine.waited = 8.0
        machine.write()
        clock(1010.0)
        seen = sampler.between(1000.0, 1010.0)
    assert seen.cpu_some == pytest.approx(0.8)
    assert seen.cpu_others == pytest.approx(part, abs=0.01)


def test_a_span_between_two_samples_has_its_part(machine: Machine, clock: Callable[[float], None]) -> None:
    """Given four seconds without work and then four in which others had everything,
    when the pressure of a span across both is asked for,
    then it has each part in proportion."""
    with CpuSampler(lambda: {OURS}, machine.folder) as sampler:
        clock(1004.0)
        sampler.sample()
        machine.used["somebody"], machine.waited = 4.0 * CPUS, 4.0
        machine.write()
        clock(1008.0)
        sampler.sample()
        seen = sampler.between(1003.0, 1005.0)
    assert seen.cpu_some == pytest.approx(0.5)
    assert seen.cpu_others == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("lack", ["no PSI", "no engine", "no sight of containers", "before the first sample"])
def test_what_cannot_be_told_is_unknown(lack: str, machine: Machine, clock: Callable[[float], None]) -> None:
    """Given a kernel without PSI, an engine that does not answer, or a suite that sees no process of containers,
    when the pressure is asked for,
    then what cannot be known is None, and no second counts as lost."""
    if lack == "no PSI":
        (machine.folder / "pressure" / "cpu").unlink()
        (machine.folder / "pressure").rmdir()
    if lack == "no sight of containers":
        (machine.folder / "101" / "cgroup").write_text("0::/\n", encoding="utf-8")
    own: set[str] | None = None if lack == "no engine" else {OURS}
    with CpuSampler(lambda: own, machine.folder) as sampler:
        for pid in (101, 105):
            stat = machine.folder / str(pid) / "stat"
            stat.write_text(stat.read_text(encoding="utf-8").replace(" 77 ", " 78 "), encoding="utf-8")
        clock(1010.0)
        seen = sampler.between(900.0 if lack.startswith("before") else 1000.0, 1010.0)
    assert (seen.cpu_some is None) is (lack in ("no PSI", "before the first sample"))
    assert (seen.cpu_others is None) is (lack != "no PSI")
    assert seen.lost_seconds == 0
    assert str(seen) == "the CPU pressure is unknown"


BURN = "import time\nwhile time.process_time() < 0.6: pass\nprint('done', flush=True)\ninput()"


@pytest.mark.parametrize("stranger", [True, False])
def test_this_machines_own_counters_are_read(stranger: bool) -> None:
    """Given a program that works hard, in this job or in one of its own,
    when the real counters are read before and after,
    then its work is others' in the first case and the suite's in the second."""
    command = [sys.executable, "-c", BURN]
    with (
        CpuSampler(set) as sampler,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=stranger
        ) as busy,
    ):
        assert busy.stdout is not None
        before = sampler.cpu_seconds()
        assert busy.stdout.readline() == b"done\n"
        after = sampler.cpu_seconds()
        busy.communicate(b"\n")
    whose = "others" if stranger else "suite"
    assert after[whose] - before[whose] > 0.4


@pytest.mark.parametrize(
    ("seconds", "reached", "shares", "outcome"),
    [
        (5.0, True, (0.9, 0.9), None),
        (6.0, True, (None, None), StackFailed),
        (6.0, True, (0.9, 0.0), StackFailed),
        (6.0, True, (0.0, 0.9), StackFailed),
        (6.0, True, (0.9, 0.5), CannotJudge),
        (12.0, True, (0.9, 0.5), StackFailed),
        (12.0, False, (0.9, 0.5), StackFailed),
        (8.0, False, (0.9, 0.5), CannotJudge),
        (3.0, False, (0.9, 0.9), StackFailed),
    ],
)
def test_a_limit_that_others_may_have_broken_is_an_error(
    seconds: float,
    reached: bool,
    shares: tuple[float | None, float | None],
    outcome: type[Exception] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given a limit of five seconds and something that took so long while others had so much of the machine,
    when the verdict is asked for,
    then a broken limit is a failure, unless it could have been kept without the others."""
    monkeypatch.setattr(
        "dayzero.core.verdict.pressure_between", lambda began, ended: Pressure(ended - began, *shares)
    )
    verdict = Verdict()
    took = Took(100.0, 100.0 + seconds, reached)
    if outcome is None:
        verdict.within(took, 5.0)
    else:
        with pytest.raises(outcome, match=r"^too late \((after|not within) .* s, limit 5 s"):
            verdict.within(took, 5.0)
    assert verdict.pressure is not None
    assert verdict.pressure.rounded() == {
        "span_seconds": seconds,
        "cpu_some": shares[0],
        "cpu_others": shares[1],
    }


@pytest.mark.parametrize(("share", "polls"), [(0.0, 11), (0.5, 20), (1.0, 30)])
def test_a_wait_lasts_longer_while_others_work(
    share: float, polls: int, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given something that never comes, waited for a second while others have so much of the machine,
    when the wait is over,
    then it has lasted for a second that was the run's own, and three seconds at most."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        clock(now[0])

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr(
        "dayzero.core.wait.pressure_between", lambda began, ended: Pressure(ended - began, share, share)
    )
    took = time_until(lambda: False, 1.0)
    assert not took.reached
    assert took.seconds == pytest.approx(polls / 10, abs=0.15)


def test_without_a_sampler_nothing_is_known() -> None:
    """Given no sampler is at work,
    when the pressure is asked for,
    then it is unknown."""
    assert pressure_between(1.0, 3.0) == Pressure(2.0)


def test_another_process_of_the_job_is_told_from_strangers() -> None:
    """Given owners that are this process, a dead one, one of another job, and something unreadable,
    when each is looked at,
    then only the first belongs to this job."""
    own = RunIdentity.generate().owner
    machine, boot, _, started = own.split("/")
    init = RunIdentity("x", f"{machine}/{boot}/1/0")
    assert is_of_this_job(own)
    assert not is_of_this_job(f"{machine}/{boot}/{os.getpid()}/{int(started) + 1}")
    assert not is_of_this_job(init.owner)
    assert not is_of_this_job("kept")


def test_an_engine_that_does_not_answer_tells_no_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given no engine at the address,
    when the run's containers are asked for,
    then the answer is None instead of no container."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    assert ids_of_run(RunIdentity.generate()) is None
