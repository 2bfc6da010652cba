"""Other runs of the stack's Grafana: started anew, and beside it with a copy of the dashboards that may be changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from python_on_whales import Container

from dayzero.core.wait import Took, await_condition, time_until
from dayzero.docker.logs import text_of
from dayzero.stack.one_off import address_of, run_of
from dayzero.stack.stack import Stack
from dayzero.targets.grafana.client import GrafanaObserver

DASHBOARDS = Path("observability/grafana/dashboards")
"""Where the stack's dashboards are, relative to its root."""

_PATIENCE = 60


def _started(container: Container) -> datetime:
    assert container.state.started_at is not None
    return container.state.started_at


def time_until_served(stack: Stack, uids: set[str]) -> Took:
    """Start the stack's Grafana anew; from its container's start until all of `uids` can be found from outside.

    Its database lives as long as the container runs, so each start is like the first.
    """
    container = stack.container("grafana")
    with stack.stopped("grafana"):
        container.start()
        grafana = GrafanaObserver(stack, address_of(container))
        return time_until(
            lambda: uids <= grafana.served().keys(), _PATIENCE, began=_started(container).timestamp()
        )


@dataclass(frozen=True)
class GrafanaBeside:
    """A Grafana of the run's own, with the stack's settings and a copy of its dashboards in `folder`."""

    grafana: GrafanaObserver
    folder: Path
    container: Container

    def log(self) -> str:
        """All that it has logged."""
        return text_of(self.container)

    def was_started(self) -> datetime:
        """When its process began, as the engine states."""
        return _started(self.container)


@contextmanager
def grafana_beside(stack: Stack) -> Iterator[GrafanaBeside]:
    """While inside, a second Grafana serves a copy of the dashboards; the stack's own sees nothing of it."""
    folder = stack.workspace / "dashboards"
    shutil.copytree(stack.root / DASHBOARDS, folder)
    folder.chmod(0o755)
    try:
        with run_of(stack, "grafana", volumes=[f"{folder}:/dashboards:ro"]) as container:
            grafana = GrafanaObserver(stack, address_of(container))
            files = len(list(folder.glob("*.json")))
            await_condition(
                lambda: len(grafana.served()) >= files,
                _PATIENCE,
                lambda: "a second Grafana does not serve the copy",
            )
            yield GrafanaBeside(grafana, folder, container)
    finally:
        shutil.rmtree(folder)
