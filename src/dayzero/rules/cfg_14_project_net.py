"""CFG-14: project_net is a network for other projects, and the collector finds containers by it."""

from __future__ import annotations

from dayzero.analysis.alloy_config import (
    alloys_of,
    configurations_of,
    discovers_by_network,
    place_of_discovery,
)
from dayzero.compose.project import ComposeProject, child
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule

NETWORK = "project_net"


def collector_names(project: ComposeProject) -> list[str]:
    """The services that run Grafana Alloy."""
    return [service.name for service in alloys_of(project)]


def _require_network(project: ComposeProject, verdict: Verdict) -> None:
    if NETWORK not in project.networks:
        verdict.not_applicable(f"this project has no network {NETWORK}")


@rule("CFG-14", "REQ-PRD-FUN-03", subject=NETWORK, names=None)
def other_projects_can_join_the_network(project: ComposeProject, verdict: Verdict) -> None:
    """Given a project with a network for others,
    when its definition is read,
    then it is a bridge under a name of its own that another project can state, and a service is on it."""
    _require_network(project, verdict)
    settings = project.networks[NETWORK]
    own = child(project.tree.top.get("networks"), NETWORK)
    named = child(own, "name") is not None or child(own, "external") is not None
    members = [
        service.name
        for service in project.services.values()
        if NETWORK in (service.config.get("networks") or {})
    ]
    driver = str(settings.get("driver") or "bridge")
    verdict.expected = "driver bridge, an explicit name (or external), at least one service on it"
    verdict.observed = (
        f"driver {driver}; {'explicit name' if named else 'no name of its own: it gets the name of this project'}; "
        f"{len(members)} services"
    )
    verdict.source = project.where("networks", NETWORK)
    verdict.look = f"networks: {NETWORK}: name:"
    verdict.check(driver == "bridge", "no bridge")
    verdict.check(named, "no name that another project can state")
    verdict.check(members, "no service on it")


@rule("CFG-14", "REQ-SPC-AUT-005", names=collector_names)
def the_collector_finds_containers_by_the_network(
    collector: str | None, project: ComposeProject, verdict: Verdict
) -> None:
    """Given Alloy and a network that other projects join,
    when Alloy's configuration is read,
    then it discovers containers by that network's name."""
    if collector is None:
        verdict.not_applicable("no Grafana Alloy in this project")
    _require_network(project, verdict)
    service = project.services[collector]
    texts = configurations_of(service)
    if not texts:
        verdict.not_applicable("the configuration of Alloy is not among the project's files")
    network = str(project.networks[NETWORK].get("name") or NETWORK)
    verdict.subject = collector
    verdict.expected = (
        f'discovery.docker with a filter "network" of {network}, or a rule that keeps that name'
    )
    found = any(discovers_by_network(service, text, network) for text in texts)
    verdict.observed = f"discovers by {network}: {found}"
    verdict.source = project.source(texts[0].place(place_of_discovery(texts[0])))
    verdict.look = "discovery.docker in the configuration of Alloy"
    verdict.check(found)
