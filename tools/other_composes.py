"""Judges the acceptance criteria once with each other Compose: those installed, and one of today where all are older.

``python -m tools.other_composes [PYTEST ARGUMENTS]``: the Compose that a run takes by itself is left out. Each has a
report of its own, in reports/compose-VERSION.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from dayzero.core.errors import ImageUnavailable
from dayzero.core.release import release
from dayzero.docker.compose_plugin import ComposePlugin, ComposeUnusable, chosen, installed
from tools.pinned_compose import pinned_compose, pinned_version


def others(own: ComposePlugin | None, there: Sequence[ComposePlugin]) -> tuple[list[ComposePlugin], bool]:
    """One plugin of each other release that is there, newest first, and whether all are older than the pinned one."""
    by_release = {one.release: one for one in reversed(there)}
    if own is not None:
        by_release.pop(own.release, None)
    known = [own.release] if own is not None else []
    older = all(one < release(pinned_version()) for one in [*by_release, *known])
    return sorted(by_release.values(), key=lambda one: one.release, reverse=True), older


def main(arguments: Sequence[str]) -> int:
    """The worst exit code of the runs; 1 and one line where the Compose of today cannot be had."""
    try:
        found, older = others(chosen(), installed())
        if older:
            found.insert(0, pinned_compose(lambda line: print(f"compose: {line}", flush=True)))
    except (ImageUnavailable, ComposeUnusable) as missing:
        print(f"compose: {missing}", file=sys.stderr)
        return 1
    worst = 0
    for plugin in found:
        print(f"compose: the acceptance criteria with Compose {plugin.version}, {plugin.path}", flush=True)
        command = [sys.executable, "-m", "pytest", "-m", "acceptance", f"--compose={plugin.path}"]
        done = subprocess.run(
            [*command, f"--report=reports/compose-{plugin.version}", *arguments], check=False
        )
        worst = max(worst, done.returncode)
    if not found:
        print(
            "compose: no other Compose is here, and the one that is used is as new as the one of this suite"
        )
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
