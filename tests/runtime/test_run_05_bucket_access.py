"""RUN-5: the public bucket can be read by anybody, and that is all that anybody can do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.criterion import criterion
from fixtures.minio_observer import MinioObserver
from fixtures.stack import Stack
from fixtures.verdict import Verdict

OBJECT = "run-05/object.txt"
REFUSED = 403


@pytest.fixture
def buckets(stack: Stack, minio: MinioObserver) -> Iterator[dict[str, str]]:
    """The public and the private bucket's name, each with one object in it while the test runs."""
    settings = stack.model["services"]["minio-create-buckets"]["environment"]
    names = {"public": settings["HY_BUCKET_NAME"], "private": settings["HY_PRIVATE_BUCKET_NAME"]}
    for name in names.values():
        minio.put(name, OBJECT, b"content")
    yield names
    for name in names.values():
        minio.client.remove_object(name, OBJECT)


@criterion("RUN-5", subject="minio-create-buckets")
def test_anybody_may_read_the_public_bucket_only(
    buckets: dict[str, str], minio: MinioObserver, verdict: Verdict
) -> None:
    """Given both buckets exist and hold an object,
    when a visitor without credentials reads, lists, writes and deletes,
    then reading an object of the public one works and everything else is refused."""
    public, private = buckets["public"], buckets["private"]
    wanted = {
        ("GET", f"{public}/{OBJECT}"): 200,
        ("GET", f"{public}/"): REFUSED,
        ("GET", f"{public}/?policy"): REFUSED,
        ("PUT", f"{public}/intruder"): REFUSED,
        ("PUT", f"{public}/{OBJECT}"): REFUSED,
        ("DELETE", f"{public}/{OBJECT}"): REFUSED,
        ("GET", f"{private}/{OBJECT}"): REFUSED,
        ("HEAD", f"{private}/{OBJECT}"): REFUSED,
        ("GET", f"{private}/"): REFUSED,
        ("PUT", f"{private}/intruder"): REFUSED,
        ("DELETE", f"{private}/{OBJECT}"): REFUSED,
        ("GET", ""): REFUSED,
    }
    seen = {
        (method, path): minio.anonymous(method, path, b"x" if method == "PUT" else None)
        for method, path in wanted
    }
    verdict.expected = f"HTTP 200 for the public object, {REFUSED} for all else"
    verdict.observed = "; ".join(f"{method} /{path}: {seen[method, path]}" for method, path in wanted)
    verdict.look = f"the policies of {public} and {private}: mc anonymous get-json"
    assert seen == wanted
