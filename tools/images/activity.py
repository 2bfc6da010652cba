"""Whether a command still does something: a compiler may be silent for half an hour, but it computes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from tools.images.process import stat_of

BUSY_SECONDS = 2.0
"""Less computing than this since the last sign of life is the ticking of an idle program."""


class Activity:
    """Watches all processes of one session, and the files that they write."""

    def __init__(self, session: int, files: Sequence[Path]) -> None:
        self._session = session
        self._files = files
        self._written = self._bytes()
        self._computed = self._cpu_seconds()
        self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """Seconds since the processes last wrote something or had computed for another BUSY_SECONDS."""
        written, computed = self._bytes(), self._cpu_seconds()
        if written != self._written or computed >= self._computed + BUSY_SECONDS:
            self._written, self._computed, self._last = written, computed, time.monotonic()
        # A process that nobody of the session waited for takes its seconds along.
        self._computed = min(self._computed, computed)
        return time.monotonic() - self._last

    def _bytes(self) -> int:
        return sum(file.stat().st_size for file in self._files if file.exists())

    def _cpu_seconds(self) -> float:
        """What the session's living processes, and those that they have waited for, have computed so far."""
        ticks = 0
        for process in Path("/proc").glob("[0-9]*"):
            # State, ppid, pgrp, session, … utime, stime, cutime, cstime.
            fields = stat_of(process.name)
            if len(fields) > 14 and int(fields[3]) == self._session:
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")
