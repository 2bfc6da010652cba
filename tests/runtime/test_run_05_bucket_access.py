"""RUN-5: the public bucket can be read by anybody, and that is all that anybody can do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.stack.stack import Stack
from dayzero.targets.minio.client import MinioObserver

OBJECT = "run-05/object.txt"
REFUSED = 403


@contextmanager
def an_object_in(minio: MinioObserver, buckets: tuple[str, ...]) -> Iterator[None]:
    """While inside, each of the buckets holds one object."""
    for name in buckets:
        minio.put(name, OBJECT, b"content")
    try:
        yield
    finally:
        for name in buckets:
            minio.client.remove_object(name, OBJECT)


@criterion("RUN-5", subject="minio-create-buckets")
def test_anybody_may_read_the_public_bucket_only(
    stack: Stack, minio: MinioObserver, verdict: Verdict
) -> None:
    """Given both buckets exist and hold an object,
    when a visitor without credentials reads, lists, writes and deletes,
    then reading an object of the public one works and everything else is refused."""
    settings = stack.model["services"]["minio-create-buckets"]["environment"]
    public, private = settings["HY_BUCKET_NAME"], settings["HY_PRIVATE_BUCKET_NAME"]
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
    verdict.expected = f"both buckets; HTTP 200 for the public object, {REFUSED} for all else"
    absent = [name for name in (public, private) if not minio.client.bucket_exists(name)]
    verdict.observed = f"no bucket {' and no bucket '.join(absent)}"
    verdict.look = "docker compose logs minio-create-buckets"
    verdict.check(absent == [])
    with an_object_in(minio, (public, private)):
        seen = {
            (method, path): minio.anonymous(method, path, b"x" if method == "PUT" else None)
            for method, path in wanted
        }
    verdict.observed = "; ".join(f"{method} /{path}: {seen[method, path]}" for method, path in wanted)
    verdict.look = f"the policies of {public} and {private}: mc anonymous get-json"
    wrong = [f"{method} /{path}" for method, path in wanted if seen[method, path] != wanted[method, path]]
    verdict.check(wrong == [], f"wrong for {', '.join(wrong)}")
