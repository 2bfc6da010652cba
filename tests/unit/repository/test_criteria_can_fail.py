"""A test of a criterion fails the stack by its verdict, and by nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.conftest import ROOT

JUDGING = ("check", "within")
"""The methods of a verdict that fail the stack."""


def _judging_modules() -> Iterator[Path]:
    """All but the unit tests, which write small suites of their own."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        if "unit" not in file.parts and "@criterion(" in file.read_text(encoding="utf-8"):
            yield file
    yield from sorted((ROOT / "src" / "dayzero" / "rules").glob("cfg_*.py"))


MODULES = list(_judging_modules())


def _is_criterion(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(one).startswith(("criterion(", "rule(")) for one in function.decorator_list)


def _judges(function: ast.FunctionDef, module: dict[str, ast.FunctionDef]) -> bool:
    """Whether a check of the verdict stands in the function, or in one of its module that it hands the verdict to."""
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        if ast.unparse(call.func) in [f"verdict.{name}" for name in JUDGING]:
            return True
        helper = module.get(ast.unparse(call.func))
        handed = [ast.unparse(argument) for argument in call.args]
        if helper is not None and helper is not function and "verdict" in handed and _judges(helper, module):
            return True
    return False


def _narrows_a_type(condition: ast.expr) -> bool:
    """Which mypy needs, and which says nothing about a stack."""
    text = ast.unparse(condition)
    return text.startswith("isinstance(") or text.endswith(" is not None")


def _faults(source: str) -> list[str]:
    """What of a module's text could not fail the stack, or would blame it for something else."""
    tree = ast.parse(source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found = [
        f"{name}: no verdict.{' or '.join(JUDGING)}, so it cannot fail"
        for name, function in functions.items()
        if _is_criterion(function) and not _judges(function, functions)
    ]
    found += [
        f"line {node.lineno}: `{ast.unparse(node)}` is an error when it fails; verdict.check or verdict.require"
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and not _narrows_a_type(node.test)
    ]
    return found


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_every_criterion_has_a_check(file: Path) -> None:
    """Given a module with tests of criteria,
    when its text is read,
    then each of these tests has a check of the verdict, and its assertions only narrow types."""
    assert _faults(file.read_text(encoding="utf-8")) == []


GOOD = """
@criterion("CFG-2")
def test_it(init, verdict):
    assert isinstance(init, str)
    {}

def _judge(found, verdict):
    verdict.check(not found)
"""


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ("verdict.check(init)", 0),
        ("_judge(init, verdict)", 0),
        ("for one in init: verdict.check(one)", 0),
        ("verdict.require(init, 'no init')", 1),
        ("_judge(init, other)", 1),
        ("assert init == 'x'", 2),
        ("verdict.check(init); assert init", 1),
    ],
)
def test_what_cannot_fail_is_found(body: str, faults: int) -> None:
    """Given a test of a criterion that checks something itself or through a helper, or not at all, or by an assertion,
    when its text is read,
    then each way to judge nothing is found."""
    assert len(_faults(GOOD.format(body))) == faults
