"""The Docker engine that everything runs on: which one answers, and which Compose drives it.

Standard library only: an engine is looked for before the environment is there. An engine that answers is never started
again, reconfigured or replaced.
"""

from __future__ import annotations

import enum
import json
import os
import shutil
import subprocess
from dataclasses import dataclass

from dayzero.core.release import release
from dayzero.docker import compose_plugin

OLDEST_COMPOSE = (2, 20)
"""``include`` in a compose file came with Compose 2.20."""

_ANSWER_SECONDS = 20


class Lack(enum.Enum):
    """What a machine without a working engine lacks."""

    CLIENT = "client"
    DAEMON = "daemon"
    PERMISSION = "permission"
    COMPOSE = "compose"


class EngineUnavailable(RuntimeError):
    """There is no usable engine. The text is one line: what is missing, where, what to do."""

    def __init__(self, lack: Lack, message: str) -> None:
        super().__init__(message)
        self.lack = lack


@dataclass(frozen=True)
class Engine:
    """A Docker engine that answered, with the Compose that drives it.

    `client_settings` is the value of DOCKER_CONFIG with which the docker client takes that Compose; None where it does
    so by itself.
    """

    endpoint: str
    server: str
    compose: str
    client_settings: str | None = None

    def __str__(self) -> str:
        return f"Docker {self.server}, Compose {self.compose}, {self.endpoint}"


def find() -> Engine:
    """Ask the engine that DOCKER_HOST or the current docker context names, with the Compose that is to be used.

    From then on this process and those that it starts use that Compose (see dayzero.docker.compose_plugin). Raises
    EngineUnavailable, which tells a missing client, a silent engine, a socket that may not be opened and a missing
    Compose apart. Starts and installs nothing.
    """
    if shutil.which("docker") is None:
        raise EngineUnavailable(
            Lack.CLIENT,
            "no docker client on the PATH: install Docker Engine with Compose, then run this again",
        )
    address = endpoint()
    server = _server_version(address)
    settings = _choose_compose()
    return Engine(address, server, _usable_compose(), settings)


def endpoint() -> str:
    if host := os.environ.get("DOCKER_HOST"):
        return host
    context = _docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    return context.stdout.strip() or "unix:///var/run/docker.sock"


def _server_version(endpoint: str) -> str:
    answer = _docker("version", "--format", "json")
    try:
        server = json.loads(answer.stdout or "{}").get("Server")
    except ValueError:
        server = None
    if answer.returncode == 0 and server:
        return str(server["Version"])
    if "permission denied" in answer.stderr.lower():
        raise EngineUnavailable(
            Lack.PERMISSION,
            f"permission denied on {endpoint}: run this as root, or add this user to the group docker and log in again",
        )
    complaint = answer.stderr.strip().splitlines()[-1:] or [f"docker version exited with {answer.returncode}"]
    raise EngineUnavailable(
        Lack.DAEMON, f"no Docker engine answers at {endpoint} ({complaint[0]}): start it, then run this again"
    )


def compose_version() -> str | None:
    """The version of the Compose that the docker client runs, without a leading `v`; None where it runs none."""
    answer = _docker("compose", "version", "--short")
    version = answer.stdout.strip().removeprefix("v")
    return version if answer.returncode == 0 and version else None


def _choose_compose() -> str | None:
    """Have this process and those that it starts use the Compose that is to be used; the new DOCKER_CONFIG, if any."""
    try:
        variables = compose_plugin.environment()
    except compose_plugin.ComposeUnusable as unusable:
        raise EngineUnavailable(Lack.COMPOSE, str(unusable)) from None
    os.environ.update(variables)
    return variables.get("DOCKER_CONFIG")


def _usable_compose() -> str:
    version = compose_version()
    remedy = (
        "install the docker compose plugin (in Debian 13: docker-compose; elsewhere: docker-compose-plugin)"
    )
    if version is None or not release(version):
        raise EngineUnavailable(
            Lack.COMPOSE, f"the Docker engine answers, but there is no Compose v2 or later: {remedy}"
        )
    if release(version)[:2] < OLDEST_COMPOSE:
        oldest = ".".join(map(str, OLDEST_COMPOSE))
        raise EngineUnavailable(
            Lack.COMPOSE, f"Compose {version} is too old, {oldest} or newer is needed: {remedy}"
        )
    return version


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the docker client; an engine that does not answer in time counts as one that does not answer."""
    command = ["docker", *arguments]
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer in {_ANSWER_SECONDS} s")
    except OSError as refused:
        return subprocess.CompletedProcess(command, 127, "", f"docker cannot be run: {refused.strerror}")
