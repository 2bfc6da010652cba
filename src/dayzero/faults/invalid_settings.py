"""What no init may do: requests that its target cannot meet, settings that carry commands to a shell or a server.

Each is tried on the running stack. That nothing in a setting is ever run by the shell is tried far more widely, in two
shells, by tests/unit/provisioners/test_hostile_settings.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from dayzero.core.wait import await_condition
from dayzero.stack.stack import Stack
from dayzero.targets.kafka.client import KafkaObserver

LAX = "application-logs"


@dataclass(frozen=True)
class Request:
    """Settings to run an init with, the pattern of what its last word must name, and what is to be so meanwhile."""

    what: str
    settings: Mapping[str, str]
    telling: str
    meanwhile: Callable[[Stack], AbstractContextManager[None]] = field(default=lambda _stack: nullcontext())


@contextmanager
def _one_replica(stack: Stack) -> Iterator[None]:
    """While inside, a topic has one replica of each partition, as somebody may have made it before."""
    kafka = KafkaObserver(stack)

    def factor() -> int:
        return kafka.topics_seen_by("kafka-1")[LAX].replication_factors[-1]

    before = factor()
    kafka.place_replicas(LAX, [1])
    await_condition(lambda: factor() == 1, 30, lambda: f"{LAX} still has {factor()} replicas")
    try:
        yield
    finally:
        kafka.place_replicas(LAX, list(range(1, before + 1)))
        await_condition(lambda: factor() == before, 60, lambda: f"{LAX} has {factor()} replicas again")


_TWICE = ",".join(f"valkey-{number}:6379" for number in (1, 2, 3, 4, 5, 1))
_BROKERS = "kafka-1:19094,kafka-2:19094,kafka-3:19094"

REQUESTS: dict[str, tuple[Request, ...]] = {
    "kafka-init": (
        Request("more replicas than brokers are named", {"TOPIC_REPLICAS": "4"}, "TOPIC_REPLICAS"),
        Request(
            "more replicas than there are brokers",
            {"TOPIC_REPLICAS": "4", "KAFKA_BOOTSTRAP": f"{_BROKERS},kafka-1:19094"},
            "topic (infra-events|application-logs) .* 3",
        ),
        Request("a topic that exists with fewer replicas", {}, f"topic {LAX} .* 1", _one_replica),
        Request("a topic that is an option", {"TOPICS": "infra-events --delete"}, "TOPICS"),
        Request("another's topic", {"TOPICS": "__consumer_offsets"}, "topic __consumer_offsets"),
        Request("commands among the topics", {"TOPICS": "a$(id)`id`;id\nb"}, "TOPICS"),
    ),
    "os-init": (
        Request("a path as the template", {"TEMPLATE_NAME": "../_cluster/settings"}, "TEMPLATE_NAME"),
        Request("quotes in the template's name", {"TEMPLATE_NAME": "x\"'$(id)\n`id`"}, "TEMPLATE_NAME"),
        Request("a name longer than any may be", {"TEMPLATE_NAME": "x" * 256}, "TEMPLATE_NAME"),
        Request(
            "somebody else's password in the URL",
            {"OPENSEARCH_URL": "https://a:b@opensearch:9200"},
            "_URL(?!.*a:b)",
        ),
    ),
    "minio-create-buckets": (
        Request("a name that S3 forbids", {"HY_BUCKET_NAME": "xn--hy"}, "xn--hy"),
        Request(
            "a bucket that is a path",
            {"HY_PRIVATE_BUCKET_NAME": "hy-private/../hy-public"},
            "HY_PRIVATE_BUCKET",
        ),
        Request("a bucket that is not its own", {"HY_BUCKET_NAME": "of-somebody-else"}, "of-somebody-else"),
        Request("commands in a bucket's name", {"HY_BUCKET_NAME": "hy$(id)`id`;id\n'\""}, "HY_BUCKET_NAME"),
    ),
    "mng-pg-init": (
        Request("a statement as a role", {"PG_ROLES": 'x"; DROP ROLE platform; --'}, "PG_ROLES"),
        Request("a role on two lines", {"PG_ROLES": "platform\n\\! id"}, "PG_ROLES"),
        Request("the superuser as an application", {"PG_ROLES": "platform postgres"}, "PG_ROLES: postgres"),
        Request("a role without a secret", {"PG_ROLES": "stranger"}, "mng_pg_stranger_password"),
        Request("options of the connection as its host", {"PGHOST": "mng-pg user=postgres"}, "PGHOST"),
    ),
    "pg-cluster-init": (
        Request("a statement as a role", {"PG_ROLES": "x'; DROP DATABASE orders; --"}, "PG_ROLES"),
        Request("the replicas' own role", {"PG_ROLES": "orders pg_monitor"}, "PG_ROLES: pg_monitor"),
        Request("a role without a secret", {"PG_ROLES": "stranger"}, "pg_cluster_stranger_password"),
        Request("a host that is an option", {"PGHOST": "-h mng-pg"}, "PGHOST"),
    ),
    "valkey-cluster-init": (
        Request("more replicas than there are nodes", {"VALKEY_REPLICAS": "6"}, "VALKEY_REPLICAS=6"),
        Request("fewer primaries than a cluster needs", {"VALKEY_REPLICAS": "2"}, "VALKEY_REPLICAS=2"),
        Request("a node named twice", {"VALKEY_NODES": _TWICE}, "VALKEY_NODES .*valkey-1 twice"),
        Request("commands among the nodes", {"VALKEY_NODES": "v:1,$(id)`id`;id\nb:2"}, "VALKEY_NODES"),
        Request("a request behind a node's port", {"VALKEY_NODES": "valkey-1:6379 FLUSHALL"}, "VALKEY_NODES"),
    ),
}
"""By init; a new init is one entry."""
