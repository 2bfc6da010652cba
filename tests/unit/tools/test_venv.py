"""The environment is made from the lock, and an old Python gets one clear line."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from tools import venv
from tools.python_version import complaint
from tools.venv import VenvFailed, make_venv


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_refused_in_one_line(version: tuple[int, ...]) -> None:
    """Given a Python older than the project's,
    when it is asked whether it will do,
    then one line says which is needed and how to name it."""
    text = complaint(version)
    assert text.startswith(f"Python {version[0]}.{version[1]} is too old")
    assert "make PYTHON=" in text
    assert "\n" not in text


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 1), (4, 0, 0)])
def test_a_new_python_will_do(version: tuple[int, ...]) -> None:
    """Given a Python that is new enough,
    when it is asked whether it will do,
    then there is nothing to say."""
    assert complaint(version) == ""


def test_the_environment_is_made_once_for_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an environment whose stamp names the lock,
    when it is asked for again, and then once more with another lock,
    then nothing runs the first time and it is made afresh the second time."""
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(venv, "_run", lambda failure, *command: ran.append(command))
    lock, environment = tmp_path / "requirements.lock", tmp_path / ".venv"
    environment.mkdir()
    lock.write_text("a==1\n", encoding="utf-8")
    recipe = Path(venv.__file__).read_bytes()
    digest = hashlib.sha256(b"a==1\n" + recipe + sys.version.encode()).hexdigest()
    (environment / "dayzero.stamp").write_text(digest, encoding="ascii")
    make_venv(environment, lock)
    assert not ran
    lock.write_text("a==2\n", encoding="utf-8")
    make_venv(environment, lock)
    assert [command[1:3] for command in ran] == [("-m", "venv"), ("-m", "pip"), ("-m", "pip")]
    assert "--require-hashes" in ran[1]
    assert "--editable" in ran[2]
    make_venv(environment, lock)
    assert len(ran) == 3


def test_an_installation_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an installation that fails halfway,
    when it ends,
    then it says so in one line and leaves no stamp."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    lock, environment = tmp_path / "requirements.lock", tmp_path / ".venv"
    lock.write_text("a==1\n", encoding="utf-8")
    with pytest.raises(VenvFailed, match="could not be made: /bin/false -m venv --clear … ended with 1"):
        make_venv(environment, lock)
    assert not (environment / "dayzero.stamp").exists()


def test_a_python_without_ensurepip_names_the_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a Python without ensurepip, where nothing can be installed,
    when the environment is made,
    then one line names the package to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1\n", encoding="utf-8")
    with pytest.raises(VenvFailed, match=rf"install the package python3\.{sys.version_info.minor}-venv"):
        make_venv(tmp_path / ".venv", lock)
