"""Tests made of rules: one for each of those whom a rule judges, with the rule's own text."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import pytest

from dayzero.core.criterion import criterion
from dayzero.pytest_plugin.static import loaded_project
from dayzero.rules.rule import Rule

_RULE = "dayzero_rule"


def judged_by(rule: Rule) -> Callable[..., None]:
    """The test function of a rule: its parameters are fixtures, or whom the rule names."""
    judge = rule.judge
    assert isinstance(judge, FunctionType)
    test = FunctionType(
        judge.__code__, judge.__globals__, judge.__name__, judge.__defaults__, judge.__closure__
    )
    test.__doc__, test.__annotations__, test.__module__ = (
        judge.__doc__,
        judge.__annotations__,
        judge.__module__,
    )
    setattr(test, _RULE, rule)
    return criterion(rule.id, *rule.clauses, subject=rule.subject)(test)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    rule: Rule | None = getattr(metafunc.function, _RULE, None)
    if rule is None or rule.of_inits or rule.judged is None or rule.names is None:
        return
    project = loaded_project(metafunc.config)
    names = list(dict.fromkeys(rule.names(project))) if project is not None else []
    metafunc.parametrize(rule.judged, names or [None], ids=names or [f"no-{rule.judged}"])
