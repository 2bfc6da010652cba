"""Undoes a first boot that was cut short, which Patroni alone would take for somebody else's data and wait for ever.

`.first-boot` stands beside the data from before they are made (by initdb) or copied (from the primary) until PostgreSQL
runs on them. Found at a start, it means that these may be half made: they are removed, and so is a later copy without
its last file. Who was making the cluster has left an empty `initialize` key in etcd besides, and nobody else may make
one while it is there.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import yaml

VOLUME = Path("/var/lib/postgresql/data")
DATA = VOLUME / "pg"
LAST_FILE = DATA / "global" / "pg_control"
MARK = VOLUME / ".first-boot"
CONFIGURATION = Path("/etc/patroni/patroni.yml")


def main() -> int:
    """0 when Patroni may start; 1 with one line when etcd, which has to be asked, does not answer."""
    if DATA.exists() and (MARK.exists() or not LAST_FILE.exists()):
        said = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
        try:
            _undo(said["etcd3"]["hosts"], f"/service/{said['scope']}/initialize")
        except OSError as failed:
            print(
                f"entrypoint: etcd has to be asked about a first boot that was cut short: {failed}",
                file=sys.stderr,
            )
            return 1
    elif not DATA.exists():
        MARK.touch()
    return 0


def _undo(hosts: list[str], key: str) -> None:
    encoded = base64.b64encode(key.encode()).decode()
    found = _etcd(hosts, "range", {"key": encoded}).get("kvs", [])
    initialized = base64.b64decode(found[0].get("value", "")).decode() if found else ""
    if initialized and initialized == _system_identifier():
        return
    print("entrypoint: the last first boot was cut short: starting over", flush=True)
    if found and not initialized:
        unfinished = {"key": encoded, "target": "VALUE", "value": ""}
        _etcd(hosts, "txn", {"compare": [unfinished], "success": [{"requestDeleteRange": {"key": encoded}}]})
    shutil.rmtree(DATA)


def _etcd(hosts: list[str], call: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer of the first member that gives one."""
    problems: list[OSError] = []
    for host in hosts:
        request = urllib.request.Request(f"http://{host}/v3/kv/{call}", json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except OSError as problem:
            problems.append(problem)
    raise problems[-1]


def _system_identifier() -> str:
    """Which cluster the data are of; "" where they are not whole enough to tell."""
    asked = subprocess.run(
        ["pg_controldata", DATA],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    for line in asked.stdout.splitlines():
        if line.startswith("Database system identifier:"):
            return line.split()[-1]
    return ""


if __name__ == "__main__":
    sys.exit(main())
