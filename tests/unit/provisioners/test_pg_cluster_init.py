"""pg-cluster-init against a stub psql: what a failover looks like from behind the proxy, and what is its own.

What it shares with mng-pg-init is tested there.
"""

from __future__ import annotations

import pytest

from tests.unit.provisioners.provisioner_bench import Answer, Bench

PASSWORDS = {"provisioner": "cluster-5ecret", "orders": "orders-5ecret", "billing": "billing-5ecret"}
PROMPTS = 'Enter new password for user "orders": \nEnter it again: \n'
FILE = "psql:/provisioning/role_and_database.sql"

FAILED = 'psql: error: connection to server at "pg-haproxy" (10.0.0.2), port 5432 failed: '
CLOSED = "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n"
LOST = {
    "no primary behind the proxy": f"{FAILED}{CLOSED}",
    "a replica": f"{FAILED}session is read-only\n",
    "still starting": f"{FAILED}FATAL:  the database system is starting up\n",
    "shutting down": f"{FAILED}FATAL:  the database system is shutting down\n",
    "killed meanwhile": f"{PROMPTS}{FILE}:14: {CLOSED}{FILE}:14: error: connection to server was lost\n",
    "stopped meanwhile": f"{PROMPTS}{FILE}:14: FATAL:  terminating connection due to administrator command\n"
    f"{FILE}:14: error: connection to server was lost\n",
    "demoted meanwhile": f"{FILE}:10: ERROR:  cannot execute CREATE ROLE in a read-only transaction\n",
}
"""What psql prints while the primary changes."""


def did(role: str, action: str) -> Answer:
    return Answer(out=f"role {role} {action}\ndatabase {role} {action}\n", err=PROMPTS)


@pytest.fixture
def cluster(bench: Bench) -> Bench:
    """The bench with the init's inputs."""
    bench.secret(
        "pg_cluster_provisioner_pgpass", f"pg-haproxy:5432:*:provisioner:{PASSWORDS['provisioner']}\n"
    )
    for role in ("orders", "billing"):
        bench.secret(f"pg_cluster_{role}_password", f"{PASSWORDS[role]}\n")
    bench.input("role_and_database.sql", "SELECT 1;\n")
    bench.settings |= {"PGHOST": "pg-haproxy", "PG_ROLES": "orders billing"}
    return bench


def answering(bench: Bench, knock: list[Answer], orders: list[Answer]) -> Bench:
    roles = {"orders": orders, "billing": [did("billing", "created")]}
    bench.stub(
        "psql",
        {"--command SELECT 1": knock, **{f"--set role={role}": answers for role, answers in roles.items()}},
    )
    return bench


def test_it_provisions_through_the_proxy_with_its_own_secrets(cluster: Bench) -> None:
    """Given a cluster without its roles,
    when pg-cluster-init runs,
    then it calls the proxy for a session that may write, and gives each new role the password of its own file."""
    ended = answering(cluster, [Answer(out="1\n")], [did("orders", "created")]).run("pg-cluster-init")
    assert set(ended.actions) == {"role orders", "database orders", "role billing", "database billing"}
    assert [call.stdin for call in ended.calls[1:]] == [
        f"{PASSWORDS[role]}\n" * 2 for role in ("orders", "billing")
    ]
    for call in ended.calls:
        settings = dict(pair.partition("=")[::2] for pair in call.environment.split("\0"))
        assert settings["PGHOST"] == "pg-haproxy"
        assert settings["PGTARGETSESSIONATTRS"] == "read-write"
        assert settings["PGAPPNAME"] == "pg-cluster-init"
        assert settings["PGPASSFILE"] == str(cluster.folder / "secrets" / "pg_cluster_provisioner_pgpass")


@pytest.mark.parametrize("lost", LOST)
def test_a_failover_is_outlasted(cluster: Bench, lost: str) -> None:
    """Given a primary that is lost before the work or in its middle,
    when pg-cluster-init meets that,
    then it tries again, with the password again, and ends well at the next primary."""
    failure = Answer(err=LOST[lost], code=2)
    ended = answering(
        cluster, [failure, Answer(out="1\n")], [failure, failure, did("orders", "created")]
    ).run("pg-cluster-init")
    assert ended.actions["role orders"] == "created"
    assert {line["target"] for line in ended.events("wait")} == {"pg-haproxy"}
    assert len(ended.events("wait")) == 3
    tries = [call.stdin for call in ended.calls if call.has("role=orders")]
    assert tries == [f"{PASSWORDS['orders']}\n" * 2] * 3


def test_a_failover_without_an_end_is_given_up(cluster: Bench) -> None:
    """Given a cluster that never gets a primary again,
    when the deadline passes in the middle of the work,
    then the init ends with 1 and says for whom it waited and what was wrong."""
    gone = Answer(err=LOST["killed meanwhile"], code=2)
    ended = answering(cluster, [Answer(out="1\n")], [gone]).run("pg-cluster-init", PROVISION_DEADLINE="3")
    assert ended.reason.startswith("pg-haproxy not ready within 3 s: psql:")
    assert ended.reason.endswith("connection to server was lost")


def test_a_rejected_credential_ends_it_at_once(cluster: Bench) -> None:
    """Given a primary that rejects the provisioner's password,
    when pg-cluster-init knocks,
    then it ends at once and shows no password."""
    rejected = f'{FAILED}FATAL:  password authentication failed for user "provisioner"\n'
    ended = answering(cluster, [Answer(err=rejected, code=2)], []).run("pg-cluster-init")
    assert ended.reason.startswith("pg-haproxy refused: ")
    assert len(ended.calls) == 1
    assert not any(password in ended.output for password in PASSWORDS.values())
