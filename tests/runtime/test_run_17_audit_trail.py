"""RUN-17: who did what, and when, can be read from Loki, whatever happened meanwhile."""

from __future__ import annotations

import random
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from python_on_whales import Container

from dayzero.analysis.inventory import Promise
from dayzero.core import logfmt
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.core.wait import await_condition, holds_within
from dayzero.docker.logs import said_by
from dayzero.probes.audit_trail import Comparison, compared, documented_query, held_of, runs_in
from dayzero.probes.leak_scan import secrets_in
from dayzero.stack.one_off import await_end, brief_run, run_of, seconds_lived
from dayzero.stack.stack import Stack
from dayzero.targets.loki.client import LokiObserver

BRIEF_RUNS = 5
"""One might be seen by luck."""

ACTIONS = ("created", "unchanged", "updated")

NOTICE_SECONDS = 10
"""How long a collector may take to notice a new line; one that takes longer is judged by what it has in the end."""

OUTAGE_LINES = 200
"""For long enough that whoever looks now and then looks, and meets nobody who takes what it has."""

MOMENT_SECONDS = 0.5
"""Longer than Alloy takes from reading a line to sending it."""

GRACE_SECONDS = 3
"""One that has more to do than there is time is killed, as by `docker compose stop` after ten."""

WAITING_LINES = 20
"""A second's: more than is in any buffer of a collector that is at work."""


def _counting(condition: str) -> dict[str, Any]:
    """Settings of a run that writes a line every 50 ms, while the shell's condition on their number $i holds."""
    script = f"trap 'exit 0' TERM; i=0; while {condition}; do echo line $$i; i=$$((i + 1)); sleep 0.05; done"
    return {"entrypoint": ["/bin/sh", "-c", script], "command": []}


def _observed(comparisons: list[Comparison]) -> str:
    wrong = [one for one in comparisons if not one.same]
    return (
        "; ".join(str(one) for one in wrong)
        or f"all {sum(len(one.said) for one in comparisons)} lines, once each"
    )


@criterion("RUN-17", "PRD §8")
def test_every_run_can_be_read_from_start_to_exit(
    promise: Promise, stack: Stack, loki: LokiObserver, verdict: Verdict
) -> None:
    """Given an init that has provisioned its target at the boot and perhaps again,
    when Loki is asked with the README's own query for what it did in each run,
    then it gives the init's own lines, in order: the start, each promised resource with its action, the exit with code
    and seconds."""
    container = stack.container(promise.name)
    whole = compared(loki, container)
    runs = runs_in(whole.said)
    verdict.expected = "each run's lines as in the init's own log: start, every promised resource, exit"
    verdict.look = "docker compose logs alloy; infra/06-observability/alloy/config.alloy"
    verdict.attach(f"{promise.name}-in-loki.log", "\n".join(whole.held))
    wrong = [] if whole.same else [str(whole)]
    for run, said in runs.items():
        query = documented_query(stack.root, promise.name, run)
        held = [entry.line for entry in loki.entries(query, container.created)]
        if held != said:
            wrong.append(f"run {run}: {len(held)} of {len(said)} lines by {query}")
            continue
        wrong += [f"run {run}: {text}" for text in _gaps(promise, [logfmt.parse(line) for line in held])]
    verdict.observed = "; ".join(wrong) or f"{len(runs)} runs, {len(whole.said)} lines"
    verdict.check(runs, "no run is in the log")
    verdict.check(wrong == [])


def _gaps(promise: Promise, events: list[dict[str, str]]) -> list[str]:
    """What an auditor would miss in the events of one good run."""
    resources = {(one["kind"], one["name"]): one["action"] for one in events if one["event"] == "resource"}
    found = [f"no start, but {events[0]['event']}"] if events[0]["event"] != "start" else []
    found += [
        f"nothing of {output.kind} {output.name}"
        for output in promise.outputs
        if resources.get((output.kind, output.name)) not in ACTIONS
    ]
    last = events[-1]
    if last["event"] != "exit" or not {"code", "seconds"} <= last.keys():
        found.append(f"no exit with code and seconds, but {last}")
    return found


@criterion("RUN-17", "PRD §8", subject="Loki down")
def test_nothing_is_missing_after_loki_was_down(
    promises: dict[str, Promise], stack: Stack, loki: LokiObserver, verdict: Verdict
) -> None:
    """Given Loki is stopped,
    when every init runs again, one run writes a line every moment, and Loki comes back,
    then all lines of these runs arrive, in order and once each."""
    inits = [name for name in promises if name in stack.model["services"]]
    with ExitStack() as kept:
        with stack.stopped("loki"):
            counting = _counting(f"[ $$i -lt {OUTAGE_LINES} ]")
            containers = [kept.enter_context(run_of(stack, inits[0], **counting))]
            containers += [kept.enter_context(run_of(stack, init)) for init in inits]
            for container in containers:
                await_end(container)
        with ThreadPoolExecutor(len(containers)) as pool:
            comparisons = list(pool.map(lambda one: compared(loki, one), containers))
    verdict.expected = "all lines that the inits wrote meanwhile"
    verdict.observed = _observed(comparisons)
    verdict.look = "the buffer on disk of Alloy's loki.write, and what Loki takes for too old"
    verdict.check(all(one.said for one in comparisons), "a run wrote no line")
    verdict.check([one for one in comparisons if not one.same] == [])


@criterion("RUN-17", "PRD §8", subject="Alloy restarted")
def test_a_restart_of_alloy_neither_loses_nor_doubles(
    promises: dict[str, Promise],
    stack: Stack,
    loki: LokiObserver,
    request: pytest.FixtureRequest,
    seed: int,
    verdict: Verdict,
) -> None:
    """Given an init that writes a line every moment, and whose first lines are in Loki,
    when Alloy is told to end and started, and killed and started, each some times and at random moments,
    then Loki holds every one of its lines once, in order, and those of all earlier runs as before."""
    init = next(name for name in promises if name in stack.model["services"])
    dice = random.Random(f"{seed} alloy")
    times = max(1, request.config.option.kills)
    with run_of(stack, init, **_counting("true")) as container:
        _await_more(loki, container)
        for end in (_told_to_end, _killed) * times:
            # Anywhere in the time that a collector may take to look again, to send, and to note how far it is.
            time.sleep(dice.uniform(0, MOMENT_SECONDS))
            end(stack)
            _await_more(loki, container)
        container.stop(time=10)
        await_end(container)
        counted = compared(loki, container)
    earlier = [compared(loki, stack.container(name)) for name in promises if name in stack.model["services"]]
    verdict.expected = f"every line once, after {2 * times} restarts"
    verdict.observed = (
        f"{_observed([counted, *earlier])}; {times} times told to end, {times} times killed; "
        f"seed {seed} (again: --seed {seed})"
    )
    verdict.look = "what Alloy notes of how far it has read, and when; the time that it gives a line"
    verdict.check(counted.same, "lines around the restarts")
    verdict.check([one for one in earlier if not one.same] == [], "lines of earlier runs")


def _await_more(loki: LokiObserver, container: Container) -> None:
    """Until a line is in Loki that the container had not yet written, or nobody seems to read it any more."""
    said = len(said_by(container))
    holds_within(lambda: len(held_of(loki, container)) > said, NOTICE_SECONDS)


def _told_to_end(stack: Stack) -> None:
    stack.container("alloy").restart(time=GRACE_SECONDS)
    stack.wait_healthy(["alloy"])


def _killed(stack: Stack) -> None:
    alloy = stack.container("alloy")
    alloy.kill()
    alloy.start()
    stack.wait_healthy(["alloy"])


@criterion("RUN-17", "PRD §8", subject="Alloy restarted, Loki down")
def test_a_restart_of_alloy_while_loki_is_down_loses_nothing(
    promises: dict[str, Promise], stack: Stack, loki: LokiObserver, verdict: Verdict
) -> None:
    """Given Loki is stopped, and an init has written lines that wait for it,
    when Alloy is told to end and started before Loki comes back,
    then Loki holds every line once, in order, those from before that end and those from after."""
    init = next(name for name in promises if name in stack.model["services"])
    with run_of(stack, init, **_counting("true")) as container:
        _await_more(loki, container)
        with stack.stopped("loki"):
            _await_lines(container, WAITING_LINES)
            _told_to_end(stack)
            _await_lines(container, WAITING_LINES)
        _await_more(loki, container)
        container.stop(time=10)
        await_end(container)
        counted = compared(loki, container)
    verdict.expected = "every line once"
    verdict.observed = _observed([counted])
    verdict.look = "what Alloy reads again when it starts, or sends of what waited on its disk"
    verdict.check(counted.same)


def _await_lines(container: Container, number: int) -> None:
    said = len(said_by(container))
    await_condition(
        lambda: len(said_by(container)) >= said + number, 60, lambda: f"{container.name} writes no more lines"
    )


@criterion("RUN-17", "PRD §8", subject="runs of milliseconds")
def test_a_run_of_milliseconds_is_there(
    promises: dict[str, Promise], stack: Stack, loki: LokiObserver, verdict: Verdict
) -> None:
    """Given runs of an init that start, say so, fail and are over at once,
    when Loki is asked for them by init and run, and by exit code,
    then every one of them is found with all its lines."""
    inits = [name for name in promises if name in stack.model["services"]]
    codes = {secrets.token_hex(6): code for code in range(41, 41 + BRIEF_RUNS)}
    wrong, lived, delays = [], [], []
    for turn, (run, code) in enumerate(codes.items()):
        init = inits[turn % len(inits)]
        with run_of(stack, init, **brief_run(init, run, code)) as container:
            await_end(container)
            lived.append(seconds_lived(container))
            one = compared(loki, container, patience=20)
            delays.append(time.time() - said_by(container)[-1].at.timestamp())
            queries = (
                documented_query(stack.root, init, run),
                f'{{project="{stack.name}", init="{init}"}} | code="{code}" | event="exit" | run="{run}"',
            )
            by_run, by_code = (
                [entry.line for entry in loki.entries(query, container.created)] for query in queries
            )
            if not one.same or by_run != one.said or by_code != one.said[-1:]:
                wrong.append(f"{one}, {len(by_run)} by init and run, {len(by_code)} by code {code}")
    verdict.expected = f"all lines of {BRIEF_RUNS} runs"
    verdict.observed = (
        f"{'; '.join(wrong) or 'all of them'}; the runs lived {min(lived):.2f} to {max(lived):.2f} s, "
        f"their last lines could be asked for {min(delays):.1f} to {max(delays):.1f} s after they were written"
    )
    verdict.look = (
        "whether the collector reads what the engine has written, or looks now and then at what runs"
    )
    verdict.check(wrong == [])


@criterion("RUN-17", "PRD §8", subject="secrets")
def test_no_secret_is_in_loki(stack: Stack, loki: LokiObserver, verdict: Verdict) -> None:
    """Given every secret of the stack is a random value of this run,
    when all that Loki holds of the stack is searched,
    then no value, plain or encoded, is in a line, a label or its metadata."""
    since = min(container.created for container in stack.containers())
    entries = loki.entries(f'{{project="{stack.name}"}}', since)
    text = "\n".join(entry.line for entry in entries)
    labels = "\n".join(sorted({value for entry in entries for value in entry.labels.values()}))
    found = secrets_in(f"{text}\n{labels}", stack.secrets.values)
    services = {entry.labels.get("service") for entry in entries}
    verdict.expected = f"none of {len(stack.secrets.values)} values"
    verdict.observed = f"{', '.join(found) or 'none'} in {len(entries)} lines of {len(services)} services"
    verdict.look = "the service that writes it"
    verdict.require(entries, "Loki holds nothing of the stack")
    verdict.check(found == [])
