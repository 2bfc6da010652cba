"""SUITE-2: what could not be looked at is an error and never a pass, and a missing engine is said with its remedy."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.report.criterion_index import index_of
from dayzero.selftest.suite_run import ROOT, SuiteRun
from tests.suite.conftest import Judge

EVERY_RUNTIME_CRITERION = "test_run_ or test_cfg_02"
A_FEW = "test_run_02 or test_run_03 or test_run_24 or test_cfg_02"


@contextmanager
def nobody_listens(folder: Path) -> Iterator[dict[str, str]]:
    """An environment whose engine's socket does not exist."""
    yield {"DOCKER_HOST": f"unix://{folder / 'docker.sock'}"}


@contextmanager
def it_never_answers(folder: Path) -> Iterator[dict[str, str]]:
    """An environment whose engine accepts connections and says nothing."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "docker.sock"))
        listener.listen(64)
        yield {"DOCKER_HOST": f"unix://{folder / 'docker.sock'}"}


@contextmanager
def there_is_no_client(folder: Path) -> Iterator[dict[str, str]]:
    """An environment with every command but docker."""
    commands = folder / "commands"
    commands.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for command in Path(place).iterdir() if Path(place).is_dir() else ():
            if not command.name.startswith("docker") and not (commands / command.name).exists():
                (commands / command.name).symlink_to(command)
    yield {"PATH": str(commands)}


WAYS = {
    "nobody listens": (nobody_listens, EVERY_RUNTIME_CRITERION),
    "it never answers": (it_never_answers, A_FEW),
    "there is no client": (there_is_no_client, A_FEW),
}


@criterion("SUITE-2", subject="suite")
@pytest.mark.parametrize("way", WAYS)
def test_without_an_engine_nothing_is_passed_or_skipped(
    way: str, judge: Judge, tmp_path: Path, verdict: Verdict
) -> None:
    """Given a machine where the engine's socket is missing, or is mute, or that has no docker command,
    when runtime criteria are judged, and one that is read from files,
    then each of the first is an error, one line says what to do, the run does not succeed, and the last is judged.
    """
    engine, selected = WAYS[way]
    with engine(tmp_path) as changed:
        environment = {
            name: value for name, value in os.environ.items() if name != "DOCKER_CONTEXT"
        } | changed
        run = judge(
            "tests/static", "tests/runtime", "-m", "acceptance", "-k", selected, environment=environment
        )
    verdict.expected = (
        "every RUN criterion an error, one line with a remedy, an exit code that is not 0, CFG-2 judged"
    )
    verdict.look = (
        "src/dayzero/docker/versions.py, and the fixture `engine` in src/dayzero/pytest_plugin/runtime.py"
    )
    verdict.attach("output.txt", run.output)
    statuses = _statuses(run)
    remedies = _said_once(run)
    verdict.observed = (
        f"exit code {run.code}; {statuses}; could not look: {' | '.join(remedies) or 'nothing is said'}"
    )
    wanted = {id_ for test, ids in index_of(ROOT).items() for id_ in ids if _is_selected(test, selected)}
    unseen = {id_: said for id_, said in statuses.items() if id_.startswith("RUN-")}
    verdict.require(wanted > {"CFG-2"}, "no runtime criterion was selected")
    verdict.check(run.code != 0, "the run succeeds")
    verdict.check(set(statuses) == wanted, f"{sorted(wanted ^ set(statuses))} not judged, or judged unasked")
    verdict.check(set.union(*unseen.values()) == {"error"}, "what was not seen is no error")
    verdict.check(len(remedies) == 1, "not one line that says why")
    verdict.check(re.search(r"run `|install|start", remedies[0]), "no remedy")
    verdict.check(statuses["CFG-2"] <= {"pass", "fail"}, "what files tell was not judged")


def _is_selected(test: str, expression: str) -> bool:
    return any(f"{word}" in test for word in expression.split(" or "))


def _statuses(run: SuiteRun) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for result in run.judged:
        found.setdefault(result["criterion"], set()).add(result["status"])
    return found


def _said_once(run: SuiteRun) -> list[str]:
    """The lines of the terminal's section about what could not be looked at."""
    section = re.search(r"^=+ could not look =+\n((?:(?!=).+\n)+)", run.output, re.MULTILINE)
    return section[1].splitlines() if section else []


@criterion("SUITE-2", subject="suite")
def test_a_test_that_breaks_judges_nothing(judge: Judge, verdict: Verdict) -> None:
    """Given a rule that raises an exception of its own while it judges,
    when its criterion is judged on a stack that conforms,
    then the result is an error that says it could not be observed, and the run does not succeed."""
    run = judge("-ptests.suite.rules_that_crash", "tests/static", "-k", "test_cfg_02")
    verdict.expected = "CFG-2 is an error for every init, and an exit code that is not 0"
    verdict.look = "src/dayzero/pytest_plugin/evaluation.py"
    verdict.attach("output.txt", run.output)
    statuses = _statuses(run)
    verdict.observed = f"exit code {run.code}; {statuses}"
    verdict.check(run.code != 0, "the run succeeds")
    verdict.check(statuses == {"CFG-2": {"error"}}, "not every result is an error")
    said = [result["observed"] for result in run.judged]
    verdict.check(all(one.startswith("could not be observed: ") for one in said), "an error does not say so")
