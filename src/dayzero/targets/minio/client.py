"""Looks at MinIO through its Python client as root, and with plain requests as an anonymous visitor."""

from __future__ import annotations

import io
import json
from typing import Any

import requests
from minio import Minio, MinioAdmin
from minio.commonconfig import ENABLED
from minio.credentials.providers import StaticProvider
from minio.error import S3Error
from minio.versioningconfig import VersioningConfig

from dayzero.stack.stack import Stack


class MinioObserver:
    """Reads and changes one stack's MinIO. Methods may raise S3Error or requests' exceptions: then nothing was seen."""

    def __init__(self, stack: Stack) -> None:
        user = stack.secrets.others["minio_root_user"].strip()
        password = stack.secrets.passwords["minio_root_password"]
        self.client = Minio("minio:9000", access_key=user, secret_key=password, secure=False)
        self.admin = MinioAdmin(
            endpoint="minio:9000", credentials=StaticProvider(user, password), secure=False
        )

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Store an object as its owner would."""
        self.client.put_object(bucket, name, io.BytesIO(content), len(content))

    def keep_versions(self, bucket: str) -> None:
        """Turn versioning on."""
        self.client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))

    def anonymous(self, method: str, path: str, body: bytes | None = None) -> int:
        """The HTTP status that a visitor without any credential gets."""
        return requests.request(method, f"http://minio:9000/{path}", data=body, timeout=10).status_code

    def policy(self, bucket: str) -> Any:
        """The bucket's policy as JSON; None when it has none."""
        try:
            return json.loads(self.client.get_bucket_policy(bucket))
        except S3Error as problem:
            if problem.code == "NoSuchBucketPolicy":
                return None
            raise

    def unprovision(self) -> None:
        """Remove every bucket with all that is in it, as the server is after its first boot."""
        for bucket in self.client.list_buckets():
            self.remove_bucket(str(bucket.name))

    def remove_bucket(self, name: str) -> None:
        """Remove one bucket with all that is in it."""
        for item in self.client.list_objects(name, recursive=True, include_version=True):
            self.client.remove_object(name, str(item.object_name), version_id=item.version_id)
        self.client.remove_bucket(name)

    def snapshot(self) -> dict[str, Any]:
        """Everything that a rerun must leave alone: buckets with policy, tags and versions, accounts and policies."""
        buckets = {}
        for bucket in self.client.list_buckets():
            name = str(bucket.name)
            versions = self.client.list_objects(name, recursive=True, include_version=True)
            buckets[name] = {
                "policy": self.policy(name),
                "tags": dict(self.client.get_bucket_tags(name) or {}),
                "versioning": self.client.get_bucket_versioning(name).status,
                "objects": [(item.object_name, item.version_id, item.etag, item.size) for item in versions],
            }
        return {
            "buckets": buckets,
            "users": json.loads(self.admin.user_list()),
            "policies": json.loads(self.admin.policy_list()),
        }
