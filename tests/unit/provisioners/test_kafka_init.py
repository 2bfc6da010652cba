"""kafka-init against stub CLIs that print what Kafka's own print."""

from __future__ import annotations

import pytest

from tests.unit.provisioners.provisioner_bench import HOSTILE_AT_ONCE, Answer, Bench, Ended

PASSWORD = "kafka-5ecret-Value"
SETTINGS = {
    "KAFKA_BOOTSTRAP": "kafka-1:19094,kafka-2:19094,kafka-3:19094",
    "TOPICS": "infra-events application-logs",
    "TOPIC_PARTITIONS": "3",
    "TOPIC_REPLICAS": "3",
    "TOPIC_MIN_INSYNC": "2",
}
MAIN = "[main] ERROR org.apache.kafka.tools.TopicCommand - org.apache.kafka."
NOT_UP = (
    "[kafka-admin-client-thread | adminclient-1] WARN org.apache.kafka.clients.NetworkClient - [AdminClient "
    "clientId=adminclient-1] Connection to node -1 (kafka-1/10.0.0.2:19094) could not be established.\n"
)
TIMED_OUT = Answer(
    out="Error while executing topic command : Timed out waiting for a node assignment. Call: listTopics\n",
    err=f"{NOT_UP * 3}{MAIN}common.errors.TimeoutException: "
    "Timed out waiting for a node assignment. Call: listTopics\n\n",
    code=1,
)
NOT_RESOLVED = Answer(
    err="[main] WARN org.apache.kafka.clients.ClientUtils - Couldn't resolve server kafka-1:19094\n"
    "Failed to create new KafkaAdminClient\n"
    "org.apache.kafka.common.KafkaException: Failed to create new KafkaAdminClient\n"
    "\tat org.apache.kafka.clients.admin.Admin.create(Admin.java:133)\n"
    "Caused by: org.apache.kafka.common.config.ConfigException: "
    "No resolvable bootstrap urls given in bootstrap.servers\n"
    "\tat org.apache.kafka.clients.ClientUtils.parseAndValidateAddresses(ClientUtils.java:104)\n\t... 7 more\n",
    code=1,
)
FEW_BROKERS = Answer(
    err=f"{MAIN}common.errors.InvalidReplicationFactorException: Unable to replicate the partition 3 time(s): "
    "The target replication factor of 3 cannot be reached because only 2 broker(s) are registered.\n\n",
    code=1,
)
WRONG_PASSWORD = (
    "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512"
)
REJECTED = Answer(
    out=f"Error while executing topic command : {WRONG_PASSWORD}\n",
    err=f"[kafka-admin-client-thread | adminclient-1] ERROR - failed authentication\n"
    f"org.apache.kafka.common.errors.SaslAuthenticationException: {WRONG_PASSWORD}\n"
    f"{MAIN}common.errors.SaslAuthenticationException: {WRONG_PASSWORD}\n\n",
    code=1,
)
NOT_ALLOWED = Answer(
    out="Error while executing topic command : Authorization failed.\n",
    err=f"{MAIN}common.errors.TopicAuthorizationException: Authorization failed.\n\n",
    code=1,
)


def topic(name: str, replicas: int = 3, insync: int | None = 2, partitions: int = 3) -> str:
    """A topic as `kafka-topics --describe` prints it."""
    configs = f"retention.ms=1000,min.insync.replicas={insync},cleanup.policy=delete" if insync else ""
    head = f"Topic: {name}\tTopicId: J3aBUuBkQCGx_zzOZvp_WA\tPartitionCount: {partitions}\t"
    rows = [
        f"\tTopic: {name}\tPartition: {number}\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n"
        for number in range(partitions)
    ]
    return f"{head}ReplicationFactor: {replicas}\tConfigs: {configs}\n{''.join(rows)}"


def described(*topics: str) -> Answer:
    return Answer(out="".join(topics))


BOTH = described(topic("infra-events"), topic("application-logs"))


@pytest.fixture
def kafka(bench: Bench) -> Bench:
    """The bench with the init's secret, and a cluster where both topics are as promised."""
    bench.secret(
        "kafka_provisioner.properties",
        f'sasl.jaas.config=org.apache.kafka.ScramLoginModule required username="provisioner" password="{PASSWORD}";\n',
    )
    bench.settings |= SETTINGS
    bench.stub("kafka-topics", [BOTH])
    bench.stub("kafka-configs", [])
    return bench


def words(ended: Ended) -> list[str]:
    """Each call without what all calls have in common."""
    common = 5
    return [" ".join([call.argv[0], *call.argv[common:]]) for call in ended.calls]


CREATE = (
    "kafka-topics --create --if-not-exists --topic {} "
    "--partitions 3 --replication-factor 3 --config min.insync.replicas=2"
)


def test_missing_topics_are_created(kafka: Bench) -> None:
    """Given a cluster without topics,
    when kafka-init runs,
    then it creates both as promised, looks again, and reports them with what the cluster has."""
    kafka.stub("kafka-topics", {"--create": [Answer(out="Created topic.\n")], "--describe": [Answer(), BOTH]})
    ended = kafka.run("kafka-init")
    assert ended.actions == {"topic infra-events": "created", "topic application-logs": "created"}
    assert words(ended) == [
        "kafka-topics --describe",
        CREATE.format("infra-events"),
        CREATE.format("application-logs"),
        "kafka-topics --describe",
    ]
    for call in ended.calls:
        login = str(kafka.folder / "secrets" / "kafka_provisioner.properties")
        assert call.argv[1:5] == (
            "--bootstrap-server",
            SETTINGS["KAFKA_BOOTSTRAP"],
            "--command-config",
            login,
        )
    assert [list(line.items())[-3:] for line in ended.events("resource")] == [
        [("partitions", "3"), ("replication_factor", "3"), ("min.insync.replicas", "2")]
    ] * 2


def test_topics_that_are_there_are_left_alone(kafka: Bench) -> None:
    """Given both topics, one with more partitions and replicas than promised, and topics with longer names,
    when kafka-init runs,
    then it describes them once and changes nothing."""
    grown = topic("application-logs", replicas=5, partitions=12)
    kafka.stub("kafka-topics", [described(topic("infra-events-old", 1, 1), topic("infra-events"), grown)])
    ended = kafka.run("kafka-init")
    assert ended.actions == {"topic infra-events": "unchanged", "topic application-logs": "unchanged"}
    assert words(ended) == ["kafka-topics --describe"]
    assert ended.events("resource")[1]["replication_factor"] == "5"


@pytest.mark.parametrize("insync", [None, 1, 3])
def test_the_enforced_setting_is_put_right(kafka: Bench, insync: int | None) -> None:
    """Given a topic whose min.insync.replicas is missing, lower or higher,
    when kafka-init runs,
    then it alters that setting of that topic and nothing else."""
    kafka.stub("kafka-topics", [described(topic("infra-events", insync=insync), topic("application-logs"))])
    kafka.stub("kafka-configs", [Answer(out="Completed updating config for topic infra-events.\n")])
    ended = kafka.run("kafka-init")
    assert ended.actions == {"topic infra-events": "updated", "topic application-logs": "unchanged"}
    alter = "--alter --entity-type topics --entity-name infra-events --add-config min.insync.replicas=2"
    assert words(ended) == ["kafka-topics --describe", f"kafka-configs {alter}"]


def test_a_new_topic_whose_setting_is_put_right_is_created(kafka: Bench) -> None:
    """Given a topic that this run makes, and a broker that does not yet tell of its min.insync.replicas,
    when kafka-init sets it once more,
    then it says created: there was no such topic before."""
    late = described(topic("infra-events"), topic("application-logs", insync=None))
    kafka.stub(
        "kafka-topics", {"--create": [Answer()], "--describe": [described(topic("infra-events")), late]}
    )
    kafka.stub("kafka-configs", [Answer()])
    ended = kafka.run("kafka-init")
    assert ended.actions == {"topic infra-events": "unchanged", "topic application-logs": "created"}


def test_half_done_work_is_completed(kafka: Bench) -> None:
    """Given one topic of two, as a killed run leaves it,
    when kafka-init runs,
    then it creates the other one only."""
    kafka.stub(
        "kafka-topics", {"--create": [Answer()], "--describe": [described(topic("infra-events")), BOTH]}
    )
    ended = kafka.run("kafka-init")
    assert ended.actions == {"topic infra-events": "unchanged", "topic application-logs": "created"}
    assert words(ended)[1:2] == [CREATE.format("application-logs")]


def test_too_few_replicas_fail_at_once(kafka: Bench) -> None:
    """Given a topic with a replication factor below the promise,
    when kafka-init runs,
    then it ends at once, names the topic, the factor and the remedy, and changes nothing."""
    kafka.stub("kafka-topics", [described(topic("infra-events", replicas=1), topic("application-logs"))])
    ended = kafka.run("kafka-init")
    assert ended.reason.startswith(
        "topic infra-events exists with replication factor 1, below the promised 3: "
    )
    assert words(ended) == ["kafka-topics --describe"]


def test_a_created_topic_that_is_not_there_is_a_failure(kafka: Bench) -> None:
    """Given a cluster that accepts a topic and does not have it,
    when kafka-init runs,
    then it does not claim success."""
    kafka.stub("kafka-topics", {"--create": [Answer()], "--describe": [Answer()]})
    assert kafka.run("kafka-init").reason == "topic infra-events is still not there after it was created"


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (TIMED_OUT, "TimeoutException: Timed out waiting for a node assignment. Call: listTopics"),
        (NOT_RESOLVED, "ConfigException: No resolvable bootstrap urls given in bootstrap.servers"),
    ],
    ids=["refused", "not resolved"],
)
def test_an_absent_cluster_is_waited_for(kafka: Bench, failure: Answer, error: str) -> None:
    """Given a cluster that refuses or is not resolved at first,
    when kafka-init runs,
    then it tries again, says what was wrong, and succeeds."""
    kafka.stub("kafka-topics", [failure, BOTH])
    ended = kafka.run("kafka-init")
    assert set(ended.actions.values()) == {"unchanged"}
    (wait,) = ended.events("wait")
    assert wait["error"].endswith(error)
    assert wait["target"] == SETTINGS["KAFKA_BOOTSTRAP"]


def test_a_broker_that_is_still_registering_is_waited_for(kafka: Bench) -> None:
    """Given a create that is refused because one broker is not registered yet,
    when kafka-init runs,
    then it creates again until it is accepted."""
    kafka.stub(
        "kafka-topics",
        {
            "--create": [FEW_BROKERS, FEW_BROKERS, Answer()],
            "--describe": [described(topic("infra-events")), BOTH],
        },
    )
    ended = kafka.run("kafka-init")
    assert ended.actions["topic application-logs"] == "created"
    assert [line["error"].rpartition(": ")[2] for line in ended.events("wait")] == [
        "The target replication factor of 3 cannot be reached because only 2 broker(s) are registered."
    ] * 2


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (REJECTED, WRONG_PASSWORD),
        (NOT_ALLOWED, "Authorization failed."),
        (Answer(err=f"{MAIN}common.errors.PolicyViolationException: no\n", code=1), "no"),
        (Answer(err=f"{MAIN}common.errors.InvalidConfigurationException: bad\n", code=1), "bad"),
    ],
    ids=["credential", "rights", "policy", "configuration"],
)
@pytest.mark.parametrize("step", ["--describe", "--create"])
def test_what_waiting_cannot_cure_ends_it_at_once(
    kafka: Bench, step: str, failure: Answer, error: str
) -> None:
    """Given a cluster that rejects the credential, the right or the setting,
    when kafka-init looks or creates,
    then it ends at once and says so."""
    kafka.stub("kafka-topics", {step: [failure], "": [Answer()]})
    ended = kafka.run("kafka-init")
    assert ended.reason.startswith(f"{SETTINGS['KAFKA_BOOTSTRAP']} refused: ")
    assert ended.reason.endswith(error)
    assert ended.events("wait") == []


@pytest.mark.parametrize("name", SETTINGS)
def test_a_hostile_setting_is_refused(kafka: Bench, name: str) -> None:
    """Given a setting with quotes, commands, newlines or globs, or with nothing in it,
    when kafka-init starts,
    then it calls nothing, runs nothing, and names the setting."""
    for value in (HOSTILE_AT_ONCE, " "):
        assert kafka.run("kafka-init", **{name: value}).refusal.startswith(f"setting {name}")
    assert kafka.unharmed()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA_BOOTSTRAP", "kafka-1"),
        ("KAFKA_BOOTSTRAP", "kafka-1:"),
        ("KAFKA_BOOTSTRAP", ":9092"),
        ("KAFKA_BOOTSTRAP", "kafka-1:port"),
        ("KAFKA_BOOTSTRAP", "kafka-1:100000"),
        ("KAFKA_BOOTSTRAP", "kafka-1:9092,kafka-2"),
        ("KAFKA_BOOTSTRAP", "kafka-1:9092 kafka-2:9092 kafka-3:9092"),
        ("KAFKA_BOOTSTRAP", "kafka-1:9092:1"),
        ("KAFKA_BOOTSTRAP", ",,,"),
        ("TOPICS", "a/b"),
        ("TOPICS", "good .."),
        ("TOPICS", "x" * 250),
        ("TOPICS", "good --delete"),
        ("TOPIC_REPLICAS", "4"),
        ("TOPIC_REPLICAS", "0"),
        ("TOPIC_MIN_INSYNC", "4"),
        ("TOPIC_PARTITIONS", "many"),
    ],
)
def test_a_malformed_setting_is_refused(kafka: Bench, name: str, value: str) -> None:
    """Given a setting that cannot be right: no endpoint, no topic's name, more replicas than brokers,
    when kafka-init starts,
    then it calls nothing and names the setting."""
    assert f"setting {name}" in kafka.run("kafka-init", **{name: value}).refusal


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_a_useless_secret_is_named(kafka: Bench, kind: str) -> None:
    """Given a client configuration that is missing or empty,
    when kafka-init starts,
    then it calls nothing and names the file."""
    path = kafka.folder / "secrets" / "kafka_provisioner.properties"
    path.unlink() if kind == "missing" else path.write_text("")
    assert kafka.run("kafka-init").refusal.startswith(f"secret {path} is {kind}")


@pytest.mark.parametrize("answer", [Answer(), REJECTED], ids=["accepted", "rejected"])
def test_the_password_is_shown_nowhere(kafka: Bench, answer: Answer) -> None:
    """Given a run that does all it can, and one that is rejected,
    when its log and its calls are read,
    then the password is in neither: not in arguments, environment or input."""
    kafka.stub(
        "kafka-topics",
        {
            "--create": [answer],
            "--describe": [Answer(), described(topic("infra-events", insync=1), topic("application-logs"))],
        },
    )
    kafka.stub("kafka-configs", [answer])
    ended = kafka.run("kafka-init")
    assert len(ended.calls) >= 2
    assert PASSWORD not in f"{ended.output}{ended.errors}{ended.calls}"
