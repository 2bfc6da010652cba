"""Runs an init with its scratch space on disk instead of in memory, so that what it leaves can be read afterwards."""

from __future__ import annotations

from pathlib import Path

import yaml

from dayzero.docker.container_exit import Ending
from dayzero.stack.stack import Stack


def run_with_kept_scratch(stack: Stack, init: str) -> tuple[Ending, Path]:
    """How the init ended, and the folder with all that it has written: it has no other place to write to (CFG-7)."""
    folder = stack.workspace / f"scratch-{init}"
    mounts = []
    for number, entry in enumerate(stack.model["services"][init].get("tmpfs") or []):
        place = folder / str(number)
        place.mkdir(parents=True)
        place.chmod(0o1777)  # what a tmpfs is to any user
        mounts.append({"type": "bind", "source": str(place), "target": entry.partition(":")[0]})
    override = stack.workspace / f"scratch-{init}.yml"
    # A reset is a YAML tag of Compose's own, hence text.
    override.write_text(
        f"services:\n  {init}:\n    tmpfs: !reset []\n    volumes: {yaml.safe_dump(mounts, default_flow_style=True)}",
        encoding="utf-8",
    )
    return stack.run_init(init, client=stack.client([*stack.files, override])), folder
