"""Gathers what a run found, in whatever order the workers tell it, and puts it into the report's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dayzero.core.catalogue import Promise
from dayzero.core.result import Result
from dayzero.core.verdict import Withheld
from dayzero.report.criterion_index import without_parameters
from dayzero.report.extent import Extent

_REASONS = {
    "not_judged": "no test judges it",
    "left_out": "a test judges it, but the selection left it out",
    "not_reached": "the run ended before it was judged",
}


class RunRecord:
    """The results, timeline and versions of one run."""

    def __init__(self) -> None:
        self._selected: set[str] = set()
        self._planned: dict[str, list[Result]] = {}
        self._begun: set[str] = set()
        self._judged: dict[str, list[Result]] = {}
        self._withheld: dict[str, Withheld] = {}
        self._timeline: dict[str, dict[str, Any]] = {}
        self._versions: dict[str, Any] = {}

    @property
    def concerns_criteria(self) -> bool:
        """Whether any test of a criterion was at least selected."""
        return bool(self._planned)

    def select(self, nodeids: Iterable[str]) -> None:
        """Tests that are to run, here or on a worker."""
        self._selected.update(map(without_parameters, nodeids))

    def plan(self, nodeid: str, results: list[Result]) -> None:
        """A test that is to judge; `results` is what the report says if it never comes to an end."""
        self._planned[nodeid] = results

    def begin(self, nodeid: str) -> None:
        """The test has started."""
        self._begun.add(nodeid)

    def judge(self, nodeid: str, results: list[Result]) -> None:
        """The test has ended."""
        self._judged[nodeid] = results

    def withhold(self, nodeid: str, why: Withheld) -> None:
        """The test has ended without judging its criteria, by what was chosen or for want of a judge."""
        self._withheld[nodeid] = why

    def record(self, kind: str, value: Any) -> None:
        """Timeline entries (the first of a service stays) or versions (later ones complete earlier ones)."""
        if kind == "timeline":
            for entry in value:
                self._timeline.setdefault(entry["service"], entry)
            return
        for name, version in value.items():
            if isinstance(version, dict):
                self._versions.setdefault(name, {}).update(version)
            else:
                self._versions[name] = version

    @property
    def timeline(self) -> list[dict[str, Any]]:
        return list(self._timeline.values())

    @property
    def versions(self) -> dict[str, Any]:
        return dict(self._versions)

    def extent(self, catalogue: Mapping[str, Promise], index: Mapping[str, tuple[str, ...]]) -> Extent:
        """What was judged, and why the rest was not; `index` names the criteria of each test of the checkout."""
        # What comes first here counts where a criterion's tests differ.
        ids: dict[str, set[str]] = {
            kind: set() for kind in ("judged", "not_reached", "not_judged", "left_out")
        }
        over = self._judged.keys() | self._begun
        for nodeid, planned in self._planned.items():
            kind = self._withheld.get(nodeid, "judged") if nodeid in over else "not_reached"
            ids[kind].update(result["criterion"] for result in planned)
        tried = {without_parameters(nodeid) for nodeid in over}
        for test, criteria in index.items():
            if test not in tried:
                ids["not_reached" if test in self._selected else "left_out"].update(criteria)
        placed: dict[str, list[str]] = {kind: [] for kind in ids}
        for id_ in catalogue:
            placed[next((kind for kind in ids if id_ in ids[kind]), "not_judged")].append(id_)
        return Extent(**placed)

    def results(self, catalogue: Mapping[str, Promise], stack_name: str, extent: Extent) -> list[Result]:
        """Every result in the catalogue's order; a criterion without any is one skip with the reason."""
        found: list[Result] = []
        for nodeid, planned in self._planned.items():
            if nodeid in self._judged:
                found += self._judged[nodeid]
            elif nodeid in self._begun:
                found += planned
        present = {result["criterion"] for result in found}
        for kind, reason in _REASONS.items():
            found += [
                _not_judged(catalogue[id_], stack_name, reason)
                for id_ in getattr(extent, kind)
                if id_ not in present
            ]
        order = {id_: number for number, id_ in enumerate(catalogue)}
        return sorted(found, key=lambda result: (order[result["criterion"]], result["subject"]))


def _not_judged(promise: Promise, stack_name: str, reason: str) -> Result:
    return {
        "criterion": promise.id,
        "clause": list(promise.clauses),
        "subject": stack_name,
        "status": "skip",
        "given": "",
        "when": "",
        "then": promise.promise,
        "expected": promise.promise,
        "observed": reason,
        "source": None,
        "evidence": [],
        "look": "",
        "seconds": 0.0,
    }


def counts(results: Iterable[Result]) -> dict[str, int]:
    """How many results have each status that occurs."""
    found: dict[str, int] = {}
    for result in results:
        found[result["status"]] = found.get(result["status"], 0) + 1
    return found
