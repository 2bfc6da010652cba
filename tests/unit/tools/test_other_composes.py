"""Which other Compose the nightly run judges with, and that the pinned one is one release throughout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dayzero.docker.compose_plugin import ComposePlugin
from tools.images.recipe import Recipe, all_wanted
from tools.other_composes import others
from tools.pinned_compose import pinned_version


def plugins(*versions: str) -> list[ComposePlugin]:
    return [ComposePlugin(Path(f"/{number}/docker-compose"), one) for number, one in enumerate(versions)]


@pytest.mark.parametrize(
    ("own", "there", "left", "older"),
    [
        ("2.26.1-4", ["2.26.1-4"], [], True),
        ("99.0.0", ["2.26.1-4", "99.0.0", "2.40.3"], ["2.40.3", "2.26.1-4"], False),
        ("99.0.0", ["99.0.0"], [], False),
        ("2.26.1-4", ["2.26.1-4", "99.0.0"], ["99.0.0"], False),
        ("2.40.3", ["2.26.1", "2.26.1-4", "2.40.3"], ["2.26.1"], True),
        (None, [], [], True),
    ],
)
def test_each_other_release_is_judged_with_once(
    own: str | None, there: list[str], left: list[str], older: bool
) -> None:
    """Given the Compose that a run takes by itself and those that are installed,
    when the others are looked for,
    then each other release is there once, newest first, and the pinned one is wanted where all are older."""
    found, wanted = others(plugins(own)[0] if own else None, plugins(*there))
    assert [one.version for one in found] == left
    assert wanted is older


def test_the_pinned_compose_is_one_release_throughout() -> None:
    """Given the recipe of the pinned Compose,
    when its image, its version as the program tells it, and its go.mod are compared,
    then they are one release of Compose 5, and no run makes it that does not ask for it."""
    recipe = Recipe.named("compose")
    assert recipe.go is not None
    (required,) = re.findall(
        r"github\.com/docker/compose/v5 (\S+)", (recipe.folder / "go.mod").read_text(encoding="utf-8")
    )
    (told,) = re.findall(r"internal\.Version=(\S+)", recipe.go.ldflags)
    assert required == told == recipe.image.rpartition(":")[2] == f"v{pinned_version()}"
    assert required.startswith("v5.")
    assert recipe not in all_wanted()
