"""An application that writes one numbered row after the other and remembers which of them were acknowledged."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from types import TracebackType

import psycopg

from dayzero.core.wait import holds_within
from dayzero.targets.postgres.client import PostgresObserver

_PAUSE_SECONDS = 0.02


class SteadyWriter:
    """Writes from the beginning of its block to its end, whatever becomes of the server, and logs in again if it must.

    A row counts as acknowledged when its commit was answered. There is no timeout on a statement: a commit that is
    cancelled while it waits for a standby would pass for one that was answered.
    """

    def __init__(self, postgres: PostgresObserver, role: str) -> None:
        self._postgres = postgres
        self._role = role
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.acknowledged: list[int] = []
        self.longest_silence = 0.0
        """Seconds between two acknowledged rows, at most."""

    def __enter__(self) -> SteadyWriter:
        self._postgres.query(self._role, self._role, "DROP TABLE IF EXISTS ledger")
        self._postgres.query(self._role, self._role, "CREATE TABLE ledger (n int PRIMARY KEY)")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=60)

    def _write(self) -> None:
        number = 0
        last = time.monotonic()
        while not self._over.is_set():
            with suppress(psycopg.Error), self._postgres.connection(self._role, self._role) as connection:
                while not self._over.is_set():
                    number += 1
                    connection.execute("INSERT INTO ledger VALUES (%s)", (number,))
                    now = time.monotonic()
                    self.longest_silence = max(self.longest_silence, now - last)
                    last = now
                    self.acknowledged.append(number)
                    time.sleep(_PAUSE_SECONDS)
            time.sleep(_PAUSE_SECONDS)

    def goes_on(self, rows: int, seconds: float) -> bool:
        """Whether so many further rows are acknowledged within so many seconds."""
        wanted = len(self.acknowledged) + rows
        return holds_within(lambda: len(self.acknowledged) >= wanted, seconds) is not None

    def lost(self) -> list[int]:
        """Rows that were acknowledged and are not there any more."""
        kept = {number for (number,) in self._postgres.query(self._role, self._role, "SELECT n FROM ledger")}
        return sorted(set(self.acknowledged) - kept)
