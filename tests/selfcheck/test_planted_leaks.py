"""RUN-15 can fail: one leak of each kind is planted, on a machine as busy as it is, and every one of them is found."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from python_on_whales import Container, DockerClient

from dayzero.core.wait import await_condition
from dayzero.docker.run_identity import RunIdentity
from dayzero.probes.leak_scan import leaks_in_files, leaks_of, secrets_in
from dayzero.probes.process_watch import SecretWatch, Watch
from dayzero.stack.stack import remove_run

SHORT = 20
"""How many processes with a secret in their arguments live for 50 ms each, one after the other."""

_PLANTED = ("environment", "log", "base64 log", "url log", "digest log", "md5 log", "postgres log", "file")
_INNOCENT = ("role name", "secret's path", "salted verifier")


@dataclass(frozen=True)
class Scene:
    """What was planted, what the watch saw of it, and the container in which all of it happened."""

    values: dict[str, str]
    seen: Watch
    container: Container
    logs: dict[str, str]


def _script(values: dict[str, str]) -> str:
    """The container's program. The secrets reach it as a file, so that none shows but where it is planted."""
    told = {
        "log": values["log"],
        "base64 log": base64.b64encode(f"user:{values['base64 log']}".encode()).decode(),
        "url log": quote(values["url log"], safe=""),
        "digest log": hashlib.sha256(values["digest log"].encode()).hexdigest(),
        "md5 log": base64.b64encode(
            hashlib.md5(values["md5 log"].encode(), usedforsecurity=False).digest()
        ).decode(),
        "postgres log": "md5"
        + hashlib.md5(f"{values['postgres log']}postgres".encode(), usedforsecurity=False).hexdigest(),
        "role name": "role platform",
        "secret's path": "PGPASSFILE=/run/secrets/mng_pg_provisioner_pgpass",
        "salted verifier": "SCRAM-SHA-256$4096:" + base64.b64encode(secrets.token_bytes(16)).decode(),
    }
    lines = ["import os, subprocess, time"]
    for number in range(SHORT):
        lines.append(f"subprocess.run(['sh', '-c', 'sleep 0.05; :', 'x', {values[f'argument {number}']!r}])")
    lines.append(f"subprocess.run(['sleep', '0.05'], env={{'TOKEN': {values['environment']!r}}})")
    lines += [f"print({f'{name}: {text}'!r}, flush=True)" for name, text in told.items()]
    lines.append(f"open('/tmp/left-behind', 'w').write('x=' + {values['file']!r})")
    lines.append("print('done', flush=True); time.sleep(600)")
    return "\n".join(lines)


def _log(container: Container) -> str:
    log = container.logs()
    assert isinstance(log, str)
    return log


@pytest.fixture(scope="module")
def scene(
    engine: DockerClient, probe_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    names = [*_PLANTED, *_INNOCENT, *(f"argument {number}" for number in range(SHORT))]
    values = {name: secrets.token_urlsafe(18) + "+/=" for name in names}
    folder = tmp_path_factory.mktemp("planted")
    identity = RunIdentity.generate()
    program = folder / "program.py"
    program.write_text(_script(values), encoding="utf-8")
    watch = SecretWatch(probe_image, identity, folder, values)
    watch.start()
    try:
        container = engine.run(
            probe_image,
            ["/program.py"],
            entrypoint="python3",
            detach=True,
            volumes=[(program, "/program.py", "ro")],
            tmpfs=["/tmp"],
            labels=identity.labels,
        )
        assert isinstance(container, Container)
        await_condition(lambda: "done" in _log(container), 60, lambda: f"not planted: {_log(container)}")
        seen = watch.finish()
        told = {
            name: text for name, _, text in (line.partition(": ") for line in _log(container).splitlines())
        }
        yield Scene(values, seen, container, told)
    finally:
        watch.remove()
        remove_run(identity)


def test_arguments_that_live_50_ms_are_seen(scene: Scene) -> None:
    seen = {one.secret for one in scene.seen.sightings if one.where == "cmdline"}
    assert seen == {f"argument {number}" for number in range(SHORT)}, scene.seen
    assert scene.container.id in {one.container for one in scene.seen.sightings}


def test_an_environment_that_lives_50_ms_is_seen(scene: Scene) -> None:
    assert {one.secret for one in scene.seen.sightings if one.where == "environ"} == {"environment"}


def test_a_file_in_the_scratch_space_is_seen(scene: Scene) -> None:
    found = {(one.secret, one.program) for one in scene.seen.sightings if one.where == "file"}
    assert found == {("file", "/tmp/left-behind")}


@pytest.mark.parametrize("kind", [name for name in _PLANTED if name.endswith("log")])
def test_each_form_in_a_log_is_found(scene: Scene, kind: str) -> None:
    assert secrets_in(scene.logs[kind], scene.values) == [kind]
    assert f"{kind} in the log of {scene.container.name}" in leaks_of([scene.container], scene.values)


@pytest.mark.parametrize("kind", _INNOCENT)
def test_what_only_looks_like_a_leak_is_let_pass(scene: Scene, kind: str) -> None:
    assert secrets_in(scene.logs[kind], scene.values) == []
    assert not any(kind in finding for finding in leaks_of([scene.container], scene.values))


def test_a_report_with_a_secret_is_found(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(f"<p>{scene.values['log']}</p>", encoding="utf-8")
    (tmp_path / "clean.html").write_text("<p>platform</p>", encoding="utf-8")
    assert leaks_in_files(tmp_path, scene.values) == ["log in report.html"]
