"""A Compose of today as a plugin file, for runs with another one than that which is installed.

``python -m tools.pinned_compose`` supplies it and prints where it is. It stays in a cache, in none of the folders
that the docker client looks into: whoever uses docker on this machine keeps the Compose that they have.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dayzero.core.errors import ImageUnavailable
from dayzero.docker.compose_plugin import ComposePlugin, ComposeUnusable, plugin_at
from tools import images
from tools.images.recipe import Recipe

_RECIPE = "compose"
_FILE = "docker-compose"


def pinned_version() -> str:
    """The version that images/compose pins, without a leading `v`."""
    return Recipe.named(_RECIPE).image.rpartition(":")[2].removeprefix("v")


def pinned_compose(say: Callable[[str], None] = lambda _line: None) -> ComposePlugin:
    """The plugin, taken from its official image, or compiled where no registry gives that.

    Raises ImageUnavailable, and ComposeUnusable where it does not run here.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = cache / "dayzero" / "compose" / pinned_version() / _FILE
    if not path.exists():
        _take_out(images.ensure([_RECIPE], say)[_RECIPE], path)
    plugin = plugin_at(path)
    if plugin is None:
        raise ComposeUnusable(f"{path} does not run here: remove it to have it made anew")
    return plugin


def _take_out(image: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{_FILE}.{os.getpid()}.tmp")
    container = _docker("create", image)
    try:
        _docker("cp", f"{container}:/{_FILE}", str(unfinished))
    finally:
        _docker("rm", container)
    unfinished.rename(path)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ComposeUnusable(
            f"docker {arguments[0]} failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
        )
    return done.stdout.strip()


def main() -> int:
    """0 and the plugin's file, or 1 and one line about what is missing (after a failed build its log's last lines)."""
    try:
        plugin = pinned_compose(lambda line: print(f"compose: {line}", file=sys.stderr, flush=True))
    except (ImageUnavailable, ComposeUnusable) as missing:
        print(f"compose: {missing}", file=sys.stderr)
        return 1
    print(plugin.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
