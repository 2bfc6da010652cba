"""RUN-6: each application's role logs in with its own secret and can do no more than its own work."""

from __future__ import annotations

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.stack.stack import Stack
from dayzero.targets.postgres.client import PostgresObserver

APPLICATIONS = {"mng-pg-init": ("platform", "telemetry"), "pg-cluster-init": ("orders", "billing")}
"""By init: the roles that it makes, each with a database of its name."""

_EVERY_ROLE = [(init, role) for init, roles in APPLICATIONS.items() for role in roles]
_OBSERVERS = {"mng-pg-init": "postgres", "pg-cluster-init": "pg_cluster"}

FORBIDDEN = {
    "make a role": "CREATE ROLE intruder",
    "make a database": "CREATE DATABASE intruder",
    "become superuser": "SET ROLE postgres",
    "become the provisioner": "SET ROLE provisioner",
    "read password verifiers": "SELECT rolpassword FROM pg_authid",
    "read a server's file": "SELECT pg_read_file('/etc/passwd')",
    "copy a server's file": "CREATE TEMPORARY TABLE copied (line text); COPY copied FROM '/etc/passwd'",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'id'",
    "change the server": "ALTER SYSTEM SET log_statement = 'none'",
    "install untrusted code": "CREATE EXTENSION dblink",
}


@pytest.fixture
def server(maker: str, stack: Stack, request: pytest.FixtureRequest, verdict: Verdict) -> PostgresObserver:
    """What the init `maker` provisions, that init being the verdict's subject."""
    verdict.subject = maker
    found: PostgresObserver = request.getfixturevalue(_OBSERVERS[maker])
    return found


@criterion("RUN-6")
@pytest.mark.parametrize(("maker", "role"), _EVERY_ROLE)
def test_a_role_owns_its_database_and_nothing_else(
    maker: str, role: str, server: PostgresObserver, promises: dict[str, Promise], verdict: Verdict
) -> None:
    """Given an init of PostgreSQL has exited with 0,
    when a role of its making logs in with its own secret, works in its own database and tries what it was not given,
    then its own work succeeds and everything else is refused by the server."""
    promised = {(output.kind, output.name) for output in promises[maker].outputs}
    verdict.require(
        {("role", role), ("database", role)} <= promised,
        f"the inventory promises no role and database {role} of {maker}, which this test is about",
    )
    verdict.expected = (
        f"{role} logs in to {role} and uses it; refused: {', '.join(FORBIDDEN)}, and every other database"
    )
    verdict.look = f"docker compose logs {maker}; \\du and \\l in psql"
    trouble = [
        server.refusal(role, role, statement)
        for statement in ("SELECT current_user", "CREATE TABLE own_work (n int)", "DROP TABLE own_work")
    ]
    allowed = [deed for deed, statement in FORBIDDEN.items() if not server.refusal(role, role, statement)]
    others = {*APPLICATIONS[maker], "template1"} - {role}
    allowed += [
        f"log in to {other}" for other in sorted(others) if not server.refusal(role, other, "SELECT 1")
    ]
    attributes = server.as_superuser(
        "postgres",
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles "  # noqa: S608
        f"WHERE rolname = '{role}'",
    )
    verdict.observed = (
        f"own work: {trouble}; not refused: {', '.join(allowed) or 'nothing'}; attributes {attributes}"
    )
    verdict.check(trouble == ["", "", ""], "its own work is refused")
    verdict.check(allowed == [], "something else is not refused")
    verdict.check(attributes == [(False,) * 5], "it has an attribute of an administrator")


@criterion("RUN-6")
@pytest.mark.parametrize(("maker", "role"), _EVERY_ROLE)
def test_a_role_is_let_in_by_its_own_secret_alone(
    maker: str, role: str, server: PostgresObserver, verdict: Verdict
) -> None:
    """Given an init of PostgreSQL has exited with 0,
    when somebody logs in as a role of its making with another account's secret or with an empty one,
    then the server refuses."""
    other = next(name for name in APPLICATIONS[maker] if name != role)
    verdict.expected = "password authentication failed"
    verdict.look = "pg_hba.conf: every host line must ask for scram-sha-256"
    answers = [
        server.refusal(role, role, "SELECT 1", password=wrong)
        for wrong in (server.password(other), "not-the-password")
    ]
    verdict.observed = "; ".join(answer or "let in" for answer in answers)
    verdict.check(all("password authentication failed" in answer for answer in answers))
