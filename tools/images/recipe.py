"""How an image is assembled: one folder with a recipe.toml, a Dockerfile, and what these use."""

from __future__ import annotations

import hashlib
import stat
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "images"

# Said about an image, not part of it.
_NOT_CONTENT = {"README.md", "contract.yml"}


@dataclass(frozen=True)
class GoBuild:
    """A program built from a Go module that the recipe's go.mod and go.sum pin.

    ``files`` are patterns of further files of that ``module`` that the image needs; they are laid out below
    ``module/``. A module that is published without its generated code has ``generate``: command lines of the
    recipe's tools, run in a writable copy of the module, in which the program is then built as the module's own
    go.mod and go.sum say. In that copy, files below the recipe's folder ``source`` stand in for the module's own.
    ``cgo`` is for a module that does not build without a C compiler.
    """

    package: str
    output: str
    tags: str
    ldflags: str
    module: str = ""
    files: Sequence[str] = ()
    generate: Sequence[str] = ()
    cgo: bool = False


@dataclass(frozen=True)
class Recipe:
    """One assembled image.

    ``image`` is the name it gets, that of the official image it stands in for; ``variable`` is the compose
    variable that can name another, where there is one; ``uses`` are the recipes of the images that its
    Dockerfile builds from or copies from; one that is ``on_demand`` is made only for who asks for it by name.
    """

    name: str
    folder: Path
    image: str
    variable: str | None
    uses: tuple[str, ...]
    go: GoBuild | None
    on_demand: bool

    @staticmethod
    @cache
    def named(name: str) -> Recipe:
        """Read the recipe in ``images/NAME``. Raises KeyError where there is none."""
        folder = FOLDER / name
        try:
            said = tomllib.loads((folder / "recipe.toml").read_text())
        except FileNotFoundError:
            raise KeyError(name) from None
        return Recipe(
            name=name,
            folder=folder,
            image=said["image"],
            variable=said.get("variable"),
            uses=tuple(said.get("uses", ())),
            go=GoBuild(**said["go"]) if "go" in said else None,
            on_demand=said.get("on_demand", False),
        )

    @property
    def is_official(self) -> bool:
        """Whether a registry could have this image; ours are nowhere but here."""
        return not self.image.startswith("dayzero/")

    def files(self) -> Iterator[Path]:
        """Everything that makes the image what it is, in a stable order."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name not in _NOT_CONTENT and "__pycache__" not in path.parts:
                yield path

    def content_key(self) -> str:
        """Twelve hex digits that change with the recipe's files, their executable bits, or the key of what it uses."""
        digest = hashlib.sha256()
        for used in self.uses:
            digest.update(Recipe.named(used).content_key().encode())
        for path in self.files():
            runnable = bool(path.stat().st_mode & stat.S_IXUSR)
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(self.folder)}\0{runnable}\0{content}\n".encode())
        return digest.hexdigest()[:12]


def all_recipes() -> list[Recipe]:
    """Every recipe of this folder, by name."""
    return [Recipe.named(path.parent.name) for path in sorted(FOLDER.glob("*/recipe.toml"))]


def all_wanted() -> list[Recipe]:
    """The recipes that every run needs: all but those that only serve to build others, and those on demand."""
    used = {name for recipe in all_recipes() for name in recipe.uses}
    return [
        recipe
        for recipe in all_recipes()
        if not recipe.on_demand and (recipe.variable is not None or recipe.name not in used)
    ]
