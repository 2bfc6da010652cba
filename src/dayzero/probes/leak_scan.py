"""Searches what the engine and the suite keep about containers for secret values, in any form (RUN-15)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from python_on_whales import Container

from dayzero.core.secret_forms import every_form


def secrets_in(text: str, secrets: Mapping[str, str]) -> list[str]:
    """The names of the secrets that `text` holds, in any form that counts."""
    return sorted(name for name, forms in every_form(secrets).items() if any(form in text for form in forms))


def leaks_of(containers: Iterable[Container], secrets: Mapping[str, str]) -> list[str]:
    """Where a secret stands in inspect, logs or image history of the containers: one text a finding, never a value."""
    found: list[str] = []
    histories: dict[str, str] = {}
    for container in containers:
        if container.image not in histories:
            command = ["docker", "image", "history", "--no-trunc", "--format", "{{json .}}", container.image]
            histories[container.image] = subprocess.run(
                command, capture_output=True, text=True, check=True
            ).stdout
        inspected = subprocess.run(
            ["docker", "inspect", container.id], capture_output=True, text=True, check=True
        ).stdout
        logs = container.logs()
        assert isinstance(logs, str)
        for place, text in (
            ("inspect", inspected),
            ("log", logs),
            ("image history", histories[container.image]),
        ):
            found += [f"{name} in the {place} of {container.name}" for name in secrets_in(text, secrets)]
    return found


def leaks_in_files(folder: Path, secrets: Mapping[str, str]) -> list[str]:
    """Which files below `folder` hold a secret: one text a finding. Folders called secrets… are where they belong.

    Raises NotADirectoryError where there is no such folder: what was not searched is not clean.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not there to be searched for secrets")
    return [
        f"{name} in {path.relative_to(folder)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith("secrets") for part in path.relative_to(folder).parts[:-1])
        for name in secrets_in(path.read_bytes().decode(errors="replace"), secrets)
    ]
