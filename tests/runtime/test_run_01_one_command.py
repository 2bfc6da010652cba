"""RUN-1: one command brings everything up and provisions it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.boot import BootRecord
from dayzero.stack.stack import Stack
from dayzero.targets.kafka.client import KafkaObserver
from dayzero.targets.minio.client import MinioObserver
from dayzero.targets.opensearch.client import OpenSearchObserver
from dayzero.targets.postgres.client import PostgresObserver


@criterion("RUN-1")
def test_every_init_exits_with_zero(
    promise: Promise, stack: Stack, boot: BootRecord, verdict: Verdict
) -> None:
    """Given clean volumes,
    when the one documented command has run,
    then the init is exited with code 0."""
    end = stack.ended(promise.name)
    verdict.expected = "exited (0)"
    verdict.observed = f"{end.state}: {(end.log.strip().splitlines() or ['no log'])[-1]}"
    verdict.look = f"docker compose logs {promise.name}, then the log of {', '.join(promise.targets)}"
    verdict.attach(f"{promise.name}.log", end.log)
    verdict.attach("up.txt", boot.output)
    verdict.check(end.exit_code == 0)


class Everything:
    """All observers, for steps that look at different targets."""

    def __init__(self, stack: Stack) -> None:
        self.kafka, self.opensearch = KafkaObserver(stack), OpenSearchObserver(stack)
        self.minio, self.postgres = MinioObserver(stack), PostgresObserver(stack)
        settings = stack.model["services"].get("minio-create-buckets", {}).get("environment", {})
        self.public, self.private = settings.get("HY_BUCKET_NAME"), settings.get("HY_PRIVATE_BUCKET_NAME")

    def roles(self) -> set[str]:
        """The application roles that can log in."""
        return {
            str(name)
            for (name,) in self.postgres.as_superuser(
                "postgres", "SELECT rolname FROM pg_roles WHERE rolcanlogin"
            )
        }

    def databases(self) -> set[str]:
        """All databases."""
        return {
            str(name) for (name,) in self.postgres.as_superuser("postgres", "SELECT datname FROM pg_database")
        }


STEPS: dict[str, tuple[str, Callable[[Everything], bool]]] = {
    "issue and install OpenSearch's certificates": ("opensearch", lambda all_: all_.opensearch.client.ping()),
    "create Kafka's accounts": (
        "kafka-1",
        lambda all_: {"admin", "broker", "provisioner"} <= set(all_.kafka.snapshot()["accounts"]),
    ),
    "grant Kafka's provisioner its rights": (
        "kafka-1",
        lambda all_: any("User:provisioner" in right for right in all_.kafka.snapshot()["rights"]),
    ),
    "create the topic infra-events": (
        "kafka-1",
        lambda all_: "infra-events" in all_.kafka.topics_seen_by("kafka-1"),
    ),
    "create the topic application-logs": (
        "kafka-1",
        lambda all_: "application-logs" in all_.kafka.topics_seen_by("kafka-1"),
    ),
    "put the index template": (
        "opensearch",
        lambda all_: all_.opensearch.template("logs_template") is not None,
    ),
    "create the public bucket and open it for reading": (
        "minio",
        lambda all_: (
            all_.minio.client.bucket_exists(all_.public) and all_.minio.policy(all_.public) is not None
        ),
    ),
    "create the private bucket": ("minio", lambda all_: all_.minio.client.bucket_exists(all_.private)),
    "create the applications' roles": ("mng-pg", lambda all_: {"platform", "telemetry"} <= all_.roles()),
    "create the applications' databases": (
        "mng-pg",
        lambda all_: {"platform", "telemetry"} <= all_.databases(),
    ),
}
"""What used to be done by hand: the server it is done to, and whether it has been done."""


@criterion("RUN-1", "REQ-PRD-MET-01")
@pytest.mark.parametrize("step", STEPS)
def test_no_step_is_left_to_do_by_hand(step: str, stack: Stack, verdict: Verdict) -> None:
    """Given the ten steps that setting up a cluster used to take,
    when nothing but the one documented command has run,
    then this step has been done."""
    verdict.subject = f"step: {step}"
    verdict.expected = f"done without a hand: {step}"
    verdict.look = "the init or the server's entrypoint that does this step, and its log"
    server, look = STEPS[step]
    require_service(server, stack)
    done = look(Everything(stack))
    verdict.observed = "done" if done else "not done"
    verdict.check(done)
