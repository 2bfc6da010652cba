"""Tests made of rules: one for each of those whom a rule judges, with the rule's own text."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
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
    # A copy, for what pytest notes of a test stays with its function.
    test = update_wrapper(FunctionType(judge.__code__, judge.__globals__, closure=judge.__closure__), judge)
    setattr(test, _RULE, rule)
    return criterion(rule.id, *rule.clauses, subject=rule.subject)(test)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    rule: Rule | None = getattr(metafunc.function, _RULE, None)
    if rule is None or rule.of_inits or rule.names is None:
        return
    project = loaded_project(metafunc.config)
    names = rule.names_in(project) if project is not None else []
    metafunc.parametrize(rule.first_parameter, names or [None], ids=names or [f"no-{rule.first_parameter}"])
