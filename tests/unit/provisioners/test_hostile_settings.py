"""Every setting of every init against every kind of hostile value, in both shells: nothing is run or called."""

from __future__ import annotations

import pytest

from tests.unit.provisioners.provisioner_bench import Answer, Bench

PACES = dict.fromkeys(
    ("PROVISION_DEADLINE", "PROVISION_BACKOFF_BASE", "PROVISION_BACKOFF_CAP", "PROVISION_ATTEMPT_TIMEOUT"),
    "5",
)
INITS: dict[str, dict[str, str]] = {
    "kafka-init": {
        "KAFKA_BOOTSTRAP": "kafka-1:19094,kafka-2:19094,kafka-3:19094",
        "TOPICS": "infra-events application-logs",
        "TOPIC_PARTITIONS": "3",
        "TOPIC_REPLICAS": "3",
        "TOPIC_MIN_INSYNC": "2",
    },
    "os-init": {"OPENSEARCH_URL": "https://opensearch:9200", "TEMPLATE_NAME": "logs_template"},
    "minio-create-buckets": {"HY_BUCKET_NAME": "hy-public", "HY_PRIVATE_BUCKET_NAME": "hy-private"},
    "mng-pg-init": {"PGHOST": "mng-pg", "PG_ROLES": "platform telemetry"},
    "pg-cluster-init": {"PGHOST": "pg-haproxy", "PG_ROLES": "orders billing"},
    "valkey-cluster-init": {
        "VALKEY_NODES": ",".join(f"valkey-{number}:6379" for number in range(1, 7)),
        "VALKEY_REPLICAS": "1",
    },
}
SECRETS = (
    "kafka_provisioner.properties",
    "opensearch_ca.pem",
    "opensearch_provisioner_netrc",
    "minio_provisioner.json",
    "mng_pg_provisioner_pgpass",
    "mng_pg_platform_password",
    "mng_pg_telemetry_password",
    "pg_cluster_provisioner_pgpass",
    "pg_cluster_orders_password",
    "pg_cluster_billing_password",
    "valkey_provisioner_password",
)
INPUTS = ("logs_template.json", "role_and_database.sql")

HOSTILE = {
    "nothing": "",
    "a blank": " ",
    "single quotes": "{0}' 'touch pwned",
    "double quotes": '{0}"; touch pwned; "',
    "a command": "{0};touch pwned",
    "a command in the background": "{0}&touch pwned&",
    "a command's output": "{0}$(touch pwned)",
    "a command in backticks": "{0}`touch pwned`",
    "a variable": "{0}${{IFS}}$HOME",
    "a redirection": "{0}>pwned",
    "another line": "{0}\ntouch pwned",
    "an arithmetic expression": "a[$(touch pwned)]",
    "a statement of SQL": "{0}; DROP ROLE platform; --",
    "a command of psql": "{0}\n\\! touch pwned",
    "an option": "--help",
    "a glob": "*",
    "a path upwards": "../../etc/passwd",
    "a value longer than any": "{0}" + "5" * 5000,
    "letters of another script": "tóp\u0456c\u202e",
    "a control character": "{0}\x1b[2J\x07",
}
"""By kind; {0} is the setting's proper value."""


def settings() -> list[tuple[str, str]]:
    return [(init, name) for init, own in INITS.items() for name in (*own, *PACES)]


@pytest.fixture
def armed(bench: Bench) -> Bench:
    """The bench with the secrets and inputs of every init, where each client would say yes to anything."""
    for name in SECRETS:
        bench.secret(name, "held\n")
    for name in INPUTS:
        bench.input(name, "held\n")
    for name in ("kafka-topics", "kafka-configs", "curl", "mc", "psql", "valkey-cli", "getent"):
        bench.stub(name, [Answer()])
    bench.settings |= PACES
    return bench


@pytest.mark.parametrize(("provisioner", "name"), settings(), ids=lambda value: value)
def test_a_hostile_value_ends_it_before_the_first_call(armed: Bench, provisioner: str, name: str) -> None:
    """Given every kind of hostile value in turn in one setting, all others being right,
    when the init starts,
    then it ends with 1 and one line about it, without a call, and nothing in the value was run."""
    armed.settings |= INITS[provisioner]
    proper = armed.settings[name]
    blind = []
    for kind, pattern in HOSTILE.items():
        if name in PACES and kind == "nothing":
            continue  # as good as unset: the default holds
        ended = armed.run(provisioner, **{name: pattern.format(proper)})
        if ended.calls or ended.code != 1 or ended.errors or ended.events("wait"):
            blind.append(f"{kind}: {ended.output}{ended.errors}")
        elif name not in ended.exit["reason"] and "bucket name" not in ended.exit["reason"]:
            blind.append(f"{kind} is not told: {ended.exit['reason']}")
        assert armed.unharmed(), f"{kind} was run"
    assert blind == []
