"""What a project's files tell Grafana to serve: providers of dashboards and the dashboards that they read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from dayzero.compose.container_files import ContainerFile, ServiceFiles
from dayzero.compose.image_reference import ImageReference
from dayzero.compose.project import ComposeProject, Service
from dayzero.compose.yaml_source import PlacedText
from dayzero.core.plain_yaml import load_plain

_IMAGES = re.compile(r"(?:.*/)?grafana(?:-oss|-enterprise)?")
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
_BUILT_IN = {"-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "__expr__"}


@dataclass(frozen=True)
class Finding:
    """Something wrong with a file: what, and where in it."""

    what: str
    text: PlacedText
    offset: int = 0


@dataclass(frozen=True)
class Provider:
    """One entry under `providers:` of a file that Grafana reads at its start."""

    service: Service
    text: PlacedText
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.settings.get("name") or "unnamed")

    @property
    def folder(self) -> str:
        """Where it looks for dashboards in the container."""
        return str((self.settings.get("options") or {}).get("path") or "")

    def findings(self) -> list[Finding]:
        """How it lets people change or delete a dashboard beside its file."""
        found = []
        if self.settings.get("allowUiUpdates") not in (None, False):
            found.append(
                self._about("allowUiUpdates", f"{self.name} lets the user interface save over a file")
            )
        if self.settings.get("disableDeletion") is not True:
            found.append(self._about("disableDeletion", f"{self.name} does not forbid deletion"))
        return found

    def dashboards(self) -> list[PlacedText]:
        """The JSON files in its folder, as far as the project has them."""
        return [file.read() for file in _files_in(self.service, self.folder) if file.path.endswith(".json")]

    def _about(self, key: str, what: str) -> Finding:
        own = self.text.text.find(f"name: {self.name}")
        return Finding(what, self.text, max(self.text.text.find(key, max(own, 0)), own, 0))


@dataclass(frozen=True)
class ProviderUnreadable:
    """A file among the providers that Grafana cannot read."""

    service: Service
    text: PlacedText
    reason: str


def grafanas_of(project: ComposeProject) -> list[Service]:
    """The services that run Grafana, by their image's name."""
    return [
        service
        for service in project.services.values()
        if _IMAGES.fullmatch(ImageReference.parse(str(service.config.get("image") or "")).repository)
    ]


def providers_of(service: Service) -> list[Provider | ProviderUnreadable]:
    """Every provider that the project's files give to this Grafana."""
    environment = service.config.get("environment") or {}
    root = str(environment.get("GF_PATHS_PROVISIONING") or "/etc/grafana/provisioning")
    found: list[Provider | ProviderUnreadable] = []
    for file in _files_in(service, f"{root}/dashboards", deep=False):
        if not file.path.endswith((".yml", ".yaml")):
            continue
        text = file.read()
        try:
            content = load_plain(text.text) or {}
            entries = content.get("providers") or []
            found += [Provider(service, text, dict(entry)) for entry in entries]
        except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            found.append(ProviderUnreadable(service, text, reason))
    return found


def dashboard_findings(text: PlacedText) -> list[Finding]:
    """What keeps the dashboard from being the same in every installation: no fixed uid, a hard-wired data source."""
    try:
        content = json.loads(text.text)
    except json.JSONDecodeError as error:
        return [Finding(f"no JSON: {error.msg}", text, error.pos)]
    if not isinstance(content, dict):
        return [Finding("no dashboard: the top level is not an object", text)]
    found = []
    uid = content.get("uid")
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        found.append(Finding(f"no fixed uid: {uid!r}", text, max(text.text.find('"uid"'), 0)))
    variables = (content.get("templating") or {}).get("list") or []
    known = {one.get("name") for one in variables if one.get("type") == "datasource"}
    for named in sorted({one for one in _data_sources(content) if not _is_open(one, known)}):
        found.append(
            Finding(
                f"data source {named!r} is no variable of the dashboard",
                text,
                max(text.text.find(json.dumps(named)), 0),
            )
        )
    return found


def uid_of(text: PlacedText) -> str | None:
    """The dashboard's uid; None where there is none, or no JSON."""
    try:
        content = json.loads(text.text)
    except json.JSONDecodeError:
        return None
    return content.get("uid") if isinstance(content, dict) else None


def _is_open(named: str, variables: set[str]) -> bool:
    match = _VARIABLE.fullmatch(named)
    return named in _BUILT_IN or (match is not None and (match[1] or match[2]) in variables)


def _data_sources(content: Any) -> Iterator[str]:
    """Every name or uid of a data source anywhere in a dashboard; Grafana's default one is not named at all."""
    if isinstance(content, list):
        for one in content:
            yield from _data_sources(one)
    elif isinstance(content, dict):
        for key, value in content.items():
            named = value.get("uid") if isinstance(value, dict) else value
            if key == "datasource" and isinstance(named, str):
                yield named
            else:
                yield from _data_sources(value)


def _files_in(service: Service, folder: str, deep: bool = True) -> list[ContainerFile]:
    """The project's files below a folder of the container, however they get there."""
    files = ServiceFiles(service)
    paths = set()
    mounted = files.find(folder)
    if mounted is not None and mounted.is_folder and mounted.host is not None:
        names = mounted.host.rglob("*") if deep else mounted.host.iterdir()
        paths |= {f"{folder}/{name.relative_to(mounted.host)}" for name in names if name.is_file()}
    for key in ("volumes", "configs"):
        for grant in service.config.get(key) or []:
            target = str(grant.get("target") or "")
            if PurePosixPath(target).parent == PurePosixPath(folder):
                paths.add(target)
    found = [files.find(path) for path in sorted(paths)]
    return [file for file in found if file is not None and not file.is_folder]


def shown(project: ComposeProject, text: PlacedText) -> str:
    """The path of a file relative to the project, where it lies below it."""
    file = text.file.resolve()
    root = project.root.resolve()
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(Path(file))
