"""Whether the engine has the memory and the disk that a stack says it needs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from python_on_whales import DockerClient

from dayzero.core.errors import StackUnusable

_GIB = 1024**3
_DISK = 2 * _GIB
"""Bytes that a boot of all planes writes at most, with some room."""


def require_room(engine: DockerClient, model: dict[str, Any]) -> None:
    """Raise StackUnusable when the resolved `model` reserves more memory than the engine has, or its disk is full."""
    needed = sum(int(service.get("mem_reservation") or 0) for service in model["services"].values())
    info = engine.system.info()
    total = info.mem_total or 0
    if total < needed:
        raise StackUnusable(
            f"too little memory: the stack reserves {needed / _GIB:.1f} GiB and the engine has {total / _GIB:.1f} GiB; "
            "choose fewer planes with --profile or give the engine more"
        )
    folder = Path(info.docker_root_dir or "/")
    if folder.exists() and (free := shutil.disk_usage(folder).free) < _DISK:
        raise StackUnusable(
            f"too little disk: {folder} has {free / _GIB:.1f} GiB left and a boot needs {_DISK / _GIB:.0f} GiB; "
            "free some with `docker system prune`"
        )
