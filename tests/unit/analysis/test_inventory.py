"""The inventory: what it says, and what is wrong with one that says it badly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dayzero.analysis.inventory import InventoryError, is_inventory, load_inventory

GOOD = """\
inits:
  kafka-init:
    compose: infra/k-init.yml
    aliases: [topics]
    targets: [kafka-1, kafka-2]
    account: provisioner
    outputs:
      - {kind: topic, name: orders, partitions: 3, enforced: {min.insync.replicas: 2}}
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "inventory.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_promise_is_read_with_its_places(tmp_path: Path) -> None:
    inventory = load_inventory(written(tmp_path, GOOD))
    promise = inventory.promise_of("topics")
    assert promise is not None
    assert (promise.name, promise.targets, promise.account) == (
        "kafka-init",
        ("kafka-1", "kafka-2"),
        "provisioner",
    )
    assert promise.outputs[0].details == {"partitions": 3, "enforced": {"min.insync.replicas": 2}}
    assert (promise.place.line, promise.places["targets"].line, promise.outputs[0].place.line) == (2, 5, 8)
    assert inventory.services == {"kafka-init", "topics"}
    assert inventory.promise_of("other") is None


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("inits:", "init:", 1, "no `inits:`"),
        ("    compose: infra/k-init.yml\n", "", 2, "does not state 'compose'"),
        ("aliases", "alias", 4, "unknown key 'alias'"),
        ("[kafka-1, kafka-2]", "kafka-1", 5, "targets of kafka-init is not a list"),
        ("account: provisioner", "account: [a]", 6, "account of kafka-init is not a text"),
        ("kind: topic, ", "", 8, "has no kind or no name"),
        ("[kafka-1, kafka-2]", "[kafka-1", 6, "not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    file = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InventoryError, match=re.escape(said)) as refused:
        load_inventory(file)
    assert str(refused.value).startswith(f"{file}:{line}")
    assert "\n" not in str(refused.value)


def test_a_missing_inventory_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="cannot be read"):
        load_inventory(tmp_path / "none.yml")


def test_an_inventory_of_another_tool_is_not_taken_for_ours(tmp_path: Path) -> None:
    assert is_inventory(written(tmp_path, GOOD))
    assert not is_inventory(written(tmp_path, "all:\n  hosts: {a: {}}\n"))
    assert not is_inventory(tmp_path / "none.yml")
