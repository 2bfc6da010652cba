"""The model made from the files alone is the model that Compose makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dayzero.compose.canonical import size
from dayzero.compose.command_words import split_words
from dayzero.compose.project import ComposeProject

STACKS = Path(__file__).parents[3] / "fixtures" / "stacks" / "static"
COMPARED = (
    "image",
    "command",
    "entrypoint",
    "environment",
    "restart",
    "user",
    "profiles",
    "labels",
    "cap_drop",
)
SHARED = ("depends_on", "volumes", "networks", "secrets", "configs", "healthcheck", "build", "mem_limit")


def loadable() -> list[Path]:
    broken = (
        *("cfg-01-undefined-network", "cfg-04-include-not-there"),
        *("cfg-05-env-file-not-committed", "cfg-11-base-not-there"),
    )
    return sorted(folder for folder in STACKS.glob("cfg-*") if folder.name not in broken)


@pytest.mark.parametrize("folder", loadable(), ids=lambda folder: folder.name)
def test_both_readings_of_a_stack_are_the_same(folder: Path) -> None:
    asked, alone = ComposeProject.load(folder), ComposeProject.load(folder, ask_compose=False)
    assert asked.loaded_by == "docker compose", f"{asked.complaint}; make engine installs Compose"
    assert list(asked.services) == list(alone.services)
    for name, service in asked.services.items():
        other = alone.services[name]
        for key in (*COMPARED, *SHARED):
            assert shown(key, service.config) == shown(key, other.config), f"{name}: {key}"


def shown(key: str, config: dict[str, Any]) -> Any:
    """A key's value without what Compose spells out or leaves out by its version."""
    value = config.get(key)
    if not value:
        return None
    if key == "volumes":
        names = ("type", "source", "target", "read_only")
        return sorted(str([one.get(name) for name in names]) for one in value)
    if key in ("secrets", "configs"):
        return sorted(one["source"] for one in value)
    if key == "networks":
        return sorted(value)
    if key == "build":
        return [value.get(name) for name in ("context", "dockerfile", "dockerfile_inline", "args")]
    if key == "depends_on":
        return {name: one["condition"] for name, one in value.items()}
    return value.get("test") if key == "healthcheck" else value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mc mb store/raw", ["mc", "mb", "store/raw"]),
        ("sh -c 'a b; c'", ["sh", "-c", "a b; c"]),
        ('sh -c "say \\"hi\\" to \\$X"', ["sh", "-c", 'say "hi" to $X']),
        ("a'b'\"c\" ''", ["abc", ""]),
        ("mc ls && mc mb x", ["mc", "ls"]),
        ("one \\\n two", ["one", "\n", "two"]),
        ("sh -c 'never closed", ["sh", "-c", "never closed"]),
    ],
)
def test_a_command_is_split_as_compose_splits_it(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512m", 512 * 2**20),
        ("1.5gb", 3 * 2**29),
        ("1024", 1024),
        ("2k", 2048),
        (1048576, 2**20),
        ("much", None),
        ("5q", None),
    ],
)
def test_sizes_are_bytes(text: object, expected: int | None) -> None:
    assert size(text) == expected
