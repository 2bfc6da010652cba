"""Looks at PostgreSQL through psycopg as any of its roles, and through pg_dumpall as a whole."""

from __future__ import annotations

from typing import Any

import psycopg

from dayzero.stack.stack import Stack


class PostgresObserver:
    """Reads and changes one stack's PostgreSQL. psycopg.Error means that nothing was seen, or that it was refused.

    `service` is where clients log in, `init` provisions it, and `prefix` begins the names of its secrets.
    """

    def __init__(
        self, stack: Stack, service: str = "mng-pg", init: str = "mng-pg-init", prefix: str = "mng_pg"
    ) -> None:
        self.stack = stack
        self.service = service
        self.init = init
        self.prefix = prefix

    @property
    def applications(self) -> list[str]:
        """The roles that the init is told to make, each with a database of its name."""
        settings = self.stack.model["services"][self.init]["environment"]
        return str(settings["PG_ROLES"]).split()

    def password(self, role: str) -> str:
        """The secret that the stack made for the role."""
        return self.stack.secrets.passwords[f"{self.prefix}_{role}_password"]

    def connection(
        self, role: str, database: str, password: str | None = None, port: int = 5432
    ) -> psycopg.Connection:
        """A connection over the network as `role`, which commits each statement by itself."""
        return psycopg.connect(
            host=self.stack.address(self.service),
            port=port,
            user=role,
            password=password or self.password(role),
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def query(
        self, role: str, database: str, statement: str, password: str | None = None
    ) -> list[tuple[Any, ...]]:
        """Log in over the network as `role` and run one statement; the rows, if it returns any."""
        with self.connection(role, database, password) as connection:
            result = connection.execute(statement.encode())
            return result.fetchall() if result.description else []

    def refusal(self, role: str, database: str, statement: str, password: str | None = None) -> str:
        """Try as `query` does: the server's own words when it refuses the login or the statement, else nothing.

        Raises psycopg.OperationalError when no server answers.
        """
        try:
            self.query(role, database, statement, password)
        except psycopg.Error as problem:
            words = str(problem).strip()
            if problem.sqlstate is None and "FATAL:" not in words:
                raise
            return words.partition("FATAL:")[2].strip() or words
        return ""

    def as_superuser(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser."""
        return self.query("postgres", database, statement, self.password("superuser"))

    def unprovision(self) -> None:
        """Remove every database and role that the first boot did not make, whoever still works in one."""
        databases = self.as_superuser(
            "postgres", "SELECT datname FROM pg_database WHERE datname <> 'postgres' AND NOT datistemplate"
        )
        for (name,) in databases:
            self.remove_database(name)
        roles = self.as_superuser(
            "postgres",
            "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' "
            "AND rolname <> ALL ('{postgres,provisioner,replicator,rewinder}')",
        )
        for (name,) in roles:
            self.as_superuser("postgres", f'DROP ROLE "{name}"')

    def remove_database(self, name: str) -> None:
        """Remove one database, whoever still works in it."""
        self.as_superuser("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    def server(self) -> str:
        """The service that holds the data and takes writes."""
        return self.service

    def snapshot(self) -> str:
        """Everything that a rerun must leave alone: roles with their password verifiers, grants, databases, rows."""
        dump = self.stack.execute(self.server(), ["pg_dumpall", "--username", "postgres"])
        # Since 17.6 each dump is bracketed by a random key.
        return "\n".join(
            line
            for line in dump.splitlines()
            if not line.startswith(("\\restrict", "\\unrestrict", "-- Started", "-- Completed"))
        )
