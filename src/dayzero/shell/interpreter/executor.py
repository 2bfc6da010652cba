"""Thinks a script through with one step made to fail, and follows where that leads.

Every way through the script that the failure can take is followed by the rules of POSIX sh and bash: errexit and where
it is off, pipelines, functions, subshells, traps, jobs. What else the script calls is taken to succeed, and a check
that depends on the failure is taken to notice it. No value is computed beyond what decides such a check.

This file is the flow between commands; single commands are in `dayzero.shell.interpreter.commands`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from dayzero.shell.interpreter.commands import Commands
from dayzero.shell.interpreter.conditions import arithmetic_answer, known_value
from dayzero.shell.interpreter.joins import (
    ends_a_wait,
    excused,
    gone_on,
    leaves,
    left_loop,
    spoils,
    stuck,
    verifies,
)
from dayzero.shell.interpreter.state import Fault, Outcome, Outcomes, Scope, State, Told, Way, loudest
from dayzero.shell.loops import is_endless, tests_something
from dayzero.shell.program import ShellProgram
from dayzero.shell.step import Step
from dayzero.shell.syntax import (
    AndOr,
    Body,
    Call,
    Case,
    Compute,
    Declare,
    Group,
    If,
    Loop,
    Pipeline,
    Statement,
    Test,
)

_BUDGET = 400_000
"""Statements that may be followed for one program, all thought runs together: some 20 s."""

_TURNS = 3


class TooInvolved(Exception):
    """The script has more ways through it than can be followed."""


def _nothing(step: Step, state: State) -> None:
    """Nobody watches."""


class Execution:
    """One thought run. `target` is the step that fails (None: none does).

    silent: the target fails without a status (an HTTP client that takes an error page for an answer).
    answers: how checks that depend on the failure come out, by node; `asked` fills with those that are left open.
    visit: is told of every step that is reached, and in which state.
    """

    def __init__(
        self,
        program: ShellProgram,
        target: Step | None = None,
        *,
        silent: bool = False,
        answers: Mapping[int, bool] | None = None,
        visit: Callable[[Step, State], None] = _nothing,
    ) -> None:
        self.program = program
        self.target = target
        self.silent = silent
        self.answers = answers or {}
        self.asked: dict[int, None] = {}
        self.visit = visit
        self._commands = Commands(self)
        self._jobs: dict[int, Statement] = {}
        self._trapped: set[int] = set()
        self._known: dict[tuple[int, State, bool], frozenset[Outcome]] = {}

    def run(self) -> Outcomes:
        """How the script ends: every outcome is an EXIT or CAUGHT. Raises TooInvolved."""
        options, arguments = self.program.options, self.program.arguments
        start = State(errexit="errexit" in options, pipefail="pipefail" in options, arguments=arguments)
        ends = self.body(self.program.body, start, tested=False)
        return {last for outcome in ends for last in self._at_exit(outcome)}

    def body(self, body: Body, state: State, *, tested: bool) -> Outcomes:
        """One statement after the other."""
        left: Outcomes = set()
        here: Outcomes = {Outcome(Way.NEXT, state)}
        for statement in body:
            before = {outcome.state for outcome in here}
            if statement is not body[0]:
                before = {gone_on(at) for at in before}
            reached = {one for at in before for one in self.statement(statement, at, tested=tested)}
            left |= {outcome for outcome in reached if outcome.way is not Way.NEXT}
            here = {outcome for outcome in reached if outcome.way is Way.NEXT}
        return left | here

    def statement(self, statement: Statement, state: State, *, tested: bool) -> Outcomes:
        """A command with its `!` and `&`."""
        key = (id(statement), state, tested)
        if key not in self._known:
            self.program.spent += 1
            if self.program.spent > _BUDGET:
                raise TooInvolved
            self._known[key] = frozenset(self._statement(statement, state, tested))
        return set(self._known[key])

    def settled(self, outcomes: Outcomes, *, tested: bool) -> Outcomes:
        """What errexit and an ERR trap make of a command that failed where nothing tests it."""
        found: Outcomes = set()
        for outcome in outcomes:
            state = outcome.state
            if outcome.way is not Way.NEXT or state.ok or tested:
                found.add(outcome)
                continue
            after = {outcome}
            if state.error_trap is not None:
                trapped = self.body(state.error_trap, state.but(error_trap=None), tested=True)
                after = {
                    one if one.way is Way.EXIT else replace(one, way=Way.NEXT, state=state) for one in trapped
                }
            found |= {
                replace(one, way=Way.EXIT) if one.way is Way.NEXT and state.errexit else one for one in after
            }
        return found

    def apart(self, body: Body, state: State, *, tested: bool, background: bool = False) -> Outcomes:
        """Statements in a subshell: what they set is gone afterwards, and `exit` leaves only the subshell."""
        entered = state.but(exit_trap=None)
        entered = entered.within(Scope.BACKGROUND) if background else entered
        found: Outcomes = set()
        for outcome in self.body(body, entered, tested=tested):
            ended = self._at_exit(outcome) if outcome.way is Way.EXIT else {outcome}
            for one in ended:
                after = one.state
                kept = state.but(
                    fault=after.fault,
                    ok=after.ok,
                    tells=after.tells,
                    spoilt=after.spoilt,
                    job=after.job or state.job,
                    ran=after.ran,
                    excused=after.excused,
                    slipped=after.slipped,
                )
                way = Way.CAUGHT if one.way is Way.CAUGHT else Way.NEXT
                found.add(Outcome(way, kept, one.asked))
        return found

    def _statement(self, statement: Statement, state: State, tested: bool) -> Outcomes:
        if statement.background:
            return self._job(statement, state)
        outcomes = self._command(statement, state, tested or statement.negated)
        if not statement.negated:
            return outcomes
        return {
            one.at(one.state.but(ok=not one.state.ok)) if one.way is Way.NEXT else one for one in outcomes
        }

    def _command(self, statement: Statement, state: State, tested: bool) -> Outcomes:
        match statement.command:
            case Call() as call:
                return self._commands.call(call, statement.redirects, state, tested)
            case Declare() as declare:
                assigned = self._commands.assign(declare.assignments, state)
                return {
                    Outcome(Way.NEXT, one.ended().slips(f"`{declare.kind}` hides its status"))
                    for one, _ in assigned
                }
            case Test() as test:
                return self._commands.check(test, test.words, state, tested)
            case Compute() as compute:
                answer, depends = arithmetic_answer(compute.expressions, state)
                return self._commands.answered(compute, answer, depends, state, tested)
            case AndOr() as both:
                return self._and_or(both, state, tested)
            case Pipeline() as pipeline:
                return self.settled(self._pipeline(pipeline, state, tested), tested=tested)
            case Group() as group if group.subshell:
                return self.settled(self.apart(group.body, state, tested=tested), tested=tested)
            case Group() as group:
                return self.body(group.body, state, tested=tested)
            case If() as choice:
                return self._if(choice, state, tested)
            case Loop() as loop:
                return self._loop(loop, state, tested)
            case Case() as case:
                return self._case(case, state, tested)
        return {Outcome(Way.NEXT, state.ended())}

    def _job(self, statement: Statement, state: State) -> Outcomes:
        """`command &`: the status is for whoever waits."""
        if id(statement) not in self._jobs:
            self._jobs[id(statement)] = replace(statement, background=False)
        alone = (self._jobs[id(statement)],)
        found: Outcomes = set()
        for outcome in self.apart(alone, state, tested=False, background=True):
            after = outcome.state
            lost = after.failed and not state.failed
            after = after.but(job=after.job or lost, ok=True, tells=False)
            found.add(Outcome(Way.NEXT, after.slips("it runs in the background") if lost else after))
        return found

    def _and_or(self, both: AndOr, state: State, tested: bool) -> Outcomes:
        plain: Outcomes = set()
        asked: dict[bool, Outcomes] = {}
        entered = (
            state.within(Scope.CONDITION) if both.op == "&&" and ends_a_wait(both.right, state) else state
        )
        for outcome in self.statement(both.left, entered, tested=True):
            outcome = outcome.at(outcome.state.back_in(state.scope))
            at = outcome.state
            if outcome.way is not Way.NEXT:
                plain.add(outcome)
                continue
            after = {Outcome(Way.NEXT, at)}
            if at.ok is (both.op == "&&"):
                after = self._branch((both.right,), outcome, tested)
                if both.op == "||" and at.failed and at.tells:
                    after = {excused(one) for one in after}
            if outcome.asked:
                asked.setdefault(at.ok, set()).update(after)
            else:
                plain |= after
        return plain | loudest(list(asked.values()))

    def _branch(self, body: Body, outcome: Outcome, tested: bool) -> Outcomes:
        """What is done because a command answered as it did."""
        before = outcome.state
        entered = (
            before.within(Scope.CAUSED) if before.tells and before.failed and not outcome.asked else before
        )
        after = self.body(body, entered, tested=tested)
        return {one.at(one.state.back_in(before.scope)) for one in after}

    def _if(self, choice: If, state: State, tested: bool) -> Outcomes:
        plain: Outcomes = set()
        asked: dict[bool, Outcomes] = {}
        for outcome in self.body(choice.condition, state.within(Scope.CONDITION), tested=True):
            outcome = outcome.at(outcome.state.back_in(state.scope))
            if outcome.way is not Way.NEXT:
                plain.add(outcome)
                continue
            body = choice.then if outcome.state.ok else choice.otherwise
            after = self._branch(body, outcome, tested)
            if not body:
                after = {Outcome(Way.NEXT, outcome.state.slips("the `if` lets it pass").ended())}
            if outcome.asked:
                asked.setdefault(outcome.state.ok, set()).update(after)
            else:
                plain |= after
        return plain | loudest(list(asked.values()))

    def _case(self, case: Case, state: State, tested: bool) -> Outcomes:
        found: list[Outcomes] = []
        for one, bad in self._commands.substituted((case.word,), state):
            value = Told.TEXT if bad else known_value(case.word, one)
            asked = one.failed and (isinstance(value, Told) or one.told(case.word.names))
            branches: list[Outcomes] = []
            for patterns, body in case.branches:
                if value is Told.STATUS and all(pattern.text == "0" for pattern in patterns):
                    continue
                branches.append(self._branch(body, Outcome(Way.NEXT, one.ended(), asked), tested))
            if not any(pattern.text == "*" for patterns, _ in case.branches for pattern in patterns):
                branches.append({Outcome(Way.NEXT, one.ended())})
            found.append(loudest(branches) if asked else set().union(*branches))
        return set().union(*found)

    def _pipeline(self, pipeline: Pipeline, state: State, tested: bool) -> Outcomes:
        states = {(state, False)}
        for part in pipeline.parts[:-1]:
            states = {
                (
                    outcome.state.but(ok=state.ok, tells=False, spoilt=False),
                    broken or outcome.asked or spoils(outcome.state),
                )
                for one, broken in states
                for outcome in self.apart((part,), one, tested=tested)
            }
        found: Outcomes = set()
        last = pipeline.parts[-1]
        for one, broken in states:
            for outcome in self.apart((last,), one, tested=tested):
                if not broken or outcome.way is Way.CAUGHT:
                    found.add(outcome)
                elif one.pipefail:
                    found.add(outcome.at(outcome.state.but(ok=False, tells=True)))
                elif verifies(last):
                    bad = Outcome(Way.NEXT, outcome.state.but(ok=False, tells=True), asked=tested)
                    found |= {bad, bad.at(outcome.state.ended())} if tested else {bad}
                else:
                    found.add(outcome.at(outcome.state.slips("the pipeline reports only its last command")))
        return found

    def _loop(self, loop: Loop, state: State, tested: bool) -> Outcomes:
        inside = self._scope_of(loop)
        once = (
            loop.kind == "for"
            and loop.items is not None
            and len(loop.items) == 1
            and _is_one(loop.items[0].text)
        )
        found: Outcomes = set()
        states = {state.within(inside)}
        for _ in range(1 if once else _TURNS):
            entering: set[State] = set()
            for one in states:
                if loop.condition:
                    entered, left = self._condition(loop, one)
                    entering |= entered
                    found |= left
                else:
                    entering.add(one)
            states = set()
            for one in entering:
                following, left = self._turn(loop, one.but(ran=False), tested)
                states |= following
                found |= left
                if not loop.condition and not is_endless(loop):
                    given_up = one.fault is Fault.STUCK
                    found |= {
                        Outcome(Way.NEXT, at) for at in following if given_up or at.fault is not Fault.STUCK
                    }
        left_with = {left_loop(outcome) for outcome in found}
        return {one.at(one.state.back_in(state.scope)) for one in left_with}

    def _scope_of(self, loop: Loop) -> Scope:
        if id(loop) not in self.program.scopes:
            tests = tests_something(loop, self.program)
            self.program.scopes[id(loop)] = Scope.LOOP | (Scope.TESTING_LOOP if tests else Scope.PLAIN)
        return self.program.scopes[id(loop)]

    def _condition(self, loop: Loop, state: State) -> tuple[set[State], Outcomes]:
        """The states that enter another turn, and the outcomes that leave the loop."""
        entering: set[State] = set()
        left: Outcomes = set()
        scope = state.scope
        for outcome in self.body(loop.condition, state.within(Scope.LOOP_CONDITION), tested=True):
            after = outcome.state.back_in(scope)
            if outcome.way is not Way.NEXT:
                left.add(outcome.at(after))
                continue
            newly = after.failed and not state.failed
            if after.ok is (loop.kind == "while"):
                entering.add(stuck(loop, after) if newly or (outcome.asked and after.failed) else after)
            elif is_endless(loop) or (outcome.asked and after.failed):
                continue
            elif newly and after.tells:
                left.add(Outcome(Way.CAUGHT, after))
            else:
                left.add(Outcome(Way.NEXT, after.ended()))
        return entering, left

    def _turn(self, loop: Loop, state: State, tested: bool) -> tuple[set[State], Outcomes]:
        """One turn: the states after it, and the outcomes that leave the loop."""
        outcomes = self.body(loop.body, state, tested=tested)
        tried = [one for one in outcomes if one.state.ran and not one.state.failed]
        retries = any(leaves(one) for one in tried) and not any(
            leaves(one) for one in outcomes if one.state.failed
        )
        following: set[State] = set()
        left: Outcomes = set()
        for outcome in outcomes:
            after = outcome.state
            if outcome.way in (Way.NEXT, Way.CONTINUE):
                again = retries and after.fault is Fault.FIRED
                following.add(stuck(loop, after) if again else after)
            elif outcome.way is Way.BREAK:
                left.add(Outcome(Way.NEXT, after.ended()))
            else:
                left.add(outcome)
        return following, left

    def _at_exit(self, outcome: Outcome) -> Outcomes:
        state = outcome.state
        if outcome.way is Way.CAUGHT:
            return {outcome}
        if state.exit_trap is None or (not state.failed and id(state.exit_trap) in self._trapped):
            return {Outcome(Way.EXIT, state)}
        self._trapped.add(id(state.exit_trap))
        found: Outcomes = set()
        for after in self.body(state.exit_trap, state.but(exit_trap=None, errexit=False), tested=True):
            ended = after.state.slips("the EXIT trap ends with its own status")
            found.add(Outcome(Way.EXIT, ended if after.way is Way.EXIT else state))
        return found


def _is_one(text: str) -> bool:
    return not any(character in text for character in "$*?[{")
