"""The catalogue promises nothing that nobody looks at: each criterion has a test, something it catches, and something
unusual that it lets pass."""

from __future__ import annotations

import json

import pytest

from dayzero.core.catalogue import FAMILIES, load_catalogue
from dayzero.report.criterion_index import index_of, without_parameters
from dayzero.selftest.expectations import expectations_of
from dayzero.selftest.suite_run import run_suite
from dayzero.stack.variant import read_statements, read_variant
from tests.unit.conftest import ROOT

STACKS = ROOT / "fixtures" / "stacks"
PLANTED = ROOT / "tests" / "selfcheck" / "planted"


def of_family(prefix: str) -> list[str]:
    return [id_ for id_, promise in load_catalogue().items() if promise.family == FAMILIES[prefix]]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, ...]]:
    """The criteria of every test that pytest collects in this checkout, by node id."""
    folder = tmp_path_factory.mktemp("collected")
    run = run_suite(
        [
            "-ptests.unit.repository.collected_criteria",
            "--collect-only",
            "-q",
            f"--collected={folder / 'all.json'}",
        ],
        folder,
    )
    assert run.code == 0, run.output
    found = json.loads((folder / "all.json").read_text(encoding="utf-8"))
    return {nodeid: tuple(criteria) for nodeid, criteria in found.items()}


@pytest.mark.parametrize("criterion", load_catalogue())
def test_a_test_judges_it(criterion: str, collected: dict[str, tuple[str, ...]]) -> None:
    """Given a criterion of the catalogue,
    when every test of the checkout is collected,
    then at least one of them judges it."""
    assert [nodeid for nodeid, criteria in collected.items() if criterion in criteria], (
        f'no test has @criterion("{criterion}"): write one, or take the promise out of src/dayzero/core/criteria.yml'
    )


def test_what_a_run_says_of_tests_that_it_left_out_is_true(collected: dict[str, tuple[str, ...]]) -> None:
    """Given every test that pytest collects,
    when the decorators are read from the files alone, as the report does,
    then both name the same criteria for the same tests."""
    assert index_of(ROOT) == {
        without_parameters(nodeid): criteria for nodeid, criteria in collected.items() if criteria
    }


@pytest.mark.parametrize("criterion", of_family("CFG"))
def test_a_static_criterion_has_a_bad_and_a_good_stack(criterion: str) -> None:
    """Given a criterion that is read from files,
    when the stacks under fixtures/stacks/static are searched for it,
    then one states that it must be caught, and one that it must be let pass."""
    stated = {
        one.expect
        for folder in (STACKS / "static").iterdir()
        for one in expectations_of(folder)
        if one.criterion == criterion
    }
    assert {"fail", "pass"} <= stated, f"{criterion} has stacks that {', '.join(sorted(stated)) or 'nothing'}"


@pytest.mark.parametrize("criterion", of_family("RUN"))
def test_a_runtime_criterion_has_a_bad_and_a_good_variant(criterion: str) -> None:
    """Given a criterion of the running stack,
    when the variants under fixtures/stacks/runtime are searched for it,
    then one states that it breaks it, and one that it conforms."""
    stated = {
        one.kind
        for folder in (STACKS / "runtime").iterdir()
        for one in read_variant(folder).statements
        if one.criterion == criterion
    }
    assert {"breaks", "conforms"} <= stated, (
        f"{criterion} has variants for {', '.join(sorted(stated)) or 'nothing'}"
    )


@pytest.mark.parametrize("criterion", of_family("SUITE"))
def test_a_criterion_of_the_suite_names_what_it_catches(criterion: str) -> None:
    """Given a criterion of the suite itself,
    when the faults that are planted in the suite are searched for it,
    then one states that it breaks it."""
    stated = {
        one.kind
        for file in PLANTED.glob("*.py")
        for one in read_statements(file)
        if one.criterion == criterion
    }
    assert "breaks" in stated, f"{criterion}: no plugin under tests/selfcheck/planted that it must catch"
