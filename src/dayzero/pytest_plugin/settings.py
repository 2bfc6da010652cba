"""What every process of a run knows: the run's id, where reports go, the stack's name, the waivers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from dayzero.core.waivers import Waivers
from dayzero.report.evidence import EvidenceFolder

_key = pytest.StashKey["RunSettings"]()


@dataclass(frozen=True)
class RunSettings:
    """Set once when a process of the run starts.

    reports: the folder that all reports and evidence of the run are written into; reports_shown: the same as the user
    would type it.
    """

    run: str
    reports: Path
    reports_shown: str
    stack_name: str
    evidence: EvidenceFolder
    waivers: Waivers


def settings_of(config: pytest.Config) -> RunSettings:
    """The settings of this process. Raises KeyError before the report plugin has configured them."""
    return config.stash[_key]


def settle(config: pytest.Config, settings: RunSettings) -> None:
    """Make `settings` those of this process."""
    config.stash[_key] = settings
