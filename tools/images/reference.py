"""Which image a recipe's compose variable names: the environment outranks .env, which outranks .env.example."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dotenv import dotenv_values

from tools.images.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]

# The grammar of an image reference: [registry[:port]/]path[:tag][@digest]
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?P<registry>(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?|[\w-]+:\d+)/)?"
    rf"{_COMPONENT}(?:/{_COMPONENT})*(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?"
)


class MalformedReference(ValueError):
    """A variable holds no image reference; the text is one line with variable, value, place and remedy."""


def reference_for(recipe: Recipe, root: Path = ROOT) -> str:
    """The image that the stack will run for this recipe, as Compose would resolve its variable in ``root``.

    An unset or empty variable means the recipe's own image. Raises MalformedReference.
    """
    if recipe.variable is None:
        return recipe.image
    places: list[tuple[str, str | None]] = [("the environment", os.environ.get(recipe.variable))]
    for name in (".env", ".env.example"):
        places.append((name, dotenv_values(root / name).get(recipe.variable)))
    for place, value in places:
        if value is None:
            continue
        if value and not _REFERENCE.fullmatch(value):
            raise MalformedReference(
                f"{recipe.variable}={value!r} in {place} is no image reference: "
                f"write name:tag, such as {recipe.image}"
            )
        return value or recipe.image
    return recipe.image


def registry_of(reference: str) -> str:
    """Who serves a reference: the host in its name, or Docker Hub."""
    matched = _REFERENCE.fullmatch(reference)
    return (matched and matched["registry"]) or "Docker Hub"
