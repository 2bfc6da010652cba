"""Every step that a script can come to, and where."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from dayzero.shell.interpreter.executor import Execution
from dayzero.shell.interpreter.state import Scope, State
from dayzero.shell.program import ShellProgram
from dayzero.shell.step import Step


@dataclass
class Reached:
    """A step, and in which surroundings the script comes to it."""

    step: Step
    scopes: set[Scope] = field(default_factory=set)

    def ever_outside(self, scope: Scope) -> bool:
        """Whether the script comes to it somewhere that is none of `scope`."""
        return any(not one & scope for one in self.scopes)

    def ever_within(self, scope: Scope) -> bool:
        return any(one & scope for one in self.scopes)


@functools.lru_cache(maxsize=4)
def steps_of(program: ShellProgram) -> list[Reached]:
    """Every step that the script can come to, as it is read. Raises TooInvolved."""
    found: dict[tuple[int, str], Reached] = {}

    def visit(step: Step, state: State) -> None:
        found.setdefault(step.key, Reached(step)).scopes.add(state.scope)

    Execution(program, visit=visit).run()
    return sorted(found.values(), key=lambda one: program.order(one.step.call))
