"""What a failure turns into where the flow of a script joins again."""

from __future__ import annotations

from dayzero.shell.command import run_of
from dayzero.shell.interpreter.state import Fault, Outcome, Scope, State, Told, Way
from dayzero.shell.syntax import Assignment, Call, Loop, Statement, nodes_in


def gone_on(state: State) -> State:
    """The next command runs although this one failed."""
    return state.slips("no errexit, and the next command goes on") if state.tells and not state.ok else state


def spoils(state: State) -> bool:
    """Whether what a part of a pipeline hands on is not what it should be."""
    return state.failed and (state.spoilt or (state.tells and not state.ok))


def excused(outcome: Outcome) -> Outcome:
    """What stands behind `||` has succeeded in the failed command's place."""
    if outcome.way is not Way.NEXT or not outcome.state.ok:
        return outcome
    return outcome.at(outcome.state.but(excused=True).slips("what follows `||` lets it pass"))


def leaves(outcome: Outcome) -> bool:
    """Whether a turn of a loop ends the loop, and not for a failure."""
    return outcome.way is Way.BREAK or (outcome.way in (Way.RETURN, Way.EXIT) and outcome.state.ok)


def ends_a_wait(statement: Statement, state: State) -> bool:
    """`… && break` in a loop: what stands before it is asked whether the waiting is over."""
    call = statement.command
    if not state.scope & Scope.LOOP or not isinstance(call, Call) or not call.words:
        return False
    texts = [word.text for word in call.words]
    return texts[0] == "break" or texts in (["return"], ["return", "0"], ["exit", "0"])


def stuck(loop: Loop, state: State) -> State:
    """A step that is tried again, and fails each time: the variables of the loop tell how often."""
    names = {node.name for node in nodes_in(loop) if isinstance(node, Assignment)} | {loop.variable} - {""}
    for name in names:
        if state.value(name) is None:
            state = state.assigned(name, Told.TEXT)
    return state.but(fault=Fault.STUCK)


def left_loop(outcome: Outcome) -> Outcome:
    """A retry that was given up."""
    state = outcome.state
    if state.fault is not Fault.STUCK:
        return outcome
    return outcome.at(state.but(fault=Fault.FIRED).slips("the retries end and the script goes on"))


def verifies(statement: Statement) -> bool:
    """Whether the end of a pipeline fails when what it reads is not as expected."""
    if not isinstance(statement.command, Call) or statement.negated:
        return False
    run = run_of(statement.command.words)
    if run is None:
        return False
    if run.name in ("grep", "egrep", "fgrep", "rg"):
        return not any(
            word.startswith("-") and not word.startswith("--") and "v" in word for word in run.arguments
        )
    return run.name == "jq" and any(word in ("-e", "--exit-status", "-er", "-re") for word in run.arguments)
