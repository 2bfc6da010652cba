# breaks: SUITE-7 suite because: the matrix has no column for any init
# select: suite_07 and agree
"""pytest plugin: every subject is put under other subjects."""

from __future__ import annotations

from tests.selfcheck.planted import replaced


def pytest_configure() -> None:
    replaced("dayzero.report.html", "_SHARED_BY", lambda usual: usual * 50)
