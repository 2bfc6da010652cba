"""What an account may do and what its target must refuse it: a matrix whose every cell is tried for real (RUN-16).

A cell is an account and an action, carried out through a real client with the account's own secret. The answer is the
target's: it did it, or it refused in its own words. That a client failed, or that nobody answered, is neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from dayzero.core.errors import StackUnusable

Action = Callable[[], object]
"""Returns when the target did what it was asked; raises Refused when the target said no."""


class Refused(Exception):
    """The target itself refused: it knows who asks and does not let them, or does not let them in. In its own words."""


@dataclass(frozen=True)
class Cell:
    """One account and one action. `undo` puts right what an action has done that should have been refused."""

    account: str
    action: str
    allowed: bool
    attempt: Action
    undo: Action | None = None

    def __str__(self) -> str:
        return f"{self.account}: {self.action}"


@dataclass(frozen=True)
class Answer:
    """What the target said to a cell; `refusal` is "" when it did what it was asked."""

    cell: Cell
    refusal: str

    @property
    def is_right(self) -> bool:
        """Whether it is what the account was meant to get."""
        return self.cell.allowed == (not self.refusal)


def cells_of(
    account: str,
    actions: Mapping[str, Action],
    allowed: Collection[str],
    undo: Mapping[str, Action] | None = None,
) -> list[Cell]:
    """One account's row: every action, of which it is `allowed` some. Raises KeyError for an unknown one."""
    unknown = sorted({*allowed, *(undo or {})} - actions.keys())
    if unknown:
        raise KeyError(f"{account}: nobody tries {', '.join(unknown)}")
    return [
        Cell(account, action, action in allowed, attempt, (undo or {}).get(action))
        for action, attempt in actions.items()
    ]


def tried(cells: Iterable[Cell]) -> list[Answer]:
    """Try every cell. Raises StackUnusable, naming the cell, when neither a deed nor a refusal came of one."""
    answers = []
    for cell in cells:
        try:
            cell.attempt()
        except Refused as refusal:
            answers.append(Answer(cell, " ".join(str(refusal).split())[:200] or "refused"))
        except Exception as problem:
            words = f"{type(problem).__name__}: {' '.join(str(problem).split())[:300]}"
            raise StackUnusable(
                f"{cell} was neither done nor refused ({words}): see whether the target is well"
            ) from problem
        else:
            answers.append(Answer(cell, ""))
            if cell.undo and not cell.allowed:
                cell.undo()
    return answers
