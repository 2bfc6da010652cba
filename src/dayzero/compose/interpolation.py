"""Compose's `${VARIABLE}` interpolation and its `.env` files.

A variable that is nowhere set becomes the empty string, as Compose has it, and is named in the result; a `${NAME:?}`
that is missing is treated alike, so that a project can still be judged where Compose itself would stop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from dayzero.compose.yaml_source import Span, Variable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """One `NAME=value` of an env file; `value` is None for a bare `NAME`; `line` counts from 1."""

    name: str
    value: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Interpolated:
    text: str
    spans: tuple[Span, ...]
    variables: tuple[Variable, ...]


def interpolate(text: str, values: AnyMapping[str, str]) -> Interpolated:
    """Replaces `$NAME`, `${NAME}` with all its operators and `$$`; what is no valid reference stays as it is."""
    spans: list[Span] = []
    variables: list[Variable] = []
    at = text.find("$")
    while at >= 0:
        end, new = _reference(text, at, values, variables)
        if end > at:
            spans.append(Span(at, end, new))
        at = text.find("$", max(end, at + 1))
    result, done = "", 0
    for span in spans:
        result += text[done : span.start] + span.text
        done = span.end
    return Interpolated(result + text[done:], tuple(spans), tuple(variables))


def read_env_file(file: Path, outer: AnyMapping[str, str]) -> tuple[EnvEntry, ...]:
    """The entries of an env file, values interpolated by those before them and by `outer`. Raises OSError."""
    entries: list[EnvEntry] = []
    known = dict(outer)
    for binding in parse_stream(StringIO(file.read_text(encoding="utf-8-sig", errors="replace"))):
        if not binding.key:
            continue
        value = binding.value
        if value is not None and not re.search(r"=\s*'", binding.original.string):
            value = interpolate(value, known).text
        if value is not None:
            known[binding.key] = outer.get(binding.key, value)
        blank = len(binding.original.string) - len(binding.original.string.lstrip())
        line = binding.original.line + binding.original.string[:blank].count("\n")
        entries.append(EnvEntry(binding.key, value, line))
    return tuple(entries)


def _reference(
    text: str, at: int, values: AnyMapping[str, str], variables: list[Variable]
) -> tuple[int, str]:
    """The end of the reference that begins at `at` and what it stands for; (at, "") where there is none."""
    if text.startswith("$$", at):
        return at + 2, "$"
    braced = text.startswith("${", at)
    name = _NAME.match(text, at + (2 if braced else 1))
    if name is None:
        return at, ""
    value = values.get(name.group())
    if not braced:
        variables.append(Variable(name.group(), value is not None, False))
        return name.end(), value or ""
    close = _closing_brace(text, name.end())
    if close is None:
        return at, ""
    operator = _OPERATOR.match(text, name.end())
    if operator is None:
        if close != name.end():
            return at, ""
        variables.append(Variable(name.group(), value is not None, False))
        return close + 1, value or ""
    word = text[operator.end() : close]
    sign = operator.group()
    usable = value is not None and (value != "" or not sign.startswith(":"))
    if sign.endswith("+"):
        variables.append(Variable(name.group(), True, not usable))
        return close + 1, interpolate(word, values).text if usable else ""
    if usable or sign.endswith("?"):
        variables.append(Variable(name.group(), usable, False))
        return close + 1, value or ""
    inner = interpolate(word, values)
    variables.append(Variable(name.group(), all(variable.has_value for variable in inner.variables), True))
    variables.extend(inner.variables)
    return close + 1, inner.text


def _closing_brace(text: str, at: int) -> int | None:
    depth = 1
    while at < len(text):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return None
