"""Which image a variable means: the environment before the files, and no reference that none is."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.unit.conftest import ROOT
from tools.images.recipe import Recipe, all_recipes
from tools.images.reference import MalformedReference, reference_for, registry_of

KAFKA = Recipe.named("kafka")


@pytest.mark.parametrize(
    "value", ["apache/Kafka:4", "kafka 4", "kafka:", ":4", "kafka@sha256:12", "http://a/b:1", "a//b"]
)
def test_a_malformed_reference(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a variable that holds no image reference, in the environment or in .env,
    when it is read,
    then one line has variable, value, place and an example."""
    monkeypatch.setenv("KAFKA_IMAGE", value)
    with pytest.raises(MalformedReference, match="in the environment is no image reference") as raised:
        reference_for(KAFKA, tmp_path)
    assert f"KAFKA_IMAGE={value!r}" in str(raised.value)
    assert KAFKA.image in str(raised.value)
    monkeypatch.delenv("KAFKA_IMAGE")
    (tmp_path / ".env").write_text(f"KAFKA_IMAGE='{value}'\n")
    with pytest.raises(MalformedReference, match=r"in \.env is no image reference"):
        reference_for(KAFKA, tmp_path)


@pytest.mark.parametrize(
    ("value", "registry"),
    [
        ("postgres:17.6-trixie", "Docker Hub"),
        ("apache/kafka:4.1.1", "Docker Hub"),
        ("localhost/kafka:1", "localhost"),
        ("localhost:5000/kafka", "localhost:5000"),
        ("registry.example/a/b/c:1.0", "registry.example"),
        ("registry.example:8443/a@sha256:" + "0" * 64, "registry.example:8443"),
    ],
)
def test_a_reference_names_its_registry(
    value: str, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a well-formed reference,
    when it is read,
    then it is taken as it is, and its registry is known."""
    monkeypatch.setenv("KAFKA_IMAGE", value)
    assert reference_for(KAFKA, tmp_path) == value
    assert registry_of(value) == registry


def test_the_environment_outranks_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a variable in the environment, in .env and in .env.example,
    when they vanish one after the other, and the last is empty at first,
    then each gives way to the next, and the recipe's own image is last."""
    monkeypatch.setenv("KAFKA_IMAGE", "first:1")
    (tmp_path / ".env").write_text("KAFKA_IMAGE=second:2\n")
    (tmp_path / ".env.example").write_text("KAFKA_IMAGE=third:3\n")
    assert reference_for(KAFKA, tmp_path) == "first:1"
    monkeypatch.delenv("KAFKA_IMAGE")
    assert reference_for(KAFKA, tmp_path) == "second:2"
    (tmp_path / ".env").unlink()
    assert reference_for(KAFKA, tmp_path) == "third:3"
    (tmp_path / ".env.example").write_text("KAFKA_IMAGE=\n")
    assert reference_for(KAFKA, tmp_path) == KAFKA.image
    (tmp_path / ".env.example").unlink()
    assert reference_for(KAFKA, tmp_path) == KAFKA.image


def test_the_defaults_are_what_can_be_assembled() -> None:
    """Given the image variables of .env.example,
    when they are compared with the recipes,
    then each has one, and its default is the image that the recipe stands in for."""
    defaults = {
        name: value for name, value in dotenv_values(ROOT / ".env.example").items() if name.endswith("_IMAGE")
    }
    assert defaults == {recipe.variable: recipe.image for recipe in all_recipes() if recipe.variable}
