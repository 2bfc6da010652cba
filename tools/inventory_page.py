"""Renders the inventory as a page for people: `python -m tools.inventory_page` (TASK-001)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dayzero.analysis.inventory import Inventory, InventoryError, load_inventory
from dayzero.core.atomic_file import write_text

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "inventory.md"


def _said(value: Any) -> str:
    """A promised setting as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}={_said(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_said(item) for item in value)
    return str(value)


def render(inventory: Inventory) -> str:
    """The whole page, in Markdown."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  Markdown, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["said"] = _said
    return environment.get_template("inventory.md.j2").render(inits=inventory.inits.values())


def main() -> int:
    """Write the page; 1 with a line that says what is wrong with the inventory."""
    try:
        write_text(PAGE, render(load_inventory(ROOT / "inventory.yml")))
    except InventoryError as wrong:
        sys.stderr.write(f"inventory: {wrong}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
