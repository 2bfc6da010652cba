"""The planes of our own stack, by their compose profiles: which of them a boot is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dotenv import dotenv_values

from dayzero.stack.stack import Stack

PLANES = ("data", "messaging", "observability")
"""All of them: what a run judges unless it is told otherwise."""


def usual_planes(root: Path) -> list[str]:
    """Those that the documented command starts, as `.env.example` in the stack's folder states."""
    return (dotenv_values(root / ".env.example")["COMPOSE_PROFILES"] or "").split(",")


def provisioned_planes(stack: Stack, inits: Iterable[str]) -> Sequence[str]:
    """Those of the stack's profiles that one of the inits belongs to."""
    services = stack.model["services"]
    wanted = {name for init in inits if init in services for name in services[init].get("profiles") or ()}
    return [name for name in stack.profiles if name in wanted]
