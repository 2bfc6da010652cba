"""Shell text becomes a tree whose words, places and nesting are those of the text."""

from __future__ import annotations

import pytest

from dayzero.shell.parser import ShellUnreadable, parse_shell
from dayzero.shell.syntax import (
    AndOr,
    Call,
    Case,
    Function,
    Group,
    If,
    Loop,
    Pipeline,
    Statement,
    Word,
    calls_in,
    nodes_in,
)


def words(text: str) -> list[list[str]]:
    return [[word.text for word in call.words] for call in calls_in(parse_shell(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mc mb 'a b' \"c d\" e\\ f", [["mc", "mb", "a b", "c d", "e f"]]),
        ('echo "$HOME/x" ${Y:-z} $((n + 1))', [["echo", "$HOME/x", "$Y", "$((…))"]]),
        ('echo "\\$x \\n \\"q\\""', [["echo", '$x \\n "q"']]),
        ("a $(b c) d", [["a", "$(…)", "d"], ["b", "c"]]),
        ("a && b || c; d & e | f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("until (a) do b && c; done", [["a"], ["b"], ["c"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("A=1 b; C=2", [["b"], []]),
        ("[[ $a -lt 3 && -f x ]]", []),
    ],
)
def test_words_are_read_as_the_shell_reads_them(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a && b", AndOr),
        ("a | b | c", Pipeline),
        ("(a; b)", Group),
        ("{ a; b; }", Group),
        ("if a; then b; elif c; then d; else e; fi", If),
        ("while a; do b; done", Loop),
        ("for x in 1 2; do b; done", Loop),
        ("for ((i = 0; i < 3; i++)); do b; done", Loop),
        ("case $x in a | b) c ;; esac", Case),
        ("f() { a; }", Function),
        ("function f { a; }", Function),
        ("! a", Call),
        ("a &", Call),
    ],
)
def test_each_construct_becomes_its_node(text: str, kind: type) -> None:
    (statement,) = parse_shell(text)
    assert isinstance(statement.command, kind)


def test_a_pipeline_is_flat_and_a_here_document_is_kept() -> None:
    (statement,) = parse_shell("cat <<EOF | psql -h db | tee log\nselect 1;\nEOF\n")
    assert isinstance(statement.command, Pipeline)
    assert len(statement.command.parts) == 3
    (redirect,) = statement.command.parts[0].redirects
    assert redirect.text is not None
    assert redirect.text.text == "select 1;\n"


def test_places_count_characters() -> None:
    text = "echo é; sleep 5\n  sleep 6"
    places = [(call.at.line, call.at.column) for call in calls_in(parse_shell(text))]
    assert places == [(1, 1), (1, 9), (2, 3)]


def test_negation_and_background_are_kept() -> None:
    first, second = parse_shell("! a\nb &")
    assert first.negated
    assert second.background


def test_names_that_a_word_reads_are_known() -> None:
    found = [node.names for node in nodes_in(parse_shell('x "$a${b}$((c + d))"')) if isinstance(node, Word)]
    assert frozenset({"a", "b", "c", "d"}) in found


@pytest.mark.parametrize("text", ["if a; then", "echo 'open", "a )", "for in do"])
def test_what_no_shell_reads_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(ShellUnreadable, match=r"\d+:\d+"):
        parse_shell(text)


def test_a_bare_redirection_is_a_statement_without_a_command() -> None:
    (statement,) = parse_shell(">/tmp/log")
    assert isinstance(statement, Statement)
    assert statement.command is None or not list(calls_in(statement))
