"""SUITE-5: two runs on one engine do not disturb each other, and neither asks for a port of this machine."""

from __future__ import annotations

from collections import Counter

import pytest

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.selftest.suite_run import SuiteRun
from dayzero.selftest.two_runs import TwoRuns

pytestmark = [pytest.mark.runtime, pytest.mark.slow]


@criterion("SUITE-5", subject="suite")
def test_two_runs_at_once_do_not_meet(two_runs: TwoRuns, verdict: Verdict) -> None:
    """Given an engine on which nothing of this run is up,
    when a sound stack and a known-bad variant of it are booted and judged at the same time by two runs,
    then the first passes, the second fails by the one criterion that it breaks, no two things on the engine have a
    name or a subnet in common, and neither asks for a port of this machine."""
    sound, bad = two_runs.runs["sound"], two_runs.runs["bad"]
    met = two_runs.in_each_others_way()
    verdict.expected = "the sound stack passes, the other breaks RUN-7 and nothing else, nothing is shared"
    verdict.observed = (
        f"sound: {_statuses(sound)}; bad: {_statuses(bad)}; {'; '.join(met) or 'nothing shared'}; "
        f"{'both were up' if two_runs.together else 'they were never up'} at the same time"
    )
    verdict.look = (
        "dayzero.stack.stack, which names what a run creates, and container_name, ports and name in infra/"
    )
    for name, run in two_runs.runs.items():
        verdict.attach(f"{name}.txt", run.output)
    verdict.check(not met, "they met")
    verdict.check(_failed(sound) == set(), "the sound stack does not pass beside another")
    verdict.check(
        _failed(bad) == {"RUN-7"}, "the known-bad stack is not judged beside another as it is alone"
    )
    verdict.require(two_runs.together, "they were never up at the same time, so they could not meet")


def _statuses(run: SuiteRun) -> str:
    told = Counter(f"{result['criterion']} {result['status']}" for result in run.judged)
    return ", ".join(f"{number} × {what}" for what, number in sorted(told.items())) or run.output[-200:]


def _failed(run: SuiteRun) -> set[str]:
    """Criteria with a failure or an error; one that was judged nowhere counts as well."""
    wrong = {result["criterion"] for result in run.judged if result["status"] in ("fail", "error")}
    return wrong | ({"RUN-2", "RUN-7"} - set(run.report["judged"]))
