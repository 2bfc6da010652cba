"""Joins the files of a Compose project into one tree: overrides, `extends` and `include`, with every place kept.

Where a file that is pulled in is missing or unreadable, the rest is still joined and the gap is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dayzero.compose.gap import Gap
from dayzero.compose.interpolation import interpolate, read_env_file
from dayzero.compose.yaml_source import (
    ComposeUnreadable,
    Item,
    Mapping,
    Place,
    Scalar,
    Sequence,
    Variable,
    read_document,
    to_plain,
)

_SECTIONS = ("services", "networks", "volumes", "secrets", "configs")
_REPLACED = {"command", "entrypoint", "test"}
_BY_TARGET = {"volumes", "secrets", "configs", "ports"}


@dataclass
class Tree:
    """What was joined: the top-level mapping, each file that took part, and what could not be had."""

    top: Mapping
    files: list[Path] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def services(self) -> dict[str, Mapping]:
        found = self.top.get("services")
        entries = found.entries if isinstance(found, Mapping) else {}
        return {name: item for name, item in entries.items() if isinstance(item, Mapping)}


def load_tree(files: list[Path], base: Path, values: AnyMapping[str, str]) -> Tree:
    """Joins `files` in order; relative paths in them start from `base`, variables come from `values`.

    Raises ComposeUnreadable if one of the given files cannot be read; files that these pull in become gaps.
    """
    loader = _Loader(values, [], [])
    top = _without_resets(loader.project(files, base))
    return Tree(top, loader.files, loader.gaps)


@dataclass
class _Loader:
    values: AnyMapping[str, str]
    files: list[Path]
    gaps: list[Gap]
    including: tuple[Path, ...] = ()

    def project(self, files: list[Path], base: Path) -> Mapping:
        top: Mapping | None = None
        for file in files:
            for document in self._read(file, base):
                joined = self._with_includes(self._with_extends(canonical(document), top))
                top = joined if top is None else merge(top, joined)
        if top is None:
            raise ComposeUnreadable(
                f"{files[0]}: the file is empty; expected `services:` with at least one service"
            )
        return top

    def _read(self, file: Path, base: Path) -> tuple[Mapping, ...]:
        def fill_in(text: str) -> tuple[str, tuple[Variable, ...]]:
            result = interpolate(text, self.values)
            return result.text, result.variables

        documents = read_document(file, base, fill_in)
        if file not in self.files:
            self.files.append(file)
        return documents

    def _with_extends(self, document: Mapping, before: Mapping | None) -> Mapping:
        services = document.get("services")
        if not isinstance(services, Mapping):
            return document
        outer = before.get("services") if before else None
        known = (
            {**outer.entries, **services.entries} if isinstance(outer, Mapping) else dict(services.entries)
        )
        entries = {
            name: self._extended(item, known, ((document.doc.file, name),))
            if isinstance(item, Mapping)
            else item
            for name, item in services.entries.items()
        }
        return document.with_entry("services", replace(services, entries=entries))

    def _extended(
        self, service: Mapping, siblings: dict[str, Item], trail: tuple[tuple[Path, str], ...]
    ) -> Mapping:
        extends = service.get("extends")
        if not isinstance(extends, Mapping):
            return service
        here = service.without("extends")
        wanted = str(to_plain(extends.get("service")))
        from_file = extends.get("file")
        file = trail[-1][0]
        if isinstance(from_file, Scalar) and from_file.value:
            file = _under(from_file.doc.base, str(from_file.value))
            found = self._services_of(file, extends.place, trail[0][1])
            if found is None:
                return here
            siblings = found
        base = siblings.get(wanted)
        if not isinstance(base, Mapping):
            what = f"extends names a service that is not there: {wanted}"
            self.gaps.append(Gap("extends", what, extends.place, trail[0][1]))
            return here
        if (file, wanted) in trail:
            self.gaps.append(Gap("extends", "extends goes round in a circle", extends.place, trail[0][1]))
            return here
        return merge(self._extended(base, siblings, (*trail, (file, wanted))), here)

    def _services_of(self, file: Path, place: Place, service: str) -> dict[str, Item] | None:
        try:
            found: dict[str, Item] = {}
            for document in self._read(file, file.parent):
                services = canonical(document).get("services")
                if isinstance(services, Mapping):
                    found |= services.entries
            return found
        except ComposeUnreadable as error:
            self.gaps.append(Gap("extends", str(error), place, service, file=file))
            return None

    def _with_includes(self, document: Mapping) -> Mapping:
        include = document.get("include")
        if not isinstance(include, Sequence):
            return document
        joined: Mapping | None = None
        for item in include.items:
            part = self._included(item)
            if part is not None:
                sections = {name: part.entries[name] for name in _SECTIONS if name in part.entries}
                part = replace(part, entries=sections)
                joined = part if joined is None else merge(joined, part)
        return merge(joined, document) if joined is not None else document

    def _included(self, item: Item) -> Mapping | None:
        details = item if isinstance(item, Mapping) else None
        paths = _texts(details.get("path") if details else item)
        if not paths or any(path.startswith(("http:", "https:", "git@", "oci:", "ssh:")) for path in paths):
            what = f"include is not a local file: {', '.join(paths)}" if paths else "include names no file"
            self.gaps.append(Gap("include", what, item.place))
            return None
        files = [_under(item.doc.base, path) for path in paths]
        if files[0] in self.including:
            self.gaps.append(Gap("include", "include goes round in a circle", item.place))
            return None
        folder = to_plain(details.get("project_directory")) if details else None
        base = _under(item.doc.base, str(folder)) if folder else files[0].parent
        env_files = [
            _under(item.doc.base, path) for path in _texts(details.get("env_file") if details else None)
        ]
        values = dict(self.values)
        for env_file in env_files or [base / ".env"]:
            if env_file.is_file():
                for entry in read_env_file(env_file, values):
                    values.setdefault(entry.name, entry.value or "")
            elif env_files:
                what = f"env_file of an include is missing: {env_file.name}"
                self.gaps.append(Gap("include", what, item.place, file=env_file))
        inner = _Loader(values, self.files, self.gaps, (*self.including, *files))
        try:
            return inner.project(files, base)
        except ComposeUnreadable as error:
            self.gaps.append(Gap("include", str(error), item.place, file=files[0]))
            return None


def _without_resets(item: Mapping) -> Mapping:
    """The tree without keys that `!reset` took away and that nothing below had."""
    entries = {
        key: _without_resets(value) if isinstance(value, Mapping) else value
        for key, value in item.entries.items()
        if value.tag != "!reset"
    }
    return replace(item, entries=entries)


def merge(base: Mapping, over: Mapping) -> Mapping:
    """`over` laid on `base` by Compose's rules; a `!reset` key disappears, an `!override` one replaces."""
    entries, keys = dict(base.entries), dict(base.keys)
    for key, item in over.entries.items():
        if item.tag == "!reset":
            entries.pop(key, None)
            continue
        below = entries.get(key)
        entries[key] = item if below is None else _merge_item(key, below, item)
        if entries[key] is not below:
            keys[key] = over.keys[key]
    return Mapping(over.doc, over.place, entries, keys, base.tag)


def _merge_item(key: str, below: Item, item: Item) -> Item:
    if item.tag == "!override" or key in _REPLACED:
        return item
    if isinstance(below, Mapping) and isinstance(item, Mapping):
        return item if key == "logging" and _another_driver(below, item) else merge(below, item)
    if isinstance(below, Mapping | Sequence) and isinstance(item, Scalar) and item.value is None:
        return below
    if isinstance(below, Sequence) and isinstance(item, Sequence):
        if key in _BY_TARGET:
            by_target = {_target(key, one): one for one in below.items}
            by_target.update({_target(key, one): one for one in item.items})
            return Sequence(item.doc, item.place, tuple(by_target.values()))
        seen = [to_plain(one) for one in below.items]
        fresh = tuple(one for one in item.items if to_plain(one) not in seen)
        return Sequence(item.doc, item.place, below.items + fresh)
    return item


def _another_driver(below: Mapping, item: Mapping) -> bool:
    """Whether both name a log driver and not the same: one cannot have the other's options."""
    drivers = [to_plain(one.get("driver")) for one in (below, item)]
    return None not in drivers and drivers[0] != drivers[1]


def _target(key: str, item: Item) -> Any:
    if isinstance(item, Mapping):
        if key == "ports":
            return str([to_plain(item.get(name)) for name in ("target", "published", "protocol", "host_ip")])
        return str(to_plain(item.get("target") or item.get("source")))
    text = str(to_plain(item))
    return volume_parts(text)[1] if key == "volumes" else text


def volume_parts(text: str) -> tuple[str, str, str]:
    """Source ("" for an anonymous volume), target and mode of a short-form volume."""
    parts = text.split(":")
    if len(parts[0]) == 1 and len(parts) > 1 and parts[1].startswith(("\\", "/")) and parts[0].isalpha():
        parts = [":".join(parts[:2]), *parts[2:]]  # a Windows drive
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], ":".join(parts[2:])


def canonical(document: Mapping) -> Mapping:
    """A document whose services use mappings wherever Compose takes a list or a mapping for the same thing."""
    services = document.get("services")
    if not isinstance(services, Mapping):
        return document
    entries = {
        name: _canonical_service(item) if isinstance(item, Mapping) else item
        for name, item in services.entries.items()
    }
    return document.with_entry("services", replace(services, entries=entries))


def _canonical_service(service: Mapping) -> Mapping:
    for key in ("environment", "labels", "annotations", "sysctls"):
        service = _rewritten(service, key, _pairs)
    service = _rewritten(service, "depends_on", _conditions)
    service = _rewritten(service, "networks", _names)
    service = _rewritten(service, "env_file", _env_files)
    service = _rewritten(service, "tmpfs", _listed)
    service = _rewritten(service, "extends", lambda item: _wrapped(item, "service"))
    service = _rewritten(service, "build", lambda item: _wrapped(item, "context"))
    for key in ("pre_start", "post_start", "pre_stop"):
        service = _rewritten(service, key, _hooks)
    build = service.get("build")
    if isinstance(build, Mapping):
        service = service.with_entry("build", _rewritten(_rewritten(build, "args", _pairs), "labels", _pairs))
    return service


def _rewritten(owner: Mapping, key: str, rewrite: Any) -> Mapping:
    item = owner.get(key)
    return owner if item is None else owner.with_entry(key, rewrite(item))


def _pairs(item: Item) -> Item:
    if not isinstance(item, Sequence):
        return item
    entries: dict[str, Item] = {}
    keys: dict[str, Place] = {}
    for one in item.items:
        if not isinstance(one, Scalar):
            continue
        name, equals, value = str(one.value).partition("=")
        written = one.written.partition("=")
        keys[name] = one.place
        start = len(written[0]) + len(written[1])
        entries[name] = replace(one, value=value if equals else None, written=written[2], start=start)
    return Mapping(item.doc, item.place, entries, keys, item.tag)


def _hooks(item: Item) -> Item:
    if not isinstance(item, Sequence):
        return item
    hooks = (_canonical_service(one) if isinstance(one, Mapping) else one for one in item.items)
    return replace(item, items=tuple(hooks))


def _conditions(item: Item) -> Item:
    if not isinstance(item, Sequence):
        return item
    entries: dict[str, Item] = {}
    for one in item.items:
        if isinstance(one, Scalar):
            condition = Scalar(one.doc, one.place, "service_started", "")
            required = Scalar(one.doc, one.place, True, "")
            inner: dict[str, Item] = {"condition": condition, "required": required}
            entries[str(one.value)] = Mapping(one.doc, one.place, inner, dict.fromkeys(inner, one.place))
    keys = {name: entry.place for name, entry in entries.items()}
    return Mapping(item.doc, item.place, entries, keys, item.tag)


def _names(item: Item) -> Item:
    if not isinstance(item, Sequence):
        return item
    entries: dict[str, Item] = {
        str(one.value): Scalar(one.doc, one.place, None, "") for one in item.items if isinstance(one, Scalar)
    }
    return Mapping(
        item.doc, item.place, entries, {name: one.place for name, one in entries.items()}, item.tag
    )


def _env_files(item: Item) -> Item:
    listed = _listed(item)
    if not isinstance(listed, Sequence):
        return listed
    return replace(listed, items=tuple(_wrapped(one, "path") for one in listed.items))


def _listed(item: Item) -> Item:
    if isinstance(item, Scalar) and item.value is None:
        return item
    return item if isinstance(item, Sequence) else Sequence(item.doc, item.place, (item,), item.tag)


def _wrapped(item: Item, key: str) -> Item:
    if not isinstance(item, Scalar) or item.value is None:
        return item
    return Mapping(item.doc, item.place, {key: item}, {key: item.place}, item.tag)


def _texts(item: Item | None) -> list[str]:
    if isinstance(item, Sequence):
        return [str(to_plain(one)) for one in item.items if isinstance(one, Scalar)]
    return [str(item.value)] if isinstance(item, Scalar) and item.value else []


def _under(base: Path, path: str) -> Path:
    return Path(path) if Path(path).is_absolute() else (base / path).resolve()
