"""By what a Grafana Alloy finds containers: the filters and rules of its configuration, as far as files show it."""

from __future__ import annotations

import re

from dayzero.compose.container_files import ServiceFiles
from dayzero.compose.image_reference import ImageReference
from dayzero.compose.project import ComposeProject, Service
from dayzero.compose.yaml_source import PlacedText

_IMAGES = re.compile(r"(?:.*/)?(?:alloy|agent)")
_DEFAULT = "/etc/alloy/config.alloy"
_COMMENT = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_FROM_ENVIRONMENT = re.compile(r"(?:sys\.)?env\(\s*\"(\w+)\"\s*\)")
_BLOCK = re.compile(r"^discovery\.docker\s+\"(\w+)\"\s*\{.*?^\}", re.MULTILINE | re.DOTALL)
_FILTER = re.compile(r"filter\s*\{[^}]*\bname\s*=\s*\"network\"[^}]*\}", re.DOTALL)
_RULE = re.compile(r"rule\s*\{[^}]*__meta_docker_network_name[^}]*\}", re.DOTALL)
_TEXT = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")


def alloys_of(project: ComposeProject) -> list[Service]:
    """The services that run Grafana Alloy (or its predecessor in flow mode), by their image's name."""
    found = []
    for service in project.services.values():
        repository = ImageReference.parse(str(service.config.get("image") or "")).repository
        if _IMAGES.fullmatch(repository) and repository.startswith(("grafana/", "alloy", "agent")):
            found.append(service)
    return found


def configurations_of(service: Service) -> list[PlacedText]:
    """Its configuration files among the project's own, comments blanked; none where the image brings them."""
    files = ServiceFiles(service)
    words = [str(word) for word in service.config.get("command") or []]
    named = [word for word in words if word.startswith("/") and "=" not in word] or [_DEFAULT]
    paths = [f"{path}/{name}" for path in named for name in _names_in(files, path)] or named
    found = [files.find(path) for path in paths]
    return [_without_comments(file.read()) for file in found if file is not None and not file.is_folder]


def discovers_by_network(service: Service, text: PlacedText, network: str) -> bool:
    """Whether containers are found by this network: a filter of discovery.docker, or a rule that keeps its name."""
    environment = service.config.get("environment") or {}
    for block in _BLOCK.finditer(text.text):
        rules = _RULE.findall(text.text) if f"discovery.docker.{block[1]}." in text.text else []
        for stated in [*_FILTER.findall(block[0]), *(rule for rule in rules if '"keep"' in rule)]:
            values = _TEXT.findall(stated)
            values += [str(environment.get(name) or "") for name in _FROM_ENVIRONMENT.findall(stated)]
            if network in values:
                return True
    return False


def place_of_discovery(text: PlacedText) -> int:
    """Where the first discovery of containers stands in the configuration; its beginning where there is none."""
    block = _BLOCK.search(text.text)
    return block.start() if block else 0


def _names_in(files: ServiceFiles, path: str) -> list[str]:
    return [name for name in files.names_in(path) if name.endswith((".alloy", ".river"))]


def _without_comments(text: PlacedText) -> PlacedText:
    """Every comment blanked, so that places stay; a `//` inside a quoted text begins none."""
    blanked = _COMMENT.sub(
        lambda match: match[0] if match[0].startswith('"') else re.sub(r"[^\n]", " ", match[0]), text.text
    )
    return PlacedText(blanked, text.file, text.spots)
