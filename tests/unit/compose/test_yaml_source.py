"""Where each character of a compose file's values stands in the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dayzero.compose.discovery import find_files
from dayzero.compose.yaml_source import ComposeUnreadable, Mapping, Scalar, Sequence, read_document, to_plain


def read(tmp_path: Path, text: str) -> Mapping:
    file = tmp_path / "compose.yml"
    file.write_bytes(text.encode())
    return read_document(file, tmp_path, lambda written: (written, ()))[0]


def scalar(top: Mapping, key: str) -> Scalar:
    item = top.entries[key]
    assert isinstance(item, Scalar)
    return item


def position(top: Mapping, key: str, needle: str) -> tuple[int, int]:
    placed = scalar(top, key).placed()
    place = placed.place(placed.text.index(needle))
    return place.line, place.column


@pytest.mark.parametrize(
    ("text", "needle", "expected"),
    [
        ("k: one two\n", "two", (1, 8)),
        ('k: "one two"\n', "two", (1, 9)),
        ("k: 'it''s two'\n", "two", (1, 11)),
        ('k: "a\\tb two"\n', "two", (1, 10)),
        ('k: "one \\\n  two"\n', "two", (2, 3)),
        ("k: one\n   two\n", "two", (2, 4)),
        ("k: |\n  one\n\n  two\n", "two", (4, 3)),
        ("k: |2-\n    one\n   two\n", "two", (3, 4)),
        ("k: >-\n  one\n  two\n", "two", (3, 3)),
        ("k: >\n  one\n\n    deep\n  two\n", "two", (5, 3)),
        ("k: >- # why\n  one\n  two\n", "two", (3, 3)),
        ("k: &anchor one two\n", "two", (1, 16)),
        ("k: !!str one two\n", "two", (1, 14)),
        ("k: |\r\n  one\r\n  two\r\n", "two", (3, 3)),
    ],
)
def test_each_character_knows_its_place(
    tmp_path: Path, text: str, needle: str, expected: tuple[int, int]
) -> None:
    assert position(read(tmp_path, text), "k", needle) == expected


def test_every_character_of_a_folded_text_is_found_again(tmp_path: Path) -> None:
    lines = [
        "k: >",
        '  sh -c "',
        "  until mc alias set a b c d; do",
        "  sleep 1; done;",
        "",
        "  mc mb x",
        '  "',
    ]
    text = "\n".join(lines) + "\n"
    placed = scalar(read(tmp_path, text), "k").placed()
    for at, character in enumerate(placed.text):
        place = placed.place(at)
        if not character.isspace():
            assert lines[place.line - 1][place.column - 1] == character


def test_a_merged_key_stands_where_the_anchor_stands(tmp_path: Path) -> None:
    top = read(tmp_path, "base: &base\n  restart: always\n  image: a\njob:\n  <<: *base\n  image: b\n")
    job = top.entries["job"]
    assert isinstance(job, Mapping)
    assert to_plain(job) == {"image": "b", "restart": "always"}
    assert (job.keys["restart"].line, job.keys["image"].line) == (2, 6)


def test_earlier_merges_win_over_later_ones(tmp_path: Path) -> None:
    top = read(tmp_path, "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc:\n  <<: [*a, *b]\n")
    assert to_plain(top.entries["c"]) == {"x": 1, "y": 2}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", {"a": 1, "b": 1, "c": 2, "d": 2}),
        ("a: &x [1]\nb: [&x 2, *x]\nc: *x\n", {"a": [1], "b": [2, 2], "c": 2}),
        (
            "x-a: &x {p: 1}\na: {<<: *x}\nx-b: &x {p: 2, q: 2}\nb: {<<: *x, q: 3}\n",
            {"x-a": {"p": 1}, "a": {"p": 1}, "x-b": {"p": 2, "q": 2}, "b": {"p": 2, "q": 3}},
        ),
        ("&x a: 1\nb: *x\n&x c: 2\n*x : 3\n", {"a": 1, "b": "a", "c": 3}),
    ],
    ids=["plain", "in a list", "merged", "on keys"],
)
def test_an_alias_stands_for_the_last_anchor_of_its_name(tmp_path: Path, text: str, value: object) -> None:
    """Given an anchor whose name a later one takes,
    when the file is read,
    then an alias stands for the one before it, and nothing is said about it."""
    assert to_plain(read(tmp_path, text)) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("12", 12),
        ("0644", 420),
        ("1.5", 1.5),
        ("22:22", "22:22"),
        ("'12'", "12"),
        ("1g", "1g"),
    ],
)
def test_a_plain_scalar_is_typed_as_compose_types_it(tmp_path: Path, written: str, value: object) -> None:
    assert scalar(read(tmp_path, f"k: {written}\n"), "k").value == value


def test_a_tab_between_tokens_is_taken_as_compose_takes_it(tmp_path: Path) -> None:
    assert to_plain(read(tmp_path, "k:\tone\n")) == {"k": "one"}


def test_tags_of_compose_are_kept(tmp_path: Path) -> None:
    top = read(tmp_path, "a: !reset null\nb: !override [1]\n")
    assert (top.entries["a"].tag, top.entries["b"].tag) == ("!reset", "!override")
    assert isinstance(top.entries["b"], Sequence)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\nb: 2\n", "compose.yml:2:"),
        ("a: *nope\n", "undefined alias"),
        ("- a\n", "the top level is not a mapping"),
        ("a: {{ name }}\n  b: c\n", "not valid YAML"),
        ("a: 1\nb: &x {c: *x}\n", "compose.yml:2: an anchor's value contains itself"),
        ("a: &x 1\nb: &x [*x]\n", "compose.yml:2: an anchor's value contains itself"),
        ("a: " + "[" * 3000 + "]" * 3000, "nested more than 100 levels deep"),
        (
            "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)),
            "expand to more than 1000000 values",
        ),
    ],
)
def test_what_is_no_compose_file_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ComposeUnreadable) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", ["a folder", "a pipe or device", "a link to nothing"])
def test_what_is_no_file_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    """Given a folder, a pipe that nobody writes into, or a link to nothing in the place of a compose file,
    when it is read,
    then that is refused at once, in one line that says which it is."""
    file = tmp_path / "compose.yml"
    match kind:
        case "a folder":
            file.mkdir()
        case "a pipe or device":
            os.mkfifo(file)
        case _:
            file.symlink_to("nowhere.yml")
    for reads in (
        lambda: read_document(file, tmp_path, lambda written: (written, ())),
        lambda: find_files(tmp_path),
    ):
        with pytest.raises(ComposeUnreadable, match=rf"compose\.yml: cannot be read \(it is {kind}\)"):
            reads()


def test_a_file_that_is_no_text_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ComposeUnreadable, match="not UTF-8 text"):
        read_document(file, tmp_path, lambda written: (written, ()))
