"""CFG-1: the command that a user is told to run accepts the stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.analysis.coverage import NotLoaded
from dayzero.compose.discovery import documented_env_file, find_files
from dayzero.compose.project import ComposeUnreadable, compose_config
from dayzero.compose.too_old import unknown_to
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Source, StackFailed, Verdict
from dayzero.docker.engine import compose_version
from dayzero.pytest_plugin.static import is_own_stack, loaded_project, profiles_of_stack, stack_path

WHOLE = "whole stack"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    profiles = profiles_of_stack(metafunc.config)
    metafunc.parametrize("profile", [WHOLE, *(f"profile {name}" for name in profiles)])


@criterion("CFG-1", "VAL-AUTO-001", "VAL-AUTO-PLN-001")
def test_compose_accepts_the_stack(profile: str, verdict: Verdict, pytestconfig: pytest.Config) -> None:
    """Given the project's compose files and its .env.example where it has one,
    when docker compose config -q runs, for everything and for every single profile,
    then it exits 0.
    """
    verdict.subject = profile
    verdict.expected = "docker compose config exits 0"
    verdict.look = "run the command yourself: it names the key"
    try:
        files = [
            *find_files(stack_path(pytestconfig)),
            *map(Path.resolve, pytestconfig.getoption("--override")),
        ]
    except ComposeUnreadable as error:
        raise StackFailed(str(error)) from None
    project = loaded_project(pytestconfig)
    if project is not None and project.pipe:
        raise NotLoaded(project.pipe)
    env_file = documented_env_file(files[0].parent, required=is_own_stack(pytestconfig))
    wanted = "*" if profile == WHOLE else profile.removeprefix("profile ")
    answer = compose_config(files, env_file, [wanted])
    if answer.code is None:
        raise RuntimeError(f"docker compose could not be run: {answer.complaint}; make engine installs it")
    version = compose_version() or ""
    too_old = unknown_to(version, answer.complaint) if answer.code else None
    if too_old is not None:  # a newer one may accept it, so this says nothing about the stack
        raise RuntimeError(
            f"Compose {version} does not know {too_old.place} ({too_old.since} and later do): install a newer one, "
            "or name it with --compose"
        )
    verdict.observed = "exit code 0" if answer.code == 0 else f"exit code {answer.code}: {answer.complaint}"
    verdict.source = Source(files[0].name)
    verdict.check(answer.code == 0)
