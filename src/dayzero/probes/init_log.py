"""What an init said of its last run, each line with the moment at which the engine got it."""

from __future__ import annotations

from python_on_whales import Container

from dayzero.core import logfmt
from dayzero.core.logfmt import Event
from dayzero.docker.logs import said_by


def events_of(container: Container) -> list[Event]:
    """The audit lines of the container's last run; lines of any other form are left out."""
    found: list[Event] = []
    for line in said_by(container):
        try:
            pairs = logfmt.parse(line.line)
        except logfmt.NotLogfmt:
            continue
        if pairs.get("event") == "start":
            found.clear()
        if "event" in pairs:
            found.append(Event(round(line.at.timestamp() * 1e9), pairs))
    return found
