# breaks: SUITE-4 suite because: a run that lives loses what it has on the engine
# select: suite_04
"""pytest plugin: this process's own runs count as over, as if nobody looked whether it lives."""

from __future__ import annotations

import os

from tests.selfcheck.planted import replaced


def is_mine(owner: str) -> bool:
    return owner.split("/")[2:3] == [str(os.getpid())]


def pytest_configure() -> None:
    replaced("dayzero.docker.prune", "is_over", lambda truly: lambda owner: truly(owner) or is_mine(owner))
