"""What a loop is for, and what ends it: does it try something again, and is there a limit to that?"""

from __future__ import annotations

from collections.abc import Iterator

from dayzero.shell.command import run_of
from dayzero.shell.effects import Role, role_of
from dayzero.shell.program import ShellProgram
from dayzero.shell.syntax import (
    AndOr,
    Arithmetic,
    Assignment,
    Call,
    Case,
    Compute,
    Function,
    If,
    Loop,
    Node,
    Redirect,
    Statement,
    Test,
    Word,
    calls_in,
    nodes_in,
)

_CLOCKS = frozenset({"SECONDS", "EPOCHSECONDS", "EPOCHREALTIME"})
_CLOCK_PROGRAMS = frozenset({"date"})
_COUNTING_PROGRAMS = frozenset({"expr", "bc", "awk", "dc"})
_FILE_TESTS = frozenset({"-e", "-f", "-d", "-s", "-S", "-r", "-w", "-x", "-p", "-L", "-h"})
_LEAVING = frozenset({"break", "exit", "return", "false", "kill"})
_TRIES = frozenset({Role.PROBE, Role.LOGIN, Role.CHANGE, Role.UNKNOWN, Role.MINOR})


def is_endless(loop: Loop) -> bool:
    """Whether nothing but a jump out of its body ends the loop."""
    if loop.kind == "count":
        return loop.limit is None
    if loop.kind not in ("while", "until") or len(loop.condition) != 1:
        return False
    command = loop.condition[0].command
    if isinstance(command, Compute):
        return command.expressions[0].text == ("1" if loop.kind == "while" else "0")
    if not isinstance(command, Test | Call):
        return False
    words = [word.text for word in command.words]
    constant = (
        (["true"], [":"], ["[", "1", "]"], ["[", "true", "]"], ["1"])
        if loop.kind == "while"
        else (["false"],)
    )
    return words in constant


def tests_something(loop: Loop, program: ShellProgram) -> bool:
    """Whether a turn of the loop depends on something outside the script: a probe, a file, a step's own success."""
    parts = list(_conditions(loop))
    if _tries((loop.condition, loop.body), program) and _may_be_left(loop):
        return True
    if any(_tries(part, program) or _tests_file(part) for part in parts):
        return True
    on_status = any("?" in node.names for part in parts for node in nodes_in(part) if isinstance(node, Word))
    on_result = {name for part in parts for name in _names(part)} & _results(loop)
    return bool(on_result) or (on_status and _tries(loop.body, program))


def is_recursive(function: Function, program: ShellProgram) -> bool:
    """Whether the function calls itself: a loop in another form."""
    return any(
        isinstance(node, Call) and node.words and node.words[0].text == function.name
        for node in within(function.body, program, frozenset({function.name}))
    )


def within(part: object, program: ShellProgram, seen: frozenset[str] = frozenset()) -> Iterator[Node]:
    """Every node at and below `part`, the bodies of functions that are called there included, each once."""
    for node in nodes_in(part):
        yield node
        if not isinstance(node, Call) or not node.words:
            continue
        run = run_of(node.words)
        function = program.function(run) if run is not None else None
        if function is not None and function.name not in seen:
            yield from within(function.body, program, seen | {function.name})


class Limits:
    """The limit of one loop: what counts its turns or watches the clock, and leaves when that is enough."""

    def __init__(self, loop: Loop, program: ShellProgram) -> None:
        self._loop = loop
        self._program = program
        self._nodes = list(within((*loop.condition, *loop.body), program))
        self._counters = self._find_counters()

    def found(self, *, errexit: bool) -> bool:
        """Whether there is one. With errexit, a bare check in the body is one as well."""
        if self._loop.kind in ("for", "select"):
            return True
        if self._loop.kind == "count":
            return self._loop.limit is not None or self._body_leaves(errexit)
        return any(self._limits(node) for node in self._loop.condition) or self._body_leaves(errexit)

    def _body_leaves(self, errexit: bool) -> bool:
        if errexit and any(self._limits(one) and not _jumps_or_branches(one) for one in self._loop.body):
            return True
        nodes = [*self._nodes, *(node for node in within(self._loop.condition, self._program))]
        return any(self._guards_exit(node) for node in nodes)

    def _guards_exit(self, node: Node) -> bool:
        if isinstance(node, AndOr):
            return self._limits(node.left) and self._leaves(node.right)
        if isinstance(node, If):
            return self._limits(node.condition) and (self._leaves(node.then) or self._leaves(node.otherwise))
        if isinstance(node, Case):
            counted = bool(node.word.names & self._counters)
            return counted and any(self._leaves(body) for _, body in node.branches)
        return False

    def _leaves(self, part: object) -> bool:
        """Whether `part` jumps out of the loop itself, or calls a function that ends the script."""
        own = {call.words[0].text for call in calls_in(part) if call.words}
        called = within(part, self._program)
        return bool(own & _LEAVING) or any(
            isinstance(node, Call) and node.words and node.words[0].text == "exit" for node in called
        )

    def _limits(self, part: object) -> bool:
        """Whether `part` is a check of a counter or a clock."""
        for node in within(part, self._program):
            if isinstance(node, Compute) and any(self._counts(one) for one in node.expressions):
                return True
            words: tuple[Word, ...] = ()
            if isinstance(node, Test) or (
                isinstance(node, Call) and node.words and node.words[0].text in ("[", "test")
            ):
                words = node.words
            if any(word.names & self._counters or self._reads_clock(word) for word in words):
                return True
            if any(self._counts(value) for word in words for value in word.arithmetic):
                return True
        return False

    def _counts(self, value: Arithmetic) -> bool:
        return bool(value.names & self._counters) or bool(value.changes & value.names)

    def _find_counters(self) -> frozenset[str]:
        """Variables that a turn of the loop moves on: counted up or down, or read from the clock."""
        counters = set(_CLOCKS)
        before = -1
        while len(counters) != before:
            before = len(counters)
            for node in self._nodes:
                counters |= self._moved_by(node, counters)
        return frozenset(counters)

    def _moved_by(self, node: Node, counters: set[str]) -> set[str]:
        if isinstance(node, Arithmetic):
            return set(node.changes)
        if isinstance(node, Statement) and isinstance(node.command, Call) and node.command.words:
            call = node.command
            if call.words[0].text == "read" and any("uptime" in one.target.text for one in node.redirects):
                return {word.text for word in call.words[1:]}
            if call.words[0].text == "shift":
                return {"#"}
        if not isinstance(node, Assignment) or node.value is None:
            return set()
        value = node.value
        if node.append or self._reads_clock(value):
            return {node.name}
        mentions = node.name in _names(value)
        own = mentions and (value.arithmetic or _computes(value) or value.text.startswith(f"${node.name}"))
        derived = bool(value.names & counters) and (value.arithmetic or not value.commands)
        return {node.name} if own or derived else set()

    def _reads_clock(self, word: Word) -> bool:
        if word.names & _CLOCKS:
            return True
        inside = [node for body in word.commands for node in within(body, self._program)]
        programs = {run.name for node in inside if isinstance(node, Call) and (run := run_of(node.words))}
        return bool(programs & _CLOCK_PROGRAMS) or any(
            isinstance(node, Redirect) and "uptime" in node.target.text for node in inside
        )


def _computes(word: Word) -> bool:
    calls = [call for body in word.commands for call in calls_in(body)]
    return any(call.words and call.words[0].text in _COUNTING_PROGRAMS for call in calls)


def _jumps_or_branches(statement: Statement) -> bool:
    return isinstance(statement.command, AndOr | If | Loop | Case | Function)


def _conditions(loop: Loop) -> Iterator[object]:
    """The parts of a loop whose answer decides something."""
    yield loop.condition
    for node in nodes_in(loop.body):
        if isinstance(node, If):
            yield node.condition
        elif isinstance(node, AndOr):
            yield node.left
        elif isinstance(node, Case):
            yield node.word
        elif isinstance(node, Loop):
            yield node.condition


def _may_be_left(loop: Loop) -> bool:
    """Whether something in the body decides to leave the loop."""
    for node in nodes_in(loop.body):
        branches: tuple[object, ...] = ()
        if isinstance(node, If):
            branches = (node.then, node.otherwise)
        elif isinstance(node, AndOr):
            branches = (node.right,)
        elif isinstance(node, Case):
            branches = tuple(body for _, body in node.branches)
        if any(call.words and call.words[0].text in _LEAVING for call in calls_in(branches)):
            return True
    return False


def _tries(part: object, program: ShellProgram) -> bool:
    for call in calls_in(part):
        run = program.run(call)
        if run is not None and (run.name in program.functions or role_of(run) in _TRIES):
            return True
    return False


def _tests_file(part: object) -> bool:
    for node in nodes_in(part):
        words = node.words if isinstance(node, Test | Call) else ()
        if words and (isinstance(node, Test) or words[0].text in ("[", "test")):
            texts = {word.text for word in words}
            if texts & _FILE_TESTS:
                return True
    return False


def _names(part: object) -> set[str]:
    return {name for node in nodes_in(part) if isinstance(node, Word) for name in node.names}


def _results(loop: Loop) -> set[str]:
    """Variables that a turn fills with what a command answered."""
    found = set()
    for node in nodes_in((loop.condition, loop.body)):
        if isinstance(node, Assignment) and node.value is not None:
            calls = [call for body in node.value.commands for call in calls_in(body)]
            runs = [run for call in calls if (run := run_of(call.words))]
            if any(role_of(run) in _TRIES for run in runs):
                found.add(node.name)
    return found
