"""What the report says of the stack under judgement."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.pytest_plugin.stack_metadata import describe_stack, shown_path, stack_name

COMPOSE = "services: {web: {image: 'web:1'}}\n"


def test_the_digest_tells_stacks_apart(tmp_path: Path) -> None:
    """Given a stack of two files,
    when one of them changes,
    then the digest changes, and it is the same again when the change is taken back."""
    main, part = tmp_path / "compose.yaml", tmp_path / "part.yaml"
    main.write_text(f"include: [part.yaml]\n{COMPOSE}", encoding="utf-8")
    part.write_text("services: {db: {image: 'db:1'}}\n", encoding="utf-8")
    before = describe_stack(tmp_path, [], [], tmp_path)
    part.write_text("services: {db: {image: 'db:2'}}\n", encoding="utf-8")
    changed = describe_stack(tmp_path, [], [], tmp_path)
    part.write_text("services: {db: {image: 'db:1'}}\n", encoding="utf-8")
    assert before["files"] == ["compose.yaml", "part.yaml"]
    assert before["digest"] != changed["digest"]
    assert describe_stack(tmp_path, [], [], tmp_path) == before


def test_a_stack_that_cannot_be_loaded_is_described_all_the_same(tmp_path: Path) -> None:
    """Given a folder without any compose file,
    when it is described,
    then the report names it, with no files."""
    described = describe_stack(tmp_path / "shop", ["data"], [], tmp_path)
    assert (described["path"], described["files"], described["profiles"]) == ("shop", [], ["data"])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"name: shop\n{COMPOSE}", "shop"),
        (f'name: "shop"  # ours\n{COMPOSE}', "shop"),
        (f"name: ${{NAME}}\n{COMPOSE}", "folder"),
        (COMPOSE, "folder"),
    ],
)
def test_a_stack_goes_by_the_name_it_states(tmp_path: Path, text: str, name: str) -> None:
    """Given a project that states its name, or does not,
    when its name is asked for,
    then it is the stated one, else the folder's."""
    file = tmp_path / "folder" / "compose.yaml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    assert stack_name(file.parent) == stack_name(file) == name


def test_a_path_is_shown_without_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a home folder with a clone in it,
    when paths in the clone, beside it and outside of home are shown,
    then they are relative, below ~ and absolute."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "me")
    clone = tmp_path / "me" / "clone"
    assert shown_path(clone / "infra" / "a.yml", clone) == "infra/a.yml"
    assert shown_path(clone, clone) == "."
    assert shown_path(tmp_path / "me" / "other", clone) == "~/other"
    assert shown_path(tmp_path / "srv", clone) == (tmp_path / "srv").as_posix()
