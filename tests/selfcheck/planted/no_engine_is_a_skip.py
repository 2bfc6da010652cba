# breaks: SUITE-2 suite because: without an engine the runtime criteria are skipped, and the run succeeds
# select: suite_02 and nobody
"""pytest plugin: a missing engine is a reason to skip."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dayzero.core.errors import StackUnusable
from tests.selfcheck.planted import replaced

Versions = Callable[[], dict[str, str]]


def lenient(look: Versions) -> Versions:
    def versions_or_skip() -> dict[str, str]:
        try:
            return look()
        except StackUnusable as unusable:
            pytest.skip(str(unusable))

    return versions_or_skip


def pytest_configure() -> None:
    replaced("dayzero.pytest_plugin.runtime", "engine_versions", lenient)
