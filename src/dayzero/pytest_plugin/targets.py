"""pytest plugin: clients that look at the run's stack, one for each server; not applicable where no plane has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dayzero.core.verdict import leave_out
from dayzero.stack.stack import Stack
from dayzero.targets.alertmanager.client import AlertmanagerObserver
from dayzero.targets.grafana.client import GrafanaObserver
from dayzero.targets.kafka.client import KafkaObserver
from dayzero.targets.loki.client import LokiObserver
from dayzero.targets.minio.client import MinioObserver
from dayzero.targets.opensearch.client import OpenSearchObserver
from dayzero.targets.postgres.client import PostgresObserver
from dayzero.targets.postgres.patroni import PgClusterObserver
from dayzero.targets.valkey.client import ValkeyObserver


def require_service(service: str, stack: Stack) -> None:
    """Skip the test where no chosen profile has the service; ImageUnavailable where its image alone is missing."""
    stack.require_images_of(service)
    if service not in stack.model["services"]:
        leave_out(f"{service} is not part of the chosen profiles, {', '.join(stack.profiles)}")


def _observer(look: Callable[[Stack], object], service: str, seen: str) -> Any:
    def observer(stack: Stack) -> object:
        require_service(service, stack)
        return look(stack)

    observer.__doc__ = seen
    return pytest.fixture(observer)


kafka = _observer(KafkaObserver, "kafka-init", "The stack's Kafka, seen by its administrator.")
opensearch = _observer(OpenSearchObserver, "os-init", "The stack's OpenSearch, seen by its administrator.")
minio = _observer(MinioObserver, "minio-create-buckets", "The stack's MinIO, seen by root and by visitors.")
postgres = _observer(PostgresObserver, "mng-pg-init", "The stack's PostgreSQL, seen by any of its roles.")
valkey = _observer(
    ValkeyObserver,
    "valkey-cluster-init",
    "The stack's Valkey cluster, seen by its administrator and by an application.",
)
pg_cluster = _observer(
    PgClusterObserver,
    "pg-cluster-init",
    "The stack's PostgreSQL cluster, seen through its proxy and through each member's Patroni.",
)
grafana = _observer(
    GrafanaObserver, "grafana", "The stack's Grafana, seen by its administrator and a viewer."
)
loki = _observer(lambda stack: LokiObserver(), "loki", "The stack's Loki.")
alertmanager = _observer(lambda stack: AlertmanagerObserver(), "alertmanager", "The stack's Alertmanager.")
