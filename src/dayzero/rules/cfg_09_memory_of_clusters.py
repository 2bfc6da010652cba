"""CFG-9: the members of a cluster are equal, and they fit."""

from __future__ import annotations

from dayzero.analysis.clusters import Member, clusters_of, memory_budget
from dayzero.compose.project import ComposeProject
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule


def cluster_names(project: ComposeProject) -> list[str]:
    """The clusters of a project."""
    return list(clusters_of(project))


MIB = 1024 * 1024


@rule("CFG-9", "REQ-SPC-AUT-003", names=cluster_names)
def members_of_a_cluster_reserve_the_same_memory(
    cluster: str | None, project: ComposeProject, verdict: Verdict
) -> None:
    """Given a data or messaging cluster,
    when the memory of its members is read,
    then all reserve the same, none reserves more than its limit, and all reservations together fit the stated budget.
    """
    if cluster is None:
        verdict.not_applicable(
            "no cluster in this project: no two services of one image with a member number"
        )
    members = clusters_of(project)[cluster]
    budget = memory_budget(project)
    total = sum(_reserved(project, members))
    verdict.subject = cluster
    verdict.expected = "one mem_reservation for all members, at most their mem_limit" + (
        f"; the whole stack within {budget // MIB} MiB" if budget else ""
    )
    verdict.observed = ", ".join(
        f"{one.service.name} {_mib(one.reservation)}/{_mib(one.limit)}" for one in members
    )
    verdict.observed += f"; reserved in all {total // MIB} MiB, budget {_mib(budget)}"
    verdict.source = members[0].service.where("mem_reservation")
    verdict.look = "set mem_reservation and mem_limit once, in what the members share; state x-memory-budget"
    reservations = {one.reservation for one in members}
    verdict.check(None not in reservations, "a member reserves nothing")
    verdict.check(len(reservations) == 1, "the members reserve different amounts")
    verdict.check(
        all(one.limit is None or (one.reservation or 0) <= one.limit for one in members),
        "a member reserves more than its limit",
    )
    verdict.check(budget is None or total <= budget, "all reservations exceed the budget")


def _reserved(project: ComposeProject, members: list[Member]) -> list[int]:
    """The reservations of every cluster, each service once."""
    found = {
        one.service.name: one.reservation or 0 for group in clusters_of(project).values() for one in group
    }
    return list(found.values()) or [one.reservation or 0 for one in members]


def _mib(size: int | None) -> str:
    return "none" if size is None else f"{size // MIB} MiB"
