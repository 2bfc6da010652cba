# breaks: SUITE-6 static criteria of another project because: without an inventory no init is judged
# select: suite_06 and files
"""pytest plugin: inits are those of an inventory, or none."""

from __future__ import annotations

from tests.selfcheck.planted import replaced


def pytest_configure() -> None:
    replaced("dayzero.analysis.init_detection", "detected_inits", lambda usual: lambda project: [])
