"""CFG-16: a readiness loop that may go on for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dayzero.analysis.init_command import DirectCommand, init_command
from dayzero.analysis.init_detection import InitService
from dayzero.analysis.init_script import direct_finding, every_script_is_seen, judged
from dayzero.compose.project import ComposeProject, Service
from dayzero.core.finding import Finding
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule
from dayzero.shell.clients import curl_options, names
from dayzero.shell.command import WAITERS, Run, run_of, shell_call
from dayzero.shell.display import quoted
from dayzero.shell.effects import TESTS, Role, role_of
from dayzero.shell.interpreter.state import Scope
from dayzero.shell.loops import Limits, is_endless, is_recursive, within
from dayzero.shell.program import ShellProgram
from dayzero.shell.reachability import steps_of
from dayzero.shell.syntax import (
    Body,
    Call,
    Compute,
    Function,
    Loop,
    Node,
    Statement,
    Test,
    Word,
    calls_in,
    nodes_in,
)

_CONTACTS = frozenset({Role.PROBE, Role.LOGIN, Role.CHANGE, Role.UNKNOWN})
_JUMPS = frozenset({"break", "return", "exit"})
_OWN_JOBS = frozenset({"kill", "wait", "jobs", "pgrep", "pidof"})
_JS_LOOP = re.compile(r"\bwhile\s*\((?P<test>[^{};]*)\)\s*\{?[^}]*\bsleep\s*\(", re.DOTALL)
_COUNTED = re.compile(
    r"\+\+|--|\+=|-=|Date|[<>]=?\s*\d|deadline|timeout|attempt|tries|retries", re.IGNORECASE
)


def check(init: Service, *, attempts: bool) -> list[Finding]:
    """The waits of an init that may go on for ever; with `attempts` also those of which one attempt may.

    Raises CannotTell where the files do not show what decides.
    """
    command = init_command(init)
    if isinstance(command, DirectCommand):
        return direct_finding(command, unbounded_client(command.run))
    found = judged(unbounded_waits, command, if_clean=every_script_is_seen)
    return found + (
        judged(attempts_without_limit, command, if_clean=every_script_is_seen) if attempts else []
    )


def unbounded_waits(program: ShellProgram) -> list[Finding]:
    """Every readiness loop that the init reaches and that has neither deadline nor attempt limit."""
    found: list[tuple[Node, Finding]] = []
    seen: set[int] = set()
    for node, errexit in _reached(program, program.body, "errexit" in program.options, frozenset()):
        if id(node) in seen:
            continue
        seen.add(id(node))
        if (
            isinstance(node, Loop)
            and _waits(node, program)
            and not Limits(node, program).found(errexit=errexit)
        ):
            words = _condition_words(node)
            quote = f"{node.kind} {quoted(words)}" if words else node.kind
            why = "it tries again for ever: no deadline, no limit of attempts"
            found.append((node, Finding(program.source(node), quote, why)))
        elif isinstance(node, Function):
            why = "it calls itself again for ever: no deadline, no limit of attempts"
            found.append((node, Finding(program.source(node), f"{node.name}()", why)))
        elif isinstance(node, Call) and (run := program.run(node)) is not None:
            why = unbounded_client(run) or _loops_inside(node)
            if why:
                found.append((node, Finding(program.source(node), quoted(run.words), why)))
    return [finding for _, finding in sorted(found, key=lambda pair: program.order(pair[0]))]


def attempts_without_limit(program: ShellProgram) -> list[Finding]:
    """Every command that a waiting loop repeats without a time limit of its own: one mute target takes all the time."""
    return [
        Finding(
            program.source(one.step.call),
            quoted(one.step.run.words),
            "an attempt has no time limit of its own",
        )
        for one in steps_of(program)
        if one.step.role in _CONTACTS and one.ever_within(Scope.TESTING_LOOP) and not _has_limit(one.step.run)
    ]


def _has_limit(run: Run) -> bool:
    if run.limited or run.name in WAITERS or run.name in names("renders"):
        return True  # what turns one text into another waits for nobody
    options = curl_options(run).keys() if run.name == "curl" else set()
    if options & {"m", "max-time"}:
        return True
    limits = {"nc": "-w", "ncat": "-w", "pg_isready": "-t", "wget": "-T", "ping": "-W", "redis-cli": "-t"}
    option = limits.get(run.name)
    return option is not None and any(word.startswith((option, "--timeout")) for word in run.arguments)


def unbounded_client(run: Run) -> str:
    """Why a waiting client may wait for ever; empty if it does not."""
    line = " ".join(run.arguments).split(" -- ")[0]
    if run.name in WAITERS - {"dockerize"} and re.search(r"(^| )(-t|--timeout)[ =]?0[smh]?( |$)", line):
        return "a timeout of 0 waits for ever"
    if run.name == "wget" and re.search(r"(^| )(-t|--tries)[ =]?(0|inf)( |$)", line):
        return "--tries=0 tries again for ever"
    return ""


def _reached(
    program: ShellProgram, body: Body, errexit: bool, calling: frozenset[str]
) -> Iterator[tuple[Node, bool]]:
    """Loops and calls that the script comes to, outside any `timeout`, with errexit as it is there."""
    for statement in body:
        yield from _reached_in(program, statement, errexit, calling)
        errexit = _errexit_after(statement, errexit)


def _reached_in(
    program: ShellProgram, part: object, errexit: bool, calling: frozenset[str]
) -> Iterator[tuple[Node, bool]]:
    if isinstance(part, tuple):
        if part and all(isinstance(one, Statement) for one in part):
            yield from _reached(program, part, errexit, calling)
            return
        for one in part:
            yield from _reached_in(program, one, errexit, calling)
        return
    if isinstance(part, Function) or not isinstance(part, Node):
        return
    if isinstance(part, Loop | Call):
        yield part, errexit
    for name in part.__dataclass_fields__:
        yield from _reached_in(program, getattr(part, name), errexit, calling)
    if isinstance(part, Call) and part.words:
        yield from _called(program, part, errexit, calling)


def _called(
    program: ShellProgram, call: Call, errexit: bool, calling: frozenset[str]
) -> Iterator[tuple[Node, bool]]:
    run = program.run(call)
    if run is None or run.limited:
        return
    run = run.then or run
    function = program.function(run)
    if function is not None and function.name not in calling:
        if is_recursive(function, program) and not _compares_numbers(function, program):
            yield function, errexit
        yield from _reached_in(program, function.body, errexit, calling | {function.name})
        return
    inner = shell_call(run)
    if inner is not None and inner.text is not None:
        yield from _reached(program, program.nested(inner.text), "e" in inner.options, calling)
        return
    sourced = run.name in (".", "source") and len(run.words) > 1
    word = run.words[1] if sourced else inner.file if inner is not None else run.words[0]
    script = program.file(word.text) if word is not None and ("/" in word.text or inner or sourced) else None
    if script is not None and word is not None and word.text not in calling:
        started = errexit if sourced else "errexit" in script.options
        yield from _reached(program, script.body, started, calling | {word.text})


def _compares_numbers(function: Function, program: ShellProgram) -> bool:
    numeric = {"-lt", "-le", "-gt", "-ge", "-eq", "-ne"}
    nodes = list(within(function.body, program, frozenset({function.name})))
    words = {word.text for node in nodes if isinstance(node, Test | Call) for word in node.words}
    return bool(words & numeric) or any(isinstance(node, Compute) for node in nodes)


def _errexit_after(statement: Statement, errexit: bool) -> bool:
    command = statement.command
    if not isinstance(command, Call) or not command.words or command.words[0].text != "set":
        return errexit
    for word in command.words[1:]:
        if word.text in ("errexit",) or re.fullmatch(r"[-+][a-zA-Z]*e[a-zA-Z]*", word.text):
            errexit = not word.text.startswith("+")
    return errexit


def _waits(loop: Loop, program: ShellProgram) -> bool:
    """Whether the loop tries something until it succeeds."""
    if loop.kind in ("for", "select") or _reads_input(loop):
        return False
    if _own_jobs_only(loop, program):
        return False
    if is_endless(loop):
        jumps = any(call.words and call.words[0].text in _JUMPS for call in calls_in(loop.body))
        return jumps or _fails_out(loop, program)
    return True


def _fails_out(loop: Loop, program: ShellProgram) -> bool:
    """An endless loop that a function called in it ends."""
    called = within(loop.body, program)
    return any(isinstance(node, Call) and node.words and node.words[0].text == "exit" for node in called)


def _reads_input(loop: Loop) -> bool:
    calls = list(calls_in(loop.condition))
    names = {run.name for call in calls if (run := run_of(call.words))}
    return bool(names & {"read", "getopts", "mapfile"})


def _own_jobs_only(loop: Loop, program: ShellProgram) -> bool:
    """A loop that waits for the script's own background process, or goes through its own arguments."""
    runs = [run for call in calls_in(loop.condition) if (run := program.run(call))]
    if runs and all(run.name in _OWN_JOBS for run in runs):
        return True
    checks = [node for node in nodes_in(loop.condition) if isinstance(node, Test | Call) and _is_check(node)]
    texts = {word.text for node in checks for word in node.words}
    return bool(texts & {"$#", "$1", "$@", "$*"}) and not any(role_of(run) is Role.PROBE for run in runs)


def _is_check(node: Test | Call) -> bool:
    return isinstance(node, Test) or (bool(node.words) and node.words[0].text in TESTS)


def _condition_words(loop: Loop) -> Sequence[Word]:
    calls = [call for call in calls_in(loop.condition) if call.words]
    return calls[0].words if calls else ()


def _loops_inside(call: Call) -> str:
    """A waiting loop in the JavaScript that a database shell is given."""
    for word in call.words[1:]:
        match = _JS_LOOP.search(word.text)
        if match and not _COUNTED.search(word.text):
            return "the loop inside its script tries again for ever: no deadline, no limit of attempts"
    return ""


@rule("CFG-16", "002 §6", "SPEC-INFRA-03 §6")
def every_wait_is_bounded(init: InitService, project: ComposeProject, verdict: Verdict) -> None:
    """Given an init service,
    when its inline commands and scripts are followed from where the container starts,
    then every readiness loop in them has a deadline or a limit of attempts,
    and, where an inventory promises the init's behaviour, every attempt in such a loop has a time limit of its own.

    The second half is no rule of other projects: their clients' own limits are mostly out of sight.
    """
    verdict.subject = init.name
    verdict.expected = "every readiness loop has a deadline or a limit of attempts"
    verdict.look = "count the attempts or watch the clock, and exit with 1 when it is enough"
    promised = init.project.inventory is not None
    if promised:
        verdict.expected += ", and every attempt its own time limit"
    waits = check(init, attempts=promised)
    verdict.observed = "; ".join(map(str, waits)) or "no wait that may go on for ever"
    verdict.source = waits[0].source if waits else None
    verdict.check(not waits)
