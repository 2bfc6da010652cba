# conforms: SUITE-5 suite because: the engine chooses a port that nobody else has
# select: suite_05
"""pytest plugin: the stacks of runs within the run each publish a port of the engine's choice."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if config.option.profile:
        config.option.override.append(Path(__file__).with_suffix(".yml"))
