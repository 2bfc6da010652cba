"""The README's sums of reserved memory are those of the files (REQ-SPC-AUT-003)."""

from __future__ import annotations

import re
from collections import Counter

from dayzero.analysis.clusters import clusters_of, member_of
from dayzero.compose.project import ComposeProject
from tests.unit.conftest import ROOT

MIB = 1024 * 1024
PROJECT = ComposeProject.load(ROOT, ask_compose=False)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_states_what_each_profile_reserves() -> None:
    """Given the compose files,
    when the reservations of the services of each profile are added up,
    then the README states these sums, and no others."""
    sums: Counter[str] = Counter()
    for service in PROJECT.services.values():
        for profile in service.config.get("profiles") or ():
            sums[profile] += (member_of(service).reservation or 0) // MIB
    rows = re.findall(r"^\| `([a-z-]+)`(?: \([^|]*\))? \| (\d+) \|$", README, re.MULTILINE)
    assert {name: int(stated) for name, stated in rows} == dict(sums)


def test_a_clusters_standard_is_stated_once() -> None:
    """Given the clusters of the stack,
    when the place of each member's reservation is looked up,
    then it is the same line of infra/memory.yml for all members of one cluster."""
    for members in clusters_of(PROJECT).values():
        places = {str(one.service.where("mem_reservation")) for one in members}
        assert len(places) == 1
        assert places.pop().startswith("infra/memory.yml:")
