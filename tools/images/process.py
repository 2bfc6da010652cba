"""What the kernel tells of a process, and the end of a session: a step of an assembly with all that it started."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_GRACE_SECONDS = 10


def stat_of(process: int | str) -> list[str]:
    """The fields of /proc/PID/stat behind the name, which may hold anything: state, ppid, pgrp, session, …; or none."""
    try:
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it has ended
        return []


def started(process: int) -> str:
    """When a process that still runs was started, in ticks since the machine's boot; empty where there is none."""
    fields = stat_of(process)
    return "" if not fields or fields[0] == "Z" else fields[19]


def end_session(leader: int) -> None:
    """End a session's processes (SIGTERM, and SIGKILL for who stays), and wait until its leader is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(leader, number)
        asked = time.monotonic()
        while started(leader) and time.monotonic() - asked < _GRACE_SECONDS:
            time.sleep(0.1)
        if not started(leader):
            return
