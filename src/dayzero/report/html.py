"""Renders `acceptance.json` as one page that stands alone: ``python -m dayzero.report.html FILE > page.html``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from dayzero.core.catalogue import FAMILIES, Promise, load_catalogue
from dayzero.core.result import STATUSES, Result
from dayzero.report.coverage import leaves_open
from dayzero.report.extent import Extent, in_short
from dayzero.report.run_record import counts
from dayzero.report.timeline import lay_out

_SHARED_BY = 2
"""A subject with results of at least this many criteria gets a column of its own in the matrix."""


@dataclass(frozen=True)
class Entry:
    """A result with its anchor on the page."""

    anchor: str
    result: Result

    @property
    def status(self) -> str:
        return self.result["status"]


@dataclass(frozen=True)
class Row:
    """One criterion of the matrix: its results in each shared column, and those about anything else."""

    promise: Promise
    cells: tuple[tuple[Entry, ...], ...]
    others: tuple[Entry, ...]

    @property
    def status(self) -> str:
        return worst(entry for cell in (*self.cells, self.others) for entry in cell)


@dataclass(frozen=True)
class Family:
    """The judged rows of a family, and one entry for each of its criteria that was not judged in this run."""

    name: str
    rows: tuple[Row, ...]
    unjudged: tuple[Entry, ...]


def render(report: Mapping[str, Any]) -> str:
    """The page for a report in the form `dayzero/1`; needs nothing but the report itself."""
    catalogue = load_catalogue()
    entries = [Entry(f"r{number}", result) for number, result in enumerate(report["results"], start=1)]
    judged = [entry for entry in entries if entry.result["criterion"] in report["judged"]]
    columns = _columns(judged)
    families = [
        _family(
            name,
            [promise for promise in catalogue.values() if promise.family == name],
            columns,
            entries,
            report,
        )
        for name in FAMILIES.values()
    ]
    by_attention = sorted(judged, key=lambda entry: STATUSES.index(entry.result["status"]))
    # An unset variable that no verdict hangs on is in the JSON alone.
    coverage = [gap for gap in report["coverage"] if gap["touches"] or gap["kind"] != "variable"]
    return _template().render(
        report=report,
        extent=Extent.of(report),
        in_short=in_short,
        whole=len(report["judged"]) == len(catalogue),
        coverage=coverage,
        partial=leaves_open(coverage),
        promises={id_: promise.promise for id_, promise in catalogue.items()},
        counts=counts(entry.result for entry in judged),
        statuses=STATUSES,
        columns=columns,
        families=families,
        rows=[row for family in families for row in family.rows],
        findings=[entry for entry in by_attention if entry.status in ("fail", "error")],
        details=by_attention,
        timeline=lay_out(report["timeline"]),
        started=datetime.fromisoformat(report["run"]["started"]),
    )


def worst(entries: Iterable[Entry]) -> str:
    """The status that asks most for attention; a skip yields to everything."""
    return min((entry.result["status"] for entry in entries), key=STATUSES.index)


def _columns(judged: Iterable[Entry]) -> list[str]:
    """The shared subjects, those with most criteria first: in practice the inits."""
    criteria: dict[str, set[str]] = {}
    for entry in judged:
        criteria.setdefault(entry.result["subject"], set()).add(entry.result["criterion"])
    shared = {subject: len(ids) for subject, ids in criteria.items() if len(ids) >= _SHARED_BY}
    return sorted(shared, key=lambda subject: (-shared[subject], subject))


def _family(
    name: str, promises: list[Promise], columns: list[str], entries: list[Entry], report: Mapping[str, Any]
) -> Family:
    rows, unjudged = [], []
    for promise in promises:
        own = [entry for entry in entries if entry.result["criterion"] == promise.id]
        if promise.id in report["judged"]:
            cells = tuple(tuple(e for e in own if e.result["subject"] == column) for column in columns)
            rows.append(Row(promise, cells, tuple(e for e in own if e.result["subject"] not in columns)))
        else:
            unjudged += own[:1]
    return Family(name, tuple(rows), tuple(unjudged))


@cache
def _template() -> Template:
    folder = Path(__file__).with_name("templates")
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["href"] = quote
    environment.filters["worst"] = worst
    return environment.get_template("acceptance.html.j2")


def main(arguments: list[str]) -> int:
    """Print the page for the report named on the command line; one line on stderr if it is none."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m dayzero.report.html acceptance.json > acceptance.html\n")
        return 2
    try:
        report = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as unreadable:
        sys.stderr.write(f"{arguments[0]}: no readable report: {unreadable}\n")
        return 1
    if not isinstance(report, dict) or report.get("schema") != "dayzero/1":
        sys.stderr.write(f"{arguments[0]}: not a report of the schema dayzero/1\n")
        return 1
    if not Extent.is_in(report):
        sys.stderr.write(
            f"{arguments[0]}: made by an older version, which did not say what was judged; run it anew\n"
        )
        return 1
    sys.stdout.write(render(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
