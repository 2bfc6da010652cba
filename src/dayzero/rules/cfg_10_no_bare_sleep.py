"""CFG-10: a pause that puts steps in order, where nothing is tested."""

from __future__ import annotations

import re

from dayzero.analysis.init_command import DirectCommand, init_command
from dayzero.analysis.init_detection import InitService
from dayzero.analysis.init_script import direct_finding, judged, nothing_else_runs
from dayzero.compose.project import ComposeProject, Service
from dayzero.core.finding import Finding
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule
from dayzero.shell.display import quoted
from dayzero.shell.effects import Role, role_of
from dayzero.shell.interpreter.executor import Execution
from dayzero.shell.interpreter.state import Scope, State
from dayzero.shell.program import ShellProgram
from dayzero.shell.reachability import steps_of
from dayzero.shell.step import Step

STEPS = frozenset({Role.PROBE, Role.MINOR, Role.LOGIN, Role.CHANGE, Role.UNKNOWN})
_PAUSE_INSIDE = re.compile(
    r"\bpg_sleep\s*\(|\btime\.sleep\s*\(|\bwaitfor\s+delay\b|(?<![\w.])sleep\s*\(\s*\d", re.IGNORECASE
)
_LOOP_INSIDE = re.compile(r"\b(while|for|do|loop|until)\b", re.IGNORECASE)


def check(init: Service) -> list[Finding]:
    """The pauses of an init that put steps in order. Raises CannotTell where the files do not show what decides."""
    command = init_command(init)
    if isinstance(command, DirectCommand):
        pauses = role_of(command.run) is Role.SLEEP
        why = "the init only pauses; what waits for it is ordered by time alone" if pauses else ""
        return direct_finding(command, why)
    return judged(bare_sleeps, command, if_clean=nothing_else_runs)


def bare_sleeps(program: ShellProgram) -> list[Finding]:
    """Every pause outside a loop that tests something, if a step follows it or it is all that the script does."""
    reached = steps_of(program)
    alone = not any(one.step.role in STEPS for one in reached)
    bare = [
        one.step
        for one in reached
        if (one.step.role is Role.SLEEP or _pauses_inside(one.step))
        and one.ever_outside(Scope.TESTING_LOOP | Scope.BACKGROUND)
    ]
    found = [step for step in bare if alone or _orders(program, step)]
    return [
        Finding(program.source(step.call), quoted(step.run.words), _why(step, alone=alone)) for step in found
    ]


def _orders(program: ShellProgram, pause: Step) -> bool:
    """Whether a step can come after the pause."""
    followed = pause.role is not Role.SLEEP

    def visit(step: Step, state: State) -> None:
        nonlocal followed
        followed = followed or (state.failed and step.role in STEPS)

    Execution(program, pause, silent=True, visit=visit).run()
    return followed


def _pauses_inside(step: Step) -> bool:
    """A pause in the SQL, JavaScript or Python that a client is given, outside any loop of that language."""
    if step.role not in STEPS:
        return False
    texts = [word.text for word in step.run.words[1:]]
    texts += [redirect.text.text for redirect in step.redirects if redirect.text is not None]
    return any(_PAUSE_INSIDE.search(text) and not _LOOP_INSIDE.search(text) for text in texts)


def _why(step: Step, *, alone: bool) -> str:
    if alone:
        return "the init only pauses; what waits for it is ordered by time alone"
    if step.role is not Role.SLEEP:
        return "a pause inside the statements orders them by time, and nothing is tested"
    return "the steps after it are ordered by time, and nothing is tested"


@rule("CFG-10", "002 §8", "004 §4")
def no_step_is_ordered_by_a_bare_sleep(init: InitService, project: ComposeProject, verdict: Verdict) -> None:
    """Given an init service,
    when its inline commands and scripts are followed from where the container starts,
    then no sleep stands outside a loop that tests something with a step after it.
    """
    verdict.subject = init.name
    verdict.expected = "a sleep only inside a loop that tests what it waits for"
    verdict.look = (
        "wait for the thing itself: service_healthy in depends_on, or a bounded loop around a probe"
    )
    sleeps = check(init)
    verdict.observed = "; ".join(map(str, sleeps)) or "no bare sleep"
    verdict.source = sleeps[0].source if sleeps else None
    verdict.check(not sleeps)
