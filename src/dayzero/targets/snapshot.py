"""The full state of whatever an init provisions, so that two moments can be compared."""

from __future__ import annotations

import difflib
import pprint
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any, Protocol

from dayzero.stack.stack import Stack
from dayzero.targets.kafka.client import KafkaObserver
from dayzero.targets.minio.client import MinioObserver
from dayzero.targets.opensearch.client import OpenSearchObserver
from dayzero.targets.postgres.client import PostgresObserver
from dayzero.targets.postgres.patroni import PgClusterObserver
from dayzero.targets.valkey.client import ValkeyObserver


class Observer(Protocol):
    """What looks at the targets of one init."""

    def snapshot(self) -> Any:
        """Everything in them."""

    def unprovision(self) -> None:
        """Bring them back to what they are right after their own first boot."""


_OBSERVERS: dict[str, Callable[[Stack], Observer]] = {
    "kafka-init": KafkaObserver,
    "os-init": OpenSearchObserver,
    "minio-create-buckets": MinioObserver,
    "mng-pg-init": PostgresObserver,
    "pg-cluster-init": PgClusterObserver,
    "valkey-cluster-init": ValkeyObserver,
}
"""By init: who looks at its targets."""


def unprovision(stack: Stack, init: str) -> None:
    """Undo what `init` and its targets' users did. Raises KeyError for an init nobody observes."""
    _OBSERVERS[init](stack).unprovision()


def snapshot(stack: Stack, init: str) -> str:
    """Everything in the targets of `init`, as text, one thing a line. Raises KeyError for an init nobody observes."""
    return _as_text(_OBSERVERS[init](stack).snapshot())


def lasting_state(stack: Stack, init: str) -> str:
    """What of it outlives a restart of the targets: all of it, where their observer does not say otherwise."""
    observer = _OBSERVERS[init](stack)
    return _as_text(observer.lasting() if isinstance(observer, ValkeyObserver) else observer.snapshot())


def _as_text(state: Any) -> str:
    return state if isinstance(state, str) else pprint.pformat(_plain(state), width=120)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        # No list in these states has a meaning in its order; some servers shuffle theirs at every answer.
        return sorted((_plain(item) for item in value), key=repr)
    return value


def difference(before: str, after: str) -> str:
    """What changed, as a unified diff without context; empty when nothing did."""
    return "\n".join(
        difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=0)
    )
