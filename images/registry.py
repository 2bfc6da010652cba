"""Pulling, with bounds: whether a registry answers is found out once per run, not once per image."""

from __future__ import annotations

import selectors
import subprocess
import threading
import time

from images.reference import registry_of

SILENT_SECONDS = 25
"""How long a registry may take to say its first word about an image."""
STALLED_SECONDS = 900
"""How long a pull that has begun may go without a word: a large layer on a slow line has none until it is there."""
_LOOK_SECONDS = 1.0

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
    with subprocess.Popen(
        ["docker", "pull", reference],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    ) as pull:
        assert pull.stdout is not None
        last, patience, heard = "", SILENT_SECONDS, time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(pull.stdout, selectors.EVENT_READ)
            while True:
                if stop.is_set() or time.monotonic() - heard > patience:
                    pull.kill()
                    if stop.is_set():
                        return "the pull was interrupted"
                    return f"i/o timeout: silent for {patience} s" if not last else f"stalled after: {last}"
                if not selector.select(timeout=_LOOK_SECONDS):
                    continue
                line = pull.stdout.readline()
                if not line:
                    break
                last, patience, heard = line.strip() or last, STALLED_SECONDS, time.monotonic()
    return None if pull.returncode == 0 else last.removeprefix("Error response from daemon: ")
