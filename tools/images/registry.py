"""Pulling, with bounds: whether a registry answers is found out once per run, not once per image."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import tempfile
import threading
import time

from tools.images.reference import registry_of

SILENT_SECONDS = 25
"""How long a registry may take to say its first word about an image."""
STALLED_SECONDS = 900
"""How long a pull that has begun may go without a sign of progress; one that gets on has no limit."""
_LOOK_SECONDS = 1.0
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

# What engines say when nobody was reached, as opposed to when somebody refused.
_NOBODY_THERE = (
    "no such host",
    "connection refused",
    "network is unreachable",
    "no route to host",
    "i/o timeout",
    "deadline exceeded",
    "client.timeout",
    "tls handshake timeout",
    "temporary failure in name resolution",
    "server misbehaving",
    "proxyconnect",
    "connection reset",
    "x509:",
)


class Registries:
    """Remembers, for one run, which registries answered and which did not."""

    def __init__(self) -> None:
        self._deaf: dict[str, str] = {}
        self._answering: set[str] = set()
        self._lock = threading.Lock()

    def pull(self, reference: str, stop: threading.Event) -> str | None:
        """Pull an image into the current engine; None when it is there, else one clause that says why not.

        The first question to a registry is asked alone, so that many images cost one time-out and not many. A pull
        ends soon after ``stop`` is set.
        """
        registry = registry_of(reference)
        with self._lock:
            if registry in self._deaf:
                return self._deaf[registry]
            if registry not in self._answering:
                complaint = _pull(reference, stop)
                if complaint is not None and any(sign in complaint.lower() for sign in _NOBODY_THERE):
                    self._deaf[registry] = complaint = (
                        f"{registry} does not answer ({complaint.rpartition(': ')[2]})"
                    )
                else:
                    self._answering.add(registry)
                return complaint
        return _pull(reference, stop)


def _pull(reference: str, stop: threading.Event) -> str | None:
    # To a terminal the client tells each layer's bytes as they come; elsewhere it is silent until a layer is whole.
    ours, terminal = pty.openpty()
    try:
        with (
            tempfile.TemporaryFile() as complaints,
            subprocess.Popen(
                ["docker", "pull", reference], stdin=subprocess.DEVNULL, stdout=terminal, stderr=complaints
            ) as pull,
        ):
            os.close(terminal)
            if given_up := _watch(pull, ours, stop):
                return given_up
            if pull.wait() == 0:
                return None
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(said) if line.strip()), "no reason given")
            return last.removeprefix("Error response from daemon: ")
    finally:
        os.close(ours)


def _watch(pull: subprocess.Popen[bytes], terminal: int, stop: threading.Event) -> str | None:
    """Read what the client shows until it has ended; why it was ended before that, if it was."""
    last, patience, heard = "", SILENT_SECONDS, time.monotonic()
    while True:
        if stop.is_set() or time.monotonic() - heard > patience:
            pull.kill()
            if stop.is_set():
                return "the pull was interrupted"
            return f"stalled after: {last}" if last else f"i/o timeout: silent for {patience} s"
        if not select.select([terminal], [], [], _LOOK_SECONDS)[0]:
            continue
        try:
            shown = os.read(terminal, 65536)
        except OSError:  # nobody has the other end any more
            return None
        lines = [line.strip() for line in _CONTROL.sub("", shown.decode(errors="replace")).splitlines()]
        last, patience, heard = next(filter(None, reversed(lines)), last), STALLED_SECONDS, time.monotonic()
