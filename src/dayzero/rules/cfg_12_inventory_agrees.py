"""CFG-12: the inventory and the compose files tell the same story."""

from __future__ import annotations

import os

from dayzero.analysis.init_detection import InitService, detected_inits, inits_of
from dayzero.analysis.inventory import Inventory, Promise
from dayzero.analysis.targets_of_init import targets_of
from dayzero.compose.project import ComposeProject
from dayzero.core.verdict import Verdict, leave_out
from dayzero.rules.rule import rule


def entries(project: ComposeProject) -> list[str]:
    """The inits that the inventory lists, and those that the compose files hold besides; none without an inventory."""
    if project.inventory is None:
        return []
    listed, known = list(project.inventory.inits), project.inventory.services
    found = [init.name for init in detected_inits(project)] if listed else []
    return [*listed, *(name for name in found if name not in known)]


NO_INVENTORY = "no inventory: give one with --inventory, or put inventory.yml beside the compose file"


@rule("CFG-12", "TASK-001", names=entries)
def the_inventory_agrees_with_the_compose_files(
    entry: str | None, project: ComposeProject, verdict: Verdict
) -> None:
    """Given an init that the inventory lists or that the compose files hold,
    when both are read,
    then each knows it, in the same file, with the same targets, and its outputs are stated.
    """
    if project.inventory is None or entry is None:
        verdict.not_applicable(NO_INVENTORY)
    verdict.subject = entry
    verdict.expected = "listed in the inventory with compose file, targets and outputs, and so defined"
    verdict.look = "correct the inventory, or the compose file that it names"
    if entry not in project.services and entry in project.tree.services():
        leave_out(f"{entry} is not part of the chosen profiles")
    differences = _differences(project, project.inventory, entry)
    verdict.observed = "; ".join(differences) or "both agree"
    promise = project.inventory.promise_of(entry)
    verdict.source = project.source(promise.place) if promise else project.services[entry].where()
    verdict.check(not differences)


def _differences(project: ComposeProject, inventory: Inventory, entry: str) -> list[str]:
    promise = inventory.promise_of(entry)
    if promise is None:
        return ["the compose files hold it, the inventory does not list it"]
    missing = [name for name in promise.services if name not in project.tree.services()]
    if missing:
        return [f"the inventory lists {name}, which no compose file defines" for name in missing]
    init = next(one for one in inits_of(project) if one.name == promise.name)
    return [*_file_differs(project, promise, init), *_targets_differ(project, promise, init)]


def _file_differs(project: ComposeProject, promise: Promise, init: InitService) -> list[str]:
    defined = init.where().file
    stated = os.path.normpath(promise.compose)
    return [] if defined == stated else [f"it is defined in {defined}, the inventory says {stated}"]


def _targets_differ(project: ComposeProject, promise: Promise, init: InitService) -> list[str]:
    unknown = [name for name in promise.targets if name not in project.services]
    talks_to = {one.service for one in targets_of(init)}
    silent = sorted(talks_to - set(promise.targets))
    found = [f"target {name} is no service" for name in unknown]
    found += [f"it talks to {name}, which the inventory does not list as a target" for name in silent]
    waited = set(init.config.get("depends_on") or {})
    found += [f"target {name} is not among its depends_on" for name in promise.targets if name not in waited]
    return found
