"""Each init's account: its secret, how one logs in with it, and what it may do (RUN-16). A new init is one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from dayzero.stack.stack import Stack
from dayzero.targets.access import Cell
from dayzero.targets.kafka.access import kafka_rights
from dayzero.targets.kafka.scram_login import log_in_by_scram
from dayzero.targets.minio.access import log_in_to_minio, minio_rights
from dayzero.targets.opensearch.access import log_in_to_opensearch, opensearch_rights
from dayzero.targets.postgres.access import log_in_to_postgres, postgres_rights
from dayzero.targets.postgres.client import PostgresObserver
from dayzero.targets.postgres.patroni import PgClusterObserver
from dayzero.targets.valkey.access import log_in_to_valkey, valkey_rights


@dataclass(frozen=True)
class InitAccount:
    """`password` is the secret's name; `log_in` takes user and password and raises Refused, as actions do."""

    password: str
    log_in: Callable[[Stack, str, str], None]
    rights: Callable[[Stack], AbstractContextManager[list[Cell]]]
    user: str = "provisioner"


ACCOUNTS = {
    "kafka-init": InitAccount(
        "kafka_provisioner_password",
        lambda stack, user, password: log_in_by_scram(stack.address("kafka-1") or "", 19094, user, password),
        kafka_rights,
    ),
    "os-init": InitAccount("opensearch_provisioner_password", log_in_to_opensearch, opensearch_rights),
    "minio-create-buckets": InitAccount("minio_provisioner_password", log_in_to_minio, minio_rights),
    "mng-pg-init": InitAccount(
        "mng_pg_provisioner_password",
        lambda stack, user, password: log_in_to_postgres(PostgresObserver(stack), user, password),
        lambda stack: postgres_rights(stack, PostgresObserver(stack), ("platform", "telemetry")),
    ),
    "pg-cluster-init": InitAccount(
        "pg_cluster_provisioner_password",
        lambda stack, user, password: log_in_to_postgres(PgClusterObserver(stack), user, password),
        lambda stack: postgres_rights(stack, PgClusterObserver(stack), ("orders", "billing")),
    ),
    "valkey-cluster-init": InitAccount("valkey_provisioner_password", log_in_to_valkey, valkey_rights),
}


@contextmanager
def cells_about(stack: Stack, init: str) -> Iterator[list[Cell]]:
    """Every cell about the init's account: its target's rows, and the doors of all targets, of which it opens one."""
    account = ACCOUNTS[init]
    password = stack.secrets.passwords[account.password]
    doors = [
        Cell(
            account.user,
            f"log in where {other} works",
            other == init,
            partial(ACCOUNTS[other].log_in, stack, account.user, password),
        )
        for other in ACCOUNTS
        if other in stack.model["services"]
    ]
    with account.rights(stack) as cells:
        yield [*doors, *cells]
