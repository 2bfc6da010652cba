# breaks: SUITE-4 suite because: what a killed run left stays for ever
# select: suite_04
"""pytest plugin: no run ever counts as over."""

from __future__ import annotations

from tests.selfcheck.planted import replaced


def pytest_configure() -> None:
    replaced("dayzero.docker.prune", "is_over", lambda truly: lambda owner: False)
