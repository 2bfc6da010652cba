"""How long the suite takes against a bare boot, and what the stack and its inits need: `python -m benchmarks.boot`.

All figures come from one run on one machine, so that ratios mean something. The bare boot is the documented command
on clean volumes, until every init has exited; the suite is `pytest -m "acceptance and not slow"` and
`pytest -m acceptance`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from python_on_whales import DockerClient

from dayzero.analysis.inventory import load_inventory
from dayzero.docker.container_exit import ending
from dayzero.docker.run_identity import RunIdentity
from dayzero.stack.cli_start import cli_start_seconds
from dayzero.stack.profiles import PLANES
from dayzero.stack.stack import Stack, remove_run
from tools.secrets.make import make_secrets

ROOT = Path(__file__).resolve().parent.parent


def _seconds_of(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    return time.monotonic() - began


def bare_boot(folder: Path) -> dict[str, object]:
    """Boot once without the suite: wall seconds, MiB in use, and per init its seconds, waiting and CLI start."""
    identity = RunIdentity.generate()
    stack = Stack(ROOT, identity, folder, identity.name, f"{identity.name}-", PLANES, make_secrets)
    try:
        began = time.monotonic()
        stack.up()
        seconds = time.monotonic() - began
        memory = sum(
            _mebibytes(row.memory_used)
            for row in DockerClient().stats([c.id for c in stack.containers() if c.state.running])
        )
        inits = {}
        for name in load_inventory(ROOT / "inventory.yml").inits:
            end = ending(stack.container(name))
            last = dict(re.findall(r"(\w+)=([\d.]+)", end.log.splitlines()[-1]))
            call = cli_start_seconds(stack, name)
            inits[name] = {
                "exit code": end.exit_code,
                "seconds": round(end.seconds, 2),
                "of which waiting": float(last["waited"]),
                "calls of its CLI": int(last["calls"]),
                "one start of its CLI": call and round(call, 2),
            }
        return {"seconds": round(seconds, 1), "MiB in use": round(memory), "inits": inits}
    finally:
        stack.down()
        remove_run(identity)


def _mebibytes(size: float) -> float:
    return size / 1024**2


def main() -> int:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", action="store_true", help="also measure with the 300 s waits")
    slow = parser.parse_args().slow
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    with tempfile.TemporaryDirectory() as scratch:
        bare = bare_boot(Path(scratch))
        boot = float(str(bare["seconds"]))
        pytest = [sys.executable, "-m", "pytest", "-q", f"--report={scratch}/reports"]
        quick = _seconds_of([*pytest, "-m", "acceptance and not slow"])
        figures: dict[str, object] = {
            "bare boot": bare,
            "acceptance without the long waits": {
                "seconds": round(quick, 1),
                "times the bare boot": round(quick / boot, 2),
            },
        }
        if slow:
            whole = _seconds_of([*pytest, "-m", "acceptance"])
            figures["acceptance"] = {
                "seconds": round(whole, 1),
                "times the bare boot and 300 s": round(whole / (boot + 300), 2),
            }
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
