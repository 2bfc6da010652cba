"""Compose YAML as a tree that remembers where every key and every character was written.

`read_document` turns one file into `Mapping`, `Sequence` and `Scalar` items. An item keeps its `Place` (file, line and
column, both from 1), so that a verdict can point into the user's own text even after merge keys, `extends`, `include`
and override files have moved the item into another service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dayzero.compose.yaml_nodes import ComposeUnreadable as ComposeUnreadable
from dayzero.compose.yaml_nodes import read_nodes, read_text

MERGE_KEY = "<<"


@dataclass(frozen=True, slots=True)
class Place:
    """A position in one of the user's files; line and column count from 1."""

    file: Path
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class PlacedText:
    """Text of which each character knows its position in `file`; `spots` has one more entry than the text."""

    text: str
    file: Path
    spots: tuple[tuple[int, int], ...]

    @classmethod
    def of_file(cls, file: Path, text: str, first_line: int = 1) -> PlacedText:
        """Text that stands in a file exactly as it is, from column 1 of `first_line`."""
        spots, line, column = [], first_line, 1
        for character in text:
            spots.append((line, column))
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
        spots.append((line, column))
        return cls(text, file, tuple(spots))

    @classmethod
    def at(cls, place: Place, text: str) -> PlacedText:
        """Text that was not written in a file as such: every character stands at one place."""
        return cls(text, place.file, ((place.line, place.column),) * (len(text) + 1))

    def place(self, offset: int = 0) -> Place:
        """The place of the character at `offset` (clamped to the text)."""
        line, column = self.spots[max(0, min(offset, len(self.spots) - 1))]
        return Place(self.file, line, column)

    def slice(self, start: int, end: int | None = None) -> PlacedText:
        stop = len(self.text) if end is None else end
        return PlacedText(self.text[start:stop], self.file, self.spots[start : stop + 1])

    def join(self, *others: PlacedText) -> PlacedText:
        """This text followed by others of the same file."""
        text, spots = self.text, self.spots[: len(self.text)]
        for other in others:
            text += other.text
            spots += other.spots[: len(other.text)]
        last = others[-1] if others else self
        return PlacedText(text, self.file, (*spots, last.spots[-1]))

    def replaced(self, spans: Iterable[Span]) -> PlacedText:
        """The text with spans replaced, in order; what is put in stands where its span began."""
        text, end = "", 0
        spots: list[tuple[int, int]] = []
        for span in spans:
            text += self.text[end : span.start] + span.text
            spots += [*self.spots[end : span.start], *[self.spots[span.start]] * len(span.text)]
            end = span.end
        return PlacedText(text + self.text[end:], self.file, (*spots, *self.spots[end:]))


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of a text, to be replaced by `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One file that takes part: its text, and the folder that relative paths in it start from."""

    file: Path
    base: Path
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf. `value` is what Compose takes it for, `written` what the user wrote (before interpolation)."""

    doc: Document
    place: Place
    value: Any
    written: str
    tag: str = ""
    node: ScalarNode | None = field(default=None, repr=False, compare=False)
    start: int = 0
    variables: tuple[Variable, ...] = ()

    def placed(self) -> PlacedText:
        """The written text with the position of every character; of `NAME=value` items, the value."""
        if self.node is None:
            return PlacedText.at(self.place, self.written)
        return _align(self.doc, self.node).slice(self.start)


@dataclass(frozen=True, slots=True)
class Variable:
    """A `${NAME}` in a scalar: whether it got a value, and from a default or not."""

    name: str
    has_value: bool
    from_default: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    doc: Document
    place: Place
    items: tuple[Item, ...]
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """`entries` by key; `keys` tells where each key was written."""

    doc: Document
    place: Place
    entries: dict[str, Item]
    keys: dict[str, Place]
    tag: str = ""

    def get(self, key: str) -> Item | None:
        return self.entries.get(key)

    def with_entry(self, key: str, item: Item, place: Place | None = None) -> Mapping:
        keys = {**self.keys, key: place or self.keys.get(key) or item.place}
        return replace(self, entries={**self.entries, key: item}, keys=keys)

    def without(self, *names: str) -> Mapping:
        entries = {key: item for key, item in self.entries.items() if key not in names}
        return replace(self, entries=entries)


Item = Scalar | Sequence | Mapping
Interpolate = Callable[[str], tuple[str, tuple[Variable, ...]]]


def read_document(file: Path, base: Path, interpolate: Interpolate) -> tuple[Mapping, ...]:
    """The YAML documents of one Compose file, interpolated; relative paths in it will start from `base`.

    Raises ComposeUnreadable if the file cannot be read, is no YAML, or is not a mapping.
    """
    doc = Document(file, base, read_text(file))
    mappings = []
    for node in read_nodes(file, doc.text):
        item = _item(node, doc, interpolate, {})
        if isinstance(item, Mapping):
            mappings.append(item)
        elif not (isinstance(item, Scalar) and item.value is None):
            raise ComposeUnreadable(
                f"{file}:{item.place.line}: the top level is not a mapping; expected `services:` …"
            )
    return tuple(mappings)


def to_plain(item: Item | None) -> Any:
    """The value of an item as plain dicts, lists and scalars."""
    if isinstance(item, Mapping):
        return {key: to_plain(value) for key, value in item.entries.items()}
    if isinstance(item, Sequence):
        return [to_plain(value) for value in item.items]
    return item.value if item is not None else None


def walk(item: Item, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Scalar]]:
    """Every leaf below an item with its path."""
    if isinstance(item, Mapping):
        for key, value in item.entries.items():
            yield from walk(value, (*path, key))
    elif isinstance(item, Sequence):
        for index, value in enumerate(item.items):
            yield from walk(value, (*path, index))
    else:
        yield path, item


def _item(node: Node, doc: Document, interpolate: Interpolate, seen: dict[int, Item]) -> Item:
    known = seen.get(id(node))
    if known is not None:
        return known
    place = Place(doc.file, node.start_mark.line + 1, node.start_mark.column + 1)
    tag = str(node.tag) if str(node.tag) in ("!reset", "!override") else ""
    item: Item
    if isinstance(node, MappingNode):
        item = _mapping(node, doc, interpolate, seen, place, tag)
    elif isinstance(node, SequenceNode):
        items = tuple(_item(child, doc, interpolate, seen) for child in node.value)
        item = Sequence(doc, place, items, tag)
    elif isinstance(node, ScalarNode):
        item = _scalar(node, doc, interpolate, place, tag)
    else:
        raise ComposeUnreadable(f"{doc.file}:{place.line}: a YAML node of an unknown kind; write plain YAML")
    seen[id(node)] = item
    return item


def _mapping(
    node: MappingNode, doc: Document, interpolate: Interpolate, seen: dict[int, Item], place: Place, tag: str
) -> Mapping:
    entries: dict[str, Item] = {}
    keys: dict[str, Place] = {}
    merged: list[Item] = []
    for key_node, value_node in node.value:
        value = _item(value_node, doc, interpolate, seen)
        if isinstance(key_node, ScalarNode) and key_node.style is None and key_node.value == MERGE_KEY:
            merged += value.items if isinstance(value, Sequence) else [value]
            continue
        key = str(key_node.value)
        entries[key] = value
        keys[key] = Place(doc.file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
    for other in merged:
        if isinstance(other, Mapping):
            for key, value in other.entries.items():
                if key not in entries:
                    entries[key] = value
                    keys[key] = other.keys[key]
    return Mapping(doc, place, entries, keys, tag)


def _scalar(node: ScalarNode, doc: Document, interpolate: Interpolate, place: Place, tag: str) -> Scalar:
    written = str(node.value)
    if "$" not in written:
        plain = node.style is None and not tag
        return Scalar(doc, place, _typed(written) if plain else written, written, tag, node)
    value, variables = interpolate(written)
    return Scalar(doc, place, value, written, tag, node, variables=variables)


_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.?[0-9]+(?:[eE][-+]?[0-9]+)?")


def _typed(text: str) -> Any:
    """A plain scalar as Compose's YAML reader types it: yes, no, on and off stay text."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in ("true", "false") and text in (text.lower(), text.upper(), text.capitalize()):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text.replace("_", ""))
    if re.fullmatch(r"0o?[0-7]+", text):
        return int(text.lstrip("0o") or "0", 8)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text, 16)
    if _FLOAT.fullmatch(text) and any(mark in text for mark in ".eE"):
        return float(text.replace("_", ""))
    return text


def _align(doc: Document, node: ScalarNode) -> PlacedText:
    """Finds each character of a scalar's value in the file, through quotes, escapes, folding and indentation."""
    raw, value, style = doc.text, str(node.value), node.style
    at = _content_start(raw, node.start_mark.index, style)
    offsets = []
    for character in value:
        at, offset = _next_spot(raw, at, character, style)
        offsets.append(offset)
    offsets.append(min(at, len(raw)))
    return PlacedText(value, doc.file, tuple(_spots(raw, offsets)))


def _content_start(raw: str, at: int, style: str | None) -> int:
    while raw[at : at + 1] in ("&", "!"):  # anchor and tag stand before the content
        at = re.compile(r"\S*\s*").match(raw, at).end()  # type: ignore[union-attr]
    if style in ("|", ">"):
        end = raw.find("\n", at)
        return len(raw) if end < 0 else end + 1
    return at + 1 if style in ("'", '"') else at


_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")


def _next_spot(raw: str, at: int, character: str, style: str | None) -> tuple[int, int]:
    """Where `character` stands at or after `at`: the position after it, and its own."""
    space = character in " \n"
    while at < len(raw):
        here = raw[at]
        if style == '"' and here == "\\":
            if raw[at + 1 : at + 2] in ("\n", "\r"):
                at = re.compile(r"\\\s*").match(raw, at).end()  # type: ignore[union-attr]
                continue
            escape = _ESCAPE.match(raw, at)
            return (escape.end() if escape else at + 1), at
        if style == "'" and here == "'" and character == "'":
            return at + 2, at
        if here == character:
            return at + 1, at
        if space:
            if here == "\n":
                return at + 1, at
            if here not in " \t\r":
                return at, at
        at += 1
    return at, max(0, len(raw) - 1)


def _spots(raw: str, offsets: list[int]) -> Iterator[tuple[int, int]]:
    line, start, seen = 1, 0, 0
    for offset in offsets:
        if offset > seen:
            breaks = raw.count("\n", seen, offset)
            if breaks:
                line += breaks
                start = raw.rfind("\n", seen, offset) + 1
            seen = offset
        yield line, offset - start + 1
