"""Single commands of a thought run: words and what they substitute, builtins, functions, other scripts, programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from dayzero.shell.command import Run, ShellCall, run_of, shell_call
from dayzero.shell.dataflow import names_the_same, relates
from dayzero.shell.effects import Role, role_of
from dayzero.shell.interpreter.conditions import Answer, check_answer, known_value
from dayzero.shell.interpreter.state import Fault, Outcome, Outcomes, Scope, State, Told, Value, Way
from dayzero.shell.loops import is_recursive
from dayzero.shell.program import options_of
from dayzero.shell.step import Step
from dayzero.shell.syntax import Assignment, Body, Call, Command, Function, Redirect, Word

if TYPE_CHECKING:
    from dayzero.shell.interpreter.executor import Execution

_DEEPEST = 24
_NEVER_FAILS = frozenset({"true", ":", "echo", "printf", "export", "shift", "unset", "shopt", "umask"})


class Commands:
    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._program = execution.program
        self._depth = 0

    def call(self, call: Call, redirects: tuple[Redirect, ...], state: State, tested: bool) -> Outcomes:
        """A simple command."""
        found: Outcomes = set()
        for one, substituted in self.assign(call.assignments, state):
            if not call.words:
                ended = one if substituted else one.ended()
                found |= self._settled({Outcome(Way.NEXT, ended)}, tested)
            elif call.words[0].text in ("[", "test"):
                found |= self.check(call, call.words, one, tested)
            else:
                for ready, _ in self.substituted(call.words, one):
                    found |= self._run(call, redirects, ready, tested)
        return found

    def check(self, node: Command, words: tuple[Word, ...], state: State, tested: bool) -> Outcomes:
        """`[ … ]` or `[[ … ]]`."""
        found: Outcomes = set()
        for one, bad in self.substituted(words, state):
            answer, depends = check_answer(words, one.but(ok=state.ok, tells=state.tells), spoilt=bad)
            found |= self.answered(node, answer, depends, one, tested)
        return found

    def answered(self, node: Command, answer: Answer, depends: bool, state: State, tested: bool) -> Outcomes:
        """The outcomes of a check; one that depends on the fault, where nothing looks at it, fails as it should."""
        if answer is None and depends and state.failed:
            answer = self._execution.answers.get(id(node))
            if answer is None:
                self._execution.asked[id(node)] = None
        if answer is not None:
            return self._settled({Outcome(Way.NEXT, state.but(ok=answer, tells=depends))}, tested)
        if not tested:
            return self._settled({Outcome(Way.NEXT, state.but(ok=not depends, tells=depends))}, tested)
        return {Outcome(Way.NEXT, state.but(ok=ok, tells=depends), depends) for ok in (True, False)}

    def substituted(self, words: Iterable[Word], state: State) -> set[tuple[State, bool]]:
        """The states after the command substitutions in `words`, and whether one of them gave what it should not."""
        states = {(state, False)}
        for word in words:
            for inner in word.commands:
                states = {
                    (after, bad or worse)
                    for one, bad in states
                    for after, worse in self._substitute(inner, one)
                }
        return states

    def assign(self, assignments: tuple[Assignment, ...], state: State) -> set[tuple[State, bool]]:
        """The states after assignments, and whether `$?` is that of a substitution in them."""
        states = {(state, False)}
        for assignment in assignments:
            words = (assignment.value,) if assignment.value is not None else ()
            states = {
                (
                    after.assigned(assignment.name, self._value(assignment, one, bad)),
                    substituted or any(word.commands for word in words),
                )
                for one, substituted in states
                for after, bad in self.substituted(words, one)
            }
        return states

    def _substitute(self, inner: Body, state: State) -> set[tuple[State, bool]]:
        found = set()
        for outcome in self._execution.apart(inner, state.within(Scope.SUBSTITUTION), tested=False):
            after = outcome.state.back_in(state.scope)
            newly = after.failed and not state.failed
            found.add((after, newly or after.tells or after.spoilt or outcome.way is Way.CAUGHT))
        return found

    def _value(self, assignment: Assignment, state: State, bad: bool) -> Value | None:
        """What a variable is known to hold afterwards; only what may decide something is kept."""
        value = assignment.value
        if bad:
            return Told.TEXT
        if value is None:
            return state.value(assignment.name)
        known = None if assignment.append else known_value(value, state)
        known = self._positional(value, state) if known is None else known
        caused = Scope.CAUSED in state.scope
        if known is None and (
            caused or state.told(value.names) or ("PIPESTATUS" in value.names and state.failed)
        ):
            known = Told.TEXT
        return known if isinstance(known, Told) or assignment.name in self._program.watched else None

    def _positional(self, word: Word, state: State) -> Value | None:
        """The value of `$1` and so on, in a function whose arguments are known."""
        match = re.fullmatch(r"\$([1-9])", word.text)
        if match is None or state.arguments is None or int(match[1]) > len(state.arguments):
            return None
        return known_value(state.arguments[int(match[1]) - 1], state)

    def _run(self, call: Call, redirects: tuple[Redirect, ...], state: State, tested: bool) -> Outcomes:
        if call.words[0].text == "set" and any(word.text in ("$@", "$*") for word in call.words):
            state = state.but(
                arguments=None
            )  # lists that grow are not followed: each would be a way of its own
        words = self._program.expanded(call.words, state.arguments, state.value)
        if not words:
            return {Outcome(Way.NEXT, state.ended())}
        literal = known_value(words[0], state) if words[0].names else None
        if literal in ("true", "false"):
            return self._settled({Outcome(Way.NEXT, state.ended(literal == "true"))}, tested)
        special = self._special(words, state, tested)
        if special is not None:
            return special
        run = run_of(words)
        if run is None:
            return {Outcome(Way.NEXT, state.ended())}
        outcomes = self._started(call, run.then or run, len(words), redirects, state, tested)
        if not run.replaces:
            return outcomes
        return {replace(one, way=Way.EXIT) if one.way is Way.NEXT else one for one in outcomes}

    def _started(
        self, call: Call, run: Run, words: int, redirects: tuple[Redirect, ...], state: State, tested: bool
    ) -> Outcomes:
        function = self._program.function(run)
        if function is not None and len(run.words) == words:
            return self._function(function, run.words[1:], state, tested)
        inner = shell_call(run)
        if inner is not None and inner.text is not None:
            return self._text(inner, state, tested)
        name = inner.file if inner is not None else run.words[0]
        script = self._program.file(name.text) if name is not None and "/" in name.text else None
        if script is None and inner is not None and name is not None:
            script = self._program.file(name.text)
        if script is not None:
            options = options_of(inner.options) if inner is not None else script.options
            arguments = inner.rest if inner is not None else run.words[1:]
            return self._child(script.body, options, arguments, state, tested)
        return self._reached(Step(call, run, role_of(run, redirects), redirects), state, tested)

    def _special(self, words: tuple[Word, ...], state: State, tested: bool) -> Outcomes | None:
        """Builtins that steer the script; None for every other command."""
        first, rest = words[0].text, words[1:]
        match first:
            case "exit" | "return":
                way = Way.EXIT if first == "exit" else Way.RETURN
                return {Outcome(way, after) for after in self._with_status(rest, first, state)}
            case "break" | "continue":
                return {Outcome(Way.BREAK if first == "break" else Way.CONTINUE, state.ended())}
            case "set":
                return {Outcome(Way.NEXT, _with_options(rest, state).ended())}
            case "shift":
                return {Outcome(Way.NEXT, _shifted(rest, state).ended())}
            case "trap":
                return {Outcome(Way.NEXT, self._with_trap(rest, state).ended())}
            case "wait":
                lost = state.job and bool(rest)
                answers = (False,) if lost else (True, False) if tested and not state.failed else (True,)
                after = {state.ended(ok, tells=lost).but(job=False) for ok in answers}
                return self._settled({Outcome(Way.NEXT, one) for one in after}, tested)
            case "." | "source":
                script = self._program.file(rest[0].text) if rest else None
                if script is None:
                    return {Outcome(Way.NEXT, state.ended())}
                return self._returned(self._execution.body(script.body, state, tested=tested), state)
            case "command" | "type" if rest and (first == "type" or rest[0].text in ("-v", "-V")):
                return {Outcome(Way.NEXT, state.ended(ok)) for ok in ((True, False) if tested else (True,))}
        return None

    def _with_status(self, rest: tuple[Word, ...], command: str, state: State) -> set[State]:
        """The states after `exit` or `return` with what follows it."""
        if not rest:
            return {state}
        known = known_value(rest[0], state)
        known = self._positional(rest[0], state) if known is None else known
        unsure = (False,) if state.failed else (True, False)
        answers = unsure if known is None else (known == "0",)
        passed = state.slips(f"`{command} 0`")
        return {(passed if ok else state).but(ok=ok, tells=not ok and state.failed) for ok in answers}

    def _with_trap(self, rest: tuple[Word, ...], state: State) -> State:
        signals = {word.text.removeprefix("SIG") for word in rest[1:]}
        if not signals & {"EXIT", "0", "ERR"}:
            return state
        body = None if rest[0].text in ("-", "") else self._program.nested(rest[0])
        if "ERR" in signals:
            state = state.but(error_trap=body)
        return state.but(exit_trap=body) if signals & {"EXIT", "0"} else state

    def _function(
        self, function: Function, arguments: tuple[Word, ...], state: State, tested: bool
    ) -> Outcomes:
        if self._depth >= _DEEPEST:
            return {Outcome(Way.NEXT, state.ended())}
        self._depth += 1
        entered = state.but(arguments=tuple(self._resolved(word, state) for word in arguments))
        entered = entered.within(self._scope_of(function))
        outcomes = self._execution.statement(function.body, entered, tested=tested)
        self._depth -= 1
        own = self._program.own_names.get(id(function), frozenset())
        returned = {one.at(one.state.without(own)) for one in self._returned(outcomes, state)}
        return self._settled(returned, tested)

    def _scope_of(self, function: Function) -> Scope:
        if id(function) not in self._program.scopes:
            again = is_recursive(function, self._program)
            self._program.scopes[id(function)] = Scope.TESTING_LOOP if again else Scope.PLAIN
        return self._program.scopes[id(function)]

    def _resolved(self, word: Word, state: State) -> Word:
        """An argument as the function gets it: news of the fault travels in `$1` as well."""
        value = known_value(word, state)
        return self._program.literal(word, value) if isinstance(value, str) else word

    def _returned(self, outcomes: Outcomes, before: State) -> Outcomes:
        found = set()
        for one in outcomes:
            way = Way.NEXT if one.way is Way.RETURN else one.way
            found.add(
                replace(one, way=way, state=one.state.but(arguments=before.arguments, scope=before.scope))
            )
        return found

    def _text(self, inner: ShellCall, state: State, tested: bool) -> Outcomes:
        assert inner.text is not None
        body = self._program.nested(inner.text)
        if "same" in inner.options:
            return self._execution.body(body, state, tested=tested)
        return self._child(body, options_of(inner.options), inner.rest[1:], state, tested)

    def _child(
        self, body: Body, options: frozenset[str], arguments: tuple[Word, ...], state: State, tested: bool
    ) -> Outcomes:
        """Another shell: it starts with its own options, and its end is one status."""
        if self._depth >= _DEEPEST:
            return {Outcome(Way.NEXT, state.ended())}
        self._depth += 1
        entered = state.but(
            errexit="errexit" in options, pipefail="pipefail" in options, arguments=arguments, error_trap=None
        )
        ended = self._execution.apart(body, entered, tested=False)
        self._depth -= 1
        outer = {
            one.at(
                one.state.but(
                    errexit=state.errexit,
                    pipefail=state.pipefail,
                    arguments=state.arguments,
                    error_trap=state.error_trap,
                    exit_trap=state.exit_trap,
                )
            )
            for one in ended
        }
        return self._settled(outer, tested)

    def _reached(self, step: Step, state: State, tested: bool) -> Outcomes:
        """A program that is not part of the script."""
        self._execution.visit(step, state)
        if step.role is Role.IDLE:
            stays = not step.run.limited and Scope.BACKGROUND not in state.scope
            return set() if stays else {Outcome(Way.NEXT, state.ended())}
        target = self._execution.target
        if target is not None and step.key == target.key:
            return self._target(state, tested)
        if step.run.name == "false":
            return self._settled({Outcome(Way.NEXT, state.ended(ok=False))}, tested)
        if step.role in (Role.QUIET, Role.SLEEP):
            unsure = tested and step.role is Role.QUIET and step.run.name not in _NEVER_FAILS
            if (
                state.failed
                and target is not None
                and step.role is Role.QUIET
                and names_the_same(target, step)
            ):
                return {Outcome(Way.NEXT, state.ended().but(spoilt=True))}
        else:
            noticed = self._after_fault(step, state, tested) if state.failed else None
            if noticed is not None:
                return noticed
            unsure = tested and (not state.failed or step.role is Role.PROBE)
        return {Outcome(Way.NEXT, state.ended(ok)) for ok in ((True, False) if unsure else (True,))}

    def _target(self, state: State, tested: bool) -> Outcomes:
        silent = self._execution.silent
        fault = Fault.FIRED if state.fault is Fault.ARMED else state.fault
        fails = state.but(fault=fault, ok=silent, tells=not silent, spoilt=True)
        fails = fails.slips("an error of the server does not fail it") if silent else fails
        failing = self._settled({Outcome(Way.NEXT, fails)}, tested)
        passing = {Outcome(Way.NEXT, state.ended().but(ran=True))}
        match state.fault:
            case Fault.ARMED:
                return passing | failing
            case Fault.STUCK:
                return failing
        return passing

    def _after_fault(self, step: Step, state: State, tested: bool) -> Outcomes | None:
        """What a later step makes of the fault; None if it takes no notice."""
        if Scope.CAUSED in state.scope:
            return {Outcome(Way.CAUGHT, state)}
        fails = {Outcome(Way.NEXT, state.ended(ok=False, tells=True))}
        if state.told(frozenset().union(*(word.names for word in step.run.words))):
            return self._settled(fails, tested)
        target = self._execution.target
        assert target is not None
        if step.role is not Role.PROBE:
            dependent = state.excused and names_the_same(target, step)
            return self._settled(fails, tested) if dependent else None
        looks = tested or Scope.SUBSTITUTION in state.scope
        if looks and relates(target, step):
            passes = {Outcome(Way.NEXT, state.but(ok=True, tells=True), asked=True)}
            return {replace(one, asked=True) for one in fails} | (passes if tested else set())
        stops = state.errexit and not looks and names_the_same(target, step)
        return self._settled(fails, tested) if stops else None

    def _settled(self, outcomes: Outcomes, tested: bool) -> Outcomes:
        return self._execution.settled(outcomes, tested=tested)


def _with_options(words: tuple[Word, ...], state: State) -> State:
    at = 0
    while at < len(words):
        text = words[at].text
        on = text.startswith("-")
        if text == "--" or text[:1] not in ("-", "+"):
            rest = words[at + 1 :] if text == "--" else words[at:]
            unknown = any(word.text in ("$@", "$*") for word in rest)
            return state.but(arguments=None if unknown else rest)
        if "e" in text[1:]:
            state = state.but(errexit=on)
        if text.endswith("o") and at + 1 < len(words):
            at += 1
            if words[at].text == "errexit":
                state = state.but(errexit=on)
            elif words[at].text == "pipefail":
                state = state.but(pipefail=on)
        at += 1
    return state


def _shifted(words: tuple[Word, ...], state: State) -> State:
    count = int(words[0].text) if words and words[0].text.isdigit() else 1
    return state.but(arguments=state.arguments[count:] if state.arguments is not None else None)
