"""The catalogue covers the seed documents, and refuses what would make it ambiguous."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.core.catalogue import FAMILIES, CatalogueBroken, load_catalogue

STATED = """
REQ-PRD-MET-01 REQ-PRD-MET-02 REQ-PRD-FUN-01 REQ-PRD-FUN-02 REQ-PRD-FUN-03 STORY-PH2-01 STORY-AUTO-01
REQ-SPC-AUT-001 REQ-SPC-AUT-002 REQ-SPC-AUT-003 REQ-SPC-AUT-004 REQ-SPC-AUT-005
REQ-SPC-AUTO-001 REQ-SPC-AUTO-002 REQ-SPC-AUTO-003 SEC-SPC-AUTO-001 VAL-AUTO-001 VAL-AUTO-002
SPEC-AUTO-01 SPEC-AUTO-02 SPEC-AUTO-03 Test-01 Test-02
REQ-AUTO-001 REQ-AUTO-002 REQ-AUTO-003 SEC-AUTO-001 AC-AUTO-001 TASK-001 TASK-002 TASK-003 TASK-004 TASK-005
VAL-AUTO-PLN-001 VAL-AUTO-PLN-002 VAL-AUTO-PLN-003 VAL-AUTO-PLN-004
""".split()

SECTIONS = [
    *(
        "PRD §8",
        "001 §6",
        "001 §8",
        "001 §9",
        "002 §1",
        "002 §3",
        "002 §5",
        "002 §6",
        "002 §8",
        "002 §9",
        "004 §4",
    ),
    *(f"SPEC-INFRA-03 §{section}" for section in ("3", "4", "5.1", "5.2", "6", "8")),
]


@pytest.mark.parametrize("clause", [*STATED, *SECTIONS])
def test_every_clause_of_the_seeds_is_covered(clause: str) -> None:
    """Given a clause that a seed document states,
    when the catalogue is searched for it,
    then at least one criterion stands for it."""
    assert [promise.id for promise in load_catalogue().values() if clause in promise.clauses]


def test_no_clause_is_made_up() -> None:
    """Given the catalogue,
    when its clauses are compared with those of the seed documents,
    then there is none that no document states."""
    cited = {clause for promise in load_catalogue().values() for clause in promise.clauses}
    assert cited == {*STATED, *SECTIONS}


@pytest.mark.parametrize(("family", "last"), [("CFG", 18), ("RUN", 25), ("SUITE", 7)])
def test_each_family_is_complete(family: str, last: int) -> None:
    """Given a family of criteria,
    when its ids are read in the catalogue's order,
    then they count from 1 to the contract's last one."""
    ids = [promise.id for promise in load_catalogue().values() if promise.family == FAMILIES[family]]
    assert ids == [f"{family}-{number}" for number in range(1, last + 1)]


BROKEN = {
    "the same id twice": ("- {id: CFG-1, promise: a, clauses: []}\n" * 2, "entry 2: CFG-1 is there already"),
    "no clauses": ("- {id: CFG-1, promise: a}\n", "entry 1: needs exactly"),
    "unknown family": ("- {id: X-1, promise: a, clauses: []}\n", "entry 1: 'X-1' is no id"),
    "no number": ("- {id: CFG-one, promise: a, clauses: []}\n", "entry 1: 'CFG-one' is no id"),
}


@pytest.mark.parametrize(("text", "complaint"), BROKEN.values(), ids=BROKEN)
def test_a_broken_catalogue_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """Given a catalogue with a mistake,
    when it is loaded,
    then it is refused with the entry named."""
    file = tmp_path / "criteria.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueBroken, match=complaint):
        load_catalogue(file)
