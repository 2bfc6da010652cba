"""RUN-3: the topics are there on every broker, and two in-sync replicas is what they behave like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.stack import Stack
from dayzero.targets.kafka.client import BROKERS, KafkaObserver, Write

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
        verdict.check(topic in seen, f"no topic {topic}")
        verdict.check(seen[topic].replication_factors == (REPLICAS,), f"replicas of {topic}")
        verdict.check(
            seen[topic].settings.get("min.insync.replicas") == MIN_INSYNC, f"min.insync.replicas of {topic}"
        )
        verdict.check(seen[topic].partitions == promised[topic]["partitions"], f"partitions of {topic}")


@criterion("RUN-3", "VAL-AUTO-PLN-004", subject="kafka-init")
def test_the_seeds_own_command_lists_both_topics(stack: Stack, verdict: Verdict) -> None:
    """Given the booted stack,
    when kafka-topics lists the topics inside the first broker, without any credential,
    then both baseline topics are in the list."""
    require_service("kafka-1", stack)
    listed = stack.execute(
        "kafka-1", ["kafka-topics", "--bootstrap-server", "kafka-1:19092", "--list"]
    ).split()
    verdict.expected = "infra-events and application-logs"
    verdict.observed = ", ".join(listed) or "no topic"
    verdict.look = "the rights of User:ANONYMOUS, and the log of kafka-init"
    verdict.check(set(TOPICS) <= set(listed))


@dataclass(frozen=True)
class Outage:
    """One write to a topic with three brokers, with two and with one, and (offset, value) of all that was kept.

    Without a first one that was accepted, nothing further was tried.
    """

    three: Write
    two: Write | None = None
    one: Write | None = None
    kept: Sequence[tuple[int, bytes]] = ()


@pytest.fixture(scope="module")
def outages(stack: Stack) -> dict[str, Outage]:
    """By topic: one broker is stopped, then a second one, and both return."""
    require_service("kafka-init", stack)
    kafka = KafkaObserver(stack)
    three = {topic: kafka.write(topic, b"three brokers") for topic in TOPICS}
    taking = [topic for topic, first in three.items() if first.accepted]
    if not taking:
        return {topic: Outage(first) for topic, first in three.items()}
    with stack.stopped("kafka-3"):
        two = {topic: kafka.write(topic, b"two brokers") for topic in taking}
        with stack.stopped("kafka-2"):
            one = {topic: kafka.write(topic, b"one broker") for topic in taking}
    kept = {topic: kafka.read(topic).get(0, []) for topic in taking}
    return {
        topic: Outage(first, two.get(topic), one.get(topic), kept.get(topic, ()))
        for topic, first in three.items()
    }


@criterion("RUN-3", "REQ-SPC-AUT-002", subject="kafka-init")
@pytest.mark.parametrize("topic", TOPICS)
def test_writes_survive_one_lost_broker_and_stop_at_two(
    topic: str, outages: dict[str, Outage], verdict: Verdict
) -> None:
    """Given a provisioned cluster of three brokers,
    when one is stopped, then a write with acks=all is accepted, and when a second one is stopped,
    then it is refused for want of in-sync replicas, not appended, and after their return nothing accepted is lost."""
    seen = outages[topic]
    last = [value for _, value in seen.kept[-2:]]
    verdict.expected = (
        "accepted with three and with two brokers, NotEnoughReplicas with one; only accepted ones kept"
    )
    verdict.observed = f"three: {seen.three}; two: {seen.two}; one: {seen.one}; kept: {last}"
    verdict.look = f"min.insync.replicas of {topic} on each broker"
    verdict.check(seen.three.accepted, "refused by three brokers")
    verdict.check(seen.two is not None and seen.two.accepted, "refused by two brokers")
    verdict.check(
        seen.one is not None and seen.one.reason == "NotEnoughReplicas",
        "not refused for want of replicas by one broker",
    )
    verdict.check(last == [b"three brokers", b"two brokers"], "not exactly what was accepted is kept")
    verdict.check([offset for offset, _ in seen.kept] == list(range(len(seen.kept))), "offsets are missing")
