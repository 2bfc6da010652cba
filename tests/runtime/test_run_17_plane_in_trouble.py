"""RUN-17 when a part of the plane cannot work: it says what is wrong, and the rest goes on."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.core.wait import await_condition, holds_within
from dayzero.docker.logs import text_of
from dayzero.probes.audit_trail import compared
from dayzero.pytest_plugin.scheduling import is_needed
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.one_off import await_end, brief_run, run_of
from dayzero.stack.stack import Stack
from dayzero.targets.alertmanager.client import Alert, AlertmanagerObserver
from dayzero.targets.loki.client import LokiObserver
from dayzero.targets.loki.sidecar import fill, loki_beside

NAMED_SECONDS = 60
ALERT_SECONDS = 90
"""From the first line that could not be kept to an alert: it passes through the collector and the rules."""


pytestmark = pytest.mark.usefixtures("loki", "broken_rule_underway")


def _tells(text: str, *words: str) -> list[str]:
    return [line for line in text.splitlines() if all(word in line for word in words)]


@dataclass(frozen=True)
class BrokenRule:
    """The rules in force before a broken file came and after, what the log and the API said of it."""

    before: set[str]
    after: set[str]
    told: list[str]
    status: int
    answer: str


@pytest.fixture(scope="module")
def broken_rule(stack: Stack) -> Iterator[Future[BrokenRule]]:
    """A rule file with a syntax error, given to a Loki of its own."""
    require_service("loki", stack)
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_break_a_rule, stack)


@pytest.fixture
def broken_rule_underway(request: pytest.FixtureRequest, stack: Stack) -> None:
    """Lets that Loki take its time beside the other tests, if its own one comes later."""
    if "loki" in stack.model["services"] and is_needed(request.session, "broken_rule"):
        request.getfixturevalue("broken_rule")


def _break_a_rule(stack: Stack) -> BrokenRule:
    folder = stack.workspace / "rules"
    shutil.copytree(stack.root / "infra/06-observability/loki/rules", folder)
    folder.chmod(0o755)
    with loki_beside(stack, f"{folder}:/stack/rules/fake:ro") as beside:
        loki = beside.observer
        await_condition(lambda: bool(loki.rules()), NAMED_SECONDS, lambda: "no rule was loaded")
        before = {rule.name for rule in loki.rules()}
        (folder / "broken.yml").write_text(
            "groups: [{name: broken, rules: [{alert: Broken, expr: 'count_over_time({init=\"\"} [1m'}]}]\n",
            encoding="utf-8",
        )
        holds_within(lambda: bool(_tells(beside.log(), "broken.yml")), NAMED_SECONDS)
        status, answer = loki.rule_files()
        after = {rule.name for rule in loki.rules()}
        return BrokenRule(before, after, _tells(beside.log(), "broken.yml"), status, answer)


@criterion("RUN-17", "PRD §8", subject="Loki read-only")
def test_a_loki_that_cannot_write_says_so_and_ends(stack: Stack, verdict: Verdict) -> None:
    """Given a Loki whose data folder is read-only,
    when it starts,
    then it ends with a code other than 0 and a line that names the folder, instead of taking lines that it loses."""
    require_service("loki", stack)
    with run_of(stack, "loki", volumes=["loki-data:/loki:ro"]) as container:
        await_end(container, NAMED_SECONDS)
        code = container.state.exit_code
        told = _tells(text_of(container), "/loki", "read-only file system")
    verdict.expected = "an exit code other than 0, and a line with the folder and the reason"
    verdict.observed = f"exit code {code}; {told[0][:200] if told else 'no such line'}"
    verdict.look = "docker compose logs loki"
    verdict.check(code, "it did not end with an error")
    verdict.check(told, "it does not name the folder and the reason")


@criterion("RUN-17", "PRD §8", subject="Loki full")
def test_a_full_loki_is_an_alert(stack: Stack, alertmanager: AlertmanagerObserver, verdict: Verdict) -> None:
    """Given a Loki whose disk is full,
    when it takes lines that it can keep in memory only,
    then it says so, an alert tells it, and the lines are still there to be read."""
    alerts: list[Alert] = []

    def raised() -> bool:
        alerts[:] = [alert for alert in alertmanager.alerts() if "Loki" in alert.name]
        return bool(alerts)

    with loki_beside(stack, kilobytes=512) as beside:
        pushed = fill(beside.observer.url)
        full = ("disk full", "disk usage exceeded", "no space left")
        holds_within(lambda: any(word in beside.log() for word in full), NAMED_SECONDS)
        told = [line for line in beside.log().splitlines() if any(word in line for word in full)]
        holds_within(raised, ALERT_SECONDS)
        held = len(beside.observer.entries('{filler="yes"}', beside.container.created))
    verdict.expected = f"a line that tells it, an alert about Loki, all {pushed} lines"
    raised_by = ", ".join(map(str, alerts)) or "no alert"
    verdict.observed = f"{told[0][:200] if told else 'no such line'}; {raised_by}; {held} lines"
    verdict.look = "docker compose logs loki; the rules in infra/06-observability/loki/rules"
    verdict.check(told, "it does not say that its disk is full")
    verdict.check(alerts, "no alert")
    verdict.check(held == pushed, f"{pushed} lines were taken")


@criterion("RUN-18", "001 §9", subject="broken rule")
def test_a_broken_rule_is_named_and_leaves_the_others_in_force(
    broken_rule: Future[BrokenRule], verdict: Verdict
) -> None:
    """Given a Loki with the stack's rules,
    when a rule file with a syntax error is added beside them,
    then its log and its API name the file and the place, and all rules that were loaded stay in force."""
    seen = broken_rule.result()
    verdict.expected = f"broken.yml named in the log and by the API, {len(seen.before)} rules as before"
    said = seen.told[0][:300] if seen.told else "nothing"
    verdict.observed = (
        f"log: {said}; API: {seen.status} {seen.answer[:200]}; {len(seen.after)} rules in force"
    )
    verdict.look = "docker compose logs loki"
    verdict.check(seen.told, "the log does not name the file")
    verdict.check(seen.status >= 400, "the API reports no error")
    verdict.check("broken.yml" in seen.answer, "the API does not name the file")
    verdict.check(seen.after == seen.before, "other rules are in force than before")


@criterion("RUN-17", "PRD §8", subject="engine out of sight")
def test_nothing_is_missing_after_the_engine_could_not_be_asked(
    stack: Stack, promises: dict[str, Promise], loki: LokiObserver, verdict: Verdict
) -> None:
    """Given the engine cannot be asked for a while,
    when an init runs meanwhile,
    then both who ask the engine name whom they cannot reach, and all the init's lines are in Loki in the end."""
    init = next(name for name in promises if name in stack.model["services"])
    silent = ["alloy", "engine-watch"]
    with ExitStack() as kept:
        with stack.stopped("engine-proxy"):
            container = kept.enter_context(run_of(stack, init, **brief_run(init, secrets.token_hex(6), 0)))
            await_end(container)

            def named() -> bool:
                for service in list(silent):
                    recent = stack.container(service).logs(since=container.created)
                    assert isinstance(recent, str)
                    if "engine-proxy" in recent:
                        silent.remove(service)
                return not silent

            holds_within(named, NAMED_SECONDS)
        trail = compared(loki, container)
    verdict.expected = "all lines; engine-proxy named in the logs of alloy and engine-watch"
    verdict.observed = f"{trail}; {f'not named by {silent}' if silent else 'named by both'}"
    verdict.look = "docker compose logs alloy engine-watch"
    verdict.check(trail.same, "lines are missing")
    verdict.check(silent == [], "the missing part is not named")
