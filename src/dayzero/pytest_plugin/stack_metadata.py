"""What the report says of the stack under judgement: its name, its files, and a digest over them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

from dayzero.compose.discovery import find_files
from dayzero.compose.project import ComposeProject
from dayzero.compose.yaml_source import ComposeUnreadable


class StackSection(TypedDict):
    """The `stack` part of `acceptance.json`; files are relative to the stack's folder."""

    path: str
    files: list[str]
    profiles: list[str]
    digest: str


def stack_name(path: Path) -> str:
    """The project's `name:` if its first file states one literally, else the folder's name."""
    try:
        first = find_files(path)[0].read_text(encoding="utf-8", errors="replace")
    except (ComposeUnreadable, OSError):
        first = ""
    stated = re.search(r"^name:\s*[\"']?([\w.-]+)[\"']?\s*(?:#.*)?$", first, re.MULTILINE)
    folder = path if path.is_dir() else path.parent
    return stated[1] if stated else folder.resolve().name


def describe_stack(
    path: Path, profiles: Sequence[str], overrides: Sequence[Path], root: Path
) -> StackSection:
    """Every file that takes part in the project (those found, where it cannot be loaded), and their digest."""
    try:
        files: Iterable[Path] = ComposeProject.load(
            path, profiles=tuple(profiles), overrides=tuple(overrides), ask_compose=False
        ).files
    except ComposeUnreadable:
        files = _files_as_found(path)
    folder = (path if path.is_dir() else path.parent).resolve()
    named = sorted({shown_path(file, folder): file for file in files}.items())
    return {
        "path": shown_path(path, root),
        "files": [name for name, _ in named],
        "profiles": list(profiles),
        "digest": digest(named),
    }


def digest(files: Iterable[tuple[str, Path]]) -> str:
    """sha256 over one line for each file, in the order given: its name, a blank, the sha256 of its content."""
    total = hashlib.sha256()
    for name, file in files:
        total.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return f"sha256:{total.hexdigest()}"


def shown_path(path: Path, root: Path) -> str:
    """`path` as the report may show it: relative to `root`, else below `~`, else as it is."""
    absolute = path.resolve()
    for base, prefix in ((root.resolve(), ""), (Path.home(), "~/")):
        if absolute.is_relative_to(base):
            return prefix + absolute.relative_to(base).as_posix()
    return absolute.as_posix()


def _files_as_found(path: Path) -> list[Path]:
    try:
        return find_files(path)
    except ComposeUnreadable:
        return []
