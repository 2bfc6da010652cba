"""How a rule about shell judges the program of one init, and when its silence proves nothing."""

from __future__ import annotations

from collections.abc import Callable

from dayzero.analysis.init_command import DirectCommand
from dayzero.core.finding import CannotTell, Finding
from dayzero.shell.display import quoted
from dayzero.shell.effects import Role, hides_its_work
from dayzero.shell.interpreter.executor import TooInvolved
from dayzero.shell.program import ShellProgram
from dayzero.shell.reachability import steps_of


def direct_finding(command: DirectCommand, why: str) -> list[Finding]:
    """One finding about a program that is started without a shell; none if there is nothing to say against it."""
    return [Finding(command.source, quoted(command.run.words), why)] if why else []


def judged(
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


def nothing_else_runs(program: ShellProgram) -> None:
    """Raises CannotTell if all that the script does is to start a program that cannot be seen."""
    steps = [one.step for one in steps_of(program) if one.step.role not in (Role.QUIET, Role.TEST)]
    if len(steps) == 1 and hides_its_work(steps[0].run):
        raise CannotTell(
            f"the script only starts `{quoted(steps[0].run.words)}`, which no shell file here shows"
        )


def every_script_is_seen(program: ShellProgram) -> None:
    """Raises CannotTell if nothing_else_runs does, or if a shell script is called that is not there."""
    nothing_else_runs(program)
    for one in steps_of(program):
        run = one.step.run
        unnamed = run.name.startswith("$") and run.name not in ("$@", "$*")
        unnamed = unnamed or run.name.endswith((".sh", ".bash"))
        if unnamed and hides_its_work(run):
            called = run.words[0].text
            raise CannotTell(f"the script calls `{called}`, and no file here shows what that is")
    if program.unreadable:
        raise CannotTell(f"a part of the script cannot be read: {program.unreadable[0]}")
