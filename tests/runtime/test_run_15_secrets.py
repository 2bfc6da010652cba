"""RUN-15: no secret shows anywhere."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.errors import StackUnusable
from dayzero.core.verdict import Verdict
from dayzero.docker.container_exit import Ending
from dayzero.probes.leak_scan import leaks_in_files, leaks_of
from dayzero.probes.process_watch import SecretWatch, Watch
from dayzero.probes.scratch_space import run_with_kept_scratch
from dayzero.pytest_plugin.per_init import SideBySide
from dayzero.pytest_plugin.settings import settings_of
from dayzero.stack.stack import Stack

LEAST_PASSES_A_SECOND = 20
"""Where the kernel does not tell of programs that start: what lives for 50 ms must be met by some pass."""


@pytest.fixture(scope="module")
def watched(secret_watch: SecretWatch, stack: Stack) -> Watch:
    """What the sampler saw from before the boot until now. Raises StackUnusable when it was too slow to tell."""
    seen = secret_watch.finish()
    if not seen.starts and seen.passes / seen.seconds < LEAST_PASSES_A_SECOND:
        raise StackUnusable(
            f"the sampler made {seen.passes} passes in {seen.seconds:.0f} s, too few to see short-lived processes: "
            "give the machine less to do"
        )
    return seen


@pytest.fixture(scope="module")
def scratch_runs(side_by_side: SideBySide, watched: Watch) -> dict[str, Future[tuple[Ending, Path]]]:
    """Each init run once more with its scratch space kept, now that nobody samples any more."""
    return side_by_side(lambda stack, promise: run_with_kept_scratch(stack, promise.name))


@criterion("RUN-15")
def test_no_secret_shows_around_an_init(
    promise: Promise,
    stack: Stack,
    watched: Watch,
    scratch_runs: dict[str, Future[tuple[Ending, Path]]],
    verdict: Verdict,
) -> None:
    """Given every secret of the stack is a random value of this run,
    when the init has run while all processes' arguments and environments were sampled,
    then no value, plain, encoded or as an unsalted digest, is in them, nor in the init's inspect, log or image history,
    nor in anything that it writes to its scratch space."""
    container = stack.container(promise.name)
    found = leaks_of([container], stack.secrets.values)
    end, scratch = scratch_runs[promise.name].result()
    if end.exit_code != 0:
        verdict.attach(f"{promise.name}-with-kept-scratch.log", end.log)
    verdict.require(
        end.exit_code == 0, f"{promise.name} with its scratch space kept is {end.state}: see its log"
    )
    found += [f"its scratch space: {finding}" for finding in leaks_in_files(scratch, stack.secrets.values)]
    found += [
        f"{seen.secret} in {seen.where} of {seen.program}"
        for seen in watched.sightings
        if seen.container == container.id or stack.reruns.get(seen.container or "") == promise.name
    ]
    verdict.expected = (
        f"none of {len(stack.secrets.values)} values anywhere, the init's processes among those sampled"
    )
    looked = (
        f"{watched.processes} processes in {watched.passes} passes over {watched.seconds:.0f} s, "
        f"{watched.starts} starts told by the kernel, {watched.missed} of them over too soon to be read"
    )
    verdict.observed = f"{'; '.join(found) or 'none'}; {looked}"
    verdict.look = (
        "the call that is handed the secret: give it a file under /run/secrets or its standard input"
    )
    verdict.check(found == [])
    verdict.require(
        container.id in watched.containers and container.id not in watched.unreadable,
        f"the sampler could not look into all processes of {promise.name}",
    )


@criterion("RUN-15", subject="servers and suite")
def test_no_secret_shows_around_the_servers_or_in_the_reports(
    promises: dict[str, Promise],
    stack: Stack,
    watched: Watch,
    request: pytest.FixtureRequest,
    verdict: Verdict,
) -> None:
    """Given every secret of the stack is a random value of this run,
    when the stack has booted, been provisioned again and been broken,
    then no value, plain, encoded or as an unsalted digest, is in any process, inspect, log or image history, in the
    containers' scratch space, in the suite's reports or in its temporary files."""
    stack.require_whole()
    inits = {stack.container(name).id for name in promises if name in stack.model["services"]}
    rest = [container for container in stack.containers() if container.id not in inits]
    found = leaks_of(rest, stack.secrets.values)
    found += [
        f"{seen.secret} in {seen.where} of {seen.program}"
        for seen in watched.sightings
        if seen.container not in inits | stack.reruns.keys()
    ]
    # The list is the first file of a run that has found nothing: with it, there is a folder of reports to be searched.
    verdict.attach("searched.txt", "\n".join(sorted(container.name for container in rest)))
    for folder in (settings_of(request.config).reports, stack.workspace):
        found += leaks_in_files(folder, stack.secrets.values)
    verdict.expected = f"none of {len(stack.secrets.values)} values anywhere"
    verdict.observed = f"{'; '.join(found) or 'none'}; {watched.files} files in scratch space read"
    verdict.look = "the server's entrypoint, or what the suite attaches as evidence"
    verdict.check(found == [])
