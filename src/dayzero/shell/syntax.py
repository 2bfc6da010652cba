"""The parts of a shell script that the static rules reason about.

A tree of these is made by `dayzero.shell.parser`. Nodes compare by identity, so that one place in a script
is one key; positions are 1-based lines and columns in characters of the text that was parsed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class At:
    """A place in the parsed text, and the text itself (a nested `sh -c` string is a text of its own)."""

    line: int
    column: int


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """An arithmetic expression: `text` as words, the variables it reads, and those it changes (`n++`, `n+=1`)."""

    text: str
    names: frozenset[str]
    changes: frozenset[str]
    compares: bool
    commands: tuple[Body, ...] = ()


@dataclass(frozen=True, eq=False)
class Word:
    """One shell word with its quotes removed.

    `text` keeps an expansion recognisable: `$name`, `$(…)`, `$((…))`. `plain` says that it holds none. `default` is
    that of a word which is one `${name:-default}`.
    """

    text: str
    at: At
    names: frozenset[str] = frozenset()
    commands: tuple[Body, ...] = ()
    arithmetic: tuple[Arithmetic, ...] = ()
    plain: bool = True
    quoted: bool = False
    default: str | None = None


@dataclass(frozen=True, eq=False)
class Assignment:
    name: str
    value: Word | None
    append: bool = False


@dataclass(frozen=True, eq=False)
class Redirect:
    """`op` is the operator; `target` the file, descriptor or here-string; `text` the body of a here-document."""

    op: str
    target: Word
    text: Word | None = None


@dataclass(frozen=True, eq=False)
class Call:
    """A simple command: assignments before it, then its words. No words: assignments alone."""

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    at: At


@dataclass(frozen=True, eq=False)
class Declare:
    """`export`, `local`, `readonly`, `declare`: an assignment whose own status hides that of its value."""

    kind: str
    assignments: tuple[Assignment, ...]
    at: At


@dataclass(frozen=True, eq=False)
class Test:
    """`[[ … ]]`, flattened to words in reading order, operators included."""

    words: tuple[Word, ...]
    at: At


@dataclass(frozen=True, eq=False)
class Compute:
    """`(( … ))` and `let …`: succeeds when its value is not zero."""

    expressions: tuple[Arithmetic, ...]
    at: At


@dataclass(frozen=True, eq=False)
class AndOr:
    op: str
    left: Statement
    right: Statement
    at: At


@dataclass(frozen=True, eq=False)
class Pipeline:
    parts: tuple[Statement, ...]
    at: At


@dataclass(frozen=True, eq=False)
class Group:
    """`{ … }`, or `( … )` when `subshell`."""

    body: Body
    subshell: bool
    at: At


@dataclass(frozen=True, eq=False)
class If:
    condition: Body
    then: Body
    otherwise: Body
    at: At


@dataclass(frozen=True, eq=False)
class Loop:
    """`kind` is while, until, for (over `items`), count (the C form) or select.

    A `for` without a list has `items` None: it walks the positional parameters.
    """

    kind: str
    condition: Body
    body: Body
    at: At
    variable: str = ""
    items: tuple[Word, ...] | None = None
    limit: Arithmetic | None = None


@dataclass(frozen=True, eq=False)
class Case:
    word: Word
    branches: tuple[tuple[tuple[Word, ...], Body], ...]
    at: At


@dataclass(frozen=True, eq=False)
class Function:
    name: str
    body: Statement
    at: At


Command = Call | Declare | Test | Compute | AndOr | Pipeline | Group | If | Loop | Case | Function


@dataclass(frozen=True, eq=False)
class Statement:
    """A command with what stands around it: `!`, `&`, redirections. `command` is None for a bare redirection."""

    command: Command | None
    at: At
    negated: bool = False
    background: bool = False
    redirects: tuple[Redirect, ...] = field(default=())


Body = tuple[Statement, ...]

Node = Statement | Command | Word | Arithmetic | Assignment | Redirect


def nodes_in(part: object) -> Iterator[Node]:
    """Every node at and below `part` (a node, or a tuple of nodes) in reading order, substitutions included."""
    if isinstance(part, tuple):
        for one in part:
            yield from nodes_in(one)
    elif isinstance(part, Node):
        yield part
        for name in part.__dataclass_fields__:
            yield from nodes_in(getattr(part, name))


def calls_in(part: object) -> Iterator[Call]:
    """Every simple command at and below `part`."""
    return (node for node in nodes_in(part) if isinstance(node, Call))
