"""The inventory: every init of a stack, what it provisions and what that leaves behind (TASK-001)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dayzero.compose.yaml_source import (
    ComposeUnreadable,
    Item,
    Mapping,
    Place,
    Scalar,
    Sequence,
    read_document,
    to_plain,
)

_REQUIRED = ("compose", "targets", "outputs")
_OPTIONAL = ("aliases", "account", "port")


class InventoryError(Exception):
    """The inventory cannot be used. The text is one line: file, line, what is wrong, what to do."""


@dataclass(frozen=True)
class Output:
    """One thing that an init promises to leave behind; `details` are the promised settings by name."""

    kind: str
    name: str
    details: dict[str, Any]
    place: Place


@dataclass(frozen=True)
class Promise:
    """What the inventory says of one init.

    compose: the compose file that defines it, relative to the stack; aliases: services that run the same init;
    targets: services that it provisions; account: whom it logs in as, "" if nobody; port: where its
    targets listen for it; places: where each key stands.
    """

    name: str
    compose: str
    aliases: tuple[str, ...]
    targets: tuple[str, ...]
    account: str
    outputs: tuple[Output, ...]
    place: Place
    port: int | None = None
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that runs this init."""
        return (self.name, *self.aliases)


@dataclass(frozen=True)
class Inventory:
    file: Path
    inits: dict[str, Promise]

    def promise_of(self, service: str) -> Promise | None:
        """What is promised for a service, under its own name or an alias."""
        return next((promise for promise in self.inits.values() if service in promise.services), None)

    @property
    def services(self) -> set[str]:
        return {name for promise in self.inits.values() for name in promise.services}


def load_inventory(file: Path) -> Inventory:
    """Read an inventory; raises InventoryError with file and line if it is missing or malformed."""
    try:
        documents = read_document(file, file.parent, lambda text: (text, ()))
    except ComposeUnreadable as error:
        raise InventoryError(str(error)) from error
    if not documents or "inits" not in documents[0].entries:
        raise InventoryError(
            f"{file}:1: no `inits:` at the top level; list every init under it by its service name"
        )
    inits = documents[0].entries["inits"]
    if not isinstance(inits, Mapping) or not inits.entries:
        raise _wrong(inits.place, "`inits` is not a mapping of service names; write `inits: {NAME: {…}}`")
    return Inventory(
        file, {name: _promise(name, item, inits.keys[name]) for name, item in inits.entries.items()}
    )


def is_inventory(file: Path) -> bool:
    """Whether a file is meant as this kind of inventory (other tools have files of that name too)."""
    if not file.is_file():
        return False
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    return any(line.startswith("inits:") for line in text.splitlines())


def _promise(name: str, item: Item, place: Place) -> Promise:
    if not isinstance(item, Mapping):
        raise _wrong(place, f"{name} is not a mapping; give it {', '.join(_REQUIRED)}")
    unknown = [key for key in item.entries if key not in (*_REQUIRED, *_OPTIONAL)]
    if unknown:
        expected = ", ".join((*_REQUIRED, *_OPTIONAL))
        raise _wrong(item.keys[unknown[0]], f"{name} has an unknown key {unknown[0]!r}; expected {expected}")
    missing = [key for key in _REQUIRED if key not in item.entries]
    if missing:
        raise _wrong(place, f"{name} does not state {missing[0]!r}; add it")
    return Promise(
        name=name,
        compose=_text(name, item, "compose"),
        aliases=_names(name, item, "aliases"),
        targets=_names(name, item, "targets"),
        account=_text(name, item, "account"),
        outputs=_outputs(name, item),
        place=place,
        port=_port(name, item),
        places=dict(item.keys),
    )


def _port(name: str, item: Mapping) -> int | None:
    value = item.get("port")
    if value is None:
        return None
    stated = to_plain(value)
    if not isinstance(stated, int) or not 0 < stated < 65536:
        raise _wrong(item.keys["port"], f"port of {name} is {stated!r}; write a number from 1 to 65535")
    return stated


def _outputs(name: str, item: Mapping) -> tuple[Output, ...]:
    listed = item.entries["outputs"]
    if not isinstance(listed, Sequence) or not listed.items:
        raise _wrong(
            item.keys["outputs"],
            f"outputs of {name} is not a list of what it leaves behind; state at least one",
        )
    found = []
    for one in listed.items:
        details = to_plain(one)
        if not isinstance(details, dict) or not details.get("kind") or not details.get("name"):
            raise _wrong(
                one.place, f"an output of {name} has no kind or no name; write {{kind: topic, name: …}}"
            )
        rest = {key: value for key, value in details.items() if key not in ("kind", "name")}
        found.append(Output(str(details["kind"]), str(details["name"]), rest, one.place))
    return tuple(found)


def _names(name: str, item: Mapping, key: str) -> tuple[str, ...]:
    listed = item.get(key)
    if listed is None:
        return ()
    if not isinstance(listed, Sequence) or not all(
        isinstance(one, Scalar) and one.value for one in listed.items
    ):
        raise _wrong(item.keys[key], f"{key} of {name} is not a list of service names; write [a, b]")
    return tuple(str(to_plain(one)) for one in listed.items)


def _text(name: str, item: Mapping, key: str) -> str:
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, Scalar) or not isinstance(value.value, str):
        raise _wrong(item.keys[key], f"{key} of {name} is not a text; write one")
    return value.value


def _wrong(place: Place, what: str) -> InventoryError:
    return InventoryError(f"{place.file}:{place.line}: {what}")
