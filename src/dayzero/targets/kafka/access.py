"""What may be done with Kafka: by the provisioner on the listener for accounts, by anybody on the plaintext one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    NewTopic,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

from dayzero.core.wait import await_condition
from dayzero.stack.stack import Stack
from dayzero.targets.access import Action, Cell, Refused, cells_of
from dayzero.targets.kafka.client import BROKERS, KafkaObserver

OWN = "infra-events"
FOREIGN = "rights-canary"
GROUP = "rights-canary-readers"
NOBODY = "rights-canary-nobody"
HARMLESS = "log.cleaner.backoff.ms"
"""A setting of a broker, asked to be set to what it is by default."""

_REFUSAL = re.compile(
    r"(?i)\w*AuthorizationFailed\w*|SaslAuthentication\w*|authorization failed|not authorized"
)

JOB = {"describe its topic", "read its topic's settings", "create its topic", "enforce min.insync.replicas"}
READING = {"describe its topic", "read its topic", "see another topic", "read another topic"}
"""What anybody may do: read the topics, as every tool on the plaintext listener does."""


def kafka_account(user: str, password: str) -> dict[str, Any]:
    """A client's settings on the listener for accounts."""
    return {
        "bootstrap_servers": [f"{name}:19094" for name in BROKERS],
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": password,
    }


def _asked(call: Callable[[], Any]) -> Any:
    """The answer of a call. Raises Refused for an error of authorisation, be it raised or told in the answer."""
    try:
        answer = call()
    except KafkaError as problem:
        if _REFUSAL.search(f"{type(problem).__name__} {problem}"):
            raise Refused(f"{type(problem).__name__}: {problem}") from None
        raise
    if told := _REFUSAL.search(repr(answer)):
        raise Refused(told[0])
    if failed := re.search(r"kafka\.errors\.(?!NoError)\w+", repr(answer)):
        raise KafkaError(failed[0])
    return answer


class _Visitor:
    """One account's actions. They use one connection of the account's own; `close` ends it."""

    def __init__(self, account: dict[str, Any]) -> None:
        self._account = account
        self.admin = KafkaAdminClient(request_timeout_ms=10_000, **account)

    def close(self) -> None:
        self.admin.close()

    def see(self, topic: str) -> None:
        if topic not in _asked(self.admin.list_topics):
            raise Refused(f"{topic} is not in the list of topics that it is shown")

    def settings(self, kind: ConfigResourceType, name: str) -> None:
        told = _asked(lambda: self.admin.describe_configs([ConfigResource(kind, name)], config_filter="all"))
        # The client drops the error; but whatever exists has settings, and those who may are told of them.
        if not any(told[kind.name.lower()].values()):
            raise Refused(f"no setting of {name} is told")

    def set(self, kind: ConfigResourceType, name: str, setting: str, value: str) -> None:
        change = ConfigResource(kind, name, configs={setting: value})
        answer = _asked(lambda: self.admin.alter_configs([change], raise_on_unknown=False))
        if answer[kind.name.lower()][name] != "OK":
            raise KafkaError(str(answer))

    def create(self, topic: str) -> None:
        with suppress(TopicAlreadyExistsError):  # said to those alone who may create it
            _asked(
                lambda: self.admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
            )

    def write(self, topic: str) -> None:
        producer = KafkaProducer(
            acks="all",
            retries=0,
            max_block_ms=10_000,
            request_timeout_ms=8_000,
            delivery_timeout_ms=10_000,
            enable_idempotence=False,
            **self._account,
        )
        try:
            _asked(lambda: producer.send(topic, b"written by one who may not", partition=0).get(timeout=12))
        finally:
            producer.close(timeout=2)

    def read(self, topic: str) -> None:
        consumer = KafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", **self._account)
        try:
            shown = consumer.partitions_for_topic(topic)
            if not shown:
                raise Refused(f"it is shown no partition of {topic}")
            consumer.assign([TopicPartition(topic, number) for number in shown])
            consumer.seek_to_beginning()
            if not _asked(lambda: consumer.poll(timeout_ms=10_000)):
                raise KafkaError("not one record came")
        finally:
            consumer.close(autocommit=False)

    def make_account(self, is_there: Callable[[], bool]) -> None:
        made = UserScramCredentialUpsertion(NOBODY, ScramMechanism.SCRAM_SHA_512, b"no-secret-of-anybody")
        _asked(lambda: self.admin.alter_user_scram_credentials([made]))
        if not is_there():  # the client drops an error that has no message
            raise Refused("the account was not made")

    def grant_itself(self, principal: str) -> None:
        right = ACL(
            principal=principal,
            host="*",
            operation=ACLOperation.ALL,
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=ResourcePattern(ResourceType.TOPIC, FOREIGN),
        )
        if not _asked(lambda: self.admin.create_acls([right]))["succeeded"]:
            raise KafkaError("the right was not given, and no reason told")


def _any_right(principal: str | None, topic: str | None = None) -> ACLFilter:
    return ACLFilter(
        principal=principal,
        host=None,
        operation=ACLOperation.ANY,
        permission_type=ACLPermissionType.ANY,
        resource_pattern=ResourcePatternFilter(
            ResourceType.TOPIC if topic else ResourceType.ANY, topic, ACLResourcePatternType.ANY
        ),
    )


def _actions(visitor: _Visitor, principal: str, is_there: Callable[[], bool]) -> dict[str, Action]:
    """Every action by its name; those that end with a topic or a group gone stand last."""
    admin = visitor.admin
    topic, broker = ConfigResourceType.TOPIC, ConfigResourceType.BROKER
    canary = TopicPartition(FOREIGN, 0)
    return {
        "describe its topic": lambda: _asked(lambda: admin.describe_topics([OWN])),
        "read its topic's settings": lambda: visitor.settings(topic, OWN),
        "create its topic": lambda: visitor.create(OWN),
        "enforce min.insync.replicas": lambda: visitor.set(topic, OWN, "min.insync.replicas", "2"),
        "read its topic": lambda: visitor.read(OWN),
        "write to its topic": lambda: visitor.write(OWN),
        "delete its topic's records": lambda: _asked(
            lambda: admin.delete_records({TopicPartition(OWN, 0): 0})
        ),
        "add partitions to its topic": lambda: _asked(
            lambda: admin.create_partitions({OWN: 60}, validate_only=True)
        ),
        "see another topic": lambda: visitor.see(FOREIGN),
        "create another topic": lambda: visitor.create(NOBODY),
        "read another topic": lambda: visitor.read(FOREIGN),
        "write to another topic": lambda: visitor.write(FOREIGN),
        "read another topic's settings": lambda: visitor.settings(topic, FOREIGN),
        "change another topic's settings": lambda: visitor.set(topic, FOREIGN, "retention.ms", "1000"),
        "read the groups' offsets at their source": lambda: visitor.read("__consumer_offsets"),
        "read a group's offsets": lambda: _asked(lambda: admin.list_group_offsets([GROUP])),
        "move a group's offsets": lambda: _asked(
            lambda: admin.alter_group_offsets(GROUP, {canary: OffsetAndMetadata(0, "", -1)})
        ),
        "see the rights": lambda: _asked(lambda: admin.describe_acls(_any_right(None))),
        "grant itself a right": lambda: visitor.grant_itself(principal),
        "take a right away": lambda: _asked(lambda: admin.delete_acls([_any_right(f"User:{NOBODY}")])),
        "see the accounts": lambda: _asked(lambda: admin.describe_user_scram_credentials(["admin"])),
        "make an account": lambda: visitor.make_account(is_there),
        "read the cluster's settings": lambda: visitor.settings(broker, "1"),
        "change the cluster's settings": lambda: visitor.set(broker, "1", HARMLESS, "15000"),
        "see the quorum": lambda: _asked(admin.describe_metadata_quorum),
        "see the brokers' folders": lambda: _answered(admin.describe_log_dirs()),
        "move partitions": lambda: _asked(lambda: admin.alter_partition_reassignments({canary: [1]})),
        "delete a group": lambda: _asked(lambda: admin.delete_groups([GROUP])),
        "drop another topic": lambda: _asked(lambda: admin.delete_topics([FOREIGN])),
        "drop its topic": lambda: _asked(lambda: admin.delete_topics([OWN])),
    }


def _answered(folders: list[dict[str, Any]]) -> None:
    if not any(entry.get("topics") for folder in folders for entry in folder.get("log_dirs", [folder])):
        raise Refused("no folder is told")


@contextmanager
def kafka_rights(stack: Stack) -> Iterator[list[Cell]]:
    """The rows of Kafka, while another's topic and group are there to be left alone."""
    passwords = stack.secrets.passwords
    owner = KafkaAdminClient(
        request_timeout_ms=10_000, **kafka_account("admin", passwords["kafka_admin_password"])
    )
    observer = KafkaObserver(stack)

    def is_there() -> bool:
        return not owner.describe_user_scram_credentials([NOBODY])[NOBODY]["error"]

    def takes_a_record(topic: str) -> bool:
        if topic == FOREIGN:  # again and again, for one that was dropped is gone a little later
            with suppress(TopicAlreadyExistsError):
                owner.create_topics([NewTopic(FOREIGN, num_partitions=1, replication_factor=1)])
        return observer.write(topic, b"another's data").accepted

    def lay_out() -> None:
        for topic in (OWN, FOREIGN):
            await_condition(partial(takes_a_record, topic), 30, partial("{} takes no record".format, topic))
        observer.commit(GROUP, FOREIGN, 1)

    def provision() -> None:
        stack.run_init("kafka-init")
        lay_out()

    undo: dict[str, Action] = {
        "create another topic": lambda: owner.delete_topics([NOBODY]),
        "drop another topic": lay_out,
        "delete a group": lay_out,
        "drop its topic": provision,
        "grant itself a right": lambda: owner.delete_acls([_any_right(None, FOREIGN)]),
        "make an account": lambda: owner.alter_user_scram_credentials(
            [UserScramCredentialDeletion(NOBODY, ScramMechanism.SCRAM_SHA_512)]
        ),
        "change the cluster's settings": lambda: owner.reset_configs(
            [ConfigResource(ConfigResourceType.BROKER, "1", configs={HARMLESS: None})]
        ),
    }
    rows = {
        "provisioner": (kafka_account("provisioner", passwords["kafka_provisioner_password"]), JOB),
        "ANONYMOUS": ({"bootstrap_servers": [f"{name}:19092" for name in BROKERS]}, READING),
    }
    visitors: list[_Visitor] = []
    cells: list[Cell] = []
    lay_out()
    try:
        for account, (client, allowed) in rows.items():
            visitors.append(_Visitor(client))
            actions = _actions(visitors[-1], f"User:{account}", is_there)
            cells += cells_of(account, actions, allowed, undo)
        yield cells
    finally:
        for visitor in visitors:
            visitor.close()
        owner.delete_topics([name for name in (FOREIGN, NOBODY) if name in owner.list_topics()])
        owner.close()
