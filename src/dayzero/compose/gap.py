"""What a Compose project names and could not be had, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dayzero.compose.yaml_source import Place

GapKind = Literal["compose", "include", "extends", "env_file", "variable"]


@dataclass(frozen=True)
class Gap:
    """One thing that is missing from a loaded project.

    kind: by what the project names it; "compose" is Docker Compose's own model. what: one line, without the place.
    place: where it is named. service: the service that lacks it, "" for the project. key: the top-level key that an
    unset variable stands below (of the service, or of the project without one). file: the file that could not be read.
    """

    kind: GapKind
    what: str
    place: Place | None = None
    service: str = ""
    key: str = ""
    file: Path | None = None

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}: {self.what}" if self.place else self.what
