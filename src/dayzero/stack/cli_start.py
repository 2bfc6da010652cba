"""How long an init's CLI takes to start and do nothing: what each of its calls costs before any work is done."""

from __future__ import annotations

import time

from dayzero.stack.stack import Stack

_DOES_NOTHING = {
    "kafka-init": ("kafka-1", ["/opt/kafka/bin/kafka-topics.sh", "--version"]),
    "os-init": ("opensearch", ["curl", "--version"]),
    "minio-create-buckets": ("minio", ["mc", "--version"]),
    "mng-pg-init": ("mng-pg", ["psql", "--version"]),
    "valkey-cluster-init": ("valkey-1", ["valkey-cli", "--version"]),
    "pg-cluster-init": ("pg-1", ["psql", "--version"]),
}
"""By init: a running service of the same image, and the call."""


def cli_start_seconds(stack: Stack, init: str) -> float | None:
    """Start the init's CLI once, now; None for an init whose CLI is not known.

    Raises DockerException when it cannot be started.
    """
    if init not in _DOES_NOTHING:
        return None
    service, call = _DOES_NOTHING[init]
    began = time.monotonic()
    stack.execute(service, call)
    return time.monotonic() - began
