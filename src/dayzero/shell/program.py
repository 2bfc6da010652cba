"""All shell text of one init as one program: parsed, each node with its place, functions and libraries by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dayzero.core.verdict import Source
from dayzero.shell.command import Run, run_of, shell_call
from dayzero.shell.interpreter.state import Scope
from dayzero.shell.parser import ShellUnreadable, parse_shell
from dayzero.shell.syntax import Arithmetic, At, Body, Call, Case, Function, Node, Test, Word, nodes_in

_POSITIONAL = re.compile(r"\$([1-9])")
_FLAGS = {"e": "errexit", "errexit": "errexit", "pipefail": "pipefail"}


_SHEBANG_OPTIONS = re.compile(r"#!\s*\S+(?:\s+\S+)*?\s+-([a-z]+)\s*$")


class ShellText(Protocol):
    """What is needed of a script: its text, path in the container ("" if inline), options of its call, and places."""

    @property
    def text(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def options(self) -> tuple[str, ...]: ...
    def source_at(self, line: int, column: int = 1) -> Source: ...


@dataclass(frozen=True)
class ScriptFile:
    """A parsed script; `options` are those of its first line, which hold when it is started by its own name."""

    body: Body
    options: frozenset[str]


@dataclass(eq=False)
class ShellProgram:
    """The entry's statements, and every script, function and nested `sh -c` text that they may reach.

    arguments: the words after the entry script's name, None where they are not known. unreadable: why a part could not
    be parsed.
    """

    body: Body
    options: frozenset[str]
    arguments: tuple[Word, ...] | None = None
    functions: dict[str, list[Function]] = field(default_factory=dict)
    files: dict[str, ScriptFile] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    _places: dict[int, tuple[ShellText, At, Node]] = field(default_factory=dict, repr=False)
    _nested: dict[int, Body] = field(default_factory=dict, repr=False)
    _made: dict[tuple[int, str], tuple[Word, Word]] = field(default_factory=dict, repr=False)
    _literals: dict[str, str] = field(default_factory=dict, repr=False)
    watched: frozenset[str] = frozenset()
    spent: int = 0
    """Statements followed so far."""
    scopes: dict[int, Scope] = field(default_factory=dict, repr=False)
    """Of loops and functions, by node: what being in them means."""
    own_names: dict[int, frozenset[str]] = field(default_factory=dict, repr=False)
    """Of functions, by node: the variables that matter nowhere else."""

    @classmethod
    def of(cls, scripts: Sequence[ShellText], arguments: tuple[Word, ...] | None = None) -> ShellProgram:
        """`scripts[0]` is where the container starts. Raises ShellUnreadable if that one is no shell."""
        program = cls((), options_of(scripts[0].options) | _shebang_options(scripts[0].text), arguments)
        program.body = program._read(scripts[0])
        for script in scripts[1:]:
            try:
                body = program._read(script)
            except ShellUnreadable as error:
                program.unreadable.append(f"{script.path or 'inline text'}: {error}")
                continue
            program.files[script.path] = ScriptFile(body, _shebang_options(script.text))
        program._prepare()
        return program

    def source(self, node: Node) -> Source:
        """Where a node stands in the user's own file."""
        script, at, _ = self._places[id(node)]
        return script.source_at(at.line, at.column)

    def order(self, node: Node) -> tuple[str, int, int]:
        """A key that sorts nodes as they are read."""
        script, at, _ = self._places[id(node)]
        return (script.path, at.line, at.column)

    def function(self, run: Run) -> Function | None:
        """The function that `run` calls: of several with one name, that of the same script."""
        known = self.functions.get(run.name, [])
        here = self._places.get(id(run.words[0]))
        near = [one for one in known if here is not None and self._places[id(one)][0] is here[0]]
        found = near or known
        return found[-1] if found else None

    def file(self, path: str) -> ScriptFile | None:
        """A script by the path that a command names, which may hold expansions or be relative."""
        if path in self.files:
            return self.files[path]
        tail = re.sub(r"^.*\$[^/]*/", "", path).lstrip("./")
        return next(
            (found for known, found in self.files.items() if tail and known.endswith(f"/{tail}")), None
        )

    def nested(self, word: Word) -> Body:
        """The statements of a text that is an argument of `sh -c`, `eval` or `trap`; none where it is no shell."""
        if id(word) not in self._nested:
            self._made.setdefault((id(word), ""), (word, word))
            try:
                body = parse_shell(word.text)
            except ShellUnreadable as error:
                self.unreadable += [str(error)] if word.plain else []
                body = ()
            owner = self._places.get(id(word))
            if owner is not None:
                self._keep(body, owner[0], owner[1])
            self._nested[id(word)] = body
        return self._nested[id(word)]

    def expanded(
        self,
        words: Sequence[Word],
        arguments: tuple[Word, ...] | None = None,
        value: Callable[[str], object] = lambda name: None,
    ) -> tuple[Word, ...]:
        """The words with `$NAME`, `$1` and `"$@"` put in, where these are known; `value` knows more variables."""
        found: list[Word] = []
        for at, word in enumerate(words):
            positional = _POSITIONAL.fullmatch(word.text)
            if word.text in ("$@", "$*") and arguments is not None:
                found += arguments
            elif positional and arguments is not None and int(positional[1]) <= len(arguments):
                found.append(arguments[int(positional[1]) - 1])
            elif word.names == {word.text[1:]} and isinstance(known := value(word.text[1:]), str):
                found.append(self.literal(word, known))
            elif word.text[1:] in self._literals and word.names == {word.text[1:]}:
                found += self._split(word, self._literals[word.text[1:]], first=at == 0)
            elif word.default and len(word.names) == 1:
                found += self._split(word, word.default, first=at == 0)
            else:
                found.append(word)
        return tuple(found)

    def run(self, call: Call, arguments: tuple[Word, ...] | None = None) -> Run | None:
        """The program that a simple command runs."""
        return run_of(self.expanded(call.words, arguments))

    def literal(self, word: Word, text: str) -> Word:
        """The word that stands where `word` does and says `text`; the same one each time."""
        made = self._made.setdefault((id(word), text), (word, Word(text, word.at, quoted=word.quoted)))[1]
        if id(word) in self._places:
            self._places[id(made)] = (*self._places[id(word)][:2], made)
        return made

    def _split(self, word: Word, text: str, *, first: bool) -> list[Word]:
        return [self.literal(word, part) for part in (text.split() if first and not word.quoted else [text])]

    def _read(self, script: ShellText) -> Body:
        body = parse_shell(script.text)
        self._keep(body, script, At(1, 1))
        return body

    def _keep(self, body: Body, script: ShellText, start: At) -> None:
        for node in nodes_in(body):
            at = getattr(node, "at", None)
            if at is not None:
                column = at.column + (start.column - 1 if at.line == 1 else 0)
                self._places[id(node)] = (script, At(at.line + start.line - 1, column), node)
            if isinstance(node, Function):
                self.functions.setdefault(node.name, []).append(node)
        for node in list(nodes_in(body)):
            if isinstance(node, Call):
                run = run_of(node.words)
                inner = shell_call(run) if run else None
                if inner is not None and inner.text is not None and node.words:
                    self.nested(inner.text)

    def _prepare(self) -> None:
        """Variables that hold one literal all along, and those whose value decides something."""
        values: dict[str, set[str | None]] = {}
        watched: Counter[str] = Counter()
        for _, _, node in self._places.values():
            if isinstance(node, Test | Case) or (isinstance(node, Call) and _decides(node)):
                watched.update(name for one in nodes_in(node) if isinstance(one, Word) for name in one.names)
            for assignment in getattr(node, "assignments", ()):
                value = assignment.value
                known = (
                    None
                    if value is None or assignment.append
                    else value.text
                    if value.plain
                    else value.default
                )
                values.setdefault(assignment.name, set()).add(known)
                if assignment.value is not None and _POSITIONAL.fullmatch(assignment.value.text):
                    watched[assignment.name] += 1
        self.watched = frozenset(watched)
        self._prepare_functions()
        for name, found in values.items():
            only = found.pop() if len(found) == 1 else None
            if only:
                self._literals[name] = only

    def _prepare_functions(self) -> None:
        """Of each function: the variables that nothing outside it reads; they may be forgotten when it returns."""
        owner: dict[int, int] = {}
        for function in (one for same in self.functions.values() for one in same):
            for node in nodes_in(function.body):
                owner.setdefault(id(node), id(function))
        readers: dict[str, set[int | None]] = {}
        for key, (_, _, node) in self._places.items():
            for name in node.names if isinstance(node, Word | Arithmetic) else ():
                readers.setdefault(name, set()).add(owner.get(key))
        for name, where in readers.items():
            only = next(iter(where)) if len(where) == 1 else None
            if only is not None:
                self.own_names[only] = self.own_names.get(only, frozenset()) | {name}


def options_of(options: Iterable[str]) -> frozenset[str]:
    """Of a shell's options, by letter or name, those that decide how failures count."""
    return frozenset(_FLAGS[option] for option in options if option in _FLAGS)


def _shebang_options(text: str) -> frozenset[str]:
    match = _SHEBANG_OPTIONS.match(text.split("\n", 1)[0])
    return options_of(match[1]) if match else frozenset()


def _decides(call: Call) -> bool:
    first = call.words[0].text if call.words else ""
    return first in ("[", "test", "exit", "return") or (bool(call.words) and bool(call.words[0].names))
