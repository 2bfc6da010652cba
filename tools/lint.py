"""Runs every linter over the files that git tracks: ``python -m tools.lint``."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent

_SHELL = re.compile(rb"#!\s*(/usr)?/bin/(env\s+)?(ba|da)?sh( -\w+)*\s*$")
_WRITTEN_BADLY_ON_PURPOSE = "fixtures/stacks/"


def tracked_files(root: Path) -> list[str]:
    """The files that git tracks and that are there, relative to `root`. Raises CalledProcessError outside a clone."""
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "ls-files", "-z"], cwd=root, capture_output=True, check=True
    )
    return [name for name in listing.stdout.decode().split("\0") if name and (root / name).is_file()]


def is_shell(file: Path) -> bool:
    """Whether the file's name or first line says that a Bourne shell reads it."""
    if file.suffix == ".sh":
        return True
    with file.open("rb") as opened:
        return _SHELL.match(opened.readline(80)) is not None


def commands(root: Path, files: Iterable[str]) -> list[list[str]]:
    """Each linter with the files that are its business; a linter without any is left out."""
    judged = [name for name in files if not name.startswith(_WRITTEN_BADLY_ON_PURPOSE)]
    shell = [name for name in judged if is_shell(root / name)]
    dockerfiles = [name for name in judged if Path(name).name.split(".")[0] == "Dockerfile"]
    calls = [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports", "--no-cache"]]
    if shell:
        calls += [
            ["shellcheck", *shell],
            ["shfmt", "-i", "2", "-ci", "-bn", "-d", *shell],
        ]
    if dockerfiles:
        calls.append(["hadolint", *dockerfiles])
    return calls


def main() -> int:
    """Run them all, also after one has complained; 1 if any did."""
    try:
        files = tracked_files(ROOT)
    except (OSError, subprocess.CalledProcessError) as failed:
        sys.stderr.write(
            f"lint: git cannot list the tracked files ({failed}); run it in a clone, with git installed\n"
        )
        return 1
    complained = []
    for tool, *arguments in commands(ROOT, files):
        if subprocess.run([str(TOOLS / tool), *arguments], cwd=ROOT).returncode != 0:
            complained.append(tool)
    if complained:
        sys.stderr.write(f"lint: {', '.join(dict.fromkeys(complained))} complained\n")
    return 1 if complained else 0


if __name__ == "__main__":
    sys.exit(main())
