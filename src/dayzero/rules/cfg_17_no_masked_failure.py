"""CFG-17: a step of the work whose failure the init hides: it ends 0 all the same, or never ends."""

from __future__ import annotations

from dayzero.analysis.init_command import DirectCommand, init_command
from dayzero.analysis.init_detection import InitService
from dayzero.analysis.init_script import direct_finding, every_script_is_seen, judged
from dayzero.compose.project import ComposeProject, Service
from dayzero.core.finding import Finding
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule
from dayzero.shell.display import quoted
from dayzero.shell.effects import Role, role_of, serves
from dayzero.shell.interpreter.executor import Execution
from dayzero.shell.interpreter.state import Scope, State, Way
from dayzero.shell.loops import is_endless
from dayzero.shell.program import ShellProgram
from dayzero.shell.reachability import Reached, steps_of
from dayzero.shell.refusal_status import why_silent
from dayzero.shell.step import Step
from dayzero.shell.syntax import Loop, calls_in, nodes_in

_CHECKS = 4
"""How many checks of one script are followed both ways, each on its own; every one doubles the time."""


def check(init: Service) -> list[Finding]:
    """The steps of an init whose failure it hides. Raises CannotTell where the files do not show what decides."""
    command = init_command(init)
    if isinstance(command, DirectCommand):
        idle = role_of(command.run) is Role.IDLE
        return direct_finding(command, "the init never ends" if idle else why_silent(command.run))
    return judged(masked_failures, command, if_clean=every_script_is_seen)


def masked_failures(program: ShellProgram) -> list[Finding]:
    """Every step of the work that may fail while the init ends 0, and every command that keeps it from ending."""
    reached = steps_of(program)
    found = [*_idling(program, reached)]
    for one in _work(reached):
        why = _masked(program, one.step)
        if why:
            found.append((program.order(one.step.call), _finding(program, one.step, why)))
    return [finding for _, finding in sorted(found, key=lambda pair: pair[0])]


def _work(reached: list[Reached]) -> list[Reached]:
    """The steps whose failure counts: what prepares or looks counts only where there is nothing else."""
    tiers = [[one for one in reached if _is_work(one)]]
    tiers += [
        [one for one in reached if one.step.role is role] for role in (Role.UNKNOWN, Role.MINOR, Role.PROBE)
    ]
    return next((tier for tier in tiers if tier), [])


def _is_work(reached: Reached) -> bool:
    """Whether its failure is a failure of the init's work, and no answer that the script asked for."""
    looks = Scope.CONDITION | Scope.LOOP_CONDITION | Scope.SUBSTITUTION
    if serves(reached.step.run) and not reached.ever_outside(Scope.BACKGROUND):
        return False
    match reached.step.role:
        case Role.UNKNOWN:
            return reached.ever_outside(looks)
        case Role.LOGIN:
            return reached.ever_outside(looks | Scope.LOOP)
    return reached.step.role is Role.CHANGE


def _masked(program: ShellProgram, step: Step) -> str:
    """How the init can end 0 after the step failed; empty if it cannot."""
    silent = why_silent(step.run, step.redirects)
    missed = _missed(program, step, bool(silent), {})
    if not missed:
        return ""
    if silent:
        return silent
    ways = sorted({state.slipped for state in missed} - {""}) or ["its status is lost"]
    return f"the init can end 0 after it failed: {ways[0]}"


def _missed(program: ShellProgram, step: Step, silent: bool, answers: dict[int, bool]) -> set[State]:
    """The states in which the script ends 0 although the step failed, its checks coming out as well as they can."""
    execution = Execution(program, step, silent=silent, answers=answers)
    missed = {
        end.state for end in execution.run() if end.way is Way.EXIT and end.state.ok and end.state.failed
    }
    check = next(iter(execution.asked), None)
    if not missed or check is None or len(answers) >= _CHECKS:
        return missed
    for answer in (False, True):
        if not _missed(program, step, silent, {**answers, check: answer}):
            return set()
    return missed


def _idling(program: ShellProgram, reached: list[Reached]) -> list[tuple[tuple[str, int, int], Finding]]:
    found = []
    for one in reached:
        if one.step.role is not Role.IDLE or one.step.run.limited:
            continue
        if one.ever_outside(Scope.BACKGROUND):
            why = "the init never ends, so nobody learns how its work went"
            found.append((program.order(one.step.call), _finding(program, one.step, why)))
    calls = {id(one.step.call) for one in reached}
    for node in nodes_in(program.body):
        if isinstance(node, Loop) and is_endless(node) and not _is_left(node, program):
            inside = [call for call in calls_in(node) if id(call) in calls]
            if inside:
                why = "the loop never ends, so nobody learns how the work went"
                found.append((program.order(node), Finding(program.source(node), f"{node.kind} true", why)))
    return found


def _is_left(loop: Loop, program: ShellProgram) -> bool:
    return any(
        call.words
        and (
            call.words[0].text in ("break", "exit", "return", "exec")
            or call.words[0].text in program.functions
        )
        for call in calls_in(loop.body)
    )


def _finding(program: ShellProgram, step: Step, why: str) -> Finding:
    return Finding(program.source(step.call), quoted(step.run.words), why)


@rule("CFG-17", "SPEC-AUTO-01", "REQ-SPC-AUTO-002")
def a_failed_step_shows_in_the_exit_code(
    init: InitService, project: ComposeProject, verdict: Verdict
) -> None:
    """Given an init service,
    when each step of its work is thought to fail, one at a time,
    then its script cannot end with 0, and it does end.
    """
    verdict.subject = init.name
    verdict.expected = "no way to end with 0 after a step of the work failed"
    verdict.look = (
        "set -e (and pipefail), && or || exit 1 between steps, curl --fail, psql ON_ERROR_STOP; no idling"
    )
    masked = check(init)
    verdict.observed = "; ".join(map(str, masked)) or "every failed step shows"
    verdict.source = masked[0].source if masked else None
    verdict.check(not masked)
