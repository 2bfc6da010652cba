"""Removes what a killed run left behind, and only that (SUITE-4)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from dayzero.docker.run_identity import OWNER_LABEL, RUN_LABEL, is_over

_OWNER_FILE = "owner"
_PATIENCE = 20.0
"""Seconds for a removal that is under way elsewhere, or waits for one."""


class LeftoverStays(Exception):
    """Something of an ended run cannot be removed; the text is one line: what, why, what to do."""


def workspace(name: str, owner: str) -> Path:
    """A new folder for a run's generated files, marked with its owner so that a later start can sweep it."""
    folder = Path(tempfile.mkdtemp(prefix=f"dayzero-{name}-"))
    (folder / _OWNER_FILE).write_text(owner, encoding="utf-8")
    return folder


def _listed(kind: str, label: str, columns: str) -> list[list[str]]:
    """One row a thing of the kind with the label: the columns of `docker KIND ls`, read at one moment."""
    command = ["docker", kind, "ls", "--filter", f"label={label}", "--format", columns]
    if kind == "container":
        command.insert(3, "--all")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def remove_labelled(label: str) -> list[str]:
    """Remove every container, network and volume with the label `NAME=VALUE`; returns what was removed.

    Another process may be at the same work. Raises LeftoverStays when one is still there after a while.
    """
    removed: list[str] = []
    kinds: tuple[tuple[str, str, list[str]], ...] = (
        ("container", "{{.ID}}\t{{.Names}}", ["--force", "--volumes"]),
        ("network", "{{.ID}}\t{{.Name}}", []),
        ("volume", "{{.Name}}\t{{.Name}}", ["--force"]),
    )
    for kind, columns, options in kinds:
        deadline = time.monotonic() + _PATIENCE
        while rows := _listed(kind, label, columns):
            for identity, name in rows:
                done = subprocess.run(
                    ["docker", kind, "rm", *options, identity], capture_output=True, text=True, check=False
                )
                if not done.returncode:
                    removed.append(f"{kind} {name}")
                elif time.monotonic() > deadline:
                    reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                    raise LeftoverStays(
                        f"{kind} {name}, left by a run that ended, cannot be removed ({reason}): "
                        f"free it and run `docker {kind} rm {name}`"
                    )
    return removed


def sweep() -> list[str]:
    """Remove the leftovers of runs whose process is gone; returns one text a thing removed."""
    columns = "\t".join(f'{{{{.Label "{label}"}}}}' for label in (RUN_LABEL, OWNER_LABEL))
    runs = {
        name: owner
        for kind in ("container", "network", "volume")
        for name, owner in _listed(kind, RUN_LABEL, columns)
    }
    removed: list[str] = []
    for name, owner in runs.items():
        if is_over(owner):
            removed += remove_labelled(f"{RUN_LABEL}={name}")
    for folder in Path(tempfile.gettempdir()).glob("dayzero-dz-*"):
        mark = folder / _OWNER_FILE
        if mark.is_file() and is_over(mark.read_text(encoding="utf-8")):
            shutil.rmtree(folder)
            removed.append(f"folder {folder.name}")
    return removed
