"""The shell of one init as the rules see it: bare sleeps (CFG-10), endless waits (CFG-16), hidden failures (CFG-17)."""

from __future__ import annotations

from collections.abc import Callable

from dayzero.analysis.init_command import DirectCommand, init_command
from dayzero.compose.project import Service
from dayzero.core.finding import CannotTell, Finding
from dayzero.rules.cfg_10_no_bare_sleep import bare_sleeps
from dayzero.rules.cfg_16_bounded_wait import attempts_without_limit, unbounded_client, unbounded_waits
from dayzero.rules.cfg_17_no_masked_failure import masked_failures
from dayzero.shell.display import quoted
from dayzero.shell.effects import Role, hides_its_work, role_of
from dayzero.shell.interpreter.executor import TooInvolved
from dayzero.shell.program import ShellProgram
from dayzero.shell.reachability import steps_of
from dayzero.shell.refusal_status import why_silent


class InitScript:
    """What one init runs, judged. Every rule raises CannotTell where the files do not show what decides."""

    def __init__(self, init: Service) -> None:
        self._command = init_command(init)

    def bare_sleeps(self) -> list[Finding]:
        """CFG-10."""
        if isinstance(self._command, DirectCommand):
            pauses = role_of(self._command.run) is Role.SLEEP
            return self._direct(
                "the init only pauses; what waits for it is ordered by time alone" if pauses else ""
            )
        return _judged(bare_sleeps, self._command, if_clean=_nothing_else_runs)

    def unbounded_waits(self) -> list[Finding]:
        """CFG-16."""
        if isinstance(self._command, DirectCommand):
            return self._direct(unbounded_client(self._command.run))
        return _judged(unbounded_waits, self._command, if_clean=_every_script_is_seen)

    def attempts_without_limit(self) -> list[Finding]:
        """CFG-16's second half: nothing that a waiting loop repeats may take all the time for itself."""
        if isinstance(self._command, DirectCommand):
            return []
        return _judged(attempts_without_limit, self._command, if_clean=_every_script_is_seen)

    def masked_failures(self) -> list[Finding]:
        """CFG-17."""
        if isinstance(self._command, DirectCommand):
            idle = role_of(self._command.run) is Role.IDLE
            return self._direct("the init never ends" if idle else why_silent(self._command.run))
        return _judged(masked_failures, self._command, if_clean=_every_script_is_seen)

    def _direct(self, why: str) -> list[Finding]:
        assert isinstance(self._command, DirectCommand)
        return [Finding(self._command.source, quoted(self._command.run.words), why)] if why else []


def _judged(
    rule: Callable[[ShellProgram], list[Finding]],
    program: ShellProgram,
    if_clean: Callable[[ShellProgram], None],
) -> list[Finding]:
    """What a rule finds; where it finds nothing, `if_clean` raises CannotTell if that proves nothing."""
    try:
        found = rule(program)
        if not found:
            if_clean(program)
    except TooInvolved as error:
        raise CannotTell("the script branches too much to be followed") from error
    return found


def _nothing_else_runs(program: ShellProgram) -> None:
    """Raises CannotTell if all that the script does is to start a program that cannot be seen."""
    steps = [one.step for one in steps_of(program) if one.step.role not in (Role.QUIET, Role.TEST)]
    if len(steps) == 1 and hides_its_work(steps[0].run):
        raise CannotTell(
            f"the script only starts `{quoted(steps[0].run.words)}`, which no shell file here shows"
        )


def _every_script_is_seen(program: ShellProgram) -> None:
    """The same, and if a shell script is called that is not there."""
    _nothing_else_runs(program)
    for one in steps_of(program):
        run = one.step.run
        unnamed = run.name.startswith("$") and run.name not in ("$@", "$*")
        unnamed = unnamed or run.name.endswith((".sh", ".bash"))
        if unnamed and hides_its_work(run):
            called = run.words[0].text
            raise CannotTell(f"the script calls `{called}`, and no file here shows what that is")
    if program.unreadable:
        raise CannotTell(f"a part of the script cannot be read: {program.unreadable[0]}")
