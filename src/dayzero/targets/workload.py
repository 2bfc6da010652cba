"""What users do to a provisioned stack before its inits run again: their data, and what they changed on purpose."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from minio.error import S3Error
from opensearchpy.exceptions import TransportError
from valkey.exceptions import ResponseError

from dayzero.stack.stack import Stack
from dayzero.targets.kafka.client import KafkaObserver
from dayzero.targets.minio.client import MinioObserver
from dayzero.targets.opensearch.client import OpenSearchObserver
from dayzero.targets.postgres.client import PostgresObserver
from dayzero.targets.postgres.patroni import PgClusterObserver
from dayzero.targets.valkey.client import ValkeyObserver


class _Hindered(Exception):
    """The target does not let its user do what a provisioned one would."""


def _kafka(stack: Stack) -> None:
    kafka = KafkaObserver(stack)
    for number in range(5):
        written = kafka.write("infra-events", b"order %d" % number)
        if not written.accepted:
            raise _Hindered(f"a record for infra-events was refused: {written.reason}")
    kafka.commit("billing", "infra-events", 3)
    more = len(kafka.end_offsets("infra-events")) + 3
    kafka.change_topic("infra-events", settings={"retention.ms": "123456789"}, partitions=more)


def _opensearch(stack: Stack) -> None:
    client = OpenSearchObserver(stack).client
    client.index(
        index="logs-shop", id="1", body={"message": "sold out", "level": "warn"}, params={"refresh": "true"}
    )
    body = OpenSearchObserver(stack).template("logs_template")
    if body is None:
        raise _Hindered("there is no logs_template to add a field to")
    body["template"]["mappings"]["properties"]["tenant"] = {"type": "keyword"}
    client.indices.put_index_template(name="logs_template", body=body)


def _minio(stack: Stack) -> None:
    minio = MinioObserver(stack)
    settings = stack.model["services"]["minio-create-buckets"]["environment"]
    public, private = settings["HY_BUCKET_NAME"], settings["HY_PRIVATE_BUCKET_NAME"]
    minio.keep_versions(private)
    for content in (b"draft", b"final"):
        minio.put(private, "contract.txt", content)
    minio.put(public, "logo.svg", b"<svg/>")
    minio.client.delete_bucket_policy(public)


def _postgres(postgres: PostgresObserver, one: str, other: str) -> None:
    postgres.query(one, one, "CREATE TABLE customers (name text)")
    postgres.query(one, one, "INSERT INTO customers VALUES ('Ada'), ('Grace')")
    postgres.query(other, other, f"GRANT CONNECT ON DATABASE {other} TO {one}")
    postgres.query(other, other, f"REVOKE TEMPORARY ON DATABASE {other} FROM {other}")
    postgres.as_superuser("postgres", f"ALTER ROLE {other} PASSWORD 'chosen by its owner' CONNECTION LIMIT 7")


def _valkey(stack: Stack) -> None:
    valkey = ValkeyObserver(stack)
    for number in range(5):
        refused = valkey.write(f"basket:{number}", f"{number} apples", through="valkey-1")
        if refused:
            raise _Hindered(f"a key was refused: {refused}")
    owner = valkey.primary_of("session", "valkey-1")
    with valkey.node(owner) as client:
        client.hset("session", mapping={"user": "Ada"})
        client.expire("session", 86400)
    valkey.move_slot()
    valkey.ask("valkey-2", "CONFIG", "SET", "slowlog-max-len", "77")


_BUSY: dict[str, Callable[[Stack], None]] = {
    "kafka-init": _kafka,
    "os-init": _opensearch,
    "minio-create-buckets": _minio,
    "mng-pg-init": lambda stack: _postgres(PostgresObserver(stack), "platform", "telemetry"),
    "pg-cluster-init": lambda stack: _postgres(PgClusterObserver(stack), "orders", "billing"),
    "valkey-cluster-init": _valkey,
}
"""By init: what its target's users do."""


def busy_user(stack: Stack, init: str) -> str:
    """Work with the target of `init` as its users would; returns what the target refused them, "" if nothing.

    Raises the client's own exceptions when the target does not answer, KeyError for an init that nobody uses.
    """
    try:
        _BUSY[init](stack)
    except (_Hindered, S3Error, ResponseError) as refusal:
        return str(refusal)
    except (psycopg.Error, TransportError) as refusal:
        answered = getattr(refusal, "sqlstate", None) or "FATAL:" in str(refusal)
        if not answered and not isinstance(getattr(refusal, "status_code", None), int):
            raise
        return str(refusal).strip()
    return ""
