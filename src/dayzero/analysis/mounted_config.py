"""Settings and data files of the project that a service is given to read: mounted one by one, or named in its text."""

from __future__ import annotations

import re
from pathlib import Path

from dayzero.analysis.endpoints import visible_texts
from dayzero.compose.container_files import ContainerFile, ServiceFiles
from dayzero.compose.facts import fact
from dayzero.compose.project import Service
from dayzero.compose.yaml_source import PlacedText

SETTINGS = (".properties", ".conf", ".cnf", ".cfg", ".ini", ".toml", ".yml", ".yaml", ".env")
_TEXTS = (*SETTINGS, ".sql", ".json", ".xml", ".js", ".cypher", ".cql", ".ldif")
_PATH = re.compile(r"(?<![\w$}./-])(?:\.{0,2}/)?[\w.@-]+(?:/[\w.@-]+)+")


@fact
def given_texts(service: Service) -> tuple[PlacedText, ...]:
    """The text of each such file, scripts left out (see `visible_texts`); secrets are not looked into."""
    files = ServiceFiles(service)
    paths = [str(volume.get("target") or "") for volume in service.config.get("volumes") or []]
    paths += [str(grant.get("target") or "") for grant in service.config.get("configs") or []]
    paths += [match.group() for placed in visible_texts(service) for match in _PATH.finditer(placed.text)]
    found: dict[str, PlacedText] = {}
    for path in dict.fromkeys(paths):
        if Path(path).suffix not in _TEXTS or path.startswith(("/run/secrets/", "/var/run/secrets/")):
            continue
        file = files.find(path)
        if file is not None and not _is_secret(service, file):
            found.setdefault(file.path, file.read())
    seen = {placed.file for placed in visible_texts(service)} - {service.item.doc.file}
    return tuple(placed for placed in found.values() if placed.file not in seen)


def _is_secret(service: Service, file: ContainerFile) -> bool:
    targets = [str(grant.get("target") or "") for grant in service.config.get("secrets") or []]
    return file.is_folder or file.path in targets
