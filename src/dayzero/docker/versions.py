"""The versions of the engine and of Compose."""

from __future__ import annotations

from dayzero.core.errors import StackUnusable
from dayzero.docker import engine


def engine_versions() -> dict[str, str]:
    """The versions of the engine and of Compose. Raises StackUnusable when no engine answers or Compose is missing."""
    try:
        found = engine.find()
    except engine.EngineUnavailable as missing:
        raise StackUnusable(f"{missing} (`make engine` does that on Debian)") from None
    return {"engine": found.server, "compose": found.compose}
