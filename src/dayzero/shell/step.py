"""A program as a thought run reaches it."""

from __future__ import annotations

from dataclasses import dataclass

from dayzero.shell.command import Run
from dayzero.shell.effects import Role
from dayzero.shell.syntax import Call, Redirect


@dataclass(frozen=True)
class Step:
    """One step: the call that it is written in, and what that runs there."""

    call: Call
    run: Run
    role: Role
    redirects: tuple[Redirect, ...] = ()

    @property
    def key(self) -> tuple[int, str]:
        """One step is one call with one program and its arguments: `"$@"` may run several."""
        return id(self.call), self.run.text
