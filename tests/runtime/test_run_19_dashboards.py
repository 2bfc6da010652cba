"""RUN-19: dashboards are there at once, and every panel shows data."""

from __future__ import annotations

import json

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.result import Result
from dayzero.core.verdict import Verdict, leave_out
from dayzero.pytest_plugin.evaluation import results_so_far
from dayzero.pytest_plugin.published_boot import publish_boot
from dayzero.pytest_plugin.settings import settings_of
from dayzero.report.loki import send_run
from dayzero.stack.boot import BootRecord
from dayzero.stack.stack import Stack
from dayzero.targets.grafana.client import GrafanaObserver, all_results
from dayzero.targets.grafana.restarts import DASHBOARDS, time_until_served

LIMIT_SECONDS = 5

PATIENCE_SECONDS = 120
"""Rates need two scrapes of a server that has just started, and an init's end needs to reach Loki."""

_NEEDS = "service:"
"""The tag of a dashboard that is about a service; `inits` is that of one about all inits, `suite` of one about runs."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "uid" in metafunc.fixturenames:
        files = sorted((metafunc.config.rootpath / DASHBOARDS).glob("*.json"))
        metafunc.parametrize("uid", [json.loads(file.read_text(encoding="utf-8"))["uid"] for file in files])


@criterion("RUN-19", "REQ-PRD-FUN-02")
def test_every_panel_shows_data(
    uid: str,
    request: pytest.FixtureRequest,
    stack: Stack,
    boot: BootRecord,
    grafana: GrafanaObserver,
    promises: dict[str, Promise],
    verdict: Verdict,
) -> None:
    """Given a dashboard about servers that run,
    when each query of each panel is run through Grafana's own API by an account that may only look,
    then every one of them returns data."""
    verdict.subject = uid
    dashboard = grafana.dashboard(uid)
    services = [tag.removeprefix(_NEEDS) for tag in dashboard["tags"] if tag.startswith(_NEEDS)]
    stack.require_images_of(*services)
    absent = [name for name in services if name not in stack.model["services"]]
    if absent:
        leave_out(f"it is about {', '.join(absent)}, not part of the chosen profiles")
    if "inits" in dashboard["tags"] and not promises.keys() & stack.model["services"].keys():
        leave_out("it is about inits, and the chosen profiles have none")
    if "suite" in dashboard["tags"]:
        judged = results_so_far(request.session)
        if not judged:
            verdict.not_applicable("it is about runs, and this one has judged nothing before")
        _send_this_run(request, stack, boot, promises, judged)
    queries = grafana.queries(dashboard)
    results = all_results(grafana, queries, PATIENCE_SECONDS)
    empty = [result for result in results if not result.has_data]
    verdict.expected = f"data for each of {len(queries)} queries of {len(dashboard['panels'])} panels"
    verdict.observed = f"{len(results) - len(empty)} of {len(results)} with data" + "".join(
        f"; none for {result.query}{f' ({result.error})' if result.error else ''}" for result in empty
    )
    verdict.look = "the query in Grafana's Explore; `up` of the server in the dashboard Alloy"
    verdict.check(results, "no query")
    verdict.check(empty == [])


def _send_this_run(
    request: pytest.FixtureRequest,
    stack: Stack,
    boot: BootRecord,
    promises: dict[str, Promise],
    judged: list[Result],
) -> None:
    """As `--loki` and `--tempo` do, to the stack's own: what was judged before this test, and the boot."""
    run = settings_of(request.config).run
    send_run("http://loki:3100", run, stack.name, judged, boot.timeline)
    publish_boot("http://tempo:4318", request.config, stack, boot, promises)


@criterion("RUN-19", "REQ-PRD-MET-02", subject="grafana")
def test_dashboards_are_served_within_seconds_of_the_start(
    stack: Stack, grafana: GrafanaObserver, verdict: Verdict
) -> None:
    """Given Grafana, whose database begins empty with each start,
    when its container is started and asked from outside for what it has,
    then every dashboard of the stack's files can be found within five seconds."""
    files = (stack.root / DASHBOARDS).glob("*.json")
    wanted = {json.loads(file.read_text(encoding="utf-8"))["uid"] for file in files}
    took = time_until_served(stack, wanted)
    verdict.expected = f"{len(wanted)} dashboards within {LIMIT_SECONDS} s"
    verdict.observed = (
        f"all of them {took}"
        if took.reached
        else f"missing: {', '.join(sorted(wanted - grafana.served().keys()))}"
    )
    verdict.look = "docker compose logs grafana; the machine's load"
    verdict.within(took, LIMIT_SECONDS)
