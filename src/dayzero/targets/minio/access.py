"""What may be done with MinIO by the provisioner; strangers are judged by what each bucket promises them (RUN-5)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import requests
from minio import Minio, MinioAdmin
from minio.commonconfig import ENABLED, Filter, Tags
from minio.credentials.providers import AssumeRoleProvider, StaticProvider
from minio.error import MinioAdminException, S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from minio.versioningconfig import SUSPENDED, VersioningConfig

from dayzero.stack.stack import Stack
from dayzero.targets.access import Action, Cell, Refused, cells_of
from dayzero.targets.minio.client import MinioObserver

FOREIGN = "rights-canary"
NOBODY = "rights-canary-nobody"
OTHER_KEY = "no-secret-of-anybody"
OBJECT = "rights-canary.txt"
REGION = "us-east-1"
_UNKNOWN = {"InvalidAccessKeyId", "SignatureDoesNotMatch"}
_DENIED = {"AccessDenied", *_UNKNOWN}

JOB = {
    "create its bucket",
    "read its bucket's tags",
    "tag its bucket",
    "open its public bucket for reading",
}


def _asked(call: Callable[[], Any]) -> Any:
    """The answer of a call. Raises Refused when the server says that it is denied."""
    try:
        answer = call()
        return list(answer) if isinstance(answer, Iterator) else answer
    except S3Error as problem:
        if problem.code in _DENIED:
            raise Refused(f"{problem.code}: {problem.message}") from None
        raise
    except (MinioAdminException, ValueError) as problem:
        told = str(problem)
        if any(code in told for code in _DENIED):
            raise Refused(told) from None
        raise


def _client(user: str, password: str) -> tuple[Minio, MinioAdmin]:
    return (
        # With a region it does not ask for the bucket's, which nobody here has to be told.
        Minio("minio:9000", access_key=user, secret_key=password, secure=False, region=REGION),
        MinioAdmin(endpoint="minio:9000", credentials=StaticProvider(user, password), secure=False),
    )


def log_in_to_minio(_stack: Stack, user: str, password: str) -> None:
    """Ask for one's buckets. Raises Refused when MinIO does not know this password; it need not show any bucket."""
    client, _ = _client(user, password)
    try:
        client.list_buckets()
    except S3Error as problem:
        if problem.code in _UNKNOWN:
            raise Refused(f"{problem.code}: {problem.message}") from None
        if problem.code not in _DENIED:
            raise


def _actions(public: str, private: str, user: str, password: str) -> dict[str, Action]:
    client, admin = _client(user, password)
    opened = {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"]}

    def policy(bucket: str) -> str:
        statement = {**opened, "Resource": [f"arn:aws:s3:::{bucket}/*"]}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def see(bucket: str) -> None:
        if bucket not in {found.name for found in _asked(client.list_buckets)}:
            raise Refused(f"{bucket} is not in the list of buckets that it is shown")

    def create(bucket: str) -> None:
        try:
            _asked(lambda: client.make_bucket(bucket))
        except S3Error as problem:
            if problem.code != "BucketAlreadyOwnedByYou":  # said to those alone who may create it
                raise

    def read_with_temporary_keys() -> None:
        # Anybody with an account is lent some; they must not be worth more than the account's own.
        provider = AssumeRoleProvider(
            sts_endpoint="http://minio:9000",
            access_key=user,
            secret_key=password,
            duration_seconds=900,
            policy=json.dumps(every),
        )
        lent = Minio("minio:9000", credentials=provider, secure=False, region=REGION)
        lent.get_object(private, OBJECT).close()

    def drop(bucket: str) -> None:
        try:
            client.remove_bucket(bucket)
        except S3Error as problem:
            if problem.code != "BucketNotEmpty":  # said to those alone who may drop it
                raise

    def put(bucket: str) -> Callable[[], Any]:
        return lambda: client.put_object(bucket, NOBODY, io.BytesIO(b"x"), 1)

    every = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}],
    }
    expiry = Rule(ENABLED, rule_filter=Filter(prefix="none/"), expiration=Expiration(days=30), rule_id="none")
    actions: dict[str, Callable[[], Any]] = {
        "create its bucket": lambda: create(private),
        "read its bucket's tags": lambda: client.get_bucket_tags(private),
        "tag its bucket": lambda: _retag(client, private),
        "read its public bucket's policy": lambda: client.get_bucket_policy(public),
        "open its public bucket for reading": lambda: client.set_bucket_policy(public, policy(public)),
        "open its private bucket": lambda: client.set_bucket_policy(private, policy(private)),
        "close its public bucket": lambda: client.delete_bucket_policy(public),
        "list its private bucket's objects": lambda: client.list_objects(private),
        "read an object": lambda: client.get_object(private, OBJECT).close(),
        "delete an object": lambda: client.remove_object(private, OBJECT),
        "write an object": put(private),
        "keep versions": lambda: client.set_bucket_versioning(private, VersioningConfig(ENABLED)),
        "let objects expire": lambda: client.set_bucket_lifecycle(private, LifecycleConfig([expiry])),
        "watch a bucket's events": lambda: client.get_bucket_notification(private),
        "hand out a link to an object": lambda: _fetch(
            client.presigned_get_object(private, OBJECT, timedelta(minutes=1))
        ),
        "see another bucket": lambda: see(FOREIGN),
        "create another bucket": lambda: create(f"{NOBODY}-2"),
        "list another bucket's objects": lambda: client.list_objects(FOREIGN),
        "read another bucket's object": lambda: client.get_object(FOREIGN, OBJECT).close(),
        "write to another bucket": put(FOREIGN),
        "open another bucket": lambda: client.set_bucket_policy(FOREIGN, policy(FOREIGN)),
        "tag another bucket": lambda: _retag(client, FOREIGN),
        "drop another bucket": lambda: client.remove_bucket(NOBODY),
        "see the accounts": admin.user_list,
        "make an account": lambda: admin.user_add(NOBODY, OTHER_KEY),
        "make an access key": lambda: admin.add_service_account(access_key=NOBODY, secret_key=OTHER_KEY),
        "read an object with temporary keys": read_with_temporary_keys,
        "see the policies": admin.policy_list,
        "make a policy": lambda: admin.policy_add(NOBODY, policy=every),
        "grant itself a policy": lambda: admin.attach_policy(["readwrite"], user=user),
        "change the server's settings": lambda: admin.config_set("scanner", {"speed": "default"}),
        "see the server": admin.info,
        "see the encryption key": admin.kms_key_status,
        "drop its bucket": lambda: drop(private),
    }
    return {name: _asking(call) for name, call in actions.items()}


def _asking(call: Callable[[], Any]) -> Action:
    return lambda: _asked(call)


def _retag(client: Minio, bucket: str) -> None:
    tags = Tags.new_bucket_tags()
    tags["provisioned-by"] = "minio-create-buckets"
    client.set_bucket_tags(bucket, tags)


def _fetch(link: str) -> None:
    answer = requests.get(link, timeout=10)
    if answer.status_code == 403:
        raise Refused(f"HTTP 403 {answer.text[:150]}")
    answer.raise_for_status()


@contextmanager
def minio_rights(stack: Stack) -> Iterator[list[Cell]]:
    """The row of MinIO's provisioner, while another's bucket and objects are there to be left alone."""
    observer = MinioObserver(stack)
    owner, admin = observer.client, observer.admin
    settings = stack.model["services"]["minio-create-buckets"]["environment"]
    public, private = settings["HY_BUCKET_NAME"], settings["HY_PRIVATE_BUCKET_NAME"]

    def lay_out() -> None:
        for bucket in (FOREIGN, NOBODY):
            if not owner.bucket_exists(bucket):
                owner.make_bucket(bucket)
        for bucket in (FOREIGN, private):
            observer.put(bucket, OBJECT, b"another's data")

    undo: dict[str, Action] = {
        "create another bucket": lambda: owner.remove_bucket(f"{NOBODY}-2"),
        "open another bucket": lambda: owner.delete_bucket_policy(FOREIGN),
        "open its private bucket": lambda: owner.delete_bucket_policy(private),
        "close its public bucket": lambda: stack.run_init("minio-create-buckets"),
        "keep versions": lambda: owner.set_bucket_versioning(private, VersioningConfig(SUSPENDED)),
        "let objects expire": lambda: owner.delete_bucket_lifecycle(private),
        "write an object": lambda: owner.remove_object(private, NOBODY),
        "delete an object": lay_out,
        "write to another bucket": lambda: owner.remove_object(FOREIGN, NOBODY),
        "drop another bucket": lay_out,
        "make an account": lambda: admin.user_remove(NOBODY),
        "make an access key": lambda: admin.delete_service_account(NOBODY),
        "make a policy": lambda: admin.policy_remove(NOBODY),
        "grant itself a policy": lambda: admin.detach_policy(["readwrite"], user="provisioner"),
        "drop its bucket": lambda: stack.run_init("minio-create-buckets"),
    }
    lay_out()
    try:
        password = stack.secrets.passwords["minio_provisioner_password"]
        yield cells_of("provisioner", _actions(public, private, "provisioner", password), JOB, undo)
    finally:
        owner.remove_object(FOREIGN, OBJECT)
        owner.remove_object(private, OBJECT)
        for bucket in (FOREIGN, NOBODY):
            owner.remove_bucket(bucket)
