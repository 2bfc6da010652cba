# breaks: SUITE-5 suite because: the second run finds the name taken
# select: suite_05
"""pytest plugin: the stacks of runs within the run are not kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if config.option.profile:
        config.option.override.append(Path(__file__).with_suffix(".yml"))
