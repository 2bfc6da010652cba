"""A second Loki beside the stack's own, with its settings and something of its surroundings changed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from python_on_whales import Container

from dayzero.core.wait import await_condition
from dayzero.docker.logs import text_of
from dayzero.stack.one_off import address_of, run_of
from dayzero.stack.stack import Stack
from dayzero.targets.loki.client import LokiObserver

_READY_SECONDS = 90


@dataclass(frozen=True)
class LokiBeside:
    """The second Loki while it runs."""

    observer: LokiObserver
    container: Container

    def log(self) -> str:
        """All that it has logged."""
        return text_of(self.container)


@contextmanager
def loki_beside(stack: Stack, *volumes: str, kilobytes: int = 65536) -> Iterator[LokiBeside]:
    """While inside, it runs and is ready, with a disk of its own of that size, and further volumes."""
    disk = {"type": "tmpfs", "target": "/loki", "tmpfs": {"size": kilobytes * 1024}}
    # The disk belongs to root, whatever it is mounted over.
    with run_of(stack, "loki", user="0:0", volumes=[disk, *volumes]) as container:
        observer = LokiObserver(address_of(container))
        await_condition(observer.is_ready, _READY_SECONDS, lambda: f"{container.name} is not ready")
        yield LokiBeside(observer, container)


def fill(url: str) -> int:
    """Push 2 MB that can hardly be compressed, labelled filler=yes; returns the number of lines that Loki took."""
    taken = 0
    for _ in range(20):
        values = [[str(time.time_ns() + number), os.urandom(500).hex()] for number in range(100)]
        body = json.dumps({"streams": [{"stream": {"filler": "yes"}, "values": values}]})
        headers = {"Content-Type": "application/json"}
        answer = requests.post(f"{url}/loki/api/v1/push", data=body, headers=headers, timeout=30)
        taken += len(values) if answer.ok else 0
    return taken
