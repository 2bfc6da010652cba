"""The verification commands of the specification, run verbatim from the repo's root."""

from __future__ import annotations

import json

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict, leave_out
from dayzero.docker.container_exit import ending
from dayzero.pytest_plugin.plain_stack import BRING_UP, BroughtUp, run_seed_command
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.dns import names_of
from dayzero.stack.stack import Stack
from dayzero.targets.opensearch.client import OpenSearchObserver

LIST_TOPICS = (
    "COMPOSE_PROFILES=messaging docker compose --env-file .env.example up -d && "
    "docker exec kafka-1 kafka-topics --bootstrap-server kafka-1:19092 --list | "
    'rg -q "^(infra-events|application-logs)$"'
)
VALIDATE = "docker compose --env-file .env.example config -q"
UP_OS_INIT = "docker compose up os-init"
STATES = "docker ps -a --format json"


def present(promises: dict[str, Promise], stack: Stack) -> list[str]:
    """The inits that the chosen profiles have; `--profile` may leave some out."""
    found = [name for name in promises if name in stack.model["services"]]
    if not found:
        leave_out("the chosen profiles have no init")
    return found


@criterion("CFG-1", "VAL-AUTO-001", "VAL-AUTO-PLN-001", subject="seed command")
def test_the_configuration_is_valid(brought_up: BroughtUp, verdict: Verdict) -> None:
    """Given the repo's root,
    when the specification's command validates the configuration,
    then it exits with 0 and prints nothing."""
    seen = run_seed_command(brought_up.stack, VALIDATE)
    verdict.expected = f"exit code 0 and no output: {VALIDATE}"
    verdict.observed = f"exit code {seen.exit_code}; {seen.output.strip() or 'no output'}"
    verdict.look = "the line that compose names"
    verdict.check(seen.exit_code == 0, "it failed")
    verdict.check(seen.output.strip() == "", "it printed something")


@criterion("RUN-1", "VAL-AUTO-002", "VAL-AUTO-PLN-002", "Test-02", subject="seed command")
def test_the_whole_stack_comes_up(
    brought_up: BroughtUp, promises: dict[str, Promise], verdict: Verdict
) -> None:
    """Given clean volumes and the secrets made,
    when the specification's command brings the stack up and lists it, and docker ps -a is asked,
    then the command exits with 0 and every init is listed as exited (0)."""
    there = present(promises, brought_up.stack)
    verdict.attach("up.txt", brought_up.by.output)
    rows = [json.loads(line) for line in run_seed_command(brought_up.stack, STATES).output.splitlines()]
    inits = {row["Names"]: row["Status"] for row in rows if row["Names"] in there}
    verdict.expected = f"exit code 0, and Exited (0) for {', '.join(there)}: {BRING_UP}"
    verdict.observed = f"exit code {brought_up.by.exit_code}; {inits}"
    verdict.look = "the last lines of the command's output in the evidence"
    verdict.check(brought_up.by.exit_code == 0, "it failed")
    verdict.check(set(inits) == set(there), "an init is not listed")
    verdict.check(
        all(status.startswith("Exited (0)") for status in inits.values()), "an init did not exit with 0"
    )
    verdict.check(
        all(name in brought_up.by.output.partition("NAME")[2] for name in there),
        "the command's own list lacks an init",
    )


@criterion("RUN-8", "VAL-AUTO-PLN-003", subject="seed command")
def test_bringing_it_up_twice_fails_no_init(
    brought_up: BroughtUp, promises: dict[str, Promise], verdict: Verdict
) -> None:
    """Given the stack is up,
    when the specification's command runs again,
    then it exits with 0 and no init fails."""
    again = run_seed_command(brought_up.stack, BRING_UP)
    codes = {
        name: ending(brought_up.stack.container(name)).exit_code
        for name in present(promises, brought_up.stack)
    }
    verdict.attach("up-again.txt", again.output)
    verdict.expected = f"exit code 0, every init 0: {BRING_UP}"
    verdict.observed = f"exit code {again.exit_code}; {codes}"
    verdict.look = "the log of the init that failed"
    verdict.check(again.exit_code == 0, "it failed")
    verdict.check(set(codes.values()) == {0}, "an init failed")


@criterion("RUN-4", "Test-01", subject="seed command")
def test_os_init_on_its_own_leaves_the_template(brought_up: BroughtUp, verdict: Verdict) -> None:
    """Given the repo's root,
    when the specification's command brings os-init up,
    then it exits with 0 and the index template is there."""
    require_service("os-init", brought_up.stack)
    seen = run_seed_command(brought_up.stack, UP_OS_INIT)
    verdict.attach("up-os-init.txt", seen.output)
    with names_of(brought_up.stack.address):
        template = OpenSearchObserver(brought_up.stack).template("logs_template")
    verdict.expected = f"exit code 0 and logs_template: {UP_OS_INIT}"
    verdict.observed = f"exit code {seen.exit_code}; template {template}"
    verdict.look = "docker compose logs os-init"
    verdict.check(seen.exit_code == 0, "it failed")
    verdict.check(template is not None, "no template")


@criterion("RUN-3", "VAL-AUTO-PLN-004", subject="seed command")
def test_the_messaging_profile_lists_the_topics(brought_up: BroughtUp, verdict: Verdict) -> None:
    """Given the repo's root,
    when the specification's command brings the messaging profile up and searches the list of topics,
    then it exits with 0."""
    require_service("kafka-init", brought_up.stack)
    seen = run_seed_command(brought_up.stack, LIST_TOPICS)
    verdict.attach("messaging.txt", seen.output)
    verdict.expected = f"exit code 0: {LIST_TOPICS}"
    verdict.observed = (
        f"exit code {seen.exit_code}; {(seen.output.strip().splitlines() or ['no output'])[-1]}"
    )
    verdict.look = "docker compose logs kafka-init; the list without the filter"
    verdict.check(seen.exit_code == 0)
