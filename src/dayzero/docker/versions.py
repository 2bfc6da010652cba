"""The versions that a run judges and judges with."""

from __future__ import annotations

from dayzero.core.wait import StackUnusable
from dayzero.docker import engine
from dayzero.stack.stack import Stack


def engine_versions() -> dict[str, str]:
    """The versions of the engine and of Compose. Raises StackUnusable when no engine answers or Compose is missing."""
    try:
        found = engine.find()
    except engine.EngineUnavailable as missing:
        raise StackUnusable(f"{missing} (`make engine` does that on Debian)") from None
    return {"engine": found.server, "compose": found.compose}


def image_versions(stack: Stack) -> dict[str, str]:
    """The image that each service runs: name:tag@id, as the engine resolved it."""
    found = {}
    for container in stack.containers():
        labels = container.config.labels or {}
        found[labels["com.docker.compose.service"]] = f"{container.config.image}@{container.image}"
    return dict(sorted(found.items()))
