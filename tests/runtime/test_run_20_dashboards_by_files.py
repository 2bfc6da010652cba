"""RUN-20: a dashboard changes by its file alone, and at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.core.wait import time_until
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.stack import Stack
from dayzero.targets.grafana.client import GrafanaObserver
from dayzero.targets.grafana.restarts import GrafanaBeside, grafana_beside

LIVE_SECONDS = 10
"""Grafana looks at the files every three seconds; within this it has seen a change twice."""

REPORTED_SECONDS = 60
"""Grafana looks for two dashboards of one uid every thirty seconds."""


@pytest.fixture(scope="module")
def beside(stack: Stack) -> Iterator[GrafanaBeside]:
    """A Grafana with a copy of the dashboards that may be changed."""
    require_service("grafana", stack)
    with grafana_beside(stack) as made:
        yield made


def _change(file: Path, **keys: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) | keys
    file.write_text(json.dumps(content), encoding="utf-8")
    return content


@criterion("RUN-20", "REQ-SPC-AUT-004", subject="grafana")
def test_a_save_or_deletion_beside_the_file_is_refused(grafana: GrafanaObserver, verdict: Verdict) -> None:
    """Given every dashboard is provided by a file,
    when an administrator saves another one over it or deletes it, as the user interface does,
    then both are refused and it is served as before."""
    wrong = []
    uids = sorted(grafana.served())
    for uid in uids:
        before = grafana.dashboard(uid)
        saved = grafana.save({**before, "title": f"{before['title']} by hand"})
        deleted = grafana.delete(uid)
        left = uid in grafana.served()
        if saved.ok or deleted.ok or not left or grafana.dashboard(uid) != before:
            wrong.append(f"{uid}: save {saved.status_code}, deletion {deleted.status_code}, there: {left}")
    verdict.expected = "every save and every deletion refused, all dashboards unchanged"
    verdict.observed = f"{'; '.join(wrong) or 'all refused'}; {len(uids)} dashboards tried"
    verdict.look = "allowUiUpdates and disableDeletion in infra/06-observability/dashboards.yml"
    verdict.check(uids, "no dashboard is served")
    verdict.check(wrong == [])


@criterion("RUN-20", "001 §9", subject="changed file")
def test_a_changed_file_is_live_without_a_restart(beside: GrafanaBeside, verdict: Verdict) -> None:
    """Given a Grafana that serves a folder of dashboards,
    when the title in one of the files is changed,
    then the dashboard has the new title within seconds, by the same process."""
    started = beside.was_started()
    file = beside.folder / "memory.json"
    changed = _change(file, title="Memory, as changed by a test")
    live = time_until(lambda: beside.grafana.served().get(changed["uid"]) == changed["title"], LIVE_SECONDS)
    verdict.expected = f"the new title within {LIVE_SECONDS} s"
    verdict.observed = str(live) if live.reached else f"still {beside.grafana.served().get(changed['uid'])!r}"
    verdict.look = "updateIntervalSeconds in infra/06-observability/dashboards.yml"
    verdict.within(live, LIVE_SECONDS)
    verdict.check(beside.was_started() == started, "by another process")


@criterion("RUN-20", "REQ-SPC-AUT-004", subject="broken file")
def test_a_broken_file_breaks_only_itself_and_is_named(beside: GrafanaBeside, verdict: Verdict) -> None:
    """Given a Grafana that serves a folder of dashboards,
    when a file that is no JSON is added and another one is changed,
    then the change is live, all others are served, and Grafana's log names the broken file."""
    before = beside.grafana.served()
    (beside.folder / "broken.json").write_text('{"uid": "broken", "title": ', encoding="utf-8")
    changed = _change(beside.folder / "alloy.json", title="Alloy, beside a broken file")
    live = time_until(lambda: beside.grafana.served().get(changed["uid"]) == changed["title"], LIVE_SECONDS)
    named = time_until(lambda: "broken.json" in beside.log(), LIVE_SECONDS)
    after = beside.grafana.served()
    (beside.folder / "broken.json").unlink()
    verdict.expected = "the change live, every other dashboard served, broken.json named in the log"
    missing = sorted(before.keys() - after.keys())
    verdict.observed = f"live: {live}; named: {named}; missing: {missing or 'none'}"
    verdict.look = "docker compose logs grafana"
    verdict.within(live, LIVE_SECONDS, "the change is not live")
    verdict.within(named, LIVE_SECONDS, "the broken file is not named")
    verdict.check(before.keys() <= after.keys(), "another dashboard is gone")


@pytest.mark.usefixtures("plain_stack_underway")
@criterion("RUN-20", "REQ-SPC-AUT-004", subject="uid taken twice")
def test_a_uid_taken_twice_harms_no_other_dashboard_and_is_named(
    beside: GrafanaBeside, verdict: Verdict
) -> None:
    """Given a Grafana that serves a folder of dashboards,
    when a file with the uid of another is added,
    then every other dashboard is served as before, and Grafana's log names the uid."""
    before = beside.grafana.served()
    twice = beside.folder / "twice.json"
    twice.write_text((beside.folder / "kafka.json").read_text(encoding="utf-8"), encoding="utf-8")
    _change(twice, title="Kafka, twice")
    pattern = "the same UID is used more than once"
    named = time_until(lambda: pattern in beside.log() and "uid=kafka" in beside.log(), REPORTED_SECONDS)
    after = beside.grafana.served()
    twice.unlink()
    harmed = sorted(uid for uid in before if uid != "kafka" and after.get(uid) != before[uid])
    verdict.expected = "all others as before, and the uid named in the log"
    verdict.observed = f"harmed: {harmed or 'none'}; named: {named}"
    verdict.look = "docker compose logs grafana"
    verdict.check(harmed == [], "another dashboard is harmed")
    verdict.within(named, REPORTED_SECONDS, "the uid is not named")
