"""What the command line names is looked for before anything starts, and its absence is one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dayzero.docker.context import use_context
from tests.unit.conftest import JudgedRun, SmallSuite

COMPOSE = "services: {web: {image: 'web:1', profiles: [front]}}\n"
INVENTORY = (
    "inits: {web-init: {compose: compose.yaml, targets: [web], outputs: [{kind: page, name: home}]}}\n"
)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--stack=nowhere"],
            "ERROR: --stack nowhere: no such file or folder; give a compose file or the folder of one",
        ),
        (["--override=nowhere.yml"], "ERROR: --override nowhere.yml: no such file; give a compose file"),
        (
            ["--inventory=bad.yml"],
            "ERROR: *bad.yml:1: web-init is not a mapping; give it compose, targets, outputs",
        ),
        (["--inventory=none.yml"], "ERROR: *none.yml*"),
        (
            ["--stack=compose.yaml", "--profile=back"],
            "ERROR: --profile back: no service of the stack has it; choose of front",
        ),
        (
            ["--engine=one", "--engine=two"],
            "ERROR: --engine two: a run has one engine, and one was named before; start a second run for it",
        ),
        (
            ["--engine=no-such-context"],
            "ERROR: --engine no-such-context: no such Docker context; docker context ls lists those there are",
        ),
        (["--loki=loki:3100"], "ERROR: --loki loki:3100: no address; write one as in http://host:port"),
        (
            ["--tempo=http://127.0.0.1:9"],
            "ERROR: --tempo http://127.0.0.1:9: nobody answers (*); start it, or leave the option out",
        ),
    ],
    ids=[
        *("stack", "override", "malformed inventory", "no inventory", "profile"),
        *("two engines", "no such engine", "no address", "nobody there"),
    ],
)
def test_what_is_not_there_ends_the_run_in_one_line(
    suite: SmallSuite, arguments: list[str], complaint: str
) -> None:
    """Given an option that names what does not exist or cannot be read,
    when a run is started,
    then it ends as a wrong call with one line that says what, where and what to do, and runs no test."""
    run = _run(suite, *arguments)
    assert run.outcome.ret == pytest.ExitCode.USAGE_ERROR
    run.outcome.stderr.fnmatch_lines([complaint])
    assert "Traceback" not in run.output
    assert run.report is None


def test_the_engine_that_is_named_is_the_one_of_both_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a context whose engine listens on a socket, and variables of the caller that name another engine,
    when the context is chosen,
    then the Docker CLI and the SDK, which knows no contexts, are pointed at that socket."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///tmp/another.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "another")
    use_context("default")
    assert os.environ["DOCKER_HOST"] == "unix:///var/run/docker.sock"
    assert "DOCKER_CONTEXT" not in os.environ


def test_what_is_there_is_accepted(suite: SmallSuite) -> None:
    """Given options that name a stack, an override, an inventory and a profile that exist,
    when a run is started,
    then its tests run."""
    run = _run(
        suite,
        "--stack=compose.yaml",
        "--override=compose.yaml",
        "--inventory=inventory.yml",
        "--profile=front",
    )
    run.outcome.assert_outcomes(passed=1)


def _run(suite: SmallSuite, *arguments: str) -> JudgedRun:
    root: Path = suite.pytester.path
    (root / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    (root / "inventory.yml").write_text(INVENTORY, encoding="utf-8")
    (root / "bad.yml").write_text("inits: {web-init: 3}\n", encoding="utf-8")
    suite.write("def test_it():\n    pass\n")
    return suite.run(None, "-p", "dayzero.pytest_plugin.options", *arguments)
