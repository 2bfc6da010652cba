"""What a criterion's test must bring along."""

from __future__ import annotations

import pytest

from tests.unit.conftest import SmallSuite

UNSOUND = {
    "unknown id": (
        "@criterion('CFG-99')\ndef test_it():\n    'Given a, when b, then c.'\n",
        "test_small.py::test_it: the catalogue (src/dayzero/core/criteria.yml) has no criterion 'CFG-99'",
    ),
    "foreign clause": (
        "@criterion('CFG-2', 'TASK-001')\ndef test_it():\n    'Given a, when b, then c.'\n",
        "test_small.py::test_it: CFG-2 does not stand for clause 'TASK-001'; its clauses are: 002 §1",
    ),
    "no docstring": (
        "@criterion('CFG-2')\ndef test_it():\n    pass\n",
        "test_small.py::test_it: its docstring must read*",
    ),
    "no then": (
        "@criterion('CFG-2')\ndef test_it():\n    'Given a, when b.'\n",
        "test_small.py::test_it: its docstring must read*",
    ),
    "in a class": (
        "@criterion('CFG-2')\nclass TestThem:\n    def test_it(self):\n        pass\n",
        "test_small.py::TestThem::test_it: its docstring must read*",
    ),
    "expected to fail": (
        "@pytest.mark.xfail\n@criterion('CFG-2')\ndef test_it():\n    'Given a, when b, then c.'\n",
        "test_small.py::test_it: a criterion is never expected to fail; waive a known failure in waivers.yml",
    ),
}


@pytest.mark.parametrize(("test", "complaint"), UNSOUND.values(), ids=UNSOUND)
def test_an_unsound_criterion_is_a_collection_error(suite: SmallSuite, test: str, complaint: str) -> None:
    """Given a criterion's test that names what does not exist or does not tell its scenario,
    when it is collected,
    then collection fails with one line that says which test and what to write."""
    run = suite.run(test)
    assert run.outcome.ret == pytest.ExitCode.INTERRUPTED
    run.outcome.stdout.fnmatch_lines([complaint])
    assert run.report is None


@pytest.mark.parametrize("folder", ["static", "runtime", "selfcheck", "unit"])
def test_the_folder_gives_the_mark(suite: SmallSuite, folder: str) -> None:
    """Given a plain test under each family's folder,
    when one family's mark is selected,
    then the tests of that folder run and no others."""
    for name in ("static", "runtime", "selfcheck", "unit"):
        suite.write("def test_it():\n    pass\n", f"tests/{name}/test_{name}_small.py")
    run = suite.run(None, "-m", folder, "-v")
    run.outcome.assert_outcomes(passed=1, deselected=3)
    run.outcome.stdout.fnmatch_lines([f"tests/{folder}/*PASSED*"])


def test_a_self_check_that_boots_is_told_from_one_that_reads(suite: SmallSuite) -> None:
    """Given a self-check of runtime criteria and one of static criteria,
    when those that need no engine are selected,
    then only the latter runs."""
    suite.write("def test_it():\n    pass\n", "tests/selfcheck/test_runtime_catalogue.py")
    suite.write("def test_it():\n    pass\n", "tests/selfcheck/test_static_catalogue.py")
    run = suite.run(None, "-m", "selfcheck and not runtime", "-v")
    run.outcome.stdout.fnmatch_lines(["tests/selfcheck/test_static_catalogue.py::test_it PASSED*"])
    run.outcome.assert_outcomes(passed=1, deselected=1)
