"""RUN-15: no secret shows anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.criterion import criterion
from fixtures.inventory import Promise
from fixtures.leak_search import leaks_in_files, leaks_of
from fixtures.secret_watch import SecretWatch, Watch
from fixtures.stack import Stack
from fixtures.verdict import Verdict

LEAST_PASSES_A_SECOND = 10


@pytest.fixture(scope="module")
def watched(secret_watch: SecretWatch, stack: Stack) -> Watch:
    """What the sampler saw from before the boot until now."""
    return secret_watch.finish()


@criterion("RUN-15")
def test_no_secret_shows_around_an_init(
    promise: Promise, stack: Stack, watched: Watch, verdict: Verdict
) -> None:
    """Given every secret of the stack is a random value of this run,
    when the init has run while all processes' arguments and environments were sampled,
    then no value, plain or encoded, is in them, nor in the init's inspect, log or image history."""
    verdict.subject = promise.name
    container = stack.container(promise.name)
    found = leaks_of([container], stack.secrets.values)
    found += [
        f"{seen.secret} in {seen.where} of {seen.program}"
        for seen in watched.sightings
        if seen.container == container.id
    ]
    verdict.expected = f"none of {len(stack.secrets.values)} values anywhere; the init's own processes were among those sampled"
    verdict.observed = f"{'; '.join(found) or 'none'}; {watched.processes} processes in {watched.passes} passes over {watched.seconds:.0f} s"
    verdict.look = (
        "the call that is handed the secret: give it a file under /run/secrets or its standard input"
    )
    assert f"/provisioners/{promise.name}.sh" in watched.inits, (
        "the sampler missed the init, so nothing was judged"
    )
    assert container.id not in watched.unreadable, (
        "the sampler may not look into the init, so nothing was judged"
    )
    assert watched.passes / watched.seconds >= LEAST_PASSES_A_SECOND, (
        "the sampler was too slow to see short-lived processes"
    )
    assert found == []


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
    then no value, plain or encoded, is in any process, any container's inspect, log or image history, or the suite's reports."""
    inits = {stack.container(name).id for name in promises if name in stack.model["services"]}
    rest = [container for container in stack.containers() if container.id not in inits]
    found = leaks_of(rest, stack.secrets.values)
    found += [
        f"{seen.secret} in {seen.where} of {seen.program}"
        for seen in watched.sightings
        if seen.container not in inits
    ]
    reports: Path = request.config.rootpath / request.config.option.report
    found += leaks_in_files(reports, stack.secrets.values) if reports.is_dir() else []
    verdict.expected = f"none of {len(stack.secrets.values)} values anywhere"
    verdict.observed = "; ".join(found) or "none"
    verdict.look = "the server's entrypoint, or what the suite attaches as evidence"
    assert found == []
