"""Looks at the Valkey cluster through its Python client: at a node as the administrator, at all as an application."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from valkey import Valkey
from valkey.backoff import NoBackoff
from valkey.cluster import ClusterNode, ValkeyCluster
from valkey.exceptions import ValkeyClusterException, ValkeyError
from valkey.retry import Retry

from dayzero.core.errors import StackUnusable
from dayzero.core.wait import Took, await_condition, has_lapsed, time_until
from dayzero.stack.new_addresses import moved
from dayzero.stack.stack import Stack

NODES = ("valkey-1", "valkey-2", "valkey-3", "valkey-4", "valkey-5", "valkey-6")
SLOTS = 16384
PORT = 6379
SETTLE_SECONDS = 60
"""How long nodes that all came back at once may take to agree on who is primary, after one or two elections."""
_ID = re.compile(r"[0-9a-f]{40}")
_NOT_SETTINGS = {"masterauth", "primaryauth", "requirepass", "replicaof", "slaveof"}
"""What CONFIG GET tells besides: passwords, and the address of a replica's primary."""


@dataclass(frozen=True)
class NodeView:
    """One node's view of the cluster, by host names: state, covered slots, primaries' slots, replicas' primaries.

    `lost` are the nodes that it does not reach, `open` the slots that it has half handed over or taken.
    """

    state: str
    slots_ok: int
    primaries: dict[str, str]
    replicas: dict[str, str]
    lost: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def slots(self) -> int:
        """How many different slots the primaries own together."""
        return len({slot for parts in self.primaries.values() for slot in slots_in(parts)})


class ValkeyObserver:
    """Reads, writes and changes one stack's cluster. ValkeyError means that nothing was seen, or it was refused."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def node(self, name: str, user: str = "admin") -> Valkey:
        """A client of one node, not of the cluster. Close it, or use it as a context manager."""
        return Valkey(
            host=name,
            port=PORT,
            username=user,
            password=self.stack.secrets.passwords[f"valkey_{user}_password"],
            decode_responses=True,
            socket_timeout=5,
            socket_connect_timeout=5,
            retry=Retry(NoBackoff(), 0),
        )

    def ask(self, name: str, *command: str) -> Any:
        """One node's raw reply to a command of the administrator."""
        with self.node(name) as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    def view_of(self, name: str) -> NodeView:
        """The cluster as one node tells it."""
        info = dict(
            line.split(":", 1) for line in str(self.ask(name, "CLUSTER", "INFO")).splitlines() if ":" in line
        )
        rows = [line.split() for line in str(self.ask(name, "CLUSTER", "NODES")).splitlines()]
        hosts = {row[0]: row[1].partition(",")[2] or row[0] for row in rows}
        flags = {row[0]: set(row[2].split(",")) for row in rows}
        slots = {row[0]: row[8:] for row in rows}
        return NodeView(
            state=info["cluster_state"],
            slots_ok=int(info["cluster_slots_ok"]),
            primaries={
                hosts[key]: " ".join(sorted(part for part in slots[key] if not part.startswith("[")))
                for key in hosts
                if "master" in flags[key]
            },
            replicas={hosts[row[0]]: hosts.get(row[3], row[3]) for row in rows if "slave" in flags[row[0]]},
            lost=tuple(
                sorted(
                    hosts[row[0]]
                    for row in rows
                    if row[7] != "connected" or flags[row[0]] & {"fail", "fail?", "noaddr", "handshake"}
                )
            ),
            open=tuple(part for key in hosts for part in slots[key] if part.startswith("[")),
        )

    def await_whole(
        self, seconds: float, names: Collection[str] = NODES, *, steady: float = 0
    ) -> dict[str, NodeView | str]:
        """Wait at most so long until each of these nodes takes the cluster for whole; what each saw last.

        It has to stay so for `steady` seconds: right after its start a node tells what it remembers.
        """
        began = time.time()
        since = None
        while True:
            seen = {name: self._view_or_refusal(name) for name in names}
            now = time.monotonic()
            since = (since or now) if all(is_whole(view) for view in seen.values()) else None
            if (since and now - since >= steady) or has_lapsed(began, seconds):
                return seen
            time.sleep(0.2)

    def await_taken_over(self, lost: str, through: str, seconds: float) -> Took:
        """Wait at most so long until a node takes the cluster for in order and nothing of it for the lost primary's."""

        def is_taken_over() -> bool:
            view = self._view_or_refusal(through)
            return isinstance(view, NodeView) and view.state == "ok" and not view.primaries.get(lost)

        return time_until(is_taken_over, seconds)

    def _view_or_refusal(self, name: str) -> NodeView | str:
        try:
            return self.view_of(name)
        except ValkeyError as refusal:
            return f"{type(refusal).__name__}: {refusal}"

    def write(self, key: str, value: str, through: str) -> str:
        """Write as an application that knows one node and is sent on by it: "" or why it could not."""
        try:
            with self._application(through) as client:
                client.set(key, value)
        except (ValkeyError, ValkeyClusterException) as refusal:
            return f"{type(refusal).__name__}: {refusal}"
        return ""

    def read(self, key: str, through: str) -> str | None:
        """Read as an application that knows one node and is sent on by it: the value, or why there is none."""
        try:
            with self._application(through) as client:
                found: str | None = client.get(key)
                return found
        except (ValkeyError, ValkeyClusterException) as refusal:
            return f"{type(refusal).__name__}: {refusal}"

    def _application(self, through: str) -> ValkeyCluster:
        return ValkeyCluster(
            startup_nodes=[ClusterNode(through, PORT)],  # type: ignore[no-untyped-call]
            username="app",
            password=self.stack.secrets.passwords["valkey_app_password"],
            decode_responses=True,
            socket_timeout=5,
            socket_connect_timeout=5,
        )

    def primary_of(self, key: str, through: str) -> str:
        """The primary that owns the key's slot, as one node tells it; "" if it knows none."""
        slot = int(self.ask(through, "CLUSTER", "KEYSLOT", key))
        owned = self.view_of(through).primaries
        return next((name for name, parts in owned.items() if slot in slots_in(parts)), "")

    def a_key_of_each_primary(self, through: str = NODES[0]) -> list[tuple[str, str]]:
        """Each primary as one node tells of it, with a key that is in one of its slots."""
        keys = {
            int(self.ask(through, "CLUSTER", "KEYSLOT", key)): key for key in map("copy:{}".format, range(50))
        }
        owned = {name: slots_in(parts) for name, parts in self.view_of(through).primaries.items()}
        return [
            (name, next(key for slot, key in keys.items() if slot in slots))
            for name, slots in owned.items()
            if slots
        ]

    def write_copied(self, primary: str, key: str, value: str, seconds: float) -> int:
        """Write to the key's own primary and wait at most so long until a replica has it; how many replicas have."""
        began = time.time()
        with self.node(primary) as client:
            client.set(key, value)
            while not (copies := int(client.wait(1, 1000))) and not has_lapsed(began, seconds):
                pass
            return copies

    def move_slot(self) -> str:
        """Hand an empty slot from the first primary to the second, as its owner would; which, from where to where."""
        source, target = sorted(self.view_of(NODES[0]).primaries)[:2]
        identity = {name: str(self.ask(name, "CLUSTER", "MYID")) for name in (source, target)}
        slot = str(
            next(
                slot
                for slot in reversed(slots_in(self.part_of(source)))
                if not int(self.ask(source, "CLUSTER", "COUNTKEYSINSLOT", str(slot)))
            )
        )
        self.ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", identity[source])
        self.ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", identity[target])
        for name in (target, source):
            self.ask(name, "CLUSTER", "SETSLOT", slot, "NODE", identity[target])
        return f"slot {slot} from {source} to {target}"

    def part_of(self, name: str) -> str:
        """What a node says of its own part: its slots, or "replica of" its primary."""
        view = self.view_of(name)
        return view.primaries[name] if name in view.primaries else f"replica of {view.replicas[name]}"

    def snapshot(self) -> dict[str, Any]:
        """Everything that a rerun must leave alone: nodes' parts and settings, keys with values and expiry, rights."""
        with suppress(StackUnusable):  # then it is shown as it is
            await_condition(self._names_have_spread, 30, lambda: "a node is known by its id alone")
        return {name: self._state_of(name) for name in NODES}

    def _views(self) -> dict[str, NodeView]:
        return {name: self.view_of(name) for name in NODES}

    @staticmethod
    def _is_settled(views: dict[str, NodeView]) -> bool:
        """Whether all nodes tell the same of a cluster that is whole."""
        told = {
            repr((sorted(view.primaries.items()), sorted(view.replicas.items()))) for view in views.values()
        }
        return len(told) == 1 and all(is_whole(view) for view in views.values())

    def _names_have_spread(self) -> bool:
        """Whether nodes know each other by name: it comes with a later message than the one that introduces a node."""
        views = self._views().values()
        return not any(_ID.fullmatch(name) for view in views for name in (*view.primaries, *view.replicas))

    def _state_of(self, name: str) -> dict[str, Any]:
        view, part = self.view_of(name), self.part_of(name)
        with self.node(name) as client:
            keys = [] if part.startswith("replica of") else sorted(client.scan_iter(count=1000))
            return {
                "part": part,
                "open slots": view.open,
                "knows": sorted([*view.primaries, *view.replicas]),
                "settings": {
                    key: value for key, value in client.config_get("*").items() if key not in _NOT_SETTINGS
                },
                "accounts": [hashlib.sha256(line.encode()).hexdigest() for line in client.acl_list()],
                "keys": {
                    key: (hashlib.sha256(client.dump(key) or b"").hexdigest(), client.pexpiretime(key))
                    for key in keys
                },
            }

    def lasting(self) -> dict[str, Any]:
        """What outlives a restart of nodes, after which a shard may have another primary: shards, keys and rights."""
        views: dict[str, NodeView] = {}
        states: dict[str, Any] = {}

        def read_undisturbed() -> bool:
            """Not while nodes change their parts: keys would be read of two of them, or of none."""
            nonlocal views, states
            views = self._views()
            if not self._is_settled(views):
                return False
            try:
                states = {name: self._state_of(name) for name in NODES}
            except ValkeyError:
                return False
            return views == self._views()

        with suppress(StackUnusable):  # then it is shown as it is
            await_condition(read_undisturbed, SETTLE_SECONDS, lambda: "the nodes do not agree")
        try:
            states = states or self.snapshot()
        except ValkeyError as refused:
            told = "; ".join(f"{name}: {view}" for name, view in views.items())
            raise StackUnusable(
                f"the cluster's keys could not be read within {SETTLE_SECONDS} s: {refused}; {told}"
            ) from None
        return {
            "shards": {
                slots: sorted([name, *(one for one, of in views[NODES[0]].replicas.items() if of == name)])
                for name, slots in views[NODES[0]].primaries.items()
            },
            "keys": {key: value for state in states.values() for key, value in state["keys"].items()},
            "accounts": {name: state["accounts"] for name, state in states.items()},
        }

    def unprovision(self) -> None:
        """Bring the nodes back to what they are right after their first boot: no data, no slots, nobody known."""
        for name in NODES:
            if not self.part_of(name).startswith("replica of"):
                self.ask(name, "FLUSHALL")
        await_condition(self._forgets_everybody, 60, lambda: "nodes of the cluster still know each other")

    def _forgets_everybody(self) -> bool:
        """Reset whoever knows another node; one that was reset may be found again by one that was not yet."""
        views = {name: self.view_of(name) for name in NODES}
        known = [
            name for name, view in views.items() if len(view.primaries) != 1 or view.replicas or view.slots
        ]
        for name in known:
            self.ask(name, "CLUSTER", "RESET", "HARD")
        return not known

    def moved(self) -> dict[str, tuple[str | None, str | None]]:
        """Restart all nodes at addresses that none of them had; each node's address before and after."""
        before = {name: self.stack.address(name) for name in NODES}
        moved(self.stack, NODES)
        return {name: (before[name], self.stack.address(name)) for name in NODES}


def is_whole(view: NodeView | str) -> bool:
    """Whether a node that answered takes the cluster for complete and in order."""
    return isinstance(view, NodeView) and view.state == "ok" and view.slots_ok == SLOTS and not view.lost


def slots_in(parts: str) -> list[int]:
    """The numbers in "0-5460 6000"; none in what is no list of slots."""
    ranges = (part.partition("-") for part in parts.split() if part[0].isdigit())
    return [slot for first, _, last in ranges for slot in range(int(first), int(last or first) + 1)]
