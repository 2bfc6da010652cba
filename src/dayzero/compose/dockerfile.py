"""A local Dockerfile as far as it tells what a service runs: base image, copied files, command, user, healthcheck."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from dayzero.compose.interpolation import interpolate
from dayzero.compose.yaml_source import Place, PlacedText

_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")
_FLAG = re.compile(r"\s*--[a-z-]+(?:=\S+)?\s+")


@dataclass(frozen=True)
class Instruction:
    """One instruction: `body` is what follows its name, `heredocs` the texts that it carries by their names."""

    name: str
    body: PlacedText
    heredocs: tuple[tuple[str, PlacedText], ...] = ()

    @property
    def place(self) -> Place:
        return self.body.place()


@dataclass(frozen=True)
class Copied:
    """`COPY`: files of the build context (or an inline text) to a path in the image."""

    sources: tuple[str, ...]
    target: str
    text: PlacedText | None = None


@dataclass
class Dockerfile:
    """The stage that is built; what it takes from an earlier local stage is in it too.

    base: the image after FROM, "" if that cannot be told; entrypoint, command: None if the image's own hold.
    """

    file: Path
    base: str = ""
    entrypoint: Instruction | None = None
    command: Instruction | None = None
    healthcheck: Instruction | None = None
    user: Instruction | None = None
    workdir: str = "/"
    copies: list[Copied] = field(default_factory=list)
    environment: list[Instruction] = field(default_factory=list)


def read_dockerfile(file: Path, target: str | None = None, args: dict[str, str] | None = None) -> Dockerfile:
    """The stage `target` (default the last) of a Dockerfile, build arguments filled in. Raises OSError."""
    return dockerfile_of(
        file, PlacedText.of_file(file, file.read_text(encoding="utf-8-sig", errors="replace")), target, args
    )


def dockerfile_of(
    file: Path, text: PlacedText, target: str | None = None, args: dict[str, str] | None = None
) -> Dockerfile:
    """The same for a Dockerfile whose text is given (`dockerfile_inline`)."""
    stages: dict[str, Dockerfile] = {}
    stage = Dockerfile(file)
    values: dict[str, str] = {}
    for one in instructions(text):
        body = interpolate(one.body.text, values).text if one.name != "RUN" else one.body.text
        if one.name == "FROM":
            words = [word for word in body.split() if not word.startswith("--")]
            parent = stages.get(words[0].lower()) if words else None
            stage = _child(file, parent, words[0] if words else "")
            if len(words) > 2 and words[1].lower() == "as":
                stages[words[2].lower()] = stage
            stages[str(len(stages))] = stage
            if target and len(words) > 2 and words[2].lower() == target.lower():
                stages["wanted"] = stage
        elif one.name in ("ARG", "ENV"):
            for name, value in re.findall(r"([A-Za-z_][A-Za-z0-9_]*)=(\"[^\"]*\"|'[^']*'|\S*)", body):
                values[name] = (args or {}).get(name) or value.strip("\"'")
            if one.name == "ENV":
                stage.environment.append(one)
        else:
            _apply(stage, one, body)
    return stages.get("wanted", stage)


def instructions(text: PlacedText) -> list[Instruction]:
    """The instructions of a Dockerfile in order, continuation lines joined and comments left out."""
    found = []
    lines = _line_spans(text.text)
    at = 0
    while at < len(lines):
        start, end = lines[at]
        at += 1
        line = text.text[start:end]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = [text.slice(start, end)]
        while parts[-1].text.rstrip().endswith("\\") and at < len(lines):
            kept = len(parts[-1].text.rstrip()) - 1
            parts[-1] = parts[-1].slice(0, kept)
            while at < len(lines) and text.text[lines[at][0] : lines[at][1]].lstrip().startswith("#"):
                at += 1
            if at < len(lines):
                parts.append(text.slice(*lines[at]))
                at += 1
        whole = parts[0].join(*parts[1:])
        match = _INSTRUCTION.match(whole.text)
        if match is None:
            continue
        heredocs = []
        for _, word in _HEREDOC.findall(whole.text):
            first = at
            while at < len(lines) and text.text[lines[at][0] : lines[at][1]].strip() != word:
                at += 1
            if first < len(lines):
                stop = lines[at][0] if at < len(lines) else len(text.text)
                heredocs.append((word, text.slice(lines[first][0], stop)))
            at += 1
        found.append(Instruction(match[1].upper(), whole.slice(match.end()), tuple(heredocs)))
    return found


def arguments(body: PlacedText) -> list[PlacedText] | None:
    """The arguments of an exec-form (JSON) instruction; None for the shell form."""
    try:
        listed = json.loads(body.text)
    except ValueError:
        return None
    if not isinstance(listed, list):
        return None
    found, at = [], 0
    for word in listed:
        quoted = json.dumps(str(word), ensure_ascii=False)
        start = body.text.find(quoted, at)
        at = start if start >= 0 else body.text.find('"', at)
        found.append(PlacedText.at(body.place(at + 1), str(word)))
        at += len(quoted)
    return found


def _child(file: Path, parent: Dockerfile | None, image: str) -> Dockerfile:
    if parent is None:
        return Dockerfile(file, base=image)
    copies, environment = list(parent.copies), list(parent.environment)
    return Dockerfile(
        file,
        parent.base,
        parent.entrypoint,
        parent.command,
        parent.healthcheck,
        parent.user,
        parent.workdir,
        copies,
        environment,
    )


def _apply(stage: Dockerfile, one: Instruction, body: str) -> None:
    if one.name == "ENTRYPOINT":
        stage.entrypoint, stage.command = one, None
    elif one.name == "CMD":
        stage.command = one
    elif one.name == "HEALTHCHECK":
        stage.healthcheck = one
    elif one.name == "USER":
        stage.user = one
    elif one.name == "WORKDIR":
        stage.workdir = in_container(stage.workdir, body.strip().strip("\"'"))
    elif one.name in ("COPY", "ADD"):
        copied = _copied(one, body, stage.workdir)
        if copied is not None:
            stage.copies.append(copied)


def _copied(one: Instruction, body: str, workdir: str) -> Copied | None:
    if "--from=" in body:
        return None
    while match := _FLAG.match(body):
        body = body[match.end() :]
    try:
        words = [str(word) for word in json.loads(body)]
    except ValueError:
        words = body.split()
    if len(words) < 2:
        return None
    target = in_container(workdir, words[-1])
    if words[-1].endswith("/") or words[-1] in (".", "./"):
        target = target.rstrip("/") + "/"
    text = one.heredocs[0][1] if one.heredocs and words[0].startswith("<<") else None
    return Copied(tuple(words[:-1]), target, text)


def in_container(folder: str, path: str) -> str:
    """An absolute path in a container, `path` being taken from `folder` unless it is absolute itself."""
    joined = path if path.startswith("/") else f"{folder.rstrip('/')}/{path}"
    parts: list[str] = []
    for part in joined.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/" + "/".join(parts)


def _line_spans(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        spans.append((start, start + len(line.rstrip("\r\n"))))
        start += len(line)
    return spans
