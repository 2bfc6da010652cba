"""One command of an assembly: its output goes to the image's log, its progress to whoever watches."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.images import leftover_step
from tools.images.activity import Activity
from tools.images.process import end_session

IDLE_SECONDS = 900
"""How long a step may neither write nor compute before it counts as stuck. One that does has no limit."""
HEARTBEAT_SECONDS = 30
"""How often a long step says that it still runs."""
TAIL_LINES = 15
_LOOK_SECONDS = 1.0


class StepFailed(RuntimeError):
    """A command failed: what, for which image, the log's last lines, and where the whole log is."""


@dataclass(frozen=True)
class Log:
    """Where one image's assembly is written down, and who is told about its progress.

    Once ``stop`` is set, the step under way is ended and no other begins.
    """

    name: str
    path: Path
    say: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        step: str,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: Path | None = None,
    ) -> None:
        """Run one command to its end, saying ``step`` at its start, every HEARTBEAT_SECONDS, and when done.

        ``env`` is added to the environment; ``stdout`` takes the output instead of the log. It may take as long as
        it does something. Raises StepFailed when it fails, is stuck, or has been stopped.
        """
        self._require_wanted(step)
        self.say(f"{self.name:<11} {step}")
        began = time.monotonic()
        with self.path.open("ab") as log, (stdout or self.path).open("ab") as output:
            log.write(f"\n$ {' '.join(command)}\n".encode())
            log.flush()
            try:
                running = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env={**os.environ, **(env or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=log,
                    # A session of its own: whatever it starts can be told from others' processes, and be ended with it.
                    start_new_session=True,
                )
            except OSError as error:
                raise StepFailed(f"{self.name}: {step}: cannot run {command[0]}: {error.strerror}") from None
            noted = self.path.with_suffix(".step")
            try:
                leftover_step.note(noted, running.pid)
                self._watch(running, step, began, [self.path, *([stdout] if stdout else [])])
            finally:
                if running.poll() is None:
                    end_session(running.pid)
                    running.poll()
                noted.unlink(missing_ok=True)
        self.say(f"{self.name:<11} {step}: done in {time.monotonic() - began:.0f} s")

    def _watch(
        self, running: subprocess.Popen[bytes], step: str, began: float, files: Sequence[Path]
    ) -> None:
        activity, heard = Activity(running.pid, files), began
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = running.wait(timeout=_LOOK_SECONDS)
                break
            self._require_wanted(step)
            idle = activity.idle_seconds()
            if idle > IDLE_SECONDS:
                raise StepFailed(
                    f"{self.name}: {step} is stuck: it has neither written nor computed anything for {idle:.0f} s "
                    f"[log: {self.path}]"
                )
            if time.monotonic() - heard > HEARTBEAT_SECONDS:
                heard = time.monotonic()
                self.say(f"{self.name:<11} {step}: {heard - began:.0f} s so far")
        if code != 0:
            raise StepFailed(
                f"{self.name}: {step} failed with exit code {code}\n{self._tail()}\n[log: {self.path}]"
            )

    def _require_wanted(self, step: str) -> None:
        if self.stop.is_set():
            raise StepFailed(f"{self.name}: {step} was interrupted")

    def _tail(self) -> str:
        return "\n".join(
            f"  | {line}" for line in self.path.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        )
