"""Looks at the Kafka cluster through kafka-python, as its administrator or as anybody."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    OffsetSpec,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError

from dayzero.core.wait import await_condition
from dayzero.stack.dns import names_of
from dayzero.stack.stack import Stack

BROKERS = ("kafka-1", "kafka-2", "kafka-3")
_SASL_PORT = 19094


@dataclass(frozen=True)
class TopicState:
    """A topic as one broker tells it: partitions, the replication factor of each, settings that are not defaults."""

    partitions: int
    replication_factors: tuple[int, ...]
    settings: dict[str, str]


@dataclass(frozen=True)
class Write:
    """One record's fate: accepted at an offset, or refused for a reason (the error's class name)."""

    partition: int
    offset: int | None
    reason: str

    @property
    def accepted(self) -> bool:
        """Whether the cluster acknowledged it."""
        return self.offset is not None


class KafkaObserver:
    """Reads, writes and breaks the cluster of one stack. Every method may raise KafkaError: then nothing was seen."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._account: dict[str, Any] = {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": "admin",
            "sasl_plain_password": stack.secrets.passwords["kafka_admin_password"],
        }

    def _running(self) -> list[str]:
        return [f"{name}:{_SASL_PORT}" for name in BROKERS if self.stack.address(name)]

    def _admin(self, servers: list[str] | None = None) -> KafkaAdminClient:
        return KafkaAdminClient(
            bootstrap_servers=servers or self._running(), request_timeout_ms=10_000, **self._account
        )

    def topics_seen_by(self, broker: str) -> dict[str, TopicState]:
        """All topics as `broker` alone tells them: meanwhile every broker's name leads to this one."""

        def only(name: str) -> str | None:
            return self.stack.address(broker) if name in BROKERS else None

        with names_of(only):
            admin = self._admin([f"{broker}:{_SASL_PORT}"])
            try:
                return self._topics(admin)
            finally:
                admin.close()

    def _topics(self, admin: KafkaAdminClient) -> dict[str, TopicState]:
        names = [name for name in admin.list_topics() if not name.startswith("__")]
        if not names:
            return {}
        settings = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])[
            "topic"
        ]
        return {
            topic["name"]: TopicState(
                partitions=len(topic["partitions"]),
                replication_factors=tuple(
                    sorted({len(part["replica_nodes"]) for part in topic["partitions"]})
                ),
                settings={key: entry["value"] for key, entry in sorted(settings[topic["name"]].items())},
            )
            for topic in admin.describe_topics(names)
        }

    def write(self, topic: str, payload: bytes, partition: int = 0) -> Write:
        """Send one record with acks=all and no retry, and wait up to 10 s for its fate."""
        producer = KafkaProducer(
            bootstrap_servers=self._running(),
            acks="all",
            retries=0,
            max_block_ms=10_000,
            request_timeout_ms=8_000,
            delivery_timeout_ms=10_000,
            linger_ms=0,
            enable_idempotence=False,
            **self._account,
        )
        try:
            sent = producer.send(topic, payload, partition=partition).get(timeout=12)
            return Write(partition, sent.offset, "")
        except KafkaError as refusal:
            return Write(partition, None, type(refusal).__name__.removesuffix("Error"))
        finally:
            producer.close(timeout=2)

    def read(self, topic: str) -> dict[int, list[tuple[int, bytes]]]:
        """Every record of the topic: partition to (offset, value), in order; nothing of a topic that does not exist."""
        consumer = KafkaConsumer(
            bootstrap_servers=self._running(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **self._account,
        )
        try:
            parts = [
                TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())
            ]
            if not parts:
                return {}
            consumer.assign(parts)
            ends = consumer.end_offsets(parts)
            starts = consumer.beginning_offsets(parts)
            records: dict[int, list[tuple[int, bytes]]] = {part.partition: [] for part in parts}
            consumer.seek_to_beginning(*parts)
            waiting = {part for part in parts if ends[part] > starts[part]}
            while waiting:
                for part, batch in consumer.poll(timeout_ms=5_000).items():
                    records[part.partition] += [(record.offset, record.value) for record in batch]
                waiting = {part for part in waiting if consumer.position(part) < ends[part]}
            return records
        finally:
            consumer.close()

    def commit(self, group: str, topic: str, offset: int) -> None:
        """Commit `offset` for partition 0 as a consumer group would."""
        consumer = KafkaConsumer(
            bootstrap_servers=self._running(), group_id=group, enable_auto_commit=False, **self._account
        )
        try:
            part = TopicPartition(topic, 0)
            consumer.assign([part])
            consumer.seek(part, offset)
            consumer.commit()
        finally:
            consumer.close()

    def change_topic(self, topic: str, *, settings: dict[str, str], partitions: int) -> None:
        """Change a topic as its owner would: settings and the number of partitions."""
        admin = self._admin()
        try:
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)])
            admin.create_partitions({topic: partitions})
        finally:
            admin.close()

    def set_topic(self, topic: str, settings: dict[str, str]) -> None:
        """Give the topic these settings beside its others, and wait until every broker tells of them."""
        admin = self._admin()
        try:
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)])
        finally:
            admin.close()
        await_condition(
            lambda: all(
                self.topics_seen_by(broker)[topic].settings.items() >= settings.items()
                for broker in self._brokers()
            ),
            60,
            lambda: f"not every broker tells of the new settings of {topic}",
        )

    def place_replicas(self, topic: str, brokers: list[int]) -> None:
        """Have every partition of the topic on these brokers; it takes a moment."""
        admin = self._admin()
        try:
            count = self._topics(admin)[topic].partitions
            parts = [TopicPartition(topic, number) for number in range(count)]
            failed = [
                error
                for error in admin.alter_partition_reassignments(dict.fromkeys(parts, brokers)).values()
                if error
            ]
            if failed:
                raise failed[0](f"the replicas of {topic} cannot be moved to {brokers}")
        finally:
            admin.close()

    def unprovision(self) -> None:
        """Remove every topic and group, as the cluster is after its first boot; no broker tells of a topic any more."""
        admin = self._admin()
        try:
            topics = [name for name in admin.list_topics() if not name.startswith("__")]
            groups = [group["group_id"] for group in admin.list_groups()]
            if groups:
                admin.delete_groups(groups)
        finally:
            admin.close()
        self.remove_topics(topics)

    def remove_topics(self, topics: list[str]) -> None:
        """Remove these topics; no broker tells of one of them any more."""
        if not topics:
            return
        admin = self._admin()
        try:
            # Kafka 4.1: a broker that starts later, and reads all of this at once, would give a new topic of that
            # name the settings of the one that is gone.
            admin.reset_configs(
                [ConfigResource(ConfigResourceType.TOPIC, name, configs={}) for name in topics]
            )
            admin.delete_topics(topics)
        finally:
            admin.close()
        await_condition(
            lambda: not any(set(topics) & set(self.topics_seen_by(broker)) for broker in self._brokers()),
            60,
            lambda: "a deleted topic is still told of",
        )

    def _brokers(self) -> list[str]:
        return [broker for broker in BROKERS if self.stack.address(broker)]

    def _await_agreement(self) -> None:
        """Wait until all running brokers tell the same topics: one that has just started tells of earlier ones."""
        running = self._brokers()
        told: dict[str, dict[str, TopicState]] = {}

        def agreed() -> bool:
            told.update({broker: self.topics_seen_by(broker) for broker in running})
            return all(topics == told[running[0]] for topics in told.values())

        await_condition(agreed, 60, lambda: f"the brokers tell different topics: {told}")

    def snapshot(self) -> dict[str, Any]:
        """Everything that a rerun must leave alone: topics, records, groups' offsets, rights and accounts."""
        self._await_agreement()
        admin = self._admin()
        try:
            topics = self._topics(admin)
            acls, _ = admin.describe_acls(
                ACLFilter(
                    principal=None,
                    host=None,
                    operation=ACLOperation.ANY,
                    permission_type=ACLPermissionType.ANY,
                    resource_pattern=ResourcePatternFilter(
                        ResourceType.ANY, None, ACLResourcePatternType.ANY
                    ),
                )
            )
            groups = sorted(group["group_id"] for group in admin.list_groups())
            offsets = {
                group: {
                    str(part): value.offset
                    for part, value in admin.list_group_offsets([group])[group].items()
                }
                for group in groups
            }
            return {
                "topics": topics,
                "records": {
                    topic: hashlib.sha256(repr(sorted(self.read(topic).items())).encode()).hexdigest()
                    for topic in sorted(topics)
                },
                "group offsets": offsets,
                "rights": sorted(str(acl) for acl in acls),
                "accounts": sorted(admin.describe_user_scram_credentials()),
            }
        finally:
            admin.close()

    def end_offsets(self, topic: str) -> dict[int, int]:
        """The next offset of each partition, as its leader tells it."""
        admin = self._admin()
        try:
            count = self._topics(admin)[topic].partitions
            wanted: Any = {TopicPartition(topic, number): OffsetSpec.LATEST for number in range(count)}
            return {
                part.partition: value.offset for part, value in admin.list_partition_offsets(wanted).items()
            }
        finally:
            admin.close()
