"""What an init's lines claim is held against the target before and after, and against the engine's record."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.analysis.inventory import Promise, load_inventory
from dayzero.core import logfmt
from dayzero.probes.trail_truth import EngineRecord, all_created, false_claims, false_exit

INVENTORY = """\
inits:
  some-init:
    compose: some.yml
    targets: [some]
    outputs:
      - {kind: topic, name: orders}
      - {kind: cluster, name: all}
"""
BEFORE = {("topic", "orders"): "lax"}
AFTER = {("topic", "orders"): "strict", ("cluster", "all"): "whole", ("slots", "0-9"): "one"}
TRUE = (
    "event=resource kind=slots name=0-9 action=created",
    "event=resource kind=cluster name=all action=created",
    "event=resource kind=topic name=orders action=updated",
)


@pytest.fixture
def promise(tmp_path: Path) -> Promise:
    """An init that promises a topic, and something that is made of parts."""
    file = tmp_path / "inventory.yml"
    file.write_text(INVENTORY, encoding="utf-8")
    return load_inventory(file).inits["some-init"]


def _events(*lines: str) -> list[dict[str, str]]:
    return [logfmt.parse(line) for line in lines]


def test_what_is_so_may_be_said_in_any_order(promise: Promise) -> None:
    """Given a run that made a cluster with its slots and changed a topic,
    when it says so in an order of its own, with parts of the cluster beside it,
    then nothing of it is false."""
    assert false_claims(promise, _events(*TRUE), BEFORE, AFTER) == []
    assert false_claims(promise, _events(*reversed(TRUE)), BEFORE, AFTER) == []


@pytest.mark.parametrize(
    ("said", "told", "flaw"),
    [
        ("name=orders action=updated", "name=orders action=created", "is said to be created: updated"),
        ("name=orders action=updated", "name=orders action=unchanged", "is said to be unchanged: updated"),
        ("name=all action=created", "name=all action=unchanged", "is said to be unchanged: created"),
        ("name=all action=created", "name=all", "cluster all is said to be : created"),
        ("name=0-9 action", "name=0-8 action", "slots 0-8 is said to be created: it is not there"),
        ("kind=slots name=0-9", "kind=topic name=bills", "topic bills is said to be created, and nobody"),
        ("kind=slots name=0-9", "kind=topic name=orders", "topic orders is told of 2 times"),
        ("kind=slots name=0-9", "kind=bucket name=0-9", "bucket 0-9 is said to be created, and nobody"),
    ],
)
def test_a_false_claim_is_named(promise: Promise, said: str, told: str, flaw: str) -> None:
    """Given a run of which one line says something else than what was done,
    when its lines are held against the target,
    then the claim is named with what is so."""
    lines = [line.replace(said, told) for line in TRUE]
    assert any(flaw in one for one in false_claims(promise, _events(*lines), BEFORE, AFTER))


def test_only_a_run_that_failed_may_leave_something_out(promise: Promise) -> None:
    """Given a run that says nothing of one promised output,
    when it is one that ended well, then that is a flaw; when it is one that failed, it is none."""
    events = _events(*TRUE[:2])
    assert false_claims(promise, events, BEFORE, AFTER) == ["topic orders is told of 0 times: never"]
    assert false_claims(promise, events, BEFORE, AFTER, whole=False) == []


def test_on_an_empty_target_everything_is_created(promise: Promise) -> None:
    """Given a first run,
    when it says of what it has made that it found it, then that is false; when it says created, it is not."""
    events = _events(*(line.replace("updated", "created") for line in TRUE))
    assert false_claims(promise, events, *all_created(promise, events)) == []
    events = _events(*TRUE)
    assert false_claims(promise, events, *all_created(promise, events)) == [
        "topic orders is said to be updated: created"
    ]


@pytest.mark.parametrize(
    ("last", "engine", "flaw"),
    [
        ("event=exit code=0 seconds=2.10", EngineRecord(0, 2.6, 2.0), ""),
        ("event=exit code=0 seconds=2.10", EngineRecord(0, 30.0, 2.0), ""),
        ("event=exit code=1 seconds=2.10", EngineRecord(0, 2.6, 2.0), "ended with 1: the engine says 0"),
        ("event=exit code=0 seconds=2.10", EngineRecord(137, 2.6, 2.0), "the engine says 137"),
        ("event=exit code=0 seconds=2.10", EngineRecord(None, 2.6, 2.0), "the engine says None"),
        ("event=exit seconds=2.10", EngineRecord(0, 2.6, 2.0), "ended with no code"),
        ("event=exit code=0 seconds=0.01", EngineRecord(0, 2.6, 2.0), "its lines are 2.00 s apart"),
        ("event=exit code=0 seconds=9.00", EngineRecord(0, 2.6, 2.0), "it lived 2.60 s"),
        ("event=exit code=0 seconds=9.00", EngineRecord(0, 2.6, 9.0), "it lived 2.60 s"),
        ("event=exit code=0 seconds=soon", EngineRecord(0, 2.6, 2.0), "took 'soon' seconds"),
        ("event=exit code=0", EngineRecord(0, 2.6, 2.0), "took '' seconds"),
        ("event=wait target=some", EngineRecord(0, 2.6, 2.0), "0 exit lines"),
    ],
)
def test_the_last_word_is_held_against_the_engine(last: str, engine: EngineRecord, flaw: str) -> None:
    """Given a run's last line,
    when it is held against the engine's record with half a second of tolerance,
    then another code, or seconds that are further off, is a flaw; waiting before the first line is none."""
    found = false_exit(_events("event=start", last), engine, 0.5)
    assert (flaw in found[0]) if flaw else found == []


def test_nothing_comes_after_the_exit() -> None:
    """Given a run that goes on after its exit line,
    when its last word is looked for,
    then that is a flaw."""
    lines = ("event=start", "event=exit code=0 seconds=1.00", "event=wait target=some")
    assert len(false_exit(_events(*lines), EngineRecord(0, 1.0, 1.0), 0.5)) == 1
