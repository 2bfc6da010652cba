"""RUN-18: a failed init is an alert, whether it could say so or not; a good run is none."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.errors import StackUnusable
from dayzero.core.verdict import Verdict
from dayzero.core.wait import await_condition
from dayzero.faults.failing_runs import MISHAPS, ended_badly
from dayzero.probes.init_alerts import STEP_SECONDS, InitAlerts, ran_well, would_have_fired
from dayzero.stack.boot import BootRecord
from dayzero.stack.one_off import finished, run_of
from dayzero.stack.stack import Stack
from dayzero.targets.alertmanager.client import AlertmanagerObserver
from dayzero.targets.loki.client import LokiObserver

LIMIT_SECONDS = 30
"""From the exit to the alert."""

OVER_SECONDS = 60
"""From the end of a good run until its alert is gone: some turns of rules and groups."""

LEAST_PATIENCE_SECONDS = 300
"""An init may wait this long for its targets, and is no case for an alert before."""

MOST_PATIENCE_SECONDS = 900


@pytest.fixture
def alerts(promises: dict[str, Promise], stack: Stack, alertmanager: AlertmanagerObserver) -> InitAlerts:
    """What Alertmanager has about the inits of the chosen profiles."""
    return InitAlerts(stack, alertmanager, (name for name in promises if name in stack.model["services"]))


@criterion("RUN-18", "001 §9", subject="clean boot")
def test_a_clean_boot_raises_no_alert(
    boot: BootRecord, loki: LokiObserver, alerts: InitAlerts, verdict: Verdict
) -> None:
    """Given a boot at which every init exited with 0,
    when every alerting rule is evaluated for each second from its begin to its end,
    then none would have fired, and no alert of Alertmanager's began in that time."""
    began = min(datetime.fromisoformat(line["created"]) for line in boot.timeline if line["created"])
    ends = [line["finished"] for line in boot.timeline if line["service"] in alerts.inits]
    verdict.require(all(ends), "an init has not ended, so this was no clean boot: see RUN-1")
    until = max(map(datetime.fromisoformat, ends)) + timedelta(seconds=STEP_SECONDS)
    rules = loki.rules()
    raised = [
        f"{rule.name} for {labels}" for rule in rules for labels in would_have_fired(loki, rule, began, until)
    ]
    active = [alert for alert in alerts.alertmanager.alerts() if began <= alert.since <= until]
    verdict.expected = "no alert"
    verdict.observed = (
        f"rules: {'; '.join(raised) or 'none'}; Alertmanager: {', '.join(map(str, active)) or 'none'}; "
        f"{len(rules)} rules over {(until - began).total_seconds():.0f} s"
    )
    verdict.look = "the rule's expression in infra/06-observability/loki/rules"
    verdict.check(rules, "Loki has no rule")
    verdict.check(raised == [], "a rule would have fired")
    verdict.check(active == [], "an alert was active")


@pytest.mark.parametrize("kind", MISHAPS)
@criterion("RUN-18", "001 §9")
def test_a_bad_end_is_an_alert_and_a_good_run_ends_it(
    kind: str, stack: Stack, alerts: InitAlerts, verdict: Verdict
) -> None:
    """Given inits without an alert,
    when each of them fails, or is killed before it can say so, and runs well afterwards,
    then an alert that names it is active within 30 seconds of its end, and gone after the good run."""
    verdict.subject = kind
    alerts.settle()
    with ExitStack() as kept, ThreadPoolExecutor(len(alerts.inits)) as pool:
        ended = pool.map(lambda init: kept.enter_context(ended_badly(stack, init, kind)), alerts.inits)
        ends = {init: finished(container) for init, container in zip(alerts.inits, ended, strict=True)}
        seen = alerts.first_sightings(ends, LIMIT_SECONDS)
    with ran_well(stack, alerts.inits):
        over = alerts.end_in_time(OVER_SECONDS)
    verdict.expected = f"an alert of each init within {LIMIT_SECONDS} s of its end, none after a good run"
    verdict.observed = "; ".join(
        [
            *(f"{init}: alert {took}" for init, took in seen.items()),
            f"after a good run: {alerts}",
        ]
    )
    verdict.look = "docker compose logs engine-watch loki; the rules in infra/06-observability/loki/rules"
    for init, took in seen.items():
        verdict.within(took, LIMIT_SECONDS, f"no alert of {init}")
    verdict.within(over, OVER_SECONDS, "an alert stays")


@criterion("RUN-18", "001 §9", subject="never ended")
def test_an_init_that_does_not_end_is_a_case_for_a_rule(
    stack: Stack, alerts: InitAlerts, loki: LokiObserver, verdict: Verdict
) -> None:
    """Given an init that has started and works on and on,
    when the ruler evaluates its rules,
    then one of them holds for this init, and becomes an alert once that lasts longer than any init may wait."""
    init = alerts.inits[0]
    alerts.settle()
    found: dict[str, float] = {}

    def held() -> bool:
        for rule in loki.rules():
            if any(labels.get("init") == init for labels in rule.holds_for):
                found[rule.name] = rule.seconds
        return any(LEAST_PATIENCE_SECONDS <= seconds <= MOST_PATIENCE_SECONDS for seconds in found.values())

    with run_of(stack, init, entrypoint=["sleep", "300"], command=[]), suppress(StackUnusable):
        await_condition(held, LIMIT_SECONDS, lambda: "no rule")
    verdict.expected = (
        f"a rule with a `for:` of {LEAST_PATIENCE_SECONDS} to {MOST_PATIENCE_SECONDS} s holds for {init}"
    )
    verdict.observed = (
        ", ".join(f"{name} with {seconds:.0f} s" for name, seconds in found.items()) or "no rule holds"
    )
    verdict.look = "the rules in infra/06-observability/loki/rules"
    verdict.check(
        any(LEAST_PATIENCE_SECONDS <= seconds <= MOST_PATIENCE_SECONDS for seconds in found.values())
    )


@criterion("RUN-18", "001 §9", subject="rules")
def test_every_rule_is_loaded_and_healthy(loki: LokiObserver, verdict: Verdict) -> None:
    """Given Loki has been up for a while,
    when its ruler is asked for its rules,
    then there are some, and each was evaluated last time without an error."""

    def bad() -> list[str]:
        return [
            f"{rule.name}: {rule.health} {rule.error}".strip() for rule in loki.rules() if rule.health != "ok"
        ]

    with suppress(StackUnusable):
        await_condition(
            lambda: bool(loki.rules()) and not bad(), LIMIT_SECONDS, lambda: "not all are healthy"
        )
    verdict.expected = "some rules, all of them healthy"
    verdict.observed = "; ".join(bad()) or f"{len(loki.rules())} rules, all healthy"
    verdict.look = "docker compose logs loki"
    verdict.check(loki.rules())
    verdict.check(bad() == [])


@criterion("RUN-18", "001 §9", subject="engine out of sight")
def test_an_end_that_nobody_watched_is_an_alert_later(
    stack: Stack, alerts: InitAlerts, verdict: Verdict
) -> None:
    """Given the engine cannot be asked for a while,
    when an init is killed meanwhile and the engine can be asked again,
    then an alert names the init as well, and a good run ends it."""
    init = alerts.inits[0]
    alerts.settle()
    with ExitStack() as kept:
        with stack.stopped("engine-proxy"):
            kept.enter_context(ended_badly(stack, init, "SIGKILL"))
            returns = time.time()
        seen = alerts.first_sightings({init: returns}, LIMIT_SECONDS)
    with ran_well(stack, [init]):
        over = alerts.end_in_time(OVER_SECONDS)
    verdict.expected = (
        f"an alert of {init} within {LIMIT_SECONDS} s of the engine's return, none after a good run"
    )
    verdict.observed = f"alert {seen[init]}; after a good run: {alerts}"
    verdict.look = "how engine/watch.sh takes stock at a new connection"
    verdict.within(seen[init], LIMIT_SECONDS, "no alert")
    verdict.within(over, OVER_SECONDS, "the alert stays")
