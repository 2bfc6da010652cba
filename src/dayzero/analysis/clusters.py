"""Clusters of a project: members that run the same image under names with a member number."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from dayzero.analysis.init_detection import inits_of
from dayzero.compose.canonical import size
from dayzero.compose.project import ComposeProject, Service

_MEMBER = re.compile(r"(?P<stem>.*?\D)[-_.]?0*\d+")


@dataclass(frozen=True)
class Member:
    """Bytes that a service reserves and may use at most; None where nothing is stated."""

    service: Service
    reservation: int | None
    limit: int | None


def clusters_of(project: ComposeProject) -> dict[str, list[Member]]:
    """Members by the cluster's name; those of the inventory's targets where several stand together."""
    groups: dict[tuple[str, str], list[Service]] = defaultdict(list)
    inits = {init.name for init in inits_of(project)}
    for service in project.services.values():
        match = _MEMBER.fullmatch(service.name)
        if match is not None and service.name not in inits:
            image = str(service.config.get("image") or service.config.get("build") or "")
            groups[match["stem"].rstrip("-_."), image].append(service)
    found = {stem: members for (stem, _), members in groups.items() if len(members) > 1}
    for promise in project.inventory.inits.values() if project.inventory is not None else ():
        targets = [project.services[name] for name in promise.targets if name in project.services]
        known = [{one.name for one in members} for members in found.values()]
        if len(targets) > 1 and {one.name for one in targets} not in known:
            found[promise.name.removesuffix("-init")] = targets
    return {name: [member_of(one) for one in members] for name, members in found.items()}


def member_of(service: Service) -> Member:
    """What a service states of its memory, in short or in deploy form."""
    config = service.config
    resources: dict[str, Any] = (config.get("deploy") or {}).get("resources") or {}
    reservation = config.get("mem_reservation") or (resources.get("reservations") or {}).get("memory")
    limit = config.get("mem_limit") or (resources.get("limits") or {}).get("memory")
    return Member(service, size(reservation) if reservation else None, size(limit) if limit else None)


def memory_budget(project: ComposeProject) -> int | None:
    """Bytes of the stack's `x-memory-budget`; None if it states none."""
    stated = project.extensions.get("x-memory-budget")
    return size(stated) if stated is not None else None
