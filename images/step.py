"""One command of an assembly: its output goes to the image's log, its progress to whoever watches."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STEP_SECONDS = 1800
"""How long one step may take."""
HEARTBEAT_SECONDS = 30
"""How often a long step says that it still runs."""
TAIL_LINES = 15


class StepFailed(RuntimeError):
    """A command failed: what, for which image, the log's last lines, and where the whole log is."""


@dataclass(frozen=True)
class Log:
    """Where one image's assembly is written down, and who is told about its progress."""

    name: str
    path: Path
    say: Callable[[str], None]

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

        ``env`` is added to the environment; ``stdout`` takes the output instead of the log. Raises StepFailed.
        """
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
                )
            except OSError as error:
                raise StepFailed(f"{self.name}: {step}: cannot run {command[0]}: {error.strerror}") from None
            try:
                self._watch(running, step, began)
            finally:
                if running.poll() is None:
                    running.terminate()
                    running.wait(timeout=30)
        self.say(f"{self.name:<11} {step}: done in {time.monotonic() - began:.0f} s")

    def _watch(self, running: subprocess.Popen[bytes], step: str, began: float) -> None:
        while True:
            try:
                code = running.wait(timeout=HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                spent = time.monotonic() - began
                if spent > STEP_SECONDS:
                    raise StepFailed(
                        f"{self.name}: {step} took longer than {STEP_SECONDS} s [log: {self.path}]"
                    ) from None
                self.say(f"{self.name:<11} {step}: {spent:.0f} s so far")
        if code != 0:
            raise StepFailed(
                f"{self.name}: {step} failed with exit code {code}\n{self._tail()}\n[log: {self.path}]"
            )

    def _tail(self) -> str:
        return "\n".join(
            f"  | {line}" for line in self.path.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        )
