"""Whether an engine has Loki's Docker log driver, and the compose file with which the stack uses it there.

`python -m dayzero.docker.loki_driver` prints the options that make `docker compose` do so: none where there is no
driver, or where the plane `observability`, which takes its lines, is not wanted.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path

from dotenv import dotenv_values
from python_on_whales import DockerClient

NAME = "loki"
"""What the driver is called on an engine: the alias under which its documentation has it installed."""

PORT_VARIABLE = "LOG_DRIVER_PORT"


def has_log_driver(engine: DockerClient) -> bool:
    """Whether containers of this engine can log through it now."""
    return any(plugin.enabled and plugin.name.split(":")[0] == NAME for plugin in engine.plugin.list())


def log_driver_file(root: Path) -> Path:
    """The compose file, applied after the stack's own, by which the stack's services log through the driver."""
    return root / "infra" / "06-observability" / "log-driver.yml"


def takes_lines(profiles: Sequence[str]) -> bool:
    """Whether a stack of these profiles has the plane that the driver brings its lines to."""
    return "observability" in profiles


def free_port() -> int:
    """A TCP port of this machine that nobody listens at now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def main() -> None:
    """Print the options for `docker compose`, on one line."""
    root = Path(__file__).resolve().parents[3]
    stated = {**dotenv_values(root / ".env.example"), **dotenv_values(root / ".env"), **os.environ}
    profiles = (stated.get("COMPOSE_PROFILES") or "").split(",")
    if takes_lines(profiles) and has_log_driver(DockerClient()):
        files = [root / "docker-compose.yml", log_driver_file(root)]
        print(*(word for file in files for word in ("--file", file.relative_to(root))))


if __name__ == "__main__":
    main()
