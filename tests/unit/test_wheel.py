"""The package as it is installed: with its data, and away from this repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.unit.conftest import ROOT

PROJECT = """
services:
  db: {image: "postgres:17.6"}
  db-init:
    image: postgres:17.6
    restart: always
    entrypoint: [psql, -h, db, -c, "create schema a"]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    built = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*built, "--wheel-dir", str(folder), str(source)], check=True, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_an_installed_package_judges_a_project_elsewhere(installed: Path, tmp_path: Path) -> None:
    """Given the package as a wheel holds it, and a project in a folder of its own,
    when the project is checked,
    then the finding is told with file, line and column, by the installed package."""
    (tmp_path / "compose.yml").write_text(PROJECT, encoding="utf-8")
    code = "import sys, dayzero.cli as cli; print(cli.__file__); sys.exit(cli.main(['check']))"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.startswith(str(installed)), ended.stderr
    assert "\ncompose.yml:6:5: CFG-2 fail db-init: " in ended.stdout
    assert ended.returncode == 1


def test_a_wheel_holds_every_data_file(installed: Path) -> None:
    """Given the data files of the package,
    when the wheel is laid out,
    then each of them is in it."""
    package = ROOT / "src" / "dayzero"
    data = [
        path.relative_to(package)
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert data
    assert [path for path in data if not (installed / "dayzero" / path).is_file()] == []
