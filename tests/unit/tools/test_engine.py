"""The engine is found or named in one line, and an engine that answers is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dayzero.docker import compose_plugin
from dayzero.docker.engine import Engine, EngineUnavailable, Lack, find
from tests.unit.conftest import ROOT
from tools.bootstrap import apt as debian_apt
from tools.bootstrap import debian as engine_on_debian
from tools.bootstrap import engine

ANSWERS = """
case "$*" in
  "version --format json") echo '{"Server": {"Version": "26.1.5"}}' ;;
  "compose version --short") echo 2.26.1-4 ;;
  "context inspect"*) echo unix:///var/run/docker.sock ;;
esac"""
NOBODY_THERE = """
echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2
exit 1"""


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes a folder of shell scripts the whole PATH; each notes how it was called in `calls`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("DOCKER_HOST", "DOCKER_CONFIG", compose_plugin.NAMED_BY):
        monkeypatch.delenv(name, raising=False)
    # Only what a test puts there is a Compose: this machine's own are out of sight.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(compose_plugin, "SYSTEM_FOLDERS", ())

    def put(**scripts: str) -> Path:
        for name, body in scripts.items():
            path = folder / name.replace("_", "-")
            path.write_text(f'#!/bin/sh\necho "{path.name} $*" >>"{tmp_path}/calls"\n{body}\n')
            path.chmod(0o755)
        return tmp_path / "calls"

    return put


def lack_of() -> EngineUnavailable:
    with pytest.raises(EngineUnavailable) as raised:
        find()
    assert "\n" not in str(raised.value)
    return raised.value


def test_an_engine_that_answers_is_named(stand_ins: Callable[..., Path]) -> None:
    """Given a docker client whose engine answers and that has Compose v2,
    when the engine is looked for,
    then its version, Compose's and the place are known."""
    stand_ins(docker=ANSWERS)
    assert find() == Engine("unix:///var/run/docker.sock", "26.1.5", "2.26.1-4")


def test_an_engine_that_answers_is_left_alone(stand_ins: Callable[..., Path]) -> None:
    """Given an engine that answers, on a Debian with root,
    when an engine is to be ensured,
    then nothing is installed, started or changed."""
    calls = stand_ins(docker=ANSWERS, apt_get="exit 1", dockerd="exit 1", systemctl="exit 1")
    engine.ensure(lambda step: pytest.fail(step))
    assert {line.split()[0] for line in calls.read_text().splitlines()} == {"docker"}


def test_no_client(stand_ins: Callable[..., Path]) -> None:
    """Given a PATH without docker,
    when the engine is looked for,
    then the client is what lacks."""
    stand_ins()
    assert lack_of().lack is Lack.CLIENT


def test_no_daemon(stand_ins: Callable[..., Path]) -> None:
    """Given a client that reaches no engine,
    when the engine is looked for,
    then the daemon is what lacks, and the line says where it was looked for and what the client said."""
    stand_ins(docker=NOBODY_THERE)
    missing = lack_of()
    assert missing.lack is Lack.DAEMON
    assert "unix:///var/run/docker.sock" in str(missing)
    assert "Is the docker daemon running" in str(missing)


def test_no_permission(stand_ins: Callable[..., Path]) -> None:
    """Given a socket that this user may not open,
    when an engine is to be ensured,
    then permission is what lacks, the remedy is the group, and nothing is installed."""
    denied = "echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1"
    calls = stand_ins(docker=denied, apt_get="exit 0")
    assert lack_of().lack is Lack.PERMISSION
    with pytest.raises(EngineUnavailable, match="group docker"):
        engine.ensure()
    assert "apt-get" not in calls.read_text()


@pytest.mark.parametrize("answer", ["exit 1", "echo 1.29.2", "echo v2.5.0", "echo unknown"])
def test_no_compose_v2(answer: str, stand_ins: Callable[..., Path]) -> None:
    """Given an engine that answers and a Compose that is missing, too old or mute,
    when the engine is looked for,
    then Compose is what lacks."""
    stand_ins(docker=ANSWERS.replace("echo 2.26.1-4", answer))
    assert lack_of().lack is Lack.COMPOSE


@pytest.mark.parametrize("version", ["v2.20.0", "2.39.4", "v5.0.1"])
def test_a_compose_that_will_do(version: str, stand_ins: Callable[..., Path]) -> None:
    """Given a Compose of 2.20 or later,
    when the engine is looked for,
    then it is taken, without the v."""
    stand_ins(docker=ANSWERS.replace("2.26.1-4", version))
    assert find().compose == version.lstrip("v")


def test_a_newer_compose_than_docker_takes_is_said(
    stand_ins: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Given a named Compose that the docker client would not take by itself,
    when the engine is asked for on the command line,
    then this process and its children use that one, and a second line says how to use it by hand."""
    named = tmp_path / "docker-compose"
    named.write_text("""#!/bin/sh\necho '{"Version": "v5.6.0"}'\n""")
    named.chmod(0o755)
    monkeypatch.setenv(compose_plugin.NAMED_BY, str(named))
    monkeypatch.setenv("DOCKER_CONFIG", "")  # as if unset, and put back afterwards
    stand_ins(docker=ANSWERS.replace("echo 2.26.1-4", 'echo "${DOCKER_CONFIG:+5.6.0}"'))
    assert engine.main() == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "Compose 5.6.0" in first
    folder = second.rpartition("export DOCKER_CONFIG=")[2]
    assert os.environ["DOCKER_CONFIG"] == folder
    assert (Path(folder) / "cli-plugins" / "docker-compose").resolve() == named


def test_a_compose_that_somebody_named_is_not_replaced(
    stand_ins: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a Compose that is named and is none, on a Debian with root,
    when an engine is to be ensured,
    then the line names that file and nothing is installed instead."""
    calls = stand_ins(docker=ANSWERS, apt_get="exit 0")
    monkeypatch.setenv(compose_plugin.NAMED_BY, str(tmp_path / "my-compose"))
    with pytest.raises(EngineUnavailable, match="my-compose is no Compose plugin"):
        engine.ensure()
    assert "apt-get" not in calls.read_text()


def test_an_engine_that_somebody_named_is_not_replaced(
    stand_ins: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a DOCKER_HOST that does not answer, on a Debian with root,
    when an engine is to be ensured,
    then the line names that host and nothing is installed instead."""
    calls = stand_ins(docker=NOBODY_THERE, apt_get="exit 0")
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    with pytest.raises(EngineUnavailable, match="tcp://elsewhere:2375"):
        engine.ensure()
    assert "apt-get" not in calls.read_text()


@pytest.mark.parametrize(
    ("there", "account", "reason"), [({}, 0, "not Debian"), ({"apt_get": ""}, 1000, "only root")]
)
def test_what_cannot_be_installed_is_said_in_one_line(
    there: dict[str, str],
    account: int,
    reason: str,
    stand_ins: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given a machine without docker that is no Debian, or on which we are not root,
    when an engine is to be ensured,
    then one line says what is missing, what to do and why it was not done."""
    stand_ins(**there)
    monkeypatch.setattr(os, "geteuid", lambda: account)
    with pytest.raises(EngineUnavailable) as raised:
        engine.ensure()
    assert "install Docker Engine" in str(raised.value)
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_command_line_needs_nothing_but_python(tmp_path: Path) -> None:
    """Given a Python without any installed package and a machine without docker and apt,
    when the command line runs,
    then it ends with 1 and one line on stderr, without a traceback."""
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "tools.bootstrap.engine"],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("engine: no docker client on the PATH")
    assert ended.stderr.count("\n") == 1


def candidates(**versions: str) -> str:
    cases = "".join(
        f"  {name.replace('_', '-')}) echo '  Candidate: {version}' ;;\n"
        for name, version in versions.items()
    )
    return f'case "$2" in\n{cases}  *) echo "  Candidate: (none)" ;;\nesac'


@pytest.mark.parametrize(
    ("known", "packages"),
    [
        (
            {"docker_compose": "2.26.1-4", "docker_cli": "26.1.5"},
            ["docker.io", "docker-cli", "docker-compose", "docker-buildx", "iptables"],
        ),
        (
            {"docker_compose": "1.29.2", "docker_compose_v2": "2.24"},
            ["docker.io", "docker-compose-v2", "docker-buildx", "iptables"],
        ),
        (
            {"docker_compose": "2.26.1-4", "docker_compose_plugin": "5.6.0-1~debian.13~trixie"},
            ["docker.io", "docker-compose-plugin", "docker-buildx", "iptables"],
        ),
    ],
)
def test_the_newest_compose_that_apt_has_is_installed(
    known: dict[str, str], packages: list[str], stand_ins: Callable[..., Path]
) -> None:
    """Given a release, or an archive beside it, that has Compose under one of its names, or under two,
    when the packages are chosen,
    then the newest Compose is among them, and the rest is that release's own."""
    stand_ins(apt_cache=candidates(**known))
    assert engine_on_debian._packages() == packages


def test_an_older_debian_takes_the_next_release_from_its_own_mirror(
    stand_ins: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given Debian 12 with a mirror of its own choice,
    when the packages are chosen,
    then they are Debian 13's, without runc, from that mirror, under a pin that no installed package follows."""
    for folder in ("sources.list.d", "preferences.d"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(debian_apt, "SETTINGS", tmp_path)
    monkeypatch.setattr(debian_apt, "codename", lambda: "bookworm")
    targets = (
        "printf 'Debian|http://mirror.example/debian/\\nDebian-Security|http://mirror.example/security/\\n'"
    )
    stand_ins(apt_cache=candidates(docker_compose="1.29.2"), apt_get=f'[ "$1" != indextargets ] || {targets}')
    packages = engine_on_debian._packages()
    assert "docker-compose/trixie" in packages
    assert "docker.io/trixie" in packages
    assert not [name for name in packages if name.startswith("runc")]
    (source,) = (tmp_path / "sources.list.d").iterdir()
    assert "URIs: http://mirror.example/debian/\n" in source.read_text()
    (pin,) = (tmp_path / "preferences.d").iterdir()
    assert int(pin.read_text().rpartition("Pin-Priority: ")[2]) < 100


def test_a_failed_installation_says_what_apt_said(
    stand_ins: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an apt that finds no mirror,
    when the engine is installed,
    then the one line has apt's complaint and what to install by hand."""
    stand_ins(apt_get="echo 'E: Unable to locate the mirror' >&2; exit 100")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(engine_on_debian, "_LOCK", Path(os.devnull))
    with pytest.raises(EngineUnavailable) as raised:
        engine.ensure(lambda step: None)
    assert "Unable to locate the mirror" in str(raised.value)
    assert "install docker.io" in str(raised.value)
    assert "\n" not in str(raised.value)


def start_in_a_process(log: Path) -> list[str]:
    code = (
        "import sys, pathlib; from tools.bootstrap import debian as e;"
        "e.LOG = pathlib.Path(sys.argv[1]); e._SYSTEMD = pathlib.Path('/nowhere'); e.start(print)"
    )
    return [sys.executable, "-c", code, str(log)]


def test_a_started_daemon_holds_on_to_nothing_of_ours(stand_ins: Callable[..., Path], tmp_path: Path) -> None:
    """Given a daemon that stays,
    when a process starts it and its caller waits for the end of that process's output,
    then the caller does not wait for the daemon, which leads a session of its own and writes to its log."""
    up = tmp_path / "up"
    stand_ins(
        docker=f'[ -e "{up}" ]',
        dockerd=f'echo ready\necho $$ >"{up}"\nexec /bin/sleep 60',
    )
    ended = subprocess.run(
        start_in_a_process(tmp_path / "log"), cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    pid = int(up.read_text())
    try:
        assert os.getsid(pid) == pid
        assert "answers after" in ended.stdout
        assert (tmp_path / "log").read_text() == "ready\n"
    finally:
        os.kill(pid, 15)


def test_a_daemon_that_ends_is_not_waited_for(
    stand_ins: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a daemon that ends at once,
    when it is started,
    then one line has its exit code and the last line of its log."""
    stand_ins(docker="exit 1", dockerd="echo 'failed to start: no iptables'; exit 3")
    monkeypatch.setattr(engine_on_debian, "LOG", tmp_path / "log")
    monkeypatch.setattr(engine_on_debian, "_SYSTEMD", tmp_path / "nowhere")
    with pytest.raises(EngineUnavailable, match="ended with 3: failed to start: no iptables"):
        engine_on_debian.start(lambda step: None)


def test_where_there_is_systemd_it_starts_the_daemon(
    stand_ins: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a machine that systemd runs,
    when the engine is started,
    then its service is, and no daemon beside it."""
    calls = stand_ins(docker=f'[ -e "{tmp_path}/up" ]', systemctl=f'echo >"{tmp_path}/up"', dockerd="exit 1")
    monkeypatch.setattr(engine_on_debian, "_SYSTEMD", tmp_path)
    engine_on_debian.start(lambda step: None)
    started = [line for line in calls.read_text().splitlines() if not line.startswith("docker ")]
    assert started == ["systemctl start docker"]


def test_versions_are_read_from_the_client_alone(stand_ins: Callable[..., Path]) -> None:
    """Given a client that answers with its own part only,
    when the engine is looked for,
    then that is no engine."""
    stand_ins(docker=f"echo '{json.dumps({'Client': {'Version': '28'}, 'Server': None})}'")
    assert lack_of().lack is Lack.DAEMON
