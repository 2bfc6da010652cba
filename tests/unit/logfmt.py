"""Reads provisioners' audit lines with a strict parser of its own, which shares nothing with what writes them."""

from __future__ import annotations

import re

_PAIR = re.compile(r'([a-z][a-z0-9_.]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"=\\]+))(?: |$)')


class NotLogfmt(ValueError):
    """A line that a logfmt reader would not understand; its text quotes the line."""


def parse(line: str) -> dict[str, str]:
    """The pairs of one line, in their order. Raises NotLogfmt for anything but printable ASCII in key=value pairs."""
    if not line.isascii() or not line.isprintable():
        raise NotLogfmt(f"not printable ASCII: {line!r}")
    pairs: dict[str, str] = {}
    place = 0
    while place < len(line):
        found = _PAIR.match(line, place)
        if found is None:
            raise NotLogfmt(f"no key=value at column {place + 1}: {line!r}")
        key, quoted, bare = found.groups()
        if key in pairs:
            raise NotLogfmt(f"{key} twice: {line!r}")
        pairs[key] = bare if quoted is None else quoted
        place = found.end()
    return pairs
