"""Runs an init with something that waiting cannot cure: a wrong, missing or empty secret, a malformed setting."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dayzero.docker.container_exit import Ending
from dayzero.stack.stack import Stack


@dataclass(frozen=True)
class Weakness:
    """What can be broken about one init: the secret that holds its credential, and a setting with a malformed value."""

    secret: str
    setting: str
    malformed: str


WEAKNESSES = {
    "kafka-init": Weakness("kafka_provisioner.properties", "TOPIC_REPLICAS", "three"),
    "os-init": Weakness("opensearch_provisioner_netrc", "OPENSEARCH_URL", "https://open search:9200"),
    "minio-create-buckets": Weakness("minio_provisioner.json", "HY_BUCKET_NAME", "Not_A_Bucket"),
    "mng-pg-init": Weakness("mng_pg_provisioner_pgpass", "PG_ROLES", 'app"; DROP ROLE platform; --'),
    "valkey-cluster-init": Weakness("valkey_provisioner_password", "VALKEY_REPLICAS", "two"),
    "pg-cluster-init": Weakness("pg_cluster_provisioner_pgpass", "PG_ROLES", 'app"; DROP ROLE orders; --'),
}


AT_ONCE_SECONDS = 30
"""A JVM's start and the refusal of a busy server, and far from the 300 s of waiting."""
PATIENCE_SECONDS = AT_ONCE_SECONDS + 10


def _doctored(stack: Stack, name: str, change: Callable[[Path], None]) -> Path:
    """A copy of the stack's secrets with one file changed; returns variables that point there."""
    folder = stack.workspace / f"secrets-{name}"
    shutil.copytree(stack.secrets.directory, folder)
    for original in stack.secrets.directory.iterdir():
        owner = original.stat()
        os.chown(folder / original.name, owner.st_uid, owner.st_gid)
    change(folder)
    variables = stack.workspace / f"{name}.env"
    variables.write_text(f"SECRETS_DIR={folder}\n", encoding="utf-8")
    return variables


def rejected_credential(stack: Stack, init: str) -> Ending:
    """Run the init with a credential of the right form that its target does not know."""
    weakness = WEAKNESSES[init]

    def spoil(folder: Path) -> None:
        text = (folder / weakness.secret).read_text(encoding="utf-8")
        for name, password in stack.secrets.passwords.items():
            if name.endswith("_provisioner_password"):
                text = text.replace(password, password[::-1])
        (folder / weakness.secret).write_text(text, encoding="utf-8")

    variables = _doctored(stack, f"rejected-{init}", spoil)
    return stack.run_init(init, client=stack.client(stack.files, variables), timeout=PATIENCE_SECONDS)


def empty_secret(stack: Stack, init: str) -> Ending:
    """Run the init with an empty file in place of its secret."""
    variables = _doctored(
        stack, f"empty-{init}", lambda folder: os.truncate(folder / WEAKNESSES[init].secret, 0)
    )
    return stack.run_init(init, client=stack.client(stack.files, variables), timeout=PATIENCE_SECONDS)


def missing_secret(stack: Stack, init: str) -> Ending:
    """Run the init without its secret mounted."""
    override = stack.workspace / f"missing-{init}.yml"
    others = [
        {key: entry[key] for key in ("source", "target") if key in entry}
        for entry in stack.model["services"][init]["secrets"]
        if entry["source"] != WEAKNESSES[init].secret
    ]
    override.write_text(f"services:\n  {init}:\n    secrets: !override {others}\n", encoding="utf-8")
    return stack.run_init(init, client=stack.client([*stack.files, override]), timeout=PATIENCE_SECONDS)


def malformed_setting(stack: Stack, init: str) -> Ending:
    """Run the init with a setting that means nothing."""
    malformed = {WEAKNESSES[init].setting: WEAKNESSES[init].malformed}
    return stack.run_init(init, overrides=malformed, timeout=PATIENCE_SECONDS)


_REJECTION = (
    r"(?i)refused|reject|denied|forbidden|authori[sz]|authenticat|credential|password|signature|access ?key"
    r"|\b40[13]\b"
)

BROKEN: dict[str, tuple[Callable[[Stack, str], Ending], Callable[[str], str]]] = {
    "rejected credential": (rejected_credential, lambda init: _REJECTION),
    "missing secret": (missing_secret, lambda init: re.escape(WEAKNESSES[init].secret)),
    "empty secret": (empty_secret, lambda init: re.escape(WEAKNESSES[init].secret)),
    "malformed setting": (malformed_setting, lambda init: re.escape(WEAKNESSES[init].setting)),
}
"""By kind: how the init is run, and the pattern of what a line must hold to tell of it."""
