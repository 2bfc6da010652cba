"""Two runs of the suite at the same time on one engine, and what each of them had there."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from dayzero.docker.run_identity import OWNER_LABEL
from dayzero.selftest.suite_run import SuiteRun, run_suite

_EVERY_SECONDS = 0.5
_COMPOSE_PROJECT = "com.docker.compose.project"


@dataclass
class Held:
    """What a run had on the engine at any time: names and subnets, and ports of this machine that it asked for."""

    names: set[str] = field(default_factory=set)
    subnets: set[str] = field(default_factory=set)
    fixed_ports: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class TwoRuns:
    """How both ended, what each held, and whether both had services running at one moment."""

    runs: dict[str, SuiteRun]
    held: dict[str, Held]
    together: bool

    def in_each_others_way(self) -> list[str]:
        """One line for each thing that both had, and for each port of this machine that a run asked for."""
        one, other = self.held.values()
        found = [f"both had {thing}" for thing in sorted(one.names & other.names)]
        found += [f"both had the subnet {subnet}" for subnet in sorted(one.subnets & other.subnets)]
        return found + [
            f"{run} asks for port {port}"
            for run, held in self.held.items()
            for port in sorted(held.fixed_ports)
        ]


class _Watch:
    """Looks at the engine again and again for what the runs' processes have there."""

    def __init__(self, runs: Sequence[str]) -> None:
        self.held = {run: Held() for run in runs}
        self.together = False
        self._pids: dict[str, str] = {}
        self._over = threading.Event()

    def begun(self, run: str, pid: int) -> None:
        self._pids[str(pid)] = run

    def end(self) -> None:
        self._over.set()

    def look_on(self) -> None:
        """Until `end`."""
        while not self._over.wait(_EVERY_SECONDS):
            running: set[str] = set()
            for kind in ("container", "network", "volume"):
                for thing in _described(kind):
                    run = self._run_of(kind, thing)
                    if run is not None:
                        self._note(kind, thing, self.held[run])
                        if kind == "container" and thing["State"]["Running"] and _is_a_service(thing):
                            running.add(run)
            self.together = self.together or len(running) == len(self.held)

    def _run_of(self, kind: str, thing: dict[str, Any]) -> str | None:
        labels = (thing["Config"] if kind == "container" else thing).get("Labels") or {}
        pid = str(labels.get(OWNER_LABEL)).split("/")[2:3]
        return self._pids.get("".join(pid))

    @staticmethod
    def _note(kind: str, thing: dict[str, Any], held: Held) -> None:
        held.names.add(f"the {kind} {str(thing['Name']).removeprefix('/')}")
        for pool in (thing.get("IPAM") or {}).get("Config") or ():
            held.subnets.add(pool["Subnet"])
        if kind == "container":
            for bindings in (thing["HostConfig"]["PortBindings"] or {}).values():
                held.fixed_ports |= {
                    one["HostPort"] for one in bindings or () if one["HostPort"] not in ("", "0")
                }


def _is_a_service(container: dict[str, Any]) -> bool:
    return _COMPOSE_PROJECT in (container["Config"]["Labels"] or {})


def _described(kind: str) -> list[dict[str, Any]]:
    """Everything of the kind that runs of the suite have; what goes while it is asked after is left out."""
    listing = ["docker", kind, "ls", "--quiet", "--filter", f"label={OWNER_LABEL}"]
    if kind == "container":
        listing.append("--all")
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    if not names:
        return []
    # It exits with 1 when one of them has gone, and still describes the others.
    told = subprocess.run(["docker", kind, "inspect", *names], capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(told.stdout or "[]")
    return found


def run_both(arguments: Mapping[str, Sequence[str]], folder: Path) -> TwoRuns:
    """Start a run with each of the two lists of arguments at once, and watch the engine until both have ended."""
    watch = _Watch(list(arguments))
    with ThreadPoolExecutor(len(arguments) + 1) as pool:
        looking = pool.submit(watch.look_on)
        try:
            begun = {
                name: pool.submit(run_suite, given, folder / name, begun=partial(watch.begun, name))
                for name, given in arguments.items()
            }
            runs = {name: run.result() for name, run in begun.items()}
        finally:
            watch.end()
        looking.result()
    return TwoRuns(runs, watch.held, watch.together)
