"""How every provisioner waits: its deadline, the timeout of a call, its backoff."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.provisioners.provisioner_bench import Answer, Bench, Ended, Running, Shell

PROBE = "probe() { attempt knock || return 1; }\n"
DOWN = Answer(err="knock: connection refused\n", code=1)
UP = Answer()
PATIENT = {
    "PROVISION_DEADLINE": "5",
    "PROVISION_ATTEMPT_TIMEOUT": "1",
    "PROVISION_BACKOFF_BASE": "0.2",
    "PROVISION_BACKOFF_CAP": "0.4",
}
UNHURRIED = {"PROVISION_DEADLINE": "60"}
ONE_TARGET = f"begin demo\n{PROBE}await door probe\ndone_ok"
TWO_TARGETS = (
    f"begin demo\nopen() {{ attempt lift || return 1; }}\n{PROBE}await gate open\nawait door probe\ndone_ok"
)
LONG_WAITS: dict[str, tuple[str, dict[str, list[Answer]], dict[str, str]]] = {
    "refused": (ONE_TARGET, {"knock": [DOWN]}, {}),
    "hanging": (ONE_TARGET, {"knock": [Answer(hangs="politely")]}, {}),
    "stubborn": (ONE_TARGET, {"knock": [Answer(hangs="stubbornly")]}, {"PROVISION_ATTEMPT_TIMEOUT": "60"}),
    "one hang": (ONE_TARGET, {"knock": [Answer(hangs="politely"), UP]}, UNHURRIED),
    "last words": (ONE_TARGET, {"knock": [Answer(err="who is it?\n", hangs="politely"), UP]}, UNHURRIED),
    "two targets": (
        TWO_TARGETS,
        {"lift": [DOWN] * 2 + [UP], "knock": [DOWN]},
        {"PROVISION_BACKOFF_BASE": "0.05", "PROVISION_BACKOFF_CAP": "0.05"},
    ),
    "long pause": (
        ONE_TARGET,
        {"knock": [DOWN]},
        {"PROVISION_BACKOFF_BASE": "60", "PROVISION_BACKOFF_CAP": "60"},
    ),
}
"""By kind: the script, its stubs, and the settings that differ from PATIENT."""


@pytest.fixture(scope="session")
def every_long_wait(
    every_shell: dict[str, Shell], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, dict[str, Ended]]]:
    """Everything that takes seconds, at the same time: by shell, then by kind."""
    benches: list[Bench] = []
    running: dict[str, dict[str, Running]] = {}
    for name, shell in every_shell.items():
        running[name] = {}
        for kind, (script, stubs, settings) in LONG_WAITS.items():
            bench = Bench(shell, tmp_path_factory.mktemp("long") / "bench")
            benches.append(bench)
            for stub, answers in stubs.items():
                bench.stub(stub, answers)
            running[name][kind] = bench.start(bench.script(script), **(PATIENT | settings))
    yield {name: {kind: one.end() for kind, one in kinds.items()} for name, kinds in running.items()}
    for bench in benches:
        bench.close()


@pytest.fixture
def long_waits(shell: Shell, every_long_wait: dict[str, dict[str, Ended]]) -> dict[str, Ended]:
    return every_long_wait[shell.name]


@pytest.mark.parametrize("kind", ["refused", "hanging", "stubborn", "two targets", "long pause"])
def test_the_deadline_holds_over_everything(long_waits: dict[str, Ended], kind: str) -> None:
    """Given a deadline of 5 s and a target that refuses, hangs, ignores the end of its time, comes after a slow one,
    or is asked with long pauses,
    when the provisioner waits,
    then it gives up before the deadline, not long before, and names the target that it waited for."""
    ended = long_waits[kind]
    assert ended.reason.startswith("door not ready within 5 s: ")
    assert ended.exit["target"] == "door"
    assert 2.4 <= float(ended.exit["seconds"]) <= 5
    assert ended.seconds <= 5.5


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("refused", "knock: connection refused"),
        ("hanging", "no answer within 1 s"),
        ("stubborn", "no answer within 3 s"),
        ("two targets", "knock: connection refused"),
    ],
)
def test_the_reason_holds_the_last_error(long_waits: dict[str, Ended], kind: str, error: str) -> None:
    """Given a provisioner that gave up,
    when its reason is read,
    then it ends with the last error."""
    assert long_waits[kind].reason == f"door not ready within 5 s: {error}"


def test_a_call_that_hangs_is_ended_by_its_own_timeout(long_waits: dict[str, Ended]) -> None:
    """Given a call that hangs once, silently or after a message,
    when its own timeout is over,
    then it is ended, the message or the silence is logged, and the next attempt succeeds."""
    for kind, error in (("one hang", "no answer within 1 s"), ("last words", "who is it?")):
        ended = long_waits[kind]
        assert ended.actions == {}
        (wait,) = ended.events("wait")
        assert wait["error"] == error
        assert 1 <= float(ended.exit["waited"]) < 20


def test_a_deadline_is_shared_by_the_targets(long_waits: dict[str, Ended]) -> None:
    """Given a first target that is ready after a while, and a second one that never is,
    when the provisioner has given up,
    then both waits together made up its time."""
    ended = long_waits["two targets"]
    (ready,) = ended.events("ready")
    assert ready["target"] == "gate"
    assert ready["attempts"] == "3"
    assert 0 < float(ready["waited"]) <= float(ended.exit["waited"]) <= 5


def backoffs(bench: Bench, awaits: int, **settings: str) -> list[list[float]]:
    """The pauses of `awaits` waits with six refusals each, and no time spent in them."""
    (bench.folder / "bin" / "sleep").write_text('#!/bin/sh\necho "$1" >>slept\n')
    (bench.folder / "bin" / "sleep").chmod(0o755)
    ended = bench.run(
        bench.script(
            "begin demo\nprobe() { n=$((n + 1)); [ $n -gt 6 ] || { : >$err; return 1; }; }\n"
            f"turn=0\nwhile [ $turn -lt {awaits} ]; do turn=$((turn + 1)) n=0; await door probe; done\ndone_ok"
        ),
        **settings,
    )
    assert ended.actions == {}
    named = [line["next"] for line in ended.events("wait")]
    assert (bench.folder / "slept").read_text().split() == named
    pauses = [float(text) for text in named]
    return [pauses[place : place + 6] for place in range(0, len(pauses), 6)]


def test_pauses_are_random_under_a_ceiling_that_doubles(bench: Bench) -> None:
    """Given a base of 0.5 s and a cap of 8 s,
    when a target refuses six times, again and again,
    then pauses are anywhere below ceilings that double up to the cap, and no two waits pause alike."""
    waits = backoffs(bench, 14, PROVISION_BACKOFF_BASE="0.5", PROVISION_BACKOFF_CAP="8")
    assert len(waits) == 14
    for pauses, ceiling in zip(zip(*waits, strict=True), (0.5, 1, 2, 4, 8, 8), strict=True):
        assert all(0 <= pause <= ceiling for pause in pauses)
        # A true full jitter misses one of these once in a hundred million runs.
        assert max(pauses) > ceiling / 4
        assert min(pauses) < ceiling * 3 / 4
    assert len({tuple(pauses) for pauses in waits}) == len(waits)


def test_backoff_defaults_are_a_quarter_second_to_eight(bench: Bench) -> None:
    """Given no settings, or empty ones,
    when a target refuses,
    then the first ceiling is 0.25 s, and the reason for giving up would say 300 s."""
    waits = backoffs(bench, 3, PROVISION_BACKOFF_BASE="", PROVISION_BACKOFF_CAP="", PROVISION_DEADLINE="")
    assert all(pauses[0] <= 0.25 and pauses[1] <= 0.5 for pauses in waits)
    defaults = bench.script(
        'begin demo\nfail "$PROVISION_DEADLINE $PROVISION_BACKOFF_CAP $PROVISION_ATTEMPT_TIMEOUT"'
    )
    assert bench.run(defaults, PROVISION_BACKOFF_CAP="").reason == "300 8 5"
