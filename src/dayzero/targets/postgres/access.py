"""What may be done with PostgreSQL: by the provisioner, and by each application's role that it has made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import psycopg
from psycopg import sql

from dayzero.stack.stack import Stack
from dayzero.targets.access import Action, Cell, Refused, cells_of
from dayzero.targets.postgres.client import PostgresObserver

NOBODY = "rights_canary_nobody"
FOREIGN = "rights_canary"
COPY = "rights_canary_copy"
THIRD = "rights_canary_third"
TABLE = "rights_canary"

_NO_TRANSACTION = ("CREATE DATABASE", "DROP DATABASE", "ALTER SYSTEM")
"""What cannot be rolled back; everything else is."""

Ask = Callable[[str, str], list[tuple[object, ...]]]
"""Asks as one role: (database, statement) to rows; raises Refused."""

JOB = {"make a role", "make a database", "drop its own database"}
_BY_ANYBODY = {
    "become superuser": "SET ROLE postgres",
    "make itself superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
    "make a superuser": f"CREATE ROLE {NOBODY} SUPERUSER",
    "make a role that replicates": f"CREATE ROLE {NOBODY} REPLICATION",
    "make a role past row security": f"CREATE ROLE {NOBODY} BYPASSRLS",
    "read the password verifiers": "SELECT rolname, rolpassword FROM pg_authid",
    "read the verifiers by the other view": "SELECT passwd FROM pg_shadow",
    "read a server's file": "SELECT pg_read_file('/etc/passwd')",
    "list a server's folder": "SELECT pg_ls_dir('/run/secrets')",
    "copy from a server's file": f"COPY {TABLE} FROM '/etc/passwd'",
    "copy to a server's file": "COPY (SELECT 1) TO '/tmp/rights_canary'",
    "load a large object from the server": "SELECT lo_import('/etc/passwd')",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "change the server's settings": "ALTER SYSTEM SET log_statement = 'none'",
    "change a superuser's setting": "SET log_statement = 'none'",
    "reload the server's settings": "SELECT pg_reload_conf()",
    "read the server's secret paths": "SELECT pg_read_binary_file('/run/secrets/mng_pg_superuser_password')",
    "change the superuser's password": "ALTER ROLE postgres PASSWORD 'taken over'",
    "grant itself a built-in role": "GRANT pg_read_server_files TO CURRENT_USER",
    "install untrusted code": "CREATE EXTENSION dblink",
    "write a function in C": (
        "CREATE FUNCTION f() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'"
    ),
    "start a replication slot": "SELECT pg_create_physical_replication_slot('canary', false, true)",
    "end another's session": "SELECT pg_terminate_backend({pid})",
}
_TO_A_ROLE = {
    "become {0}": "SET ROLE {0}",
    "grant itself {0}": "GRANT {0} TO CURRENT_USER",
    "grant {0} to a third": f"GRANT {{0}} TO {THIRD}",
    "change {0}'s password": "ALTER ROLE {0} PASSWORD 'taken over'",
    "lock {0} out": "ALTER ROLE {0} NOLOGIN",
    "rename {0}": f"ALTER ROLE {{0}} RENAME TO {NOBODY}",
    "drop the role {0}": "DROP ROLE {0}",
    "take over what {0} owns": "REASSIGN OWNED BY {0} TO CURRENT_USER",
    "drop what {0} owns": "DROP OWNED BY {0}",
}
_TO_A_DATABASE = {
    "open the database {0} to all": "GRANT CONNECT ON DATABASE {0} TO PUBLIC",
    "take the database {0}": "ALTER DATABASE {0} OWNER TO CURRENT_USER",
    "copy the database {0}": f"CREATE DATABASE {COPY} TEMPLATE {{0}}",
    "close the database {0}": "ALTER DATABASE {0} ALLOW_CONNECTIONS false",
    "drop the database {0}": "DROP DATABASE {0}",
}
_IN_A_DATABASE = {
    "read a table of {0}": f"TABLE {TABLE}",
    "write to a table of {0}": f"INSERT INTO {TABLE} VALUES ('written')",  # noqa: S608
    "create a table in {0}": f"CREATE TABLE {TABLE}_2 (n int)",
    "drop a table of {0}": f"DROP TABLE {TABLE}",
}


_NOT_GRANTED = "01007"
_DENIED = ("42501", "28000", "28P01")
"""SQLSTATE of a lack of privilege, of a login that is not allowed, and of a wrong password."""


def _refusal(problem: psycopg.Error) -> Refused | None:
    """The server's refusal in an error; None when the error is another."""
    words = str(problem).strip()
    at_login = "FATAL:" in words and any(
        telling in words for telling in ("permission denied", "authentication failed", "no pg_hba.conf entry")
    )
    return Refused(words) if problem.sqlstate in _DENIED or at_login else None


class _Desk:
    """Lets one role at a time ask one database: a connection that stays open would keep that from being dropped."""

    def __init__(self, postgres: PostgresObserver) -> None:
        self._postgres = postgres
        self._who = ("", "")
        self._connection: psycopg.Connection | None = None
        self._not_granted: list[str] = []

    def ask(self, role: str, database: str, statement: str) -> list[tuple[object, ...]]:
        """Run the statement and roll it back. Raises Refused when the server denies the login or the statement."""
        try:
            connection = self._connected(role, database)
            connection.autocommit = statement.startswith(_NO_TRANSACTION)
            self._not_granted.clear()
            try:
                result = connection.execute(statement.encode())
                if self._not_granted:
                    raise Refused(self._not_granted[0])
                return result.fetchall() if result.description else []
            except psycopg.errors.DependentObjectsStillExist:
                return []  # said to those alone who may drop it; only what it owns is in the way
            finally:
                connection.rollback()
        except psycopg.Error as problem:
            raise _refusal(problem) or problem from None

    def _connected(self, role: str, database: str) -> psycopg.Connection:
        if self._connection is None or self._connection.closed or self._who != (role, database):
            self.close()
            self._connection = self._postgres.connection(role, database)
            self._connection.add_notice_handler(self._heed)
            self._who = (role, database)
        return self._connection

    def _heed(self, notice: psycopg.errors.Diagnostic) -> None:
        # One who has a right, and not that to grant it, is told so in a warning.
        if notice.sqlstate == _NOT_GRANTED:
            self._not_granted.append(notice.message_primary or "not granted")

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


def log_in_to_postgres(postgres: PostgresObserver, user: str, password: str) -> None:
    """Log in to the common database. Raises Refused when the server does not know this password."""
    try:
        postgres.connection(user, "postgres", password).close()
    except psycopg.Error as problem:
        raise _refusal(problem) or problem from None


def _actions(
    ask: Ask, home: str, applications: Iterable[str], others: Iterable[str], pid: int
) -> dict[str, Action]:
    """What a role may try from its own database, inside every database, and against other roles and databases."""
    found: dict[str, Action] = {
        "make a role": partial(ask, home, f"CREATE ROLE {NOBODY}"),
        "make a database": partial(ask, home, f"CREATE DATABASE {NOBODY}"),
    }
    for action, statement in _BY_ANYBODY.items():
        found[action] = partial(ask, home, statement.format(pid=pid))
    for name in (*applications, FOREIGN):
        for action, statement in _IN_A_DATABASE.items():
            found[action.format(name)] = partial(ask, name, statement)
    for name in others:
        # There is no database of the provisioner's name.
        for action, statement in (_TO_A_ROLE | (_TO_A_DATABASE if name != "provisioner" else {})).items():
            found[action.format(name)] = partial(ask, home, statement.format(name))
    return found


def _provisioning(ask: Ask) -> dict[str, Action]:
    """What the provisioner alone may try, behind the making of a role and a database."""

    def hand_over(name: str) -> None:
        if ask("postgres", f"SELECT public.hand_over('{name}')") != [(True,)]:
            raise Refused(f"{name} is not its own to hand over")

    return {
        "hand over another's database": lambda: hand_over(FOREIGN),
        "drop its own database": partial(ask, "postgres", f"DROP DATABASE {NOBODY}"),
    }


@contextmanager
def postgres_rights(
    stack: Stack, postgres: PostgresObserver, applications: tuple[str, ...]
) -> Iterator[list[Cell]]:
    """The rows of one PostgreSQL, while another's role and database are there, and a table in every database."""
    superuser = postgres.password("superuser")
    with ExitStack() as cleaning:
        owner = cleaning.enter_context(postgres.connection("postgres", "postgres", superuser))
        victim = cleaning.enter_context(postgres.connection("postgres", "postgres", superuser))
        for role in applications:
            cleaning.enter_context(_own_secret(owner, role, postgres.password(role)))
        cleaning.enter_context(_laid_out(owner, postgres, applications))

        def again(application: str) -> Action:
            def provision() -> None:
                stack.run_init(postgres.init)
                _make_table(postgres, application)

            return provision

        undo: dict[str, Action] = {
            "make a database": partial(owner.execute, f"DROP DATABASE IF EXISTS {NOBODY}"),
            f"drop the database {FOREIGN}": partial(_make_foreign_database, owner, postgres),
            **{f"drop the database {name}": again(name) for name in applications},
            **{
                f"copy the database {name}": partial(owner.execute, f"DROP DATABASE {COPY}")
                for name in (*applications, FOREIGN)
            },
        }
        cleaning.callback(undo["make a database"])
        desk = _Desk(postgres)
        cleaning.callback(desk.close)
        cells: list[Cell] = []
        for role in ("provisioner", *applications):
            ask = partial(desk.ask, role)
            neighbours = [name for name in ("provisioner", *applications, FOREIGN) if name != role]
            home = role if role in applications else "postgres"
            actions = _actions(ask, home, applications, neighbours, victim.info.backend_pid)
            allowed = {action.format(role) for action in _IN_A_DATABASE}
            if role == "provisioner":
                actions |= _provisioning(ask)
                allowed = JOB
            cells += cells_of(role, actions, allowed, {name: undo[name] for name in undo.keys() & actions})
        yield cells


@contextmanager
def _own_secret(owner: psycopg.Connection, role: str, password: str) -> Iterator[None]:
    """While inside, the role has the secret that the stack made for it, whatever its owner has chosen since."""
    ((chosen,),) = owner.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [role]).fetchall()
    made = owner.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    to_be = sql.SQL("ALTER ROLE {} PASSWORD {}")
    owner.execute(to_be.format(sql.Identifier(role), sql.Literal(made)))
    try:
        yield
    finally:
        owner.execute(to_be.format(sql.Identifier(role), sql.Literal(chosen)))


def _make_table(postgres: PostgresObserver, database: str) -> None:
    with postgres.connection("postgres", database, postgres.password("superuser")) as connection:
        connection.execute(f"CREATE TABLE public.{TABLE} AS SELECT 'another''s data' AS t".encode())
        connection.execute(f"ALTER TABLE public.{TABLE} OWNER TO {database}".encode())


def _make_foreign_database(owner: psycopg.Connection, postgres: PostgresObserver) -> None:
    owner.execute(f"CREATE DATABASE {FOREIGN} OWNER {FOREIGN}")
    owner.execute(f"REVOKE ALL ON DATABASE {FOREIGN} FROM PUBLIC")
    _make_table(postgres, FOREIGN)


@contextmanager
def _laid_out(
    owner: psycopg.Connection, postgres: PostgresObserver, applications: tuple[str, ...]
) -> Iterator[None]:
    """While inside, there are a role with a database of its own, a third role, and a table in every database."""
    owner.execute(f"CREATE ROLE {THIRD}")
    owner.execute(f"CREATE ROLE {FOREIGN}")
    _make_foreign_database(owner, postgres)
    for database in ("postgres", *applications):
        _make_table(postgres, database)
    try:
        yield
    finally:
        for database in ("postgres", *applications):
            with postgres.connection("postgres", database, postgres.password("superuser")) as connection:
                connection.execute(f"DROP TABLE public.{TABLE}".encode())
        owner.execute(f"DROP DATABASE {FOREIGN}")
        owner.execute(f"DROP ROLE {FOREIGN}, {THIRD}")
