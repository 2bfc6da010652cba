"""The page about the inventory tells what the inventory says, and is current (TASK-001)."""

from __future__ import annotations

from pathlib import Path

from dayzero.analysis.inventory import load_inventory
from tests.unit.conftest import ROOT
from tools.inventory_page import PAGE, render

WRITTEN = """\
inits:
  search-init:
    compose: search/compose.yml
    aliases: [index-init]
    targets: [search-1, search-2]
    port: 9200
    account: setup
    outputs:
      - {kind: index_template, name: events, index_patterns: ["events-*"]}
      - {kind: topic, name: orders, enforced: {min.insync.replicas: 2}, compacted: true}
      - {kind: bucket, name: archive}
"""


def test_the_page_tells_every_promise(tmp_path: Path) -> None:
    """Given an inventory with every kind of entry,
    when it is rendered,
    then each name, target with its port, account, alias and promised setting is on the page."""
    file = tmp_path / "inventory.yml"
    file.write_text(WRITTEN, encoding="utf-8")
    page = render(load_inventory(file))
    for text in (
        "## search-init",
        "(../search/compose.yml), also known as `index-init`.",
        "targets at `search-1:9200`, `search-2:9200`.",
        "| `search-1`, `search-2` | `setup` | index template `events`, topic `orders`, bucket `archive` |",
        "| index template | `events` | index patterns: events-* |",
        "| topic | `orders` | enforced: min.insync.replicas=2; compacted: yes |",
        "| bucket | `archive` | that it exists |",
    ):
        assert text in page


def test_the_page_in_the_repository_is_current() -> None:
    """Given the inventory of this repository,
    when it is rendered anew,
    then the page that is kept says the same."""
    kept = PAGE.read_text(encoding="utf-8")
    assert kept == render(load_inventory(ROOT / "inventory.yml")), "run `make inventory` and commit its page"
