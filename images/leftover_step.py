"""A step that outlived its run: a run that is killed (SIGKILL) can end nothing, so the next one does.

Two of them at once would write the same files, and take each other's time and memory.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_GRACE_SECONDS = 10


def note(file: Path, session: int) -> None:
    """Write down which session a step runs in; whoever ends it in order removes the file."""
    file.write_text(f"{session} {_started(session)}")


def end_leftovers(folder: Path) -> list[str]:
    """End every step that is noted in a folder and still runs; returns their notes' names.

    To be called by whoever holds the lock of the supply: then nobody's step is rightly under way.
    """
    ended = []
    for file in sorted(folder.glob("*.step")):
        session, _, started = file.read_text().partition(" ")
        # The same number may be another process by now, which started at another time.
        if started and _started(int(session)) == started:
            _end(int(session))
            ended.append(file.stem)
        file.unlink()
    return ended


def _end(session: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(session, number)
        asked = time.monotonic()
        while _started(session) and time.monotonic() - asked < _GRACE_SECONDS:
            time.sleep(0.1)
        if not _started(session):
            return


def _started(process: int) -> str:
    """When a process that still runs was started, in ticks since the machine's boot; empty where there is none."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
