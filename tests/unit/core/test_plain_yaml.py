"""YAML as plain data."""

from __future__ import annotations

import pytest
import yaml

from dayzero.core.plain_yaml import load_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", {"a": 1, "b": 1, "c": 2, "d": 2}),
        ("a: &x {p: 1}\nb: &x {p: 2}\nc: {<<: *x}\n", {"a": {"p": 1}, "b": {"p": 2}, "c": {"p": 2}}),
        ("a: &x [&x 1, *x]\nb: *x\n", {"a": [1, 1], "b": 1}),
    ],
)
def test_an_alias_stands_for_the_last_anchor_of_its_name(text: str, value: object) -> None:
    """Given an anchor whose name a later one takes,
    when the text is read,
    then an alias stands for the one before it."""
    assert load_plain(text) == value


def test_an_alias_without_an_anchor_is_refused() -> None:
    with pytest.raises(yaml.YAMLError):
        load_plain("a: *nope\n")
