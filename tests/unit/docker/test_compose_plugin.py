"""Of the Compose plugins that the docker client finds the newest is used, or the one that is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dayzero.core.release import release
from dayzero.docker import compose_plugin
from dayzero.docker.compose_plugin import ComposeUnusable, chosen, environment, installed
from tests.unit.conftest import ROOT


class Machine:
    """Folders of plugins that are executables, of which the docker client finds those in `home` and in `system`."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home" / ".docker"
        self.system = [folder / "usr" / "local", folder / "usr" / "lib"]
        for one in (self.home / "cli-plugins", *self.system):
            one.mkdir(parents=True)

    def put(self, folder: Path, version: str) -> Path:
        """A plugin of this version, which answers like the docker client's own protocol wants it."""
        path = folder / "docker-compose"
        said = json.dumps({"SchemaVersion": "0.1.0", "Vendor": "a vendor", "Version": version})
        asked = '[ "$1" = docker-cli-plugin-metadata ]'
        path.write_text(f"#!/bin/sh\nif {asked}; then echo '{said}'; else echo '{version} ran'; fi\n")
        path.chmod(0o755)
        return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setattr(compose_plugin, "SYSTEM_FOLDERS", tuple(made.system))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.delenv(compose_plugin.NAMED_BY, raising=False)
    return made


def run_docker(**variables: str) -> str:
    ended = subprocess.run(
        ["docker", "compose", "up"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stderr}: make engine installs docker"
    return ended.stdout.strip()


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2.26.1-4", "v5.6.0"),
        ("2.9.0", "2.26.1"),
        ("v5.0.0-rc.1", "v5.0.0"),
        ("2.40.2", "2.40.3-1~debian.13~trixie.1"),
        ("dev", "1.29.2"),
    ],
)
def test_versions_are_compared_as_releases(older: str, newer: str) -> None:
    """Given two versions as Compose, Debian and Docker's own archive write them,
    when they are compared,
    then numbers count as numbers, a candidate is older than its release, and what has no number is oldest."""
    assert release(older) < release(newer)


def test_the_newest_is_taken_wherever_it_is(machine: Machine) -> None:
    """Given an older Compose in the user's own folder and a newer one in a system folder,
    when one is chosen and the docker client runs with what was chosen,
    then it is the newer one, which the client would not have taken by itself."""
    machine.put(machine.home / "cli-plugins", "v2.17.0")
    newest = machine.put(machine.system[1], "v5.6.0")
    machine.put(machine.system[0], "2.26.1-4")
    assert [one.version for one in installed()] == ["2.17.0", "2.26.1-4", "5.6.0"]
    taken = chosen()
    assert taken is not None and taken.path == newest
    assert run_docker() == "v2.17.0 ran"
    assert run_docker(**environment()) == "v5.6.0 ran"


def test_what_docker_takes_by_itself_needs_nothing(machine: Machine) -> None:
    """Given the newest Compose where the docker client looks first,
    when it is chosen,
    then the client's environment stays as it is and nothing is written."""
    machine.put(machine.home / "cli-plugins", "v5.6.0")
    machine.put(machine.system[0], "2.26.1-4")
    assert environment() == {}
    assert not (machine.home.parent.parent / "cache").exists()


def test_of_two_equal_ones_the_first_is_taken(machine: Machine) -> None:
    """Given the same version twice, once through a link,
    when one is chosen,
    then it is the one that the client takes by itself, and a linked file counts once."""
    path = machine.put(machine.system[1], "2.26.1")
    (machine.system[0] / "docker-compose").symlink_to(path)
    machine.put(machine.home / "cli-plugins", "2.26.1")
    assert len(installed()) == 2
    assert environment() == {}


def test_no_compose_at_all(machine: Machine) -> None:
    """Given no Compose in any folder,
    when one is to be chosen,
    then there is none, and the client is left alone."""
    assert chosen() is None
    assert environment() == {}


def test_a_broken_first_one_does_not_hide_another(machine: Machine) -> None:
    """Given a file that is no plugin where the docker client looks first, for which the client gives up,
    when one is chosen,
    then it is the next that answers."""
    broken = machine.home / "cli-plugins" / "docker-compose"
    broken.write_text("<html>not found</html>")
    broken.chmod(0o755)
    machine.put(machine.system[0], "2.26.1-4")
    assert run_docker(**environment()) == "2.26.1-4 ran"


def test_the_one_that_is_named_is_taken(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a Compose that is named and is neither the newest nor in any of the client's folders,
    when one is chosen, and again by a process that was started with what came of it,
    then it is the named one."""
    machine.put(machine.system[0], "v5.6.0")
    elsewhere = machine.home.parent.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv(compose_plugin.NAMED_BY, str(machine.put(elsewhere, "2.26.1-4")))
    variables = environment()
    assert run_docker(**variables) == "2.26.1-4 ran"
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert environment() == {}
    assert run_docker() == "2.26.1-4 ran"


@pytest.mark.parametrize("content", [None, "#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n"])
def test_what_is_named_and_is_no_compose_is_refused(
    content: str | None, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a named file that is not there, fails, or does not answer like a plugin,
    when Compose is to be chosen,
    then one line names the file, and no other Compose is taken instead."""
    machine.put(machine.system[0], "v5.6.0")
    named = machine.home / "my-compose"
    if content is not None:
        named.write_text(content)
        named.chmod(0o755)
    monkeypatch.setenv(compose_plugin.NAMED_BY, str(named))
    with pytest.raises(ComposeUnusable) as raised:
        environment()
    assert str(named) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_users_settings_stay_in_force(machine: Machine) -> None:
    """Given a user with credentials, contexts and other plugins, and an older Compose first,
    when the newer Compose is used,
    then all else is still there, as links to the one original, and what the user removes later is gone as well."""
    machine.put(machine.home / "cli-plugins", "v2.17.0")
    machine.put(machine.system[0], "v5.6.0")
    (machine.home / "config.json").write_text('{"auths": {"registry.example": {"auth": "c2VjcmV0"}}}')
    (machine.home / "contexts").mkdir()
    (machine.home / "cli-plugins" / "docker-buildx").write_text("")
    folder = Path(environment()["DOCKER_CONFIG"])
    assert (folder / "config.json").resolve() == machine.home / "config.json"
    assert (folder / "contexts").resolve() == machine.home / "contexts"
    (other,) = [path for path in (folder / "cli-plugins").iterdir() if path.name != "docker-compose"]
    assert other.resolve() == machine.home / "cli-plugins" / "docker-buildx"
    (machine.home / "config.json").unlink()
    assert Path(environment()["DOCKER_CONFIG"]) == folder
    assert not (folder / "config.json").is_symlink()


def test_a_setting_that_outranks_the_choice_is_named(machine: Machine) -> None:
    """Given a client configuration that puts a folder with an older Compose before all others,
    when the newer one is to be used,
    then one line names the setting, the file and the way out."""
    extra = machine.home.parent / "extra"
    extra.mkdir()
    machine.put(extra, "2.17.0")
    machine.put(machine.system[0], "v5.6.0")
    (machine.home / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [str(extra)]}))
    assert run_docker() == "2.17.0 ran"
    with pytest.raises(ComposeUnusable, match=r"cliPluginsExtraDirs in .*config\.json puts .*extra"):
        environment()


def test_the_command_line_is_docker_with_that_compose(machine: Machine) -> None:
    """Given a Compose that is named,
    when docker is called through the suite's own command line, as make does,
    then that Compose runs."""
    named = machine.put(machine.home, "v5.6.0")
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "dayzero.docker.compose_plugin", "compose", "ps"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src", compose_plugin.NAMED_BY: str(named)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "v5.6.0 ran"), ended.stderr
