"""What holds for the repository as a whole."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.unit.conftest import ROOT
from tools.lint import tracked_files

TRACKED = tracked_files(ROOT)

SOMEBODYS_HOME = re.compile(r"(?<![\w.$}])/(?:home|Users)/(?!user\b)[a-z][\w.-]*/")


def texts() -> dict[str, str]:
    return {name: (ROOT / name).read_text(encoding="utf-8", errors="replace") for name in TRACKED}


def test_no_file_holds_a_private_path() -> None:
    """Given every tracked file,
    when it is searched for somebody's home folder, or for the folder of this very clone,
    then neither is found."""
    private = [path for path in (str(ROOT), str(Path.home())) if path.count("/") > 1]
    found = [
        name
        for name, text in texts().items()
        if SOMEBODYS_HOME.search(text) or any(f"{path}/" in text for path in private)
    ]
    assert not found


def test_nothing_generated_is_tracked() -> None:
    """Given every tracked file,
    when its place is looked at,
    then none is a secret, a cache, an environment or a report other than the sample."""
    generated = re.compile(r"^(secrets/|\.venv/|\.tox/|\.env$)|__pycache__|^reports/(?!sample/)")
    assert not [name for name in TRACKED if generated.search(name)]


def test_no_source_file_is_too_long() -> None:
    """Given every Python and shell file,
    when its lines are counted,
    then it has fewer than 400."""
    source = {name: text for name, text in texts().items() if name.endswith((".py", ".sh"))}
    assert not {name: text.count("\n") for name, text in source.items() if text.count("\n") >= 400}


def test_the_readme_tells_each_make_target() -> None:
    """Given the targets that `make help` lists,
    when the README is read,
    then it tells about each of them."""
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert targets
    assert not [target for target in targets if not re.search(rf"make {target}\b", readme)]


def test_the_lock_pins_what_the_project_asks_for() -> None:
    """Given the project's dependencies,
    when the lock is read,
    then it pins each with hashes, and names no place to fetch it from."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w.-]+)==\S+(?: ;[^\\]*)? \\\n +--hash=sha256:", lock, re.MULTILINE)
    names = {re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", text)[0]).lower() for text in asked}  # type: ignore[index]
    assert names <= set(pinned)
    assert len(pinned) == len(re.findall(r"^[\w.-]+==", lock, re.MULTILINE))
    assert "://" not in lock
    assert not re.search(r"^\s*--(index|extra-index|find-links|trusted)", lock, re.MULTILINE)
