"""RUN-7: the Valkey cluster is whole, through whichever node, and stays so when a primary or every address is lost."""

from __future__ import annotations

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.stack.new_addresses import exchanged
from dayzero.stack.stack import Stack
from dayzero.targets.valkey.client import NODES, SLOTS, NodeView, ValkeyObserver, is_whole

PRIMARIES = 3
REPLICAS = 3
COPY_SECONDS = 15
MEMORY_SECONDS = 10
"""Two node timeouts, after which a node believes nothing any more that it only remembers."""
TAKEOVER_SECONDS = 60
"""The node timeout, the election, and what a busy machine makes of both."""
ELECTION_SECONDS = 15
"""In which the replica of a primary that does not come back is elected, if it has copied somebody."""
HEALING_SECONDS = 120
"""All nodes start one after the other, find each other, and may elect once more."""


def _described(seen: dict[str, NodeView | str]) -> str:
    return "; ".join(f"{name}: {view}" for name, view in seen.items())


@criterion("RUN-7", subject="valkey-cluster-init")
@pytest.mark.parametrize("node", NODES)
def test_each_node_tells_of_three_primaries_with_replicas(
    node: str, valkey: ValkeyObserver, promises: dict[str, Promise], verdict: Verdict
) -> None:
    """Given six nodes and valkey-cluster-init that has exited with 0,
    when one node alone is asked,
    then the cluster is ok, all 16384 slots are covered by three primaries, and each of these has a replica."""
    if "valkey-cluster-init" not in promises:
        verdict.not_applicable("the inventory has no valkey-cluster-init")
    (promised,) = promises["valkey-cluster-init"].outputs
    verdict.require(
        promised.details == {"primaries": PRIMARIES, "replicas": REPLICAS, "slots": SLOTS},
        f"the inventory promises another cluster than this test is about: {promised.details}",
    )
    verdict.expected = (
        f"state ok, {SLOTS} slots of {PRIMARIES} primaries, {REPLICAS} replicas, every primary with one"
    )
    verdict.look = "docker compose logs valkey-cluster-init"
    view = valkey.view_of(node)
    verdict.observed = f"{node}: {view}"
    verdict.check(is_whole(view), "not whole")
    verdict.check(view.slots == SLOTS, "another number of slots")
    verdict.check(
        (len(view.primaries), len(view.replicas)) == (PRIMARIES, REPLICAS),
        "other numbers of primaries and replicas",
    )
    verdict.check(set(view.replicas.values()) == set(view.primaries), "a primary has no replica")


@criterion("RUN-7", subject="valkey-cluster-init")
def test_what_is_written_through_one_node_is_read_through_another(
    valkey: ValkeyObserver, verdict: Verdict
) -> None:
    """Given a provisioned cluster and keys whose slots belong to different primaries,
    when an application that knows one node writes them, and one that knows the next node reads,
    then every write is accepted and every value read is the one that was written."""
    pairs = dict(zip(NODES, [*NODES[1:], NODES[0]], strict=True))
    written, read = {}, {}
    for one, other in pairs.items():
        written[one] = valkey.write(f"through:{one}", one, through=one)
        read[one] = valkey.read(f"through:{one}", through=other)
    owners = {valkey.primary_of(f"through:{one}", NODES[0]) for one in NODES}
    verdict.expected = "every write accepted, every value read back through the next node"
    verdict.observed = f"owners {sorted(owners)}; refused: {written}; read: {read}"
    verdict.look = "the host names that the nodes announce, and the rights of the application's account"
    verdict.require(len(owners) > 1, f"all keys belong to {owners}")
    verdict.check(set(written.values()) == {""}, "a write was refused")
    verdict.check(read == {one: one for one in NODES}, "another value was read")


@criterion("RUN-7", subject="valkey-cluster-init")
@pytest.mark.parametrize("loss", ["stopped", "killed"])
def test_a_lost_primary_is_replaced_by_its_replica(
    loss: str, stack: Stack, valkey: ValkeyObserver, verdict: Verdict
) -> None:
    """Given a primary that holds a key which its replica has too,
    when the primary is stopped, or killed,
    then its replica takes over, the key is read and another is written through every other node,
    and when it is back, it is a replica and the cluster is whole again with all that was written."""
    key = f"lost:{loss}"
    primary = valkey.primary_of(key, NODES[0])
    others = [name for name in NODES if name != primary]
    copies = valkey.write_copied(primary, key, "before", COPY_SECONDS)
    verdict.expected = (
        f"a replica of {primary} has the key, takes all its slots over within {TAKEOVER_SECONDS} s, "
        "and nothing that was written is lost"
    )
    verdict.look = f"the log of {primary} and of its replica"
    verdict.observed = f"{copies} replicas of {primary} have the key"
    verdict.check(copies >= 1, "no replica has the key")
    successors = {name for name, of in valkey.view_of(primary).replicas.items() if of == primary}
    with stack.stopped(primary, kill=loss == "killed"):
        taken_over = valkey.await_taken_over(primary, others[0], TAKEOVER_SECONDS)
        successor = valkey.primary_of(key, others[0])
        read = {name: valkey.read(key, through=name) for name in others}
        written = {name: valkey.write(f"{key}:{name}", name, through=name) for name in others}
    seen = valkey.await_whole(HEALING_SECONDS)
    kept = {name: valkey.read(f"{key}:{name}", through=primary) for name in others}
    part = valkey.part_of(primary)
    verdict.observed = (
        f"{successor or 'nobody'} after {primary}, {taken_over}; meanwhile read: {read}, refused: {written}; "
        f"afterwards {primary} is {part}, kept: {kept}; {_described(seen)}"
    )
    verdict.within(taken_over, TAKEOVER_SECONDS, "its replica did not take over")
    verdict.check(successor in successors, "its replica did not take over")
    verdict.check(set(read.values()) == {"before"}, "the key was not read meanwhile")
    verdict.check(set(written.values()) == {""}, "a write was refused meanwhile")
    verdict.check(part == f"replica of {successor}", "it did not return as a replica")
    verdict.check(all(is_whole(view) for view in seen.values()), "not whole afterwards")
    verdict.check(kept == {name: name for name in others}, "what was written meanwhile is lost")


@criterion("RUN-7", subject="valkey-cluster-init")
def test_the_cluster_outlives_all_its_addresses(
    valkey: ValkeyObserver, stack: Stack, verdict: Verdict
) -> None:
    """Given a provisioned cluster with a key in it,
    when all nodes are stopped and started again at addresses that none of them had,
    then the cluster is whole again by itself, with the key, and no init has run."""
    refused = valkey.write("address", "kept", through=NODES[0])
    before = valkey.view_of(NODES[0])
    addresses = valkey.moved()
    verdict.require(
        not {old for old, _ in addresses.values()} & {new for _, new in addresses.values()},
        f"an old address is in use again: {addresses}",
    )
    seen = valkey.await_whole(HEALING_SECONDS, steady=MEMORY_SECONDS)
    kept = {name: valkey.read("address", through=name) for name in NODES}
    verdict.expected = f"whole within {HEALING_SECONDS} s for every node, the key read, every primary copied"
    verdict.observed = f"{addresses}; refused: {refused or 'nothing'}; read: {kept}; {_described(seen)}"
    verdict.look = "how a node finds its peers when their addresses in nodes.conf are no longer theirs"
    verdict.check(refused == "", "the write was refused")
    verdict.check(all(is_whole(view) for view in seen.values()), "not whole afterwards")
    verdict.check(set(kept.values()) == {"kept"}, "the key is lost")
    copies = {
        name: valkey.write_copied(name, key, name, COPY_SECONDS)
        for name, key in valkey.a_key_of_each_primary()
    }
    after = valkey.view_of(NODES[0])
    verdict.observed += f"; copies: {copies}"
    verdict.check(min(copies.values()) >= 1, "a primary is not copied")
    verdict.check(
        sorted(after.primaries.values()) == sorted(before.primaries.values()),
        "the slots are divided otherwise than before",
    )
    stack.wait_healthy(NODES)


@criterion("RUN-7", subject="valkey-cluster-init")
def test_a_replica_copies_nobody_but_its_primary(
    valkey: ValkeyObserver, stack: Stack, verdict: Verdict
) -> None:
    """Given a provisioned cluster with keys in each shard,
    when all nodes are started again, each at the address that another one had, and a primary comes last,
    then its replica has not taken the primary at its old address for it: every key is there in the end."""
    keys = [f"address:{number}" for number in range(64)]
    refused = [said for key in keys if (said := valkey.write(key, key, through=NODES[0]))]
    valkey.await_whole(HEALING_SECONDS)
    last, follower, *others = sorted(valkey.view_of(NODES[0]).primaries)
    order = [last, follower, *others, *(name for name in NODES if name not in (last, follower, *others))]
    before = {name: stack.address(name) for name in order}
    with exchanged(stack, order):
        met = {name: stack.address(name) for name in order[1:]}
        verdict.require(met[follower] == before[last], f"{follower} is not at the address of {last}: {met}")
        taken_over = valkey.await_taken_over(last, follower, ELECTION_SECONDS)
        stack.container(last).start()
        seen = valkey.await_whole(HEALING_SECONDS, steady=MEMORY_SECONDS)
        lost = [key for key in keys if valkey.read(key, through=NODES[0]) != key]
    verdict.expected = f"whole within {HEALING_SECONDS} s of the last node's start, all {len(keys)} keys read"
    verdict.observed = (
        f"{follower} at the address of {last}, whose slots had another primary {taken_over}; "
        f"refused: {refused or 'nothing'}; lost: {', '.join(lost) or 'nothing'}; {_described(seen)}"
    )
    verdict.look = "whom a replica copies at its start, when the address in its nodes.conf is somebody else's"
    verdict.check(refused == [], "a write was refused")
    verdict.check(all(is_whole(view) for view in seen.values()), "not whole afterwards")
    verdict.check(lost == [], "keys are lost")
    stack.wait_healthy(NODES)
