"""A step that outlived its run: a run that is killed (SIGKILL) can end nothing, so the next one does.

Two of them at once would write the same files, and take each other's time and memory.
"""

from __future__ import annotations

from pathlib import Path

from tools.images.process import end_session, started


def note(file: Path, session: int) -> None:
    """Write down which session a step runs in; whoever ends it in order removes the file."""
    file.write_text(f"{session} {started(session)}")


def end_leftovers(folder: Path) -> list[str]:
    """End every step that is noted in a folder and still runs; returns their notes' names.

    To be called by whoever holds the lock of the supply: then nobody's step is rightly under way.
    """
    ended = []
    for file in sorted(folder.glob("*.step")):
        session, _, noted = file.read_text().partition(" ")
        # The same number may be another process by now, which started at another time.
        if noted and started(int(session)) == noted:
            end_session(int(session))
            ended.append(file.stem)
        file.unlink()
    return ended
