"""Variables in compose files, and env files."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.compose.interpolation import interpolate, read_env_file

SET = {"NAME": "value", "EMPTY": "", "OTHER": "more"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$NAME and ${NAME}", "value and value"),
        ("$$NAME", "$NAME"),
        ("$$$NAME", "$value"),
        ("${UNSET}", ""),
        ("${UNSET:-default}", "default"),
        ("${UNSET-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("${EMPTY-default}", ""),
        ("${UNSET:-${NAME}}", "value"),
        ("${UNSET:-${ALSO_UNSET:-deep}}", "deep"),
        ("${NAME:+there}", "there"),
        ("${UNSET:+there}", ""),
        ("${EMPTY+there}", "there"),
        ("${NAME:?needed}", "value"),
        ("${UNSET:?needed}", ""),
        ("${UNSET:-https://{s}.example/{z}}", "https://{s}.example/{z}"),
        ("${UNSET:-a}b}", "ab}"),
        ("$(cat file) ${1} $", "$(cat file) ${1} $"),
    ],
)
def test_every_form_of_a_reference_is_filled_in(text: str, expected: str) -> None:
    assert interpolate(text, SET).text == expected


@pytest.mark.parametrize(
    ("text", "unset"),
    [
        ("$NAME", []),
        ("${UNSET}", ["UNSET"]),
        ("${UNSET:?}", ["UNSET"]),
        ("${UNSET:-default}", []),
        ("${UNSET:-$ALSO}", ["UNSET", "ALSO"]),
        ("$${UNSET}", []),
    ],
)
def test_variables_that_nobody_sets_are_named(text: str, unset: list[str]) -> None:
    assert [one.name for one in interpolate(text, SET).variables if not one.has_value] == unset


def test_an_env_file_is_read_as_compose_reads_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    lines = [
        "# comment",
        "A=1",
        "export B=two words # why",
        "",
        "C='$A'",
        'D="$A-$OTHER"',
        "E",
        "F=",
        "A=again",
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    entries = read_env_file(file, {"OTHER": "more"})
    assert [(one.name, one.value, one.line) for one in entries] == [
        ("A", "1", 2),
        ("B", "two words", 3),
        ("C", "$A", 5),
        ("D", "1-more", 6),
        ("E", None, 7),
        ("F", "", 8),
        ("A", "again", 9),
    ]
