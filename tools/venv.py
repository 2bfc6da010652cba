"""Makes `.venv` from the hash-locked requirements, with the standard library alone: ``python3 -m tools.venv``."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class VenvFailed(Exception):
    """The environment could not be made; the text is one line that says what to do."""


def main() -> int:
    """Bring `.venv` in line with `requirements.lock`; one line on stderr and 1 if that fails."""
    try:
        make_venv(ROOT / ".venv", ROOT / "requirements.lock")
    except VenvFailed as failed:
        _say(str(failed))
        return 1
    return 0


def make_venv(venv: Path, lock: Path) -> None:
    """Install afresh, unless the stamp in `venv` names this very lock, recipe and Python. Raises VenvFailed."""
    stamp = venv / "dayzero.stamp"
    recipe = Path(__file__).read_bytes()
    wanted = hashlib.sha256(lock.read_bytes() + recipe + sys.version.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    _ensure_ensurepip()
    _say(f"making {venv.name} from {lock.name}")
    _run("the virtual environment could not be made", sys.executable, "-m", "venv", "--clear", str(venv))
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    locked = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)]
    _run("the locked packages could not be installed (does a package registry answer?)", *pip, *locked)
    project = ["--no-deps", "--no-build-isolation", "--editable", str(lock.parent)]
    _run("the project itself could not be installed into its environment", *pip, *project)
    _place_start(venv, lock.parent)
    stamp.write_text(wanted, encoding="ascii")


def _place_start(venv: Path, root: Path) -> None:
    """Have each pytest of the environment begin with `joined_options`, before it looks for configuration."""
    script = root / "src" / "dayzero" / "pytest_plugin" / "joined_options.py"
    is_pytest = "any('pytest' in word or 'py.test' in word for word in sys.orig_argv[1:])"
    run = f"__import__('runpy').run_path({str(script)!r}, run_name='dayzero_start')"
    for packages in venv.glob("lib/python*/site-packages"):
        (packages / "dayzero_start.pth").write_text(f"import sys; {is_pytest} and {run}\n", encoding="utf-8")


def _ensure_ensurepip() -> None:
    """Debian ships Python without `ensurepip`: as root it is installed, elsewhere the package is named."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise VenvFailed(f"Python's venv module is incomplete: install the package {package}")
    _say(f"installing {package}")
    _run("the package lists could not be fetched", "apt-get", "update", "-qq")
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    _run(f"{package} could not be installed", *install)


def _run(failure: str, *command: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    code = subprocess.run(command, stdin=subprocess.DEVNULL, env=environment).returncode
    if code != 0:
        raise VenvFailed(f"{failure}: {' '.join(command[:4])} … ended with {code}")


def _say(text: str) -> None:
    sys.stderr.write(f"venv: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
