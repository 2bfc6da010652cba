# breaks: SUITE-2 suite because: nobody is told what to do about a missing engine
# select: suite_02 and nobody
"""pytest plugin: a missing engine is an error that says no more than that."""

from __future__ import annotations

from collections.abc import Callable

from dayzero.core.errors import StackUnusable
from tests.selfcheck.planted import replaced

Versions = Callable[[], dict[str, str]]


def curt(look: Versions) -> Versions:
    def versions_or_less() -> dict[str, str]:
        try:
            return look()
        except StackUnusable:
            raise StackUnusable("no engine") from None

    return versions_or_less


def pytest_configure() -> None:
    replaced("dayzero.pytest_plugin.runtime", "engine_versions", curt)
