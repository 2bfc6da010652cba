"""A static criterion: whom it judges in a project, and how."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from dayzero.analysis.init_detection import inits_of
from dayzero.compose.project import ComposeProject

Names = Callable[[ComposeProject], Sequence[str]]


@dataclass(frozen=True)
class Rule:
    """One half of a criterion, or all of it, as a function that fills in a verdict.

    judge takes who is judged (an `InitService`, or a name that `names` gives; None where there is nobody), then the
    project and the verdict; it ends as `core.verdict` says. Its docstring tells the scenario: Given, When, Then.
    """

    id: str
    clauses: tuple[str, ...]
    judge: Callable[..., None]
    names: Names | None
    subject: str | None

    @property
    def of_inits(self) -> bool:
        """Whether inits are judged, each for itself."""
        return self.names is init_names

    @property
    def first_parameter(self) -> str:
        """What `judge` calls whom it judges."""
        return next(iter(inspect.signature(self.judge).parameters))

    def names_in(self, project: ComposeProject) -> list[str]:
        """Whom it judges in a project, each once; nobody where it judges the project as a whole."""
        return list(dict.fromkeys(self.names(project))) if self.names is not None else []


def init_names(project: ComposeProject) -> list[str]:
    """The inits of a project."""
    return [init.name for init in inits_of(project)]


def rule(
    id: str,  # noqa: A002
    *clauses: str,
    names: Names | None = init_names,
    subject: str | None = None,
) -> Callable[[Callable[..., None]], Rule]:
    """Make a rule of a function: for the criterion `id`, from these clauses of the specification.

    names: whom it judges, each for itself; None for the project as a whole, which the verdict calls `subject`.
    """
    return lambda judge: Rule(id, clauses, judge, names, subject)


def all_rules() -> list[Rule]:
    """Every rule of this package, in the order of the criteria."""
    found: list[Any] = []
    package = import_module("dayzero.rules")
    for module in sorted(one.name for one in iter_modules(package.__path__) if one.name.startswith("cfg_")):
        members = vars(import_module(f"dayzero.rules.{module}")).values()
        found += [one for one in members if isinstance(one, Rule)]
    return found
