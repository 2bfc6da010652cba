"""What the targets of an init hold of the kinds of resources that it tells of, and how one is taken from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dayzero.analysis.inventory import Output, Promise
from dayzero.stack.stack import Stack
from dayzero.targets.kafka.client import KafkaObserver
from dayzero.targets.minio.client import MinioObserver
from dayzero.targets.opensearch.client import OpenSearchObserver
from dayzero.targets.postgres.client import PostgresObserver
from dayzero.targets.postgres.patroni import PgClusterObserver
from dayzero.targets.valkey.client import NODES, ValkeyObserver

Resource = tuple[str, str]
"""A kind and a name, as an audit line has them."""

State = Mapping[Resource, str]
"""Every resource that is there, each with its state as text, which may hold password verifiers: never print it."""


def _topics(stack: Stack) -> State:
    return {("topic", name): repr(topic) for name, topic in KafkaObserver(stack).snapshot()["topics"].items()}


def _templates(stack: Stack) -> State:
    templates = OpenSearchObserver(stack).snapshot()["index templates"]
    return {("index_template", str(one["name"])): repr(one) for one in templates}


def _buckets(stack: Stack) -> State:
    buckets = MinioObserver(stack).snapshot()["buckets"]
    return {("bucket", name): repr({**one, "objects": None}) for name, one in buckets.items()}


def _roles_and_databases(postgres: PostgresObserver) -> State:
    roles = postgres.as_superuser(
        "postgres", "SELECT rolname, row_to_json(role)::text FROM pg_authid role WHERE rolname !~ '^pg_'"
    )
    databases = postgres.as_superuser(
        "postgres",
        "SELECT datname, datdba::regrole || ' ' || datconnlimit || ' ' || coalesce(datacl::text, '') "
        "FROM pg_database WHERE NOT datistemplate",
    )
    return {
        **{("role", name): state for name, state in roles},
        **{("database", name): state for name, state in databases},
    }


def _cluster(stack: Stack) -> State:
    """The cluster, which is there as soon as a slot has an owner, and the parts that nodes have in it."""
    parts = {name: ValkeyObserver(stack).part_of(name) for name in NODES}
    replicas = {("replica", name): part for name, part in parts.items() if part.startswith("replica of")}
    slots = {
        ("slots", piece): name
        for name, part in parts.items()
        if ("replica", name) not in replicas
        for piece in part.split()
    }
    whole: dict[Resource, str] = {("cluster", "valkey-cluster"): repr(parts)} if slots else {}
    return {**whole, **replicas, **slots}


_HELD: dict[str, Callable[[Stack], State]] = {
    "kafka-init": _topics,
    "os-init": _templates,
    "minio-create-buckets": _buckets,
    "mng-pg-init": lambda stack: _roles_and_databases(PostgresObserver(stack)),
    "pg-cluster-init": lambda stack: _roles_and_databases(PgClusterObserver(stack)),
    "valkey-cluster-init": _cluster,
}
"""By init: all that its targets hold of such kinds."""

PARTS: dict[str, frozenset[str]] = {"cluster": frozenset({"slots", "slot", "replica"})}
"""By kind: of what other kinds it is made, so that an init that promises the whole may tell of these as well."""


def held_resources(stack: Stack, init: str) -> State:
    """All that the targets of `init` hold of the kinds it tells of. Raises KeyError for one that nobody observes."""
    return _HELD[init](stack)


_REMOVERS: dict[tuple[str, str], Callable[[Stack, str], None]] = {
    ("kafka-init", "topic"): lambda stack, name: KafkaObserver(stack).remove_topics([name]),
    ("os-init", "index_template"): lambda stack, name: OpenSearchObserver(stack).remove_template(name),
    ("minio-create-buckets", "bucket"): lambda stack, name: MinioObserver(stack).remove_bucket(name),
    ("mng-pg-init", "database"): lambda stack, name: PostgresObserver(stack).remove_database(name),
    ("pg-cluster-init", "database"): lambda stack, name: PgClusterObserver(stack).remove_database(name),
    ("valkey-cluster-init", "cluster"): lambda stack, _name: ValkeyObserver(stack).unprovision(),
}
"""By init and kind: takes one resource away and leaves the others. A role that owns a database is not among them."""


def remove_one(stack: Stack, promise: Promise) -> Output:
    """Take away the last of the promised outputs that can go alone; which. Raises KeyError where none can."""
    for output in reversed(promise.outputs):
        remover = _REMOVERS.get((promise.name, output.kind))
        if remover is not None:
            remover(stack, output.name)
            return output
    raise KeyError(f"{promise.name}: nobody knows how to take one of its outputs away")


@dataclass(frozen=True)
class Enforced:
    """A promised setting that the init puts right whoever has changed it, and a value that somebody gave it."""

    output: Output
    setting: str
    changed_to: Any


_CHANGERS: dict[str, Callable[[Stack, Enforced], None]] = {
    "topic": lambda stack, one: KafkaObserver(stack).set_topic(
        one.output.name, {one.setting: str(one.changed_to)}
    ),
}
"""By kind: gives a resource another value of one setting."""


def change_enforced(stack: Stack, promise: Promise, spared: Output) -> Enforced | None:
    """Change the first setting marked as enforced, of another output than `spared`; None where there is none."""
    for output in promise.outputs:
        for setting, value in (output.details.get("enforced") or {}).items():
            if output != spared:
                found = Enforced(output, setting, int(value) - 1)
                _CHANGERS[output.kind](stack, found)
                return found
    return None
