"""A random project is the same for the same seed, and each fault that it states is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dayzero.compose.project import ComposeProject
from dayzero.core.catalogue import load_catalogue
from dayzero.selftest.random_project import FAULTS, compose_at_random


def written(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_seed_composes_one_project(tmp_path: Path) -> None:
    """Given two seeds,
    when each composes a project twice,
    then both are the same for the same seed, and differ for different ones."""
    texts = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        compose_at_random(tmp_path / name, seed)
        texts.append(written(tmp_path / name))
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_every_fault_is_drawn_sooner_or_later(tmp_path: Path) -> None:
    """Given many seeds,
    when each composes a project,
    then each of its inits exists, one of them has no fault, and all faults that there are have occurred."""
    seen: set[str] = set()
    for seed in range(40):
        project = compose_at_random(tmp_path / str(seed), seed)
        loaded = ComposeProject.load(project.folder, profiles=(), overrides=())
        assert set(project.inits) <= set(loaded.services)
        assert set(project.inits.values()) <= set(loaded.services)
        assert len(project.expectations) == len(project.inits) - 1
        seen |= {one.criterion for one in project.expectations}
    assert seen == set(FAULTS)
    assert seen <= set(load_catalogue())


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_compose_project(tmp_path: Path, seed: int) -> None:
    """Given a composed project,
    when its files are parsed,
    then there is exactly one that a folder of compose files starts with."""
    compose_at_random(tmp_path / "project", seed)
    first = [name for name in written(tmp_path / "project") if name in ("compose.yaml", "docker-compose.yml")]
    assert len(first) == 1
    assert isinstance(yaml.safe_load((tmp_path / "project" / first[0]).read_text(encoding="utf-8")), dict)
