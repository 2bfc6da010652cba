"""The variables that reach a service's container, each with what the user wrote for it and where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dayzero.compose.container_files import ServiceFiles
from dayzero.compose.discovery import env_files_of
from dayzero.compose.facts import fact
from dayzero.compose.interpolation import read_env_file
from dayzero.compose.project import Service
from dayzero.compose.yaml_source import Mapping, Place, Scalar
from dayzero.core.verdict import Source


@dataclass(frozen=True)
class EnvVariable:
    """One variable of a container.

    value: as the container gets it, None where that cannot be told (it is passed through, or its variable is not set);
    written: the user's own text of it; through: "environment", "env_file" or "image" (ENV of a local Dockerfile).
    """

    name: str
    value: str | None
    written: str
    through: str
    source: Source


@dataclass(frozen=True)
class MissingEnvFile:
    """An env file that the service names and the project does not hold, not even as a sample."""

    path: str
    source: Source
    file: Path
    place: Place


@fact
def variables_of(service: Service) -> tuple[EnvVariable, ...]:
    """The variables of a service, a later way of setting one (image, env_file, environment) winning."""
    found: dict[str, EnvVariable] = {}
    for variable in (*_of_image(service), *_of_env_files(service), *_of_environment(service)):
        found[variable.name] = variable
    return tuple(found.values())


def missing_env_files(service: Service) -> list[MissingEnvFile]:
    """Env files that are named and neither there nor sampled; what they would set cannot be told."""
    missing = []
    for env_file in env_files_of(service.item):
        if env_file.required and env_file.readable is None:
            source = service.project.source(env_file.place)
            missing.append(MissingEnvFile(env_file.path.name, source, env_file.path, env_file.place))
    return missing


def _of_environment(service: Service) -> list[EnvVariable]:
    environment = service.item.get("environment")
    if not isinstance(environment, Mapping):
        return []
    resolved = service.config.get("environment") or {}
    found = []
    for name, item in environment.entries.items():
        if not isinstance(item, Scalar):
            continue
        unset = item.value is None or any(not variable.has_value for variable in item.variables)
        value = resolved.get(name)
        text = value if value is not None and not (unset and value == "") else None
        source = service.project.source(environment.keys.get(name, item.place))
        found.append(EnvVariable(name, text, item.written, "environment", source))
    return found


def _of_env_files(service: Service) -> list[EnvVariable]:
    found = []
    for env_file in env_files_of(service.item):
        if env_file.readable is None:
            continue
        for entry in read_env_file(env_file.readable, service.project.values):
            source = service.project.source(Place(env_file.readable, entry.line, 1))
            to_fill_in = not entry.value and env_file.readable != env_file.path
            value = None if to_fill_in else entry.value
            found.append(EnvVariable(entry.name, value, entry.value or "", "env_file", source))
    return found


def _of_image(service: Service) -> list[EnvVariable]:
    dockerfile = ServiceFiles(service).dockerfile
    found = []
    for instruction in dockerfile.environment if dockerfile else ():
        text = instruction.body.text
        pairs = re.findall(r"([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)", text) or re.findall(
            r"^(\w+)\s+(.*)$", text
        )
        for name, value in pairs:
            place = instruction.body.place(max(0, text.find(name)))
            plain = value.strip("\"'")
            known = None if "$" in plain else plain
            found.append(EnvVariable(name, known, plain, "image", service.project.source(place)))
    return found
