"""Loads a project to be judged, with the inventory that its user states about it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dayzero.analysis.inventory import is_inventory, load_inventory
from dayzero.compose.project import ComposeProject


def load_judged(
    path: Path, profiles: Iterable[str] = (), overrides: Iterable[Path] = (), inventory: Path | None = None
) -> ComposeProject:
    """The project in a folder, or of one compose file; an inventory that is not named is the one beside it.

    Raises ComposeUnreadable and InventoryError.
    """
    project = ComposeProject.load(path, profiles=profiles, overrides=overrides)
    beside = project.root / "inventory.yml"
    if inventory is not None or is_inventory(beside):
        project.inventory = load_inventory(inventory or beside)
    return project
