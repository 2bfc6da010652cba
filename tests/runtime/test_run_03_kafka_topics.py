"""RUN-3: the topics are there on every broker, and two in-sync replicas is what they behave like."""

from __future__ import annotations

import pytest

from fixtures.criterion import criterion
from fixtures.inventory import Promise
from fixtures.kafka_observer import BROKERS, KafkaObserver
from fixtures.stack import Stack
from fixtures.verdict import Verdict

REPLICAS = 3
MIN_INSYNC = "2"
TOPICS = ("infra-events", "application-logs")


@criterion("RUN-3", "REQ-SPC-AUT-002", "AC-AUTO-001", subject="kafka-init")
@pytest.mark.parametrize("broker", BROKERS)
def test_each_broker_tells_of_both_topics(
    broker: str, kafka: KafkaObserver, promises: dict[str, Promise], verdict: Verdict
) -> None:
    """Given a cluster of three brokers,
    when kafka-init has exited with 0 and one broker alone is asked,
    then it tells of both baseline topics with replication factor 3 and min.insync.replicas 2."""
    if "kafka-init" not in promises:
        verdict.not_applicable("the inventory has no kafka-init")
    promised = {output.name: output.details for output in promises["kafka-init"].outputs}
    seen = kafka.topics_seen_by(broker)
    verdict.expected = (
        f"{', '.join(TOPICS)} with replication factor {REPLICAS}, min.insync.replicas={MIN_INSYNC} "
        "and the partitions that the inventory states"
    )
    verdict.observed = f"{broker}: {seen}"
    verdict.look = f"docker exec {broker} kafka-topics --bootstrap-server {broker}:19092 --describe"
    for topic in TOPICS:
        assert topic in seen
        assert seen[topic].replication_factors == (REPLICAS,)
        assert seen[topic].settings.get("min.insync.replicas") == MIN_INSYNC
        assert seen[topic].partitions == promised[topic]["partitions"]


@criterion("RUN-3", "VAL-AUTO-PLN-004", subject="kafka-init")
def test_the_seeds_own_command_lists_both_topics(stack: Stack, verdict: Verdict) -> None:
    """Given the booted stack,
    when kafka-topics lists the topics inside the first broker, without any credential,
    then both baseline topics are in the list."""
    listed = stack.execute(
        "kafka-1", ["kafka-topics", "--bootstrap-server", "kafka-1:19092", "--list"]
    ).split()
    verdict.expected = "infra-events and application-logs"
    verdict.observed = ", ".join(listed) or "no topic"
    verdict.look = "the rights of User:ANONYMOUS, and the log of kafka-init"
    assert set(TOPICS) <= set(listed)


@criterion("RUN-3", "REQ-SPC-AUT-002", subject="kafka-init")
@pytest.mark.parametrize("topic", TOPICS)
def test_writes_survive_one_lost_broker_and_stop_at_two(
    topic: str, stack: Stack, kafka: KafkaObserver, verdict: Verdict
) -> None:
    """Given a provisioned cluster of three brokers,
    when one is stopped, then a write with acks=all is accepted, and when a second one is stopped,
    then it is refused for want of in-sync replicas, not appended, and after their return nothing accepted is lost."""
    verdict.expected = (
        "accepted with three and with two brokers, NotEnoughReplicas with one; only accepted ones kept"
    )
    verdict.look = f"min.insync.replicas of {topic} on each broker"
    before = kafka.write(topic, b"three brokers")
    verdict.observed = f"three: {before}"
    assert before.accepted
    with stack.stopped("kafka-3"):
        one_lost = kafka.write(topic, b"two brokers")
        with stack.stopped("kafka-2"):
            two_lost = kafka.write(topic, b"one broker")
    records = kafka.read(topic).get(0, [])
    verdict.observed = (
        f"three: {before}; two: {one_lost}; one: {two_lost}; kept: {[value for _, value in records[-2:]]}"
    )
    assert one_lost.accepted
    assert two_lost.reason == "NotEnoughReplicas"
    assert [value for _, value in records[-2:]] == [b"three brokers", b"two brokers"]
    assert [offset for offset, _ in records] == list(range(len(records)))
