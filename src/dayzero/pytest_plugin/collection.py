"""pytest plugin: what a test must bring along to be collected, and which marks its folder gives it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from dayzero.core.catalogue import load_catalogue
from dayzero.core.criterion import criteria_of
from dayzero.core.scenario import parse

_MARKED_FOLDERS = ("static", "runtime", "suite", "selfcheck", "unit")


def pytest_itemcollected(item: pytest.Item) -> None:
    """tests/static gives `static`, and so on; what needs an engine elsewhere is `runtime` as well."""
    tests = item.config.rootpath / "tests"
    if not item.path.is_relative_to(tests):
        return
    folder = item.path.relative_to(tests).parts[0]
    if folder in _MARKED_FOLDERS:
        item.add_marker(folder)
    if folder == "selfcheck" and item.path.name.startswith("test_runtime_"):
        item.add_marker("runtime")


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> Generator[None, Any, Any]:
    made = yield
    for item in made if isinstance(made, list) else []:
        if isinstance(item, pytest.Function):
            _require_sound(item)
            break  # the others differ in their parameters alone
    return made


def _require_sound(item: pytest.Function) -> None:
    """Raise CollectError, in one line, unless the test's criteria are known and its docstring tells a scenario."""
    name = item.nodeid.partition("[")[0]
    marks = list(item.iter_markers("criterion"))
    for mark in marks:
        if not mark.args:
            raise pytest.Collector.CollectError(f"{name}: @criterion needs the criterion's id")
    catalogue = load_catalogue()
    for criterion in criteria_of(marks):
        promise = catalogue.get(criterion.id)
        if promise is None:
            raise pytest.Collector.CollectError(
                f"{name}: the catalogue (src/dayzero/core/criteria.yml) has no criterion {criterion.id!r}"
            )
        for clause in criterion.clauses:
            if clause not in promise.clauses:
                known = ", ".join(promise.clauses) or "none"
                raise pytest.Collector.CollectError(
                    f"{name}: {criterion.id} does not stand for clause {clause!r}; its clauses are: {known}"
                )
    if marks and parse(item.function.__doc__) is None:
        raise pytest.Collector.CollectError(
            f'{name}: its docstring must read "Given …, when …, then …"; the report is written from it'
        )
    if marks and item.get_closest_marker("xfail"):
        raise pytest.Collector.CollectError(
            f"{name}: a criterion is never expected to fail; waive a known failure in waivers.yml"
        )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of another stack, what is about the reference stack alone is not even listed."""
    if config.option.stack is not None:
        items[:] = [item for item in items if item.get_closest_marker("reference") is None]
