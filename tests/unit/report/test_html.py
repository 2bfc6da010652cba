"""The page is rendered from the report alone, and stands alone."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from dayzero.core.catalogue import load_catalogue
from dayzero.report.extent import Extent
from dayzero.report.html import main, render
from dayzero.report.run_record import RunRecord


def result(criterion: str, subject: str, status: str = "pass", **fields: Any) -> dict[str, Any]:
    return {
        "criterion": criterion,
        "clause": ["002 §1"],
        "subject": subject,
        "status": status,
        "given": "a stack",
        "when": "it is read",
        "then": "it is sound",
        "expected": "no",
        "observed": "always",
        "source": None,
        "evidence": [],
        "look": "",
        "seconds": 0.1,
        **fields,
    }


def report(*results: dict[str, Any], timeline: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """A report of these results, with every other criterion as not judged."""
    judged = {one["criterion"] for one in results}
    extent = Extent(
        judged=[id_ for id_ in load_catalogue() if id_ in judged],
        not_judged=[id_ for id_ in load_catalogue() if id_ not in judged],
        left_out=[],
        not_reached=[],
    )
    rest = RunRecord().results(load_catalogue(), "shop", extent)
    return {
        "schema": "dayzero/1",
        "stack": {"path": "shop", "files": ["compose.yaml"], "profiles": ["data"], "digest": "sha256:00"},
        "versions": {
            "dayzero": "0.1.0",
            "engine": None,
            "compose": "2.26.1",
            "images": {"web": "web:1@sha256:aa"},
        },
        "run": {
            "id": "r1",
            "started": "2026-11-21T11:26:00+00:00",
            "seconds": 4.2,
            "command": "pytest -m static",
            "workers": 1,
        },
        **asdict(extent),
        "notes": [],
        "coverage": [],
        "timeline": list(timeline),
        "results": [*results, *rest],
    }


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """Given a report with findings and a timeline,
    when it is rendered,
    then the page loads no script, style, font or picture, and links to its own evidence only."""
    life = {
        "service": "web",
        "created": "2026-11-21T11:26:00+00:00",
        "started": None,
        "healthy": None,
        "finished": None,
    }
    page = render(
        report(result("CFG-2", "web", "fail", evidence=["evidence/r1/t/a b.txt"]), timeline=(life,))
    )
    assert "<svg" in page
    assert not re.search(r"https?://", page)
    assert not re.search(r"<(link|img|iframe)\b|\bsrc=|@import|url\(", page)
    targets = re.findall(r'href="([^"]*)"', page)
    assert [target for target in targets if not target.startswith("#")] == ["evidence/r1/t/a%20b.txt"]


def test_every_cell_leads_to_its_result() -> None:
    """Given results of several subjects and statuses,
    when the page is rendered,
    then each letter of the matrix leads to an element that exists once and names the status in words."""
    statuses = ("pass", "fail", "error", "waived", "skip")
    results = [result("CFG-2", f"service-{status}", status) for status in statuses]
    page = render(report(*results, *(result("CFG-3", f"service-{status}") for status in statuses)))
    tiles = re.findall(r'<a class="tile (\w+)" href="#(\w+)"[^>]*aria-label="([^"]+)">(\w)</a>', page)
    assert len(tiles) == 10
    for status, anchor, label, letter in tiles:
        assert len(re.findall(rf'id="{anchor}"', page)) == 1
        assert label.endswith(f": {status}")
        assert letter == status[0].upper()


def test_failures_come_first() -> None:
    """Given a pass, an error and a failure,
    when the page is rendered,
    then the failure stands first, then the error, and both before the matrix."""
    page = render(report(result("CFG-2", "a"), result("CFG-3", "a", "error"), result("CFG-4", "a", "fail")))
    places = [
        page.index(text)
        for text in ('class="finding fail"', 'class="finding error"', 'id="matrix"', 'class="result pass"')
    ]
    assert places == sorted(places)
    assert "2 findings in 2 of 3 judged criteria" in page


def test_notes_stand_at_the_head() -> None:
    """Given a report with a note that has a place in a file,
    when the page is rendered,
    then its text and the place stand before the findings; without notes there is no list of them."""
    told = report(result("CFG-2", "a", "fail"))
    assert 'class="notes"' not in render(told)
    place = {"file": "compose.yaml", "line": 8, "column": 5}
    told["notes"] = [{"subject": "store", "text": "store is <odd>", "source": place}]
    page = render(told)
    assert "<li>store is &lt;odd&gt; <code>compose.yaml:8</code></li>" in page
    assert page.index('class="notes"') < page.index('id="findings"')


def test_what_the_stack_says_is_not_markup() -> None:
    """Given an observed value that looks like HTML,
    when the page is rendered,
    then it is shown as text."""
    page = render(report(result("CFG-2", "<b>x</b>", "fail", observed="<script>alert(1)</script>")))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>x</b>" not in page


def test_a_criterion_that_nobody_judged_is_listed_apart() -> None:
    """Given a run that judged one criterion,
    when the page is rendered,
    then the matrix has one row, the others are listed with the reason, and the title claims no conformance."""
    page = render(report(result("CFG-2", "web")))
    assert page.count('<th scope="row">') == 1
    assert page.count("(no test judges it)") == len(load_catalogue()) - 1
    assert "All 1 judged criteria hold" in page
    assert "<title>Judged in part" in page


def test_the_head_tells_three_numbers_apart() -> None:
    """Given a run that judged some criteria, left some out and has no test for others,
    when the page is rendered,
    then its head has the number of each kind, and the names of what was not judged or left out."""
    page = render(
        report(result("CFG-1", "web"))
        | {"judged": ["CFG-1"], "not_judged": ["RUN-13", "RUN-14"], "left_out": ["RUN-1", "SUITE-4"]}
    )
    head = " ".join(
        re.sub(r"<[^>]+>", " ", page[page.index('class="extent"') : page.index("<main>")]).split()
    )
    assert "Judged 1 of 50 criteria" in head
    assert "Not judged 2 : nothing here judges RUN-13…14" in head
    assert "Left out 2 by the selection RUN-1, SUITE-4" in head
    assert "Not reached" not in head


def test_only_a_whole_judgement_is_called_conformant() -> None:
    """Given a result for each criterion of the catalogue,
    when the page is rendered,
    then its title says that the stack conforms."""
    page = render(report(*(result(id_, "web") for id_ in load_catalogue())))
    assert "<title>Conformant" in page


def test_the_command_prints_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a report in a file,
    when the command is given its name,
    then it prints the page and succeeds."""
    file = tmp_path / "acceptance.json"
    file.write_text(json.dumps(report(result("CFG-2", "web"))), encoding="utf-8")
    assert main([str(file)]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "no readable report"),
        ("{", "no readable report"),
        ("[]", "not a report"),
        ('{"schema": "x"}', "not a report"),
        ('{"schema": "dayzero/1"}', "made by an older version"),
    ],
)
def test_the_command_refuses_what_is_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, complaint: str
) -> None:
    """Given a file that is absent or no report,
    when the command is given its name,
    then it prints one line that names the file, and fails."""
    file = tmp_path / "acceptance.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main([str(file)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{file}: {complaint}")
    assert captured.err.count("\n") == 1
