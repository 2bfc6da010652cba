"""The alerts that name an init: which are active, how soon after an end they came, and how to have none."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import pairwise

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import Took, time_until
from dayzero.docker.container_exit import ending
from dayzero.stack.one_off import await_end
from dayzero.stack.stack import Stack
from dayzero.targets.alertmanager.client import Alert, AlertmanagerObserver
from dayzero.targets.loki.client import LokiObserver, Rule

STEP_SECONDS = 1
"""How closely a rule's past is looked at."""


FORGOTTEN_SECONDS = 300
"""A ruler that was started anew ends no alert that it did not raise; Alertmanager forgets it within four minutes."""


@contextmanager
def ran_well(stack: Stack, inits: Iterable[str]) -> Iterator[None]:
    """Run each init once more and keep its container, as `up` does, while inside: a collector may come to it later.

    Raises StackUnusable if one does not exit with 0.
    """

    def well(init: str) -> None:
        container = kept.enter_context(stack.one_off(init))
        await_end(container)
        end = ending(container)
        if end.exit_code != 0:
            raise StackUnusable(f"{init} should have run well and {end.state}: {end.log.strip()[-300:]}")

    with ExitStack() as kept:
        with ThreadPoolExecutor() as pool:
            list(pool.map(well, inits))
        yield


class InitAlerts:
    """What Alertmanager has about the given inits of one stack."""

    def __init__(self, stack: Stack, alertmanager: AlertmanagerObserver, inits: Iterable[str]) -> None:
        self.stack = stack
        self.alertmanager = alertmanager
        self.inits = list(inits)

    def active(self) -> list[Alert]:
        """The alerts that name one of the inits, and this stack if they name one."""
        return [
            alert
            for alert in self.alertmanager.alerts()
            if alert.labels.get("init") in self.inits
            and alert.labels.get("project", self.stack.name) == self.stack.name
        ]

    def __str__(self) -> str:
        return ", ".join(map(str, self.active())) or "none"

    def end_in_time(self, seconds: float) -> Took:
        """How long it takes until none is active any more."""
        return time_until(lambda: not self.active(), seconds)

    def settle(self) -> None:
        """Let each init that has an alert run well. Raises StackUnusable when an alert stays all the same."""
        with ran_well(self.stack, sorted({alert.labels["init"] for alert in self.active()})):
            if not self.end_in_time(FORGOTTEN_SECONDS).reached:
                raise StackUnusable(f"alerts from before do not end after good runs: {self}")

    def first_sightings(self, ends: Mapping[str, float], seconds: float) -> dict[str, Took]:
        """For each init how long it took from its end until it had an alert, or was waited for one in vain."""
        seen: dict[str, Took] = {}

        def all_seen() -> bool:
            for alert in self.active():
                init = alert.labels["init"]
                if init in ends:
                    seen.setdefault(init, Took(ends[init], time.time()))
            return len(seen) == len(ends)

        time_until(all_seen, seconds)
        now = time.time()
        return {init: seen.get(init, Took(end, now, reached=False)) for init, end in ends.items()}


def would_have_fired(
    loki: LokiObserver, rule: Rule, since: datetime, until: datetime
) -> list[dict[str, str]]:
    """The series for which the rule's expression held at a stretch for as long as its `for:` says."""
    firing = []
    for labels, moments in loki.values(rule.query, since, until, STEP_SECONDS):
        stretch = longest = 0.0
        for earlier, later in pairwise(moments):
            stretch = stretch + later - earlier if later - earlier <= STEP_SECONDS else 0.0
            longest = max(longest, stretch)
        if longest >= rule.seconds:
            firing.append(labels)
    return firing
