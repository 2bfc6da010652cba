"""mng-pg-init against a stub psql that prints what psql's own prints."""

from __future__ import annotations

import pytest

from tests.unit.provisioners.provisioner_bench import HOSTILE_AT_ONCE, Answer, Bench, Call

PASSWORDS = {
    "provisioner": "pg-5ecret-Value",
    "platform": "platform-5ecret $(x) `y` \\ \"'",
    "telemetry": "tele-5ecret",
}
SETTINGS = {"PGHOST": "mng-pg", "PG_ROLES": "platform telemetry"}
SELECT = "SELECT 1"
PROMPTS = 'Enter new password for user "platform": \nEnter it again: \n'


def connection(problem: str) -> Answer:
    return Answer(
        err=f'psql: error: connection to server at "mng-pg" (10.0.0.2), port 5432 failed: {problem}\n', code=2
    )


def statement(problem: str) -> Answer:
    return Answer(err=f"{PROMPTS}psql:/provisioning/role_and_database.sql:9: {problem}\n", code=3)


def did(role: str, role_action: str, database_action: str) -> Answer:
    return Answer(out=f"role {role} {role_action}\ndatabase {role} {database_action}\n", err=PROMPTS)


@pytest.fixture
def postgres(bench: Bench) -> Bench:
    """The bench with the init's inputs, and a server where all is there."""
    bench.secret("mng_pg_provisioner_pgpass", f"mng-pg:5432:*:provisioner:{PASSWORDS['provisioner']}\n")
    for role in SETTINGS["PG_ROLES"].split():
        bench.secret(f"mng_pg_{role}_password", f"{PASSWORDS[role]}\n")
    bench.input("role_and_database.sql", "SELECT 1;\n")
    bench.settings |= SETTINGS
    return answering(bench, [Answer(out="1\n")])


def answering(bench: Bench, select: list[Answer], platform: list[Answer] | None = None) -> Bench:
    unchanged = {role: [did(role, "unchanged", "unchanged")] for role in SETTINGS["PG_ROLES"].split()}
    roles = unchanged | ({"platform": platform} if platform else {})
    bench.stub(
        "psql",
        {f"--command {SELECT}": select, **{f"--set role={role}": answer for role, answer in roles.items()}},
    )
    return bench


@pytest.mark.parametrize(
    ("role", "database"),
    [("created", "created"), ("unchanged", "unchanged"), ("unchanged", "created"), ("unchanged", "updated")],
    ids=["absent", "there", "database absent", "grants unset"],
)
def test_what_the_statements_did_is_reported(postgres: Bench, role: str, database: str) -> None:
    """Given statements that say what they did for each role,
    when mng-pg-init runs them,
    then each role and each database is one resource with that action."""
    ended = answering(postgres, [Answer(out="1\n")], [did("platform", role, database)]).run("mng-pg-init")
    assert ended.actions == {
        "role platform": role,
        "database platform": database,
        "role telemetry": "unchanged",
        "database telemetry": "unchanged",
    }


def test_psql_is_told_to_be_safe(postgres: Bench) -> None:
    """Given two roles,
    when mng-pg-init runs,
    then psql is called once to knock and once for each role, reads no psqlrc, asks for no password, stops at an error,
    and gets the new password twice on its standard input, whatever is in it."""
    ended = postgres.run("mng-pg-init")
    knock, *works = ended.calls
    assert knock.argv[-2:] == ("--command", SELECT)
    file = str(postgres.folder / "provisioning" / "role_and_database.sql")
    assert [call.argv[-4:] for call in works] == [
        ("--set", f"role={role}", "--file", file) for role in ("platform", "telemetry")
    ]
    assert [call.stdin for call in works] == [
        f"{PASSWORDS[role]}\n" * 2 for role in ("platform", "telemetry")
    ]
    for call in ended.calls:
        assert call.has("--no-psqlrc", "--no-password", "--set", "ON_ERROR_STOP=1")
        settings = dict(pair.partition("=")[::2] for pair in call.environment.split("\0"))
        assert settings["PGUSER"] == "provisioner"
        assert settings["PGHOST"] == "mng-pg"
        assert settings["PGPASSFILE"] == str(postgres.folder / "secrets" / "mng_pg_provisioner_pgpass")
        assert settings["PGTARGETSESSIONATTRS"] == "read-write"
        assert "PGPASSWORD" not in settings


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (
            connection("Connection refused\n\tIs the server running on that host?"),
            "failed: Connection refused",
        ),
        (
            connection("FATAL:  the database system is starting up"),
            "FATAL:  the database system is starting up",
        ),
        (connection("FATAL:  sorry, too many clients already"), "FATAL:  sorry, too many clients already"),
        (connection("session is read-only"), "session is read-only"),
        (
            Answer(
                err='psql: error: could not translate host name "mng-pg" to address: Name or service not known\n',
                code=2,
            ),
            "Name or service not known",
        ),
    ],
    ids=["refused", "starting", "full", "read-only", "not resolved"],
)
def test_an_absent_server_is_waited_for(postgres: Bench, failure: Answer, error: str) -> None:
    """Given a server that refuses, is not resolved, starts up, is full or a standby at first,
    when mng-pg-init knocks,
    then it tries again, says what was wrong, and succeeds."""
    ended = answering(postgres, [failure, Answer(out="1\n")]).run("mng-pg-init")
    assert set(ended.actions.values()) == {"unchanged"}
    (wait,) = ended.events("wait")
    assert wait["error"].endswith(error)
    assert wait["target"] == "mng-pg"


def test_a_broken_off_statement_is_tried_again(postgres: Bench) -> None:
    """Given a server that breaks off, or a lock that is not had in time, in the middle of the work,
    when mng-pg-init works,
    then it does that role again, with the password again, and says what was wrong without psql's prompts."""
    timeout = statement("ERROR:  canceling statement due to lock timeout")
    lost = statement("error: connection to server was lost")
    ended = answering(
        postgres, [Answer(out="1\n")], [timeout, lost, did("platform", "created", "created")]
    ).run("mng-pg-init")
    assert ended.actions["role platform"] == "created"
    assert [line["error"].partition(": ")[2] for line in ended.events("wait")] == [
        "ERROR:  canceling statement due to lock timeout",
        "error: connection to server was lost",
    ]
    tries = [call for call in ended.calls if call.has("role=platform")]
    assert [call.stdin for call in tries] == [f"{PASSWORDS['platform']}\n" * 2] * 3


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (
            connection(
                'FATAL:  password authentication failed for user "provisioner"\npassword retrieved from file "x"'
            ),
            "password authentication failed for user 'provisioner'",
        ),
        (connection("fe_sendauth: no password supplied"), "no password supplied"),
        (
            connection('FATAL:  no pg_hba.conf entry for host "10.0.0.3"'),
            "no pg_hba.conf entry for host '10.0.0.3'",
        ),
        (connection('FATAL:  database "postgres" does not exist'), "database 'postgres' does not exist"),
        (statement("ERROR:  permission denied to create role"), "permission denied to create role"),
        (statement("ERROR:  must be able to SET ROLE"), "must be able to SET ROLE"),
        (statement("ERROR:  syntax error at or near x"), "syntax error at or near x"),
        (statement("error: Passwords didn't match."), "Passwords didn't match."),
    ],
    ids=["password", "no password", "hba", "database", "right", "owner", "syntax", "two lines"],
)
@pytest.mark.parametrize("step", ["select", "platform"])
def test_what_waiting_cannot_cure_ends_it_at_once(
    postgres: Bench, step: str, failure: Answer, error: str
) -> None:
    """Given a server that rejects the credential, the right or the statement,
    when mng-pg-init knocks or works,
    then it ends at once and says so."""
    good: dict[str, list[Answer]] = {"select": [Answer(out="1\n")], "platform": []}
    ended = answering(postgres, **good | {step: [failure]}).run("mng-pg-init")
    assert ended.reason.startswith("mng-pg refused: psql:")
    assert ended.reason.endswith(error)
    assert ended.events("wait") == []


@pytest.mark.parametrize("name", SETTINGS)
def test_a_hostile_setting_is_refused(postgres: Bench, name: str) -> None:
    """Given a setting with quotes, commands, newlines or globs, or with nothing in it,
    when mng-pg-init starts,
    then it calls nothing, runs nothing, and names the setting."""
    for value in (HOSTILE_AT_ONCE, " "):
        assert postgres.run("mng-pg-init", **{name: value}).refusal.startswith(f"setting {name}")
    assert postgres.unharmed()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PG_ROLES", 'app"; DROP ROLE platform; --'),
        ("PG_ROLES", "o'brien"),
        ("PG_ROLES", "platform ../provisioner"),
        ("PG_ROLES", "platform 1st"),
        ("PG_ROLES", "pg_monitor"),
        ("PG_ROLES", "platform postgres"),
        ("PG_ROLES", "provisioner"),
        ("PG_ROLES", "public"),
        ("PG_ROLES", "template1"),
        ("PG_ROLES", "x" * 64),
        ("PGHOST", "mng-pg other"),
        ("PGHOST", "mng-pg,other"),
        ("PGHOST", "host=mng-pg"),
    ],
)
def test_a_malformed_setting_is_refused(postgres: Bench, name: str, value: str) -> None:
    """Given a role's name with quotes or a path, one that is the server's own, or what is no host,
    when mng-pg-init starts,
    then it calls nothing and names the setting."""
    assert postgres.run("mng-pg-init", **{name: value}).refusal.startswith(f"setting {name}")


@pytest.mark.parametrize("kind", ["missing", "empty"])
@pytest.mark.parametrize(
    "file",
    [
        "secrets/mng_pg_provisioner_pgpass",
        "secrets/mng_pg_telemetry_password",
        "provisioning/role_and_database.sql",
    ],
)
def test_a_useless_input_is_named(postgres: Bench, file: str, kind: str) -> None:
    """Given a login, a role's password or the statements that are missing or empty,
    when mng-pg-init starts,
    then it calls nothing and names the file."""
    path = postgres.folder / file
    path.unlink() if kind == "missing" else path.write_text("")
    assert f" {path} is {kind}: " in postgres.run("mng-pg-init").refusal


def shown(call: Call) -> str:
    return f"{call.argv}{call.environment}"


@pytest.mark.parametrize(
    "answer", [did("platform", "created", "created"), statement("ERROR:  permission denied")]
)
def test_the_passwords_are_shown_nowhere(postgres: Bench, answer: Answer) -> None:
    """Given a run that does all it can, and one that is rejected,
    when its log and its calls are read,
    then no password is in the log, in an argument or in the environment."""
    ended = answering(postgres, [Answer(out="1\n")], [answer]).run("mng-pg-init")
    assert len(ended.calls) >= 2
    for password in PASSWORDS.values():
        assert password not in ended.output + ended.errors + "".join(map(shown, ended.calls))
