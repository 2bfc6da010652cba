"""pytest plugin: the stack as a person has it, under its plain names, on subnets of the engine's choice.

The specification's verification commands name containers, so they run verbatim against this stack from the repo's root.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from dayzero.core import redaction
from dayzero.core.errors import ImageUnavailable, StackUnusable
from dayzero.core.verdict import leave_out
from dayzero.docker.run_identity import RunIdentity
from dayzero.pytest_plugin import progress
from dayzero.pytest_plugin.scheduling import is_needed
from dayzero.stack.profiles import usual_planes
from dayzero.stack.stack import Stack

BRING_UP = "docker compose --env-file .env.example up -d && docker compose ps -a"


@dataclass(frozen=True)
class SeedCommand:
    """What a command of the specification did: its exit code and its output, redacted."""

    exit_code: int
    output: str


def run_seed_command(stack: Stack, command: str) -> SeedCommand:
    """Run `command` as it stands in the specification: in a shell, from the stack's root."""
    environment = stack.environment()
    # The suite's own environment brings the tools that the commands call, ripgrep among them.
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment.pop("CONTAINER_PREFIX")
    if set(stack.profiles) == set(usual_planes(stack.root)):  # fewer planes have to be asked for
        environment.pop("COMPOSE_PROFILES")
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=stack.root,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return SeedCommand(done.returncode, redaction.redact(done.stdout))


def _require_free_names(stack: Stack) -> None:
    wanted = {service.get("container_name") for service in stack.model["services"].values()} - {None}
    for name in wanted:
        if stack.engine.container.exists(name):
            raise StackUnusable(
                f"the container name {name} is taken, so the specification's own commands cannot be tried: "
                "stop that stack (`make down`) and run again"
            )
    names = {network.get("name") for network in stack.model["networks"].values()}
    # Read at one moment: networks of other runs may go while one asks after each of them.
    listing = subprocess.run(
        ["docker", "network", "ls", "--format", "{{.Name}}"], capture_output=True, text=True, check=True
    )
    taken = sorted(names.intersection(listing.stdout.splitlines()))
    if taken:
        raise StackUnusable(
            f"the network name {taken[0]} is taken, so the specification's own commands cannot be tried: "
            f"remove it (`docker network rm {taken[0]}`) and run again"
        )


@dataclass(frozen=True)
class BroughtUp:
    """The plain stack and what the specification's own command said when it brought the stack up."""

    stack: Stack
    by: SeedCommand


@pytest.fixture(scope="session")
def being_brought_up(
    planned_stack: Stack, identity: RunIdentity, run_folder: Path
) -> Iterator[tuple[Stack, Future[SeedCommand]] | None]:
    """The stack under its plain names on its way up; None where no plane of it was chosen."""
    usual = usual_planes(planned_stack.root)
    planned_stack.require_whole(usual)
    profiles = [name for name in planned_stack.profiles if name in usual]
    if not profiles:
        yield None
        return
    folder = run_folder / "plain"
    folder.mkdir()
    with (
        (Path(tempfile.gettempdir()) / "dayzero-plain-names.lock").open("w") as lock,
        ThreadPoolExecutor(1) as pool,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)  # plain names exist once on a machine: runs take turns
        stack = Stack(
            root=planned_stack.root,
            identity=identity,
            workspace=folder,
            name=f"{identity.name}-plain",
            prefix="",
            make_secrets=planned_stack.make_secrets,
            profiles=profiles,
            overrides=planned_stack.overrides,
            own_subnets=False,
        )
        redaction.register(stack.secrets.values.values())
        _require_free_names(stack)
        progress.say(f"bringing up {stack.name} with the specification's own command")
        command = pool.submit(run_seed_command, stack, BRING_UP)
        try:
            yield stack, command
        finally:
            wait([command])
            stack.down()


@pytest.fixture(scope="session")
def brought_up(being_brought_up: tuple[Stack, Future[SeedCommand]] | None, planned_stack: Stack) -> BroughtUp:
    """The stack under its plain names, brought up by the specification's own command."""
    if being_brought_up is None:
        leave_out(
            f"the specification's own command starts {', '.join(usual_planes(planned_stack.root))}, "
            f"and none of them was chosen: {', '.join(planned_stack.profiles)}"
        )
    stack, command = being_brought_up
    return BroughtUp(stack, command.result())


@pytest.fixture
def plain_stack_underway(request: pytest.FixtureRequest) -> None:
    """Lets the plain stack boot beside a test that mostly waits, if a later one needs it."""
    if is_needed(request.session, "brought_up"):
        with suppress(StackUnusable, ImageUnavailable):  # whoever needs it meets it again
            request.getfixturevalue("being_brought_up")


@pytest.fixture(scope="session")
def plain_stack(brought_up: BroughtUp) -> Stack:
    """The stack under its plain names."""
    return brought_up.stack
