"""Looks at the PostgreSQL cluster through its proxy and through each member's Patroni; breaks and heals it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import requests
from psycopg import sql

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import Took, time_until
from dayzero.docker.helper_image import PROBE
from dayzero.stack.stack import Stack
from dayzero.targets.postgres.client import PostgresObserver

MEMBERS = ("pg-1", "pg-2", "pg-3")
WRITES, READS = 5432, 5433
"""The proxy's ports: to the primary, to a replica."""
_PATRONI = 8008


@dataclass(frozen=True)
class Member:
    """One member as Patroni tells of it: `leader`, `sync_standby`, `replica`, …; `running`, `streaming`, `stopped`"""

    role: str
    state: str


class PgClusterObserver(PostgresObserver):
    """The cluster of one stack. Beside psycopg.Error, StackUnusable when no member tells of the cluster."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack, service="pg-haproxy", init="pg-cluster-init", prefix="pg_cluster")

    def members(self) -> dict[str, Member]:
        """Every member that Patroni knows of, as the first one that answers tells. Raises StackUnusable."""
        told = self._asked("cluster")["members"]
        return {one["name"]: Member(one["role"], one["state"]) for one in told}

    def _asked(self, what: str) -> dict[str, Any]:
        for name in self.stack.running(MEMBERS):
            with suppress(requests.RequestException):
                answer = requests.get(f"http://{self.stack.address(name)}:{_PATRONI}/{what}", timeout=5)
                content: dict[str, Any] = answer.json()
                return content
        raise StackUnusable("no member of the PostgreSQL cluster tells of it: see docker compose logs pg-1")

    def leader(self) -> str | None:
        """The member that takes writes, if there is one now."""
        running = self.stack.running(MEMBERS)
        leaders = [
            name
            for name, member in self.members().items()
            if (member.role, member.state) == ("leader", "running") and name in running
        ]
        return leaders[0] if leaders else None

    def server(self) -> str:
        """The primary. Raises StackUnusable when there is none."""
        leader = self.leader()
        if leader is None:
            raise StackUnusable("the PostgreSQL cluster has no primary: see docker compose logs pg-1")
        return leader

    def is_whole(self) -> bool:
        """Whether one member leads and all others stream from it, as Patroni and the primary itself tell.

        Where a row is to be on a standby before it is acknowledged, Patroni must have chosen that standby: right after
        the first boot it has not yet, and promotes nobody.
        """
        leader = self.leader()
        followers = [member for name, member in self.members().items() if name != leader]
        if leader is None or [one.state for one in followers] != ["streaming"] * (len(MEMBERS) - 1):
            return False
        chosen = any(one.role in ("sync_standby", "quorum_standby") for one in followers)
        if not chosen and self._asked("config").get("synchronous_mode") not in (None, False, "off"):
            return False
        seen = self.as_superuser(
            "postgres", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        )
        return seen == [(len(MEMBERS) - 1,)]

    def becomes(self, condition: Callable[[], bool], seconds: float) -> Took:
        """How long it takes until the condition is true; while nobody answers, it is not."""

        def holds() -> bool:
            with suppress(psycopg.Error, requests.RequestException, StackUnusable):
                return condition()
            return False

        return time_until(holds, seconds)

    def is_replica(self, port: int) -> bool:
        """Whether the member that a new login at the proxy's port gets to takes no writes."""
        with self.connection("postgres", "postgres", self.password("superuser"), port) as connection:
            return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)

    @contextmanager
    def held_up(self, role: str) -> Iterator[None]:
        """While inside, whoever makes the role has to wait: a transaction that does not end is making it already."""
        connection = self.connection("postgres", "postgres", self.password("superuser"))
        try:
            connection.execute("BEGIN")
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            yield
        finally:
            connection.close()

    def switch_over(self) -> None:
        """Ask Patroni to hand over to a replica, as an administrator would. Raises StackUnusable when it refuses."""
        leader = self.server()
        answer = requests.post(
            f"http://{self.stack.address(leader)}:{_PATRONI}/switchover",
            json={"leader": leader},
            auth=("patroni", self.password("rest")),
            timeout=60,
        )
        if answer.status_code != requests.codes.ok:
            raise StackUnusable(f"Patroni refuses to switch over: HTTP {answer.status_code}: {answer.text}")

    @contextmanager
    def replicas_cut_off(self) -> Iterator[None]:
        """While inside, nothing that the primary sends to its replicas arrives there."""
        leader = self.server()
        replicas = [self.stack.container(name).id for name in MEMBERS if name != leader]
        try:
            for replica in replicas:
                self._drop_stream(replica, "--insert")
            yield
        finally:
            for replica in replicas:
                self._drop_stream(replica, "--delete")

    def _drop_stream(self, container: str, how: str) -> None:
        rule = ["iptables", how, "INPUT", "--protocol", "tcp", "--sport", "5432", "--jump", "DROP"]
        self.stack.engine.run(
            PROBE,
            rule,
            networks=[f"container:{container}"],
            cap_add=["NET_ADMIN", "NET_RAW"],
            user="0",
            labels=self.stack.identity.labels,
            remove=True,
        )
