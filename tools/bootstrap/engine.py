"""Finds the Docker engine that everything runs on, or installs and starts Debian's own.

``python -m tools.bootstrap.engine`` prints what it found and exits 0, or says in one line what is missing and what
to do and exits 1. Standard library only: it runs on a bare Python, before any dependency is installed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from dayzero.docker import compose_plugin
from dayzero.docker.engine import Engine, EngineUnavailable, Lack, endpoint, find
from tools.bootstrap import debian


def ensure(say: Callable[[str], None] = print) -> Engine:
    """Find an engine, or install and start Debian's own where this machine is Debian and we are root.

    ``say`` gets a line per step. Raises EngineUnavailable with one line where that cannot be done.
    """
    try:
        return find()
    except EngineUnavailable as missing:
        # Somebody who names an engine or a Compose means that one, and a closed socket is not ours to open.
        if (
            missing.lack is Lack.PERMISSION
            or (missing.lack is Lack.DAEMON and not _is_local(endpoint()))
            or (missing.lack is Lack.COMPOSE and os.environ.get(compose_plugin.NAMED_BY))
        ):
            raise
        debian.supply(missing, say)
    return find()


def main() -> int:
    """Command line: no arguments; 0 and one line about the engine, or 1 and one line about what is missing."""
    try:
        found = ensure(lambda step: print(f"engine: {step}", flush=True))
    except EngineUnavailable as missing:
        print(f"engine: {missing}", file=sys.stderr)
        return 1
    print(f"engine: {found}")
    if found.client_settings is not None:
        # One Compose makes the containers of another anew.
        print(f"engine: to use that Compose by hand as well: export DOCKER_CONFIG={found.client_settings}")
    return 0


def _is_local(endpoint: str) -> bool:
    return endpoint in {"unix:///var/run/docker.sock", "unix:///run/docker.sock"}


if __name__ == "__main__":
    sys.exit(main())
