"""Files of the project as a container sees them: bind mounts, compose configs, copies of a local Dockerfile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dayzero.compose.dockerfile import Dockerfile, dockerfile_of, in_container, read_dockerfile
from dayzero.compose.yaml_source import Mapping, PlacedText, Scalar, Span

if TYPE_CHECKING:
    from dayzero.compose.project import Service

_LARGEST = 400_000


@dataclass(frozen=True)
class ContainerFile:
    """A file (or folder) at `path` in the container, read from `host` or given as `text`."""

    path: str
    host: Path | None
    text: PlacedText | None = None

    @property
    def is_folder(self) -> bool:
        return self.host is not None and self.host.is_dir()

    def read(self) -> PlacedText:
        """Its text; empty for what is no text or too large for a script."""
        if self.text is not None:
            return self.text
        assert self.host is not None
        if self.host.stat().st_size > _LARGEST:
            return PlacedText.of_file(self.host, "")
        content = self.host.read_bytes()
        return PlacedText.of_file(self.host, "" if b"\0" in content else content.decode("utf-8", "replace"))


class ServiceFiles:
    """Looks paths of a service's container up in the project."""

    def __init__(self, service: Service) -> None:
        self.service = service

    @cached_property
    def workdir(self) -> str:
        own = self.service.config.get("working_dir")
        return str(own or (self.dockerfile.workdir if self.dockerfile else "/"))

    @cached_property
    def dockerfile(self) -> Dockerfile | None:
        """The local Dockerfile that builds the service's image; None if there is none, or it cannot be read."""
        build = self.service.config.get("build")
        if not isinstance(build, dict):
            return None
        args = {str(key): str(value) for key, value in (build.get("args") or {}).items() if value is not None}
        inline = self.service.written("build", "dockerfile_inline")
        if inline is not None:
            return dockerfile_of(inline.place.file, inline.placed(), build.get("target"), args)
        file = Path(str(build.get("context") or ".")) / str(build.get("dockerfile") or "Dockerfile")
        return read_dockerfile(file, build.get("target"), args) if file.is_file() else None

    def find(self, path: str, folder: str | None = None) -> ContainerFile | None:
        """The file at a path of the container (relative ones from `folder`, default the working directory)."""
        if not path or path.startswith(("-", "$")) or "\n" in path or len(path) > 300:
            return None
        wanted = in_container(folder or self.workdir, path)
        if wanted == "/":
            return None
        return self._configured(wanted) or self._mounted(wanted) or self._copied(wanted)

    def names_in(self, path: str) -> list[str]:
        """What lies in a folder of the container: in what is mounted there, or is mounted there one by one."""
        wanted, folder = in_container(self.workdir, path), self.find(path)
        found = (
            {one.name for one in folder.host.iterdir()}
            if folder and folder.host and folder.is_folder
            else set()
        )
        grants = [*(self.service.config.get("volumes") or []), *(self.service.config.get("configs") or [])]
        targets = [PurePosixPath(in_container("/", str(one.get("target") or "/"))) for one in grants]
        return sorted(found | {target.name for target in targets if str(target.parent) == wanted})

    def _mounted(self, wanted: str) -> ContainerFile | None:
        best: tuple[int, Path] | None = None
        for volume in self.service.config.get("volumes") or []:
            target = str(volume.get("target") or "").rstrip("/")
            if volume.get("type") != "bind" or not volume.get("source"):
                continue
            host = _below(Path(str(volume["source"])), target, wanted)
            if host is not None and (best is None or len(target) > best[0]):
                best = (len(target), host)
        return ContainerFile(wanted, best[1]) if best and _is_there(best[1]) else None

    def _configured(self, wanted: str) -> ContainerFile | None:
        for key in ("configs", "secrets"):
            for grant in self.service.config.get(key) or []:
                target = str(grant.get("target") or f"/{grant.get('source')}")
                if in_container("/", target) != wanted:
                    continue
                file = self.service.project.tree.top.get(key)
                definition = file.get(str(grant.get("source"))) if isinstance(file, Mapping) else None
                content = definition.get("content") if isinstance(definition, Mapping) else None
                if isinstance(content, Scalar):
                    placed = content.placed()
                    spans = [Span(at, at + 2, "$") for at in _doubled(placed.text)]
                    return ContainerFile(wanted, None, placed.replaced(spans))
                path = definition.get("file") if isinstance(definition, Mapping) else None
                if key == "configs" and isinstance(path, Scalar):
                    host = path.doc.base / str(path.value)
                    if host.is_file():
                        return ContainerFile(wanted, host)
        return None

    def _copied(self, wanted: str) -> ContainerFile | None:
        if self.dockerfile is None:
            return None
        context = Path(str(self.service.config["build"].get("context") or "."))
        for copied in reversed(self.dockerfile.copies):
            if copied.text is not None and copied.target == wanted:
                return ContainerFile(wanted, None, copied.text)
            for source in copied.sources:
                host = _copy_source(context, source, copied.target, wanted)
                if host is not None:
                    return ContainerFile(wanted, host)
        return None


def _copy_source(context: Path, source: str, target: str, wanted: str) -> Path | None:
    pattern = source.lstrip("/").removeprefix("./") or "."
    found = (
        [context]
        if pattern == "."
        else sorted(context.glob(pattern))
        if "*" in pattern
        else [context / pattern]
    )
    for host in found:
        if host.is_dir():
            inner = _below(host, target.rstrip("/"), wanted)
        elif target.endswith("/"):
            inner = host if target + host.name == wanted else None
        else:
            inner = host if target == wanted else None
        if inner is not None and _is_there(inner):
            return inner
    return None


def _below(host: Path, target: str, wanted: str) -> Path | None:
    if wanted == target:
        return host
    prefix = target.rstrip("/") + "/"
    return host / str(PurePosixPath(wanted[len(prefix) :])) if wanted.startswith(prefix) else None


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except OSError:
        return False


def _doubled(text: str) -> list[int]:
    found, at = [], text.find("$$")
    while at >= 0:
        found.append(at)
        at = text.find("$$", at + 2)
    return found
