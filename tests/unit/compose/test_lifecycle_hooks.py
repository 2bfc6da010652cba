"""The report says which services are provisioned by hooks, and the model shows the hooks, by whatever Compose."""

from __future__ import annotations

import pytest

from dayzero.compose.lifecycle_hooks import notes_on
from tests.unit.written_stack import WriteStack, stack

__all__ = ["stack"]

HOOKED = """
services:
  plain: {image: "a:1"}
  store:
    image: minio/minio:1
    environment: {TZ: UTC}
    mem_limit: 64m
    ports: ["9000:9000"]
    volumes: [data:/data]
    pre_start:
      - image: mc:1
        command: mc version
        environment: [ALIAS=l]
      - command: ["sh", "-c", "chown 1:1 /data"]
        mem_limit: 32m
        volumes: [./here:/there]
    post_start:
      - command: mc mb l/photos
        environment: [DEPTH=3]
volumes: {data: {}}
"""


def test_each_kind_of_hook_is_said_once_with_its_place(stack: WriteStack) -> None:
    """Given a service with two pre_start and one post_start, and one without,
    when notes are made,
    then each kind has one note that says what others can rely on, at its line in the file."""
    pre, post = notes_on(stack(HOOKED), "5.6.0")
    assert pre["text"].startswith("store is provisioned by pre_start: what depends on store waits for it")
    assert post["text"].startswith("store is provisioned by post_start: nobody can wait for it")
    assert pre["subject"] == post["subject"] == "store"
    assert pre["source"] == {"file": "compose.yml", "line": 10, "column": 5}
    assert post["source"] == {"file": "compose.yml", "line": 17, "column": 5}


def test_a_project_without_hooks_has_no_notes(stack: WriteStack) -> None:
    """Given services without hooks, one with an empty list,
    when notes are made,
    then there are none."""
    assert notes_on(stack("services: {a: {image: 'a:1'}, b: {image: 'b:1', post_start: []}}"), "5.6.0") == []


@pytest.mark.parametrize(
    ("compose", "pre", "post"),
    [
        ("2.26.1-4", "Compose 2.26.1-4 does not run it (5.3.0", "Compose 2.26.1-4 does not run it (2.30.0"),
        ("5.2.0", "Compose 5.2.0 does not run it (5.3.0", None),
        ("5.3.0", "neither the service's limits nor its read-only root", None),
        ("5.6.0", None, None),
        (None, "neither the service's limits nor its read-only root", None),
    ],
)
def test_what_the_compose_in_use_does_with_a_hook_is_said(
    compose: str | None, pre: str | None, post: str | None, stack: WriteStack
) -> None:
    """Given a Compose that leaves a hook out, one that runs it without the service's limits, or none that is known,
    when notes are made,
    then they say so; of a Compose that runs it in full there is nothing more to say."""
    for note, said in zip(notes_on(stack(HOOKED), compose), (pre, post), strict=True):
        _, _, more = note["text"].partition("; ")
        assert (said in more) if said else more == ""


def test_a_pre_start_has_what_its_service_has(stack: WriteStack) -> None:
    """Given a pre_start that states some things itself, read without Compose,
    when its shape is made,
    then it is what Compose 5.6 shows: the rest is the service's, but for volumes and what means the service alone."""
    first, second = stack(HOOKED).services["store"].config["pre_start"]
    assert first == {
        "image": "mc:1",
        "command": ["mc", "version"],
        "entrypoint": None,
        "environment": {"TZ": "UTC", "ALIAS": "l"},
        "mem_limit": "67108864",
        "networks": {"default": None},
    }
    assert (second["image"], second["mem_limit"], second["environment"]) == (
        "minio/minio:1",
        "33554432",
        {"TZ": "UTC"},
    )
    assert [volume["target"] for volume in second["volumes"]] == ["/there"]


def test_a_post_start_is_a_command_in_its_service(stack: WriteStack) -> None:
    """Given a post_start with a command in one text and variables in a list, read without Compose,
    when its shape is made,
    then the command is split and the variables have names, as Compose shows them."""
    assert stack(HOOKED).services["store"].config["post_start"] == [
        {"command": ["mc", "mb", "l/photos"], "environment": {"DEPTH": "3"}}
    ]
