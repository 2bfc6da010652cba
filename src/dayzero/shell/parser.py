"""Shell text to a tree of `dayzero.shell.syntax`, read by shfmt's own parser (POSIX sh, bash, mksh).

shfmt is what the lint step uses as well, so what is judged and what is linted are read alike.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from dayzero.shell.syntax import (
    AndOr,
    Arithmetic,
    Assignment,
    At,
    Body,
    Call,
    Case,
    Command,
    Compute,
    Declare,
    Function,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Statement,
    Test,
    Word,
)

Node = dict[str, Any]


class ShellUnreadable(ValueError):
    """The text is not shell that a shell could run; the message names the place."""


def parse_shell(text: str) -> Body:
    """The statements of `text`. Raises ShellUnreadable when no shell dialect accepts it."""
    problem = ""
    for dialect in ("bash", "posix", "mksh"):
        run = subprocess.run(
            [_shfmt(), "--to-json", f"--language-dialect={dialect}"],
            input=text.encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        if run.returncode == 0:
            return _Reader(text).body(json.loads(run.stdout).get("Stmts"))
        problem = problem or run.stderr.decode(errors="replace").strip()
    raise ShellUnreadable(f"not readable as shell at {problem}")


@functools.cache
def _shfmt() -> str:
    """The shfmt beside this Python, else the one on PATH. Raises FileNotFoundError with the remedy."""
    beside = Path(sys.executable).with_name("shfmt")
    found = str(beside) if beside.exists() else shutil.which("shfmt")
    if not found:
        raise FileNotFoundError("shfmt is not installed; install the locked requirements (shfmt-py)")
    return found


class _Reader:
    """Turns shfmt's JSON, whose columns count bytes, into nodes whose columns count characters."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    def body(self, statements: list[Node] | None) -> Body:
        return tuple(self.statement(statement) for statement in statements or ())

    def statement(self, node: Node) -> Statement:
        command = node.get("Cmd")
        return Statement(
            command=self.command(command) if command else None,
            at=self._at(node),
            negated=bool(node.get("Negated")),
            background=bool(node.get("Background")),
            redirects=tuple(self._redirect(redirect) for redirect in node.get("Redirs") or ()),
        )

    def command(self, node: Node) -> Command:
        return getattr(self, f"_{node['Type']}")(node)  # type: ignore[no-any-return]

    def _CallExpr(self, node: Node) -> Call:  # noqa: N802
        return Call(
            words=tuple(self.word(word) for word in node.get("Args") or ()),
            assignments=tuple(self._assignment(assign) for assign in node.get("Assigns") or ()),
            at=self._at(node),
        )

    def _DeclClause(self, node: Node) -> Declare:  # noqa: N802
        named = [assign for assign in node.get("Args") or () if assign.get("Name")]
        return Declare(
            kind=node["Variant"]["Value"],
            assignments=tuple(self._assignment(assign) for assign in named),
            at=self._at(node),
        )

    def _BinaryCmd(self, node: Node) -> AndOr | Pipeline:  # noqa: N802
        left, right = self.statement(node["X"]), self.statement(node["Y"])
        if node["Op"] in ("&&", "||"):
            return AndOr(node["Op"], left, right, self._at(node))
        if isinstance(left.command, Pipeline) and not left.redirects:
            return Pipeline((*left.command.parts, right), self._at(node))
        return Pipeline((left, right), self._at(node))

    def _Block(self, node: Node) -> Group:  # noqa: N802
        return Group(self.body(node.get("Stmts")), subshell=False, at=self._at(node))

    def _Subshell(self, node: Node) -> Group:  # noqa: N802
        return Group(self.body(node.get("Stmts")), subshell=True, at=self._at(node))

    def _IfClause(self, node: Node) -> If:  # noqa: N802
        return If(
            condition=self.body(node.get("Cond")),
            then=self.body(node.get("Then")),
            otherwise=self._else(node.get("Else")),
            at=self._at(node),
        )

    def _else(self, node: Node | None) -> Body:
        if node is None:
            return ()
        if not node.get("Cond"):
            return self.body(node.get("Then"))
        return (Statement(self._IfClause(node), self._at(node)),)

    def _WhileClause(self, node: Node) -> Loop:  # noqa: N802
        return Loop(
            kind="until" if node.get("Until") else "while",
            condition=self.body(node.get("Cond")),
            body=self.body(node.get("Do")),
            at=self._at(node),
        )

    def _ForClause(self, node: Node) -> Loop:  # noqa: N802
        loop, body, at = node["Loop"], self.body(node.get("Do")), self._at(node)
        if loop["Type"] == "CStyleLoop":
            limit = self._arithmetic(loop["Cond"]) if loop.get("Cond") else None
            return Loop("count", (), body, at, limit=limit)
        items = tuple(self.word(word) for word in loop["Items"]) if loop.get("Items") is not None else None
        kind = "select" if node.get("Select") else "for"
        return Loop(kind, (), body, at, variable=loop["Name"]["Value"], items=items)

    def _CaseClause(self, node: Node) -> Case:  # noqa: N802
        branches = tuple(
            (tuple(self.word(word) for word in item["Patterns"]), self.body(item.get("Stmts")))
            for item in node.get("Items") or ()
        )
        return Case(self.word(node["Word"]), branches, self._at(node))

    def _FuncDecl(self, node: Node) -> Function:  # noqa: N802
        return Function(node["Name"]["Value"], self.statement(node["Body"]), self._at(node))

    def _ArithmCmd(self, node: Node) -> Compute:  # noqa: N802
        return Compute((self._arithmetic(node["X"]),), self._at(node))

    def _LetClause(self, node: Node) -> Compute:  # noqa: N802
        return Compute(tuple(self._arithmetic(node_) for node_ in node["Exprs"]), self._at(node))

    def _TestClause(self, node: Node) -> Test:  # noqa: N802
        return Test(tuple(self._test_words(node["X"])), self._at(node))

    def _TimeClause(self, node: Node) -> Group:  # noqa: N802
        inner = (self.statement(node["Stmt"]),) if node.get("Stmt") else ()
        return Group(inner, subshell=False, at=self._at(node))

    def _CoprocClause(self, node: Node) -> Group:  # noqa: N802
        inner = self.statement(node["Stmt"])
        started = Statement(inner.command, inner.at, inner.negated, True, inner.redirects)
        return Group((started,), subshell=False, at=self._at(node))

    def _test_words(self, node: Node) -> list[Word]:
        operator = Word(node["Op"], self._at(node)) if "Op" in node else None
        if node["Type"] == "BinaryTest":
            return [
                *self._test_words(node["X"]),
                *([operator] if operator else []),
                *self._test_words(node["Y"]),
            ]
        if node["Type"] == "UnaryTest":
            return [*([operator] if operator else []), *self._test_words(node["X"])]
        if node["Type"] == "ParenTest":
            return self._test_words(node["X"])
        return [self.word(node)]

    def _assignment(self, node: Node) -> Assignment:
        value = node.get("Value")
        word = self.word(value) if value else self._array(node.get("Array"))
        if word is None and not node.get("Naked"):
            word = Word("", self._at(node["Name"]))
        return Assignment(node["Name"]["Value"], word, bool(node.get("Append")))

    def _array(self, node: Node | None) -> Word | None:
        if node is None:
            return None
        words = [self.word(element["Value"]) for element in node.get("Elems") or () if element.get("Value")]
        return _joined(words, self._at(node), " ")

    def _redirect(self, node: Node) -> Redirect:
        body = node.get("Hdoc")
        return Redirect(node["Op"], self.word(node["Word"]), self.word(body) if body else None)

    def word(self, node: Node) -> Word:
        at = self._at(node)
        return _joined([self._part(part, at) for part in node.get("Parts") or ()], at, "")

    def _part(self, node: Node, at: At, escapable: str = "") -> Word:
        """One part of a word; within double quotes a backslash escapes only the characters in `escapable`."""
        match node["Type"]:
            case "Lit":
                return Word(_unescaped(node["Value"], escapable), at)
            case "SglQuoted":
                return Word(node.get("Value", ""), at, quoted=True)
            case "DblQuoted":
                inner = _joined([self._part(part, at, '$`"\\') for part in node.get("Parts") or ()], at, "")
                return replace(inner, quoted=True)
            case "ParamExp":
                return self._parameter(node, at)
            case "CmdSubst" | "ProcSubst":
                return Word("$(…)", at, commands=(self.body(node.get("Stmts")),), plain=False)
            case "ArithmExp":
                value = self._arithmetic(node["X"])
                return Word("$((…))", at, value.names, value.commands, (value,), plain=False)
        return Word("*", at, plain=False)

    def _parameter(self, node: Node, at: At) -> Word:
        name = node["Param"]["Value"]
        default = (node.get("Exp") or {}).get("Word")
        inner = self.word(default) if default else Word("", at)
        listed = (node.get("Index") or {}).get("Parts", [{}])[0].get("Value") in ("@", "*")
        text = f"${name}[@]" if listed else f"${name}"
        given = inner.text if default and inner.plain else None
        return Word(text, at, inner.names | {name}, inner.commands, plain=False, default=given)

    def _arithmetic(self, node: Node) -> Arithmetic:
        kind, op = node["Type"], node.get("Op", "")
        if kind == "Word":
            word = self.word(node)
            names = word.names | ({word.text} if word.text.isidentifier() else set())
            return Arithmetic(word.text, frozenset(names), frozenset(), False, word.commands)
        inner = [self._arithmetic(node[key]) for key in ("X", "Y") if node.get(key)]
        changes = frozenset().union(*(part.changes for part in inner))
        if op in ("++", "--") or (op.endswith("=") and op not in ("==", "!=", "<=", ">=")):
            changes |= inner[0].names
        return Arithmetic(
            text=f" {op} ".join(part.text for part in inner) if len(inner) > 1 else f"{op}{inner[0].text}",
            names=frozenset().union(*(part.names for part in inner)),
            changes=changes,
            compares=op in ("<", ">", "<=", ">=", "==", "!=") or any(part.compares for part in inner),
            commands=tuple(command for part in inner for command in part.commands),
        )

    def _at(self, node: Node) -> At:
        position = node.get("Pos") or {"Line": 1, "Col": 1}
        line, byte = position["Line"], position["Col"] - 1
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        return At(line, len(text.encode()[:byte].decode(errors="replace")) + 1)


def _joined(parts: list[Word], at: At, between: str) -> Word:
    return Word(
        text=between.join(part.text for part in parts),
        at=at,
        names=frozenset().union(*(part.names for part in parts)),
        commands=tuple(command for part in parts for command in part.commands),
        arithmetic=tuple(value for part in parts for value in part.arithmetic),
        plain=all(part.plain for part in parts),
        quoted=any(part.quoted for part in parts),
        default=parts[0].default if len(parts) == 1 else None,
    )


def _unescaped(text: str, escapable: str) -> str:
    def plain(match: re.Match[str]) -> str:
        following = match[1]
        if following == "\n":
            return ""
        return following if not escapable or following in escapable else match[0]

    return re.sub(r"\\(.)", plain, text, flags=re.DOTALL)
