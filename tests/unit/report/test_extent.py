"""Judged, not judged and left out by the selection are three things, in the report and in the terminal."""

from __future__ import annotations

import pytest

from dayzero.core.catalogue import load_catalogue
from dayzero.report.criterion_index import index_of, without_parameters
from dayzero.report.extent import in_short
from tests.unit.conftest import ROOT, JudgedRun, SmallSuite

SCENARIO = '"""Given a stack, when it is read, then it is sound."""'

TWO_TESTS = f"""
@criterion('CFG-2')
@pytest.mark.parametrize('service', ['a', 'b'])
def test_first(service):
    {SCENARIO}

class TestSecond:
    @criterion('CFG-3')
    @criterion('CFG-4')
    def test_it(self):
        {SCENARIO}
"""


def told(run: JudgedRun) -> dict[str, list[str]]:
    return {kind: run.report[kind] for kind in ("judged", "left_out", "not_reached")}


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "worker"])
def test_what_is_deselected_is_left_out_and_the_rest_not_judged(
    suite: SmallSuite, workers: tuple[str, ...]
) -> None:
    """Given a checkout with tests of three criteria, of which the command line selects one,
    when it has run, with workers or without,
    then that one is judged, the two are left out, and all others, which no test judges, are not judged."""
    suite.write(TWO_TESTS, "tests/test_small.py")
    run = suite.run(None, "-k", "first", *workers, apart=bool(workers))
    assert told(run) == {"judged": ["CFG-2"], "left_out": ["CFG-3", "CFG-4"], "not_reached": []}
    assert run.report["not_judged"] == [
        id_ for id_ in load_catalogue() if id_ not in ("CFG-2", "CFG-3", "CFG-4")
    ]
    run.outcome.stdout.fnmatch_lines(
        [
            "1 criteria judged · 47 not judged · 2 left out by the selection",
            "not judged: CFG-1, CFG-5…18, RUN-1…25, SUITE-1…7",
            "left out by the selection: CFG-3…4",
        ]
    )


def test_a_file_that_was_not_asked_for_is_left_out(suite: SmallSuite) -> None:
    """Given two files with a test each,
    when the command line names one of them,
    then the criterion of the other is left out, although its test was never collected."""
    suite.write(TWO_TESTS, "tests/test_small.py")
    suite.write(f"@criterion('RUN-1')\ndef test_other():\n    {SCENARIO}\n", "tests/deeper/test_other.py")
    run = suite.run(None, "tests/deeper")
    assert told(run) == {"judged": ["RUN-1"], "left_out": ["CFG-2", "CFG-3", "CFG-4"], "not_reached": []}


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "worker"])
def test_what_the_run_did_not_come_to_is_not_reached(suite: SmallSuite, workers: tuple[str, ...]) -> None:
    """Given two tests that were selected,
    when the run stops at the first, which fails,
    then the criteria of the second are neither judged nor left out."""
    failing = TWO_TESTS.replace(SCENARIO, f"{SCENARIO}\n    assert False", 1)
    suite.write(failing, "tests/test_small.py")
    run = suite.run(None, "-x", *workers, apart=bool(workers))
    assert told(run) == {"judged": ["CFG-2"], "left_out": [], "not_reached": ["CFG-3", "CFG-4"]}


@pytest.mark.parametrize(("how", "kind"), [("leave_out", "left_out"), ("lack_judge", "not_judged")])
@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "worker"])
def test_a_skip_by_choice_does_not_count_as_judged(
    suite: SmallSuite, how: str, kind: str, workers: tuple[str, ...]
) -> None:
    """Given a test that ends as a skip because of what was chosen, or because nothing can judge this stack,
    when it has run,
    then its criterion is left out or not judged, with the reason as its result, and the others are judged."""
    suite.write(
        f"""
from dayzero.core.verdict import {how}

@criterion('CFG-2')
def test_one():
    {SCENARIO}
    {how}('it is not for us')

@criterion('CFG-3')
def test_two(verdict):
    {SCENARIO}
    verdict.not_applicable('it has none')
""",
        "tests/test_small.py",
    )
    run = suite.run(None, *workers, apart=bool(workers))
    assert run.report["judged"] == ["CFG-3"]
    assert "CFG-2" in run.report[kind]
    (first,) = [result for result in run.report["results"] if result["criterion"] == "CFG-2"]
    assert (first["status"], first["observed"]) == ("skip", "it is not for us")


def test_one_result_is_enough(suite: SmallSuite) -> None:
    """Given a criterion of which one subject is left out and another one judged,
    when the run has ended,
    then the criterion is judged."""
    suite.write(
        f"""
from dayzero.core.verdict import leave_out

@criterion('CFG-2')
@pytest.mark.parametrize('service', ['a', 'b'])
def test_one(service):
    {SCENARIO}
    if service == 'a':
        leave_out('not chosen')
""",
        "tests/test_small.py",
    )
    assert told(suite.run(None)) == {"judged": ["CFG-2"], "left_out": [], "not_reached": []}


@pytest.mark.parametrize(
    ("ids", "short"),
    [
        ([], ""),
        (["CFG-1"], "CFG-1"),
        (
            ["CFG-1", "CFG-2", "CFG-4", "CFG-5", "CFG-6", "RUN-7", "SUITE-8"],
            "CFG-1…2, CFG-4…6, RUN-7, SUITE-8",
        ),
        (["CFG-17", "CFG-18", "RUN-19"], "CFG-17…18, RUN-19"),
    ],
)
def test_ids_in_a_row_are_written_in_short(ids: list[str], short: str) -> None:
    """Given ids in the catalogue's order,
    when they are listed for people,
    then consecutive ones of a family are drawn together."""
    assert in_short(ids) == short


def test_a_node_id_is_freed_of_what_sets_one_call_apart() -> None:
    """Given node ids with parameters and an xdist group,
    when they are looked up,
    then the test itself is meant."""
    assert {
        without_parameters(f"tests/a.py::test_b{end}") for end in ("", "[x@y]", "@stack", "[x]@stack")
    } == {"tests/a.py::test_b"}


def test_the_index_is_read_from_decorators_alone(suite: SmallSuite) -> None:
    """Given a file with decorated tests, a class, and the decorator inside a text,
    when the checkout is indexed,
    then each decorated test is found by its node id, and nothing else."""
    suite.write(TWO_TESTS + "\ndef test_plain():\n    '''@criterion('CFG-9')'''\n", "tests/test_small.py")
    assert index_of(suite.pytester.path) == {
        "tests/test_small.py::test_first": ("CFG-2",),
        "tests/test_small.py::TestSecond::test_it": ("CFG-3", "CFG-4"),
    }
    assert index_of(ROOT)
