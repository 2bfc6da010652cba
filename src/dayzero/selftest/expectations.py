"""What a stack of the catalogue should be judged as: read from the annotations that it carries.

A service says it of itself, with one entry or a list of them:

    x-dayzero: {criterion: CFG-2, expect: fail, because: "one line"}

What is true of no single service (CFG-1, CFG-9, CFG-12, CFG-15) stands at the root of compose.yml, or as a list in
expect.yml beside it where the compose file cannot carry it; an entry may name the subject that the report should show:

    x-dayzero:
      - {criterion: CFG-12, subject: kafka-init, expect: fail, because: "the inventory leaves it out"}

Without a subject, the worst result of that criterion in the whole report counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dayzero.core.catalogue import load_catalogue
from dayzero.core.plain_yaml import AnchorsLoader

EXPECTED = ("pass", "fail", "skip", "error")
_KEYS = {"criterion", "expect", "because"}


class AnnotationBroken(Exception):
    """An annotation cannot be used; the text is one line that names the file and the entry."""


@dataclass(frozen=True)
class Expectation:
    """One annotation. `subject` is "" where the worst result of the criterion counts; `folder` is the stack's."""

    folder: Path
    criterion: str
    subject: str
    expect: str
    because: str

    @property
    def id(self) -> str:
        """How a test of it is called."""
        return f"{self.folder.name}:{self.subject or 'project'}:{self.criterion}-{self.expect}"


def expectations_of(folder: Path) -> list[Expectation]:
    """Every annotation in a folder. Raises AnnotationBroken for one that is malformed, or if there is none."""
    found = [expectation for file in ("compose.yml", "expect.yml") for expectation in _in_file(folder / file)]
    if not found:
        raise AnnotationBroken(f"{folder.name}: nothing in it says how it should be judged (x-dayzero)")
    about = re.match(r"(cfg|run)-(\d\d)-", folder.name)
    named = f"{about[1].upper()}-{int(about[2])}" if about else ""
    if not any(expectation.criterion == named for expectation in found):
        raise AnnotationBroken(
            f"{folder.name}: no annotation is about {named or 'the criterion of its name'}"
        )
    return found


def _in_file(file: Path) -> Iterator[Expectation]:
    if not file.is_file():
        return
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Plain)  # noqa: S506  a SafeLoader
    except yaml.YAMLError:
        return  # a stack that Compose cannot read either is annotated in expect.yml
    if file.name == "expect.yml":
        yield from _entries(file, content, "")
    elif isinstance(content, dict):
        yield from _entries(file, content.get("x-dayzero"), "")
        for name, service in (content.get("services") or {}).items():
            if isinstance(service, dict):
                yield from _entries(file, service.get("x-dayzero"), name)


def _entries(file: Path, given: Any, subject: str) -> Iterator[Expectation]:
    where = f"{file.parent.name}/{file.name}: x-dayzero of {subject or 'the project'}"
    for entry in given if isinstance(given, list) else [given] if given is not None else []:
        if not isinstance(entry, dict) or not _KEYS <= entry.keys() <= _KEYS | {"subject"}:
            raise AnnotationBroken(f"{where}: needs criterion, expect and because")
        if entry["criterion"] not in load_catalogue():
            raise AnnotationBroken(f"{where}: the catalogue has no criterion {entry['criterion']!r}")
        if entry["expect"] not in EXPECTED:
            raise AnnotationBroken(
                f"{where}: expect is one of {', '.join(EXPECTED)}, not {entry['expect']!r}"
            )
        if not str(entry["because"]).strip():
            raise AnnotationBroken(f"{where}: because is empty")
        yield Expectation(
            file.parent,
            entry["criterion"],
            str(entry.get("subject") or subject),
            entry["expect"],
            entry["because"],
        )


class _Plain(AnchorsLoader):
    """Compose's own tags (`!reset`, `!override`) say nothing here."""


_Plain.add_multi_constructor("!", lambda loader, suffix, node: None)
