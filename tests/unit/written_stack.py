"""A compose project that a test writes into a folder of its own, read without asking Compose."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from dayzero.compose.project import ComposeProject

WriteStack = Callable[..., ComposeProject]


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Files by their path below `folder`, each text dedented."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.fixture
def stack(tmp_path: Path) -> WriteStack:
    """stack(compose_text, {"path": text …}) writes the files and reads the project."""

    def write(compose: str, files: dict[str, str] | None = None) -> ComposeProject:
        write_files(tmp_path, {"compose.yml": compose, **(files or {})})
        return ComposeProject.load(tmp_path, ask_compose=False)

    return write
