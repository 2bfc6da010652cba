"""Image references, and whether one is pinned."""

from __future__ import annotations

import pytest

from fixtures.image_reference import ImageReference
from fixtures.image_version import version_of
from tests.unit.written_stack import WriteStack, stack

__all__ = ["stack"]


@pytest.mark.parametrize(
    ("text", "name", "tag", "repository", "versioned"),
    [
        ("postgres", "postgres", "", "postgres", False),
        ("postgres:17", "postgres", "17", "postgres", True),
        ("minio/mc:latest", "minio/mc", "latest", "minio/mc", False),
        ("registry:5000/team/app", "registry:5000/team/app", "", "team/app", False),
        ("registry:5000/team/app:1", "registry:5000/team/app", "1", "team/app", True),
        ("docker.io/library/redis:8", "docker.io/library/redis", "8", "redis", True),
        ("quay.io/minio/mc:latest@sha256:ab12", "quay.io/minio/mc", "latest", "minio/mc", True),
        ("a@sha256:ab12", "a", "", "a", True),
        ("a:", "a", "", "a", False),
    ],
)
def test_a_reference_is_taken_apart(text: str, name: str, tag: str, repository: str, versioned: bool) -> None:
    reference = ImageReference.parse(text)
    assert (reference.name, reference.tag, reference.repository) == (name, tag, repository)
    assert reference.is_versioned is versioned


@pytest.mark.parametrize(
    ("image", "pinned"),
    [
        ("a:${T}", None),
        ("${IMAGE}", None),
        ("${IMAGE:?say which}", None),
        ("${REGISTRY}/team/app", False),
        ("${REGISTRY}/team/app:1", True),
        ("${REGISTRY}app:latest", False),
        ("a:${T:-latest}", False),
        ("a:${T:-1}", True),
        ("a:${T}-alpine", None),
        ("a:1-${T}", None),
        ("a@sha256:${DIGEST}", None),
    ],
)
def test_a_variable_that_nobody_sets_is_not_guessed(
    stack: WriteStack, image: str, pinned: bool | None
) -> None:
    service = stack(f"services:\n  a:\n    image: '{image}'\n").services["a"]
    assert version_of(service).is_pinned is pinned
