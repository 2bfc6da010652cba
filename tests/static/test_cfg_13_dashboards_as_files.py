"""CFG-13: dashboards are versioned files, the same in every installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from dayzero.analysis.grafana_provisioning import (
    Finding,
    Provider,
    ProviderUnreadable,
    dashboard_findings,
    grafanas_of,
    providers_of,
    shown,
    uid_of,
)
from dayzero.compose.project import ComposeProject
from dayzero.compose.yaml_source import PlacedText
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.pytest_plugin.static import is_own_stack, loaded_project

PROVIDER = "infra/06-observability/dashboards.yml"
FOLDER = "observability/grafana/dashboards"

_NOTHING = "no Grafana in this project is given a provider of dashboards by its files"


def _providers(project: ComposeProject) -> Iterator[Provider | ProviderUnreadable]:
    for service in grafanas_of(project):
        yield from providers_of(service)


def _dashboards(project: ComposeProject) -> dict[str, PlacedText]:
    found = {}
    for provider in _providers(project):
        if isinstance(provider, Provider):
            found.update({shown(project, text): text for text in provider.dashboards()})
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    project = loaded_project(metafunc.config)
    if "provider" in metafunc.fixturenames:
        names = [] if project is None else [shown(project, one.text) for one in _providers(project)]
        names = list(dict.fromkeys(names))
        metafunc.parametrize("provider", names or [None], ids=names or ["no-provider"])
    if "dashboard" in metafunc.fixturenames:
        names = [] if project is None else list(_dashboards(project))
        metafunc.parametrize("dashboard", names or [None], ids=names or ["no-dashboard"])


def _judge(findings: list[Finding], project: ComposeProject, verdict: Verdict) -> None:
    verdict.observed = "; ".join(finding.what for finding in findings) or "nothing else"
    if findings:
        verdict.source = project.source(findings[0].text.place(findings[0].offset))
    verdict.check(findings == [])


@criterion("CFG-13", "REQ-SPC-AUT-004", "REQ-PRD-FUN-02")
def test_a_provider_forbids_changes_beside_the_files(
    provider: str | None, project: ComposeProject, verdict: Verdict
) -> None:
    """Given a provider of dashboards that Grafana reads at its start,
    when its settings are read,
    then the user interface can neither save over what it provides nor delete it, and the dashboards are files."""
    if provider is None:
        verdict.not_applicable(_NOTHING)
    verdict.subject = provider
    verdict.expected = "allowUiUpdates: false, disableDeletion: true, and a folder with dashboards"
    verdict.look = "the settings under providers:"
    found: list[Finding] = []
    for one in _providers(project):
        if shown(project, one.text) != provider:
            continue
        if isinstance(one, ProviderUnreadable):
            found.append(Finding(f"cannot be read: {one.reason}", one.text))
            continue
        found += one.findings()
        if not one.dashboards():
            found.append(Finding(f"no dashboard in {one.folder or 'options.path'} among the files", one.text))
    _judge(found, project, verdict)


@criterion("CFG-13", "REQ-SPC-AUT-004", "REQ-PRD-FUN-02")
def test_a_dashboard_is_the_same_everywhere(
    dashboard: str | None, project: ComposeProject, verdict: Verdict
) -> None:
    """Given a dashboard that a provider reads,
    when its JSON is read,
    then it has a uid of its own, and each data source in it is a variable that the dashboard defines."""
    if dashboard is None:
        verdict.not_applicable(_NOTHING)
    dashboards = _dashboards(project)
    text = dashboards[dashboard]
    verdict.subject = dashboard
    verdict.expected = "JSON, a fixed uid that no other dashboard has, every data source by a variable of it"
    verdict.look = "uid at the top level; datasource of panels, targets and annotations; templating.list"
    found = dashboard_findings(text)
    uid = uid_of(text)
    if uid and Counter(uid_of(one) for one in dashboards.values())[uid] > 1:
        found.append(
            Finding(f"another dashboard has the uid {uid!r} too", text, max(text.text.find('"uid"'), 0))
        )
    _judge(found, project, verdict)


@criterion("CFG-13", "REQ-SPC-AUT-004", subject=PROVIDER)
def test_the_dashboards_lie_where_the_specification_says(
    project: ComposeProject, verdict: Verdict, pytestconfig: pytest.Config
) -> None:
    """Given the specification names the provider's file and the folder of the dashboards,
    when the providers of the stack are read,
    then they are that file and every dashboard is in that folder."""
    if not is_own_stack(pytestconfig):
        verdict.not_applicable("the specification names files of the reference stack only")
    providers = {shown(project, one.text) for one in _providers(project)}
    elsewhere = [name for name in _dashboards(project) if not name.startswith(f"{FOLDER}/")]
    verdict.expected = f"{PROVIDER}, and dashboards in {FOLDER} only"
    verdict.observed = (
        f"{', '.join(sorted(providers)) or 'no provider'}; elsewhere: {', '.join(elsewhere) or 'none'}"
    )
    verdict.look = "the volumes of the grafana service"
    verdict.check(providers == {PROVIDER}, "another provider")
    verdict.check(elsewhere == [], "dashboards elsewhere")
    verdict.check(_dashboards(project), "no dashboard")
