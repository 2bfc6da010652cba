"""Scenarios are read out of docstrings."""

from __future__ import annotations

import pytest

from dayzero.core.scenario import Scenario, parse

TOLD = {
    "one line": ("Given a, when b, then c.", ("a", "b", "c")),
    "lines": ("Given a\n    when b\n    then c\n    ", ("a", "b", "c")),
    "sentences": ("Given a. And d.\n\n    When b.\n\n    Then c. And e.", ("a. And d", "b", "c. And e")),
    "after a title": ("A title.\n\n    Given a, when b, then c.", ("a", "b", "c")),
    "with notes": ("Given a, when b, then c.\n\n    Note: when x, then y.", ("a", "b", "c")),
    "when inside a clause": (
        "Given a that breaks when hot, when b, then c.",
        ("a that breaks when hot", "b", "c"),
    ),
    "when again": ("Given a, when b, then c, and when d, then e.", ("a", "b", "c, and when d, then e")),
    "over lines": (
        "Given a long\n    condition,\n    when b\n    happens,\n    then c.",
        ("a long condition", "b happens", "c"),
    ),
}


@pytest.mark.parametrize(("docstring", "parts"), TOLD.values(), ids=TOLD)
def test_a_scenario_is_read(docstring: str, parts: tuple[str, str, str]) -> None:
    """Given a docstring that says given, when and then,
    when it is parsed,
    then each part comes without its leading word and on one line."""
    assert parse(docstring) == Scenario(*parts)


@pytest.mark.parametrize(
    "docstring",
    [
        None,
        "",
        "It works.",
        "Given a, then c.",
        "When b, then c.",
        "Given a, when b.",
        "then c, when b, given a",
    ],
)
def test_no_scenario_is_made_up(docstring: str | None) -> None:
    """Given a docstring that leaves a part out,
    when it is parsed,
    then there is no scenario."""
    assert parse(docstring) is None
