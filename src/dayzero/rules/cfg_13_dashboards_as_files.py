"""CFG-13: dashboards are versioned files, the same in every installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

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
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule

_NOTHING = "no Grafana in this project is given a provider of dashboards by its files"


def provisioned(project: ComposeProject) -> Iterator[Provider | ProviderUnreadable]:
    """The providers of dashboards that a Grafana of the project reads."""
    for service in grafanas_of(project):
        yield from providers_of(service)


def dashboards_of(project: ComposeProject) -> dict[str, PlacedText]:
    """The dashboards that they provide, by their paths."""
    found = {}
    for provider in provisioned(project):
        if isinstance(provider, Provider):
            found.update({shown(project, text): text for text in provider.dashboards()})
    return found


def provider_names(project: ComposeProject) -> list[str]:
    """The files of the providers."""
    return [shown(project, one.text) for one in provisioned(project)]


def dashboard_names(project: ComposeProject) -> list[str]:
    """The files of the dashboards."""
    return list(dashboards_of(project))


def _judge(findings: list[Finding], project: ComposeProject, verdict: Verdict) -> None:
    verdict.observed = "; ".join(finding.what for finding in findings) or "nothing else"
    if findings:
        verdict.source = project.source(findings[0].text.place(findings[0].offset))
    verdict.check(findings == [])


@rule("CFG-13", "REQ-SPC-AUT-004", "REQ-PRD-FUN-02", names=provider_names)
def a_provider_forbids_changes_beside_the_files(
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
    for one in provisioned(project):
        if shown(project, one.text) != provider:
            continue
        if isinstance(one, ProviderUnreadable):
            found.append(Finding(f"cannot be read: {one.reason}", one.text))
            continue
        found += one.findings()
        if not one.dashboards():
            found.append(Finding(f"no dashboard in {one.folder or 'options.path'} among the files", one.text))
    _judge(found, project, verdict)


@rule("CFG-13", "REQ-SPC-AUT-004", "REQ-PRD-FUN-02", names=dashboard_names)
def a_dashboard_is_the_same_everywhere(
    dashboard: str | None, project: ComposeProject, verdict: Verdict
) -> None:
    """Given a dashboard that a provider reads,
    when its JSON is read,
    then it has a uid of its own, and each data source in it is a variable that the dashboard defines."""
    if dashboard is None:
        verdict.not_applicable(_NOTHING)
    dashboards = dashboards_of(project)
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
