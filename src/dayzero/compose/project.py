"""A compose project as Compose loads it, with the place in the user's own files of everything in it.

The model is what `docker compose config` prints, all profiles on. Where Compose is missing, or stops on something that
does not keep the rest from being judged (a `.env` that is not committed, an unset required variable), the model is made
from the files by the same rules; `loaded_by` says which, and `complaint` what Compose said.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dayzero.compose.canonical import service_shape
from dayzero.compose.discovery import env_file_of, env_files_of, find_files
from dayzero.compose.interpolation import read_env_file
from dayzero.compose.merge import Tree, load_tree
from dayzero.compose.yaml_nodes import is_pipe
from dayzero.compose.yaml_source import ComposeUnreadable, Item, Mapping, Place, Scalar, Sequence, to_plain
from dayzero.core.verdict import Source

__all__ = ["ComposeProject", "ComposeUnreadable", "Service", "compose_config"]

_SECONDS = 60
_INTERPOLATED = re.compile(
    r'(?<=: )"[^"]*\$[^"]*"'
)  # text of the user's that Compose quotes may hold a credential


@dataclass(frozen=True)
class ComposeAnswer:
    """What `docker compose config` did: the model, or what it complained of (one line); `code` None if it never ran."""

    model: dict[str, Any] | None
    complaint: str
    code: int | None


_NOT_ASKED = ComposeAnswer(None, "Compose was not asked", None)


@dataclass(eq=False)
class Service:
    """One service of a project.

    config: as `docker compose config --format json` resolves it, `$$` undone, with the service's own `x-` keys.
    """

    name: str
    config: dict[str, Any]
    project: ComposeProject = field(repr=False)
    item: Mapping = field(repr=False)
    facts: dict[Any, Any] = field(default_factory=dict, repr=False, kw_only=True)
    """See dayzero.compose.facts."""

    def where(self, *keys: str | int) -> Source:
        """The place of a key (or of a list's item, by index or text), or of the nearest enclosing key that is there."""
        place = self.project.place_of(self.item, keys)
        return self.project.source(place or self.name_place)

    def written(self, *keys: str | int) -> Scalar | None:
        """The user's own text of a leaf, before interpolation; None if there is no such leaf."""
        item: Item | None = self.item
        for key in keys:
            item = child(item, key)
        return item if isinstance(item, Scalar) else None

    @property
    def is_whole(self) -> bool:
        """Whether the service that it extends could be had."""
        return not any(gap.kind == "extends" and gap.service == self.name for gap in self.project.tree.gaps)

    @cached_property
    def name_place(self) -> Place:
        services = self.project.tree.top.get("services")
        known = services.keys.get(self.name) if isinstance(services, Mapping) else None
        return known or self.item.place


@dataclass
class ComposeProject:
    """A loaded project, and the inventory that its user states about it, if there is one."""

    root: Path
    compose_files: tuple[Path, ...]
    tree: Tree
    model: dict[str, Any]
    values: dict[str, str] = field(repr=False)
    env_file: Path | None
    loaded_by: str
    complaint: str
    inventory: Any = None
    facts: dict[Any, Any] = field(default_factory=dict, repr=False)
    """See dayzero.compose.facts."""

    @classmethod
    def load(
        cls,
        path: Path | str,
        profiles: Iterable[str] = (),
        overrides: Iterable[Path | str] = (),
        env_file: Path | str | None = None,
        ask_compose: bool = True,
    ) -> ComposeProject:
        """Read the project in a folder, or of one compose file; no profile named means all of them.

        `ask_compose` off makes the model from the files alone, as where Compose is missing.
        Raises ComposeUnreadable (one line: what, where, what to do) if there is nothing that can be read.
        """
        files = [*find_files(Path(path)), *(Path(one).resolve() for one in overrides)]
        root = files[0].parent
        variables = Path(env_file).resolve() if env_file else env_file_of(root)
        values = _shell(root)
        if variables is not None:
            sampled = not env_file and variables.name != ".env"
            for name, value in _entries(variables, values):
                if value or not sampled:  # a sample leaves empty what the user has to fill in
                    values.setdefault(name, value)
        tree = load_tree(files, root, values)
        wanted = tuple(profiles) or ("*",)
        pipe = _pipe_in(tree)
        if pipe:
            answer = ComposeAnswer(None, pipe, None)
        else:
            answer = compose_config(files, variables, wanted) if ask_compose else _NOT_ASKED
        if not tree.services():
            raise ComposeUnreadable(f"{files[0]}: no service in it; expected `services:` with at least one")
        model = answer.model or {}
        project = cls(
            root=root,
            compose_files=tuple(files),
            tree=tree,
            model=model,
            values=values,
            env_file=variables,
            loaded_by="docker compose" if answer.model is not None else "the files alone",
            complaint=answer.complaint,
        )
        if wanted != ("*",):
            project._keep_profiles(set(wanted))
        return project

    @property
    def name(self) -> str:
        return str(self.model.get("name") or to_plain(self.tree.top.get("name")) or self.root.name)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that took part, by include and extends too."""
        return tuple(self.tree.files)

    @cached_property
    def services(self) -> dict[str, Service]:
        resolved = _unescaped(self.model.get("services") or {})
        found = {}
        for name, item in self.tree.services().items():
            if name in resolved:
                own = {key: to_plain(value) for key, value in item.entries.items() if key.startswith("x-")}
                found[name] = Service(name, {**resolved[name], **own}, self, item)
            elif not self.model:
                found[name] = Service(name, service_shape(item, self.values), self, item)
        return found

    @property
    def pipe(self) -> str:
        """Why Compose must not be asked about this project: it would wait for a pipe. "" if it may."""
        return _pipe_in(self.tree)

    @property
    def networks(self) -> dict[str, Any]:
        return self._section("networks")

    @property
    def volumes(self) -> dict[str, Any]:
        return self._section("volumes")

    @property
    def secrets(self) -> dict[str, Any]:
        return self._section("secrets")

    @property
    def configs(self) -> dict[str, Any]:
        return self._section("configs")

    @property
    def extensions(self) -> dict[str, Any]:
        return {key: to_plain(item) for key, item in self.tree.top.entries.items() if key.startswith("x-")}

    def where(self, *keys: str | int) -> Source:
        """The place of a top-level key, or of the nearest enclosing one."""
        return self.source(self.place_of(self.tree.top, keys) or Place(self.compose_files[0], 1, 1))

    def source(self, place: Place) -> Source:
        return Source(os.path.relpath(place.file, self.root), place.line, place.column)

    def place_of(self, item: Item, keys: Iterable[str | int]) -> Place | None:
        """The place of the deepest of `keys` that exists; None if not even the first does."""
        found: Place | None = None
        here: Item | None = item
        for key in keys:
            place = here.keys.get(str(key)) if isinstance(here, Mapping) else None
            here = child(here, key)
            if here is None:
                return found
            found = place or here.place
        return found

    def _section(self, name: str) -> dict[str, Any]:
        section = self.model.get(name) if self.model else to_plain(self.tree.top.get(name))
        return {key: value or {} for key, value in (section or {}).items()}

    def _keep_profiles(self, wanted: set[str]) -> None:
        if self.model:
            return
        for name, service in list(self.services.items()):
            own = set(service.config.get("profiles") or ())
            if own and not own & wanted:
                del self.services[name]


def child(item: Item | None, key: str | int) -> Item | None:
    """An entry of a mapping, or an item of a list by its index, its text, or the name before its `=` or `:`."""
    if isinstance(item, Mapping):
        return item.entries.get(str(key))
    if not isinstance(item, Sequence):
        return None
    if isinstance(key, int):
        return item.items[key] if -len(item.items) <= key < len(item.items) else None
    for one in item.items:
        if isinstance(one, Mapping):
            if key in [to_plain(one.get(name)) for name in ("target", "source", "path")]:
                return one
        elif isinstance(one, Scalar) and (
            str(one.value) == key or key in str(one.value).replace("=", ":").split(":")
        ):
            return one
    return None


def compose_config(files: Iterable[Path], env_file: Path | None, profiles: Iterable[str]) -> ComposeAnswer:
    """Ask Compose for the model of `files`; nothing of the caller's environment but its home reaches it."""
    files = list(files)
    command = ["docker", "compose", "--project-directory", str(files[0].parent)]
    for file in files:
        command += ["-f", str(file)]
    if env_file is not None:
        command += ["--env-file", str(env_file)]
    for profile in profiles:
        command += ["--profile", profile]
    try:
        done = subprocess.run(
            [*command, "config", "--format", "json"],
            cwd=files[0].parent,
            env=_shell(files[0].parent),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except OSError:
        return ComposeAnswer(None, "docker is not on this machine's PATH", None)
    except subprocess.TimeoutExpired:
        return ComposeAnswer(None, f"docker compose config did not end within {_SECONDS} s", None)
    said = [line.strip() for line in done.stderr.splitlines() if line.strip() and "level=warning" not in line]
    if done.returncode != 0:
        missing = any(
            sign in done.stderr for sign in ("unknown flag: --project-directory", "is not a docker command")
        )
        complaint = "; ".join(said[:3]) or f"exit code {done.returncode}"
        return ComposeAnswer(None, _INTERPOLATED.sub("…", complaint), None if missing else done.returncode)
    return ComposeAnswer(json.loads(done.stdout), "", 0)


def _pipe_in(tree: Tree) -> str:
    """Why Compose would never answer, as where a pipe stands in a file's place, in one line; "" if it would."""
    files = [gap.file for gap in tree.gaps if gap.file is not None]
    files += [one.path for service in tree.services().values() for one in env_files_of(service)]
    found = next((file for file in files if is_pipe(file)), None)
    return (
        f"{found}: Compose was not asked, for it would wait until somebody writes into that pipe"
        if found
        else ""
    )


def _shell(root: Path) -> dict[str, str]:
    """The environment that a project is judged in: the same on every machine, but for home and PATH."""
    kept = ("PATH", "HOME", "USER", "DOCKER_CONFIG", "DOCKER_HOST", "DOCKER_CONTEXT")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, "PWD": str(root)}


def _entries(file: Path, outer: dict[str, str]) -> list[tuple[str, str]]:
    try:
        return [(entry.name, entry.value or "") for entry in read_env_file(file, outer)]
    except OSError as error:
        raise ComposeUnreadable(
            f"{file}: the env file cannot be read ({error.strerror}); check the path"
        ) from error


def _unescaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unescaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unescaped(one) for one in value]
    return value.replace("$$", "$") if isinstance(value, str) else value
