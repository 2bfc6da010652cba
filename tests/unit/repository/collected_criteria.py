"""pytest plugin: writes down which criteria the collected tests judge, for `test_every_criterion_is_judged`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dayzero.core.criterion import criteria_of


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--collected", type=Path, metavar="FILE", help="write the criteria of each test here")


def pytest_collection_finish(session: pytest.Session) -> None:
    found = {
        item.nodeid: [criterion.id for criterion in criteria_of(item.iter_markers("criterion"))]
        for item in session.items
    }
    file: Path = session.config.getoption("--collected")
    file.write_text(json.dumps(found), encoding="utf-8")
