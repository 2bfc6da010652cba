"""What could not be loaded reaches the verdicts that it could change, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from dayzero.analysis.coverage import coverage_of, gap_behind, no_init
from dayzero.analysis.healthcheck import Probing, probe_of
from dayzero.analysis.init_detection import inits_of
from dayzero.analysis.inventory import load_inventory
from dayzero.analysis.targets_of_init import targets_of, what_cannot_be_told
from dayzero.core.result import Result
from dayzero.core.verdict import Source
from dayzero.report.coverage import leaves_open, lines_of
from tests.unit.written_stack import WriteStack, stack, write_files

__all__ = ["stack"]

INIT = """
  db: {image: "postgres:16.4", healthcheck: {test: [CMD, pg_isready]}}
  db-init:
    image: postgres:16.4
    entrypoint: [psql, -h, db, -c, "create schema if not exists a"]
    depends_on: {db: {condition: service_healthy}}
"""
WHOLE = f"services:\n{INIT}"
NO_INCLUDE = f"include: [nowhere.yml]\nservices:\n{INIT}"
HALF_AN_INIT = f"services:\n{INIT}    extends: {{file: nowhere.yml, service: base}}\n"
HALF_ANOTHER = f"services:\n{INIT}  app: {{image: 'a:1', extends: {{file: nowhere.yml, service: base}}}}\n"
NO_ENV_FILE = f"services:\n{INIT}    env_file: gone.env\n"
EVERY = {f"CFG-{number}" for number in range(1, 19)}

TOUCHED = {
    "all is there": (WHOLE, set()),
    "an optional env file": (
        f"services:\n{INIT}    env_file: [{{path: gone.env, required: false}}]\n",
        set(),
    ),
    "an env file of another": (f"services:\n{INIT}  app: {{image: 'a:1', env_file: gone.env}}\n", set()),
    "an env file": (NO_ENV_FILE, {"CFG-5", "CFG-8"}),
    "an include": (NO_INCLUDE, {"CFG-3", "CFG-4", "CFG-9", "CFG-12", "CFG-13", "CFG-14", "CFG-15"}),
    "what it extends": (HALF_AN_INIT, EVERY),
    "what another extends": (HALF_ANOTHER, {"CFG-3", "CFG-4", "CFG-9", "CFG-12", "CFG-13", "CFG-14"}),
    "a variable in an argument": (f"services:\n{INIT}    labels: ['a=$NOWHERE']\n", set()),
    "a variable with a default": (f"services:\n{INIT}    user: '${{NOWHERE:-70}}'\n", set()),
    "a user": (f"services:\n{INIT}    user: '$NOWHERE'\n", {"CFG-11"}),
    "a right": (f"services:\n{INIT}    cap_drop: ['$NOWHERE']\n", {"CFG-11"}),
    "a restart policy": (
        f"services:\n{INIT}    deploy: {{restart_policy: {{condition: '$NOWHERE'}}}}\n",
        {"CFG-2"},
    ),
    "a number of replicas": (f"services:\n{INIT}    deploy: {{replicas: '$NOWHERE'}}\n", set()),
    "a mount's mode": (f"services:\n{INIT}    volumes: ['./a:/a:$NOWHERE']\n", {"CFG-6", "CFG-7"}),
    "a mount's source": (f"services:\n{INIT}    volumes: ['$NOWHERE/a:/a:ro']\n", set()),
    "the program": (f"services:\n{INIT}    command: $NOWHERE\n", {"CFG-10", "CFG-16", "CFG-17"}),
    "the program of a shell": (
        f"services:\n{INIT}    command: [sh, -ec, '${{NOWHERE}}']\n",
        {"CFG-10", "CFG-16", "CFG-17"},
    ),
    "an argument": (f"services:\n{INIT}    command: [load, --into, '${{NOWHERE}}']\n", set()),
}


@pytest.mark.parametrize(("compose", "touched"), TOUCHED.values(), ids=TOUCHED)
def test_a_gap_takes_back_what_it_could_change(stack: WriteStack, compose: str, touched: set[str]) -> None:
    """Given a project of which something is missing,
    when each criterion has passed on its init,
    then exactly those passes do not count that the missing part could change."""
    project = stack(compose)
    taken_back = {one for one in EVERY if gap_behind(project, one, "db-init") is not None}
    assert taken_back == touched


def test_a_member_whose_memory_is_nowhere_set_leaves_its_cluster_open(stack: WriteStack) -> None:
    """Given two clusters, and an unset variable as the memory of a member of one,
    when CFG-9 has judged them,
    then its verdict on that cluster does not count and that on the other does."""
    compose = "services:\n" + "".join(
        f"  {name}: {{image: '{name[:-2]}:1', mem_reservation: {size}}}\n"
        for name, size in (("a-1", "'$NOWHERE'"), ("a-2", "64m"), ("b-1", "64m"), ("b-2", "64m"))
    )
    project = stack(compose)
    assert gap_behind(project, "CFG-9", "a") is not None
    assert gap_behind(project, "CFG-9", "b") is None
    assert gap_behind(project, "CFG-9", "a", failed=True, at=Source("compose.yml", 2, 3)) is not None
    assert gap_behind(project, "CFG-9", "a", failed=True, at=Source("compose.yml", 3, 3)) is None


FAILURES = {
    "a credential": (NO_INCLUDE, "CFG-5", False),
    "a consumer that does not wait": (NO_INCLUDE, "CFG-4", False),
    "a right that it has": (NO_ENV_FILE, "CFG-11", False),
    "a wait that what it extends may hold": (HALF_AN_INIT, "CFG-3", True),
    "a right that what it extends may take": (HALF_AN_INIT, "CFG-11", True),
    "a restart policy of its own": (HALF_AN_INIT, "CFG-2", False),
    "a wait, where another extends": (HALF_ANOTHER, "CFG-3", False),
}


@pytest.mark.parametrize(("compose", "criterion", "rests"), FAILURES.values(), ids=FAILURES)
def test_a_failure_stays_one_unless_it_rests_on_the_gap(
    stack: WriteStack, compose: str, criterion: str, rests: bool
) -> None:
    """Given a project of which something is missing,
    when a criterion has failed on its init,
    then the failure is taken back only where it is about what the missing part may hold."""
    gap = gap_behind(stack(compose), criterion, "db-init", failed=True, at=Source("compose.yml", 4, 3))
    assert (gap is not None) == rests


def test_a_service_that_no_file_defines_may_be_in_the_one_that_is_missing(stack: WriteStack) -> None:
    """Given an inventory that names one service of a missing include and one with another flaw,
    when CFG-12 has failed on both,
    then the first failure rests on the gap and the second does not."""
    project = stack(NO_INCLUDE)
    inventory = (
        "inits:\n  db-init: {compose: x.yml, targets: [db], outputs: [{kind: schema, name: a}]}\n"
        "  mq-init: {compose: nowhere.yml, targets: [mq], outputs: [{kind: queue, name: a}]}\n"
    )
    write_files(project.root, {"inventory.yml": inventory})
    project.inventory = load_inventory(project.root / "inventory.yml")
    assert gap_behind(project, "CFG-12", "mq-init", failed=True) is not None
    assert gap_behind(project, "CFG-12", "db-init", failed=True) is None


def test_a_file_that_is_there_may_be_included_by_one_that_is_missing(stack: WriteStack) -> None:
    """Given two named files that take no part, one of which exists, and an include that is missing,
    when CFG-15 has failed on both,
    then only the failure on the file that exists rests on the gap."""
    project = stack(NO_INCLUDE, {"there.yml": "services: {}\n"})
    assert gap_behind(project, "CFG-15", "there.yml", failed=True) is not None
    assert gap_behind(project, "CFG-15", "nowhere.yml", failed=True) is None


def test_a_target_that_is_half_known_is_not_blamed(stack: WriteStack) -> None:
    """Given a target without a healthcheck that extends what could not be loaded,
    when its health is looked for,
    then that it has none is not said."""
    db = "image: 'postgres:16.4'"
    project = stack(f"services: {{db: {{{db}, extends: {{file: nowhere.yml, service: base}}}}, c: {{{db}}}}}")
    assert probe_of(project.services["db"]).probing is Probing.NOT_LOADED
    assert probe_of(project.services["c"]).probing is Probing.NONE


def test_whom_an_init_talks_to_is_open_where_the_host_is_nowhere_set(stack: WriteStack) -> None:
    """Given an init whose host is an unset variable, and one whose unset variable is no host,
    when their targets are looked for,
    then for the first it is said that they cannot be told."""
    compose = """
    services:
      a-init: {image: 'postgres:16.4', entrypoint: [psql, -c, 'create schema a'], environment: {PGHOST: $DATABASE}}
      b-init: {image: 'postgres:16.4', entrypoint: [psql, -c, 'create schema b'], environment: {PGUSER: $SOMEBODY}}
    """
    first, second = inits_of(stack(compose))
    told = "the host it talks to cannot be told: DATABASE is nowhere set"
    assert what_cannot_be_told(first, targets_of(first)) == told
    assert what_cannot_be_told(second, targets_of(second)) == ""


def result(criterion: str, subject: str, status: Any, observed: str = "") -> Result:
    return {
        "criterion": criterion,
        "clause": [],
        "subject": subject,
        "status": status,
        "given": "a stack",
        "when": "it is read",
        "then": "it is sound",
        "expected": "",
        "observed": observed,
        "source": None,
        "evidence": [],
        "look": "",
        "seconds": 0.0,
    }


def said(stack: WriteStack, compose: str, *results: Result) -> Any:
    project = stack(compose)
    project.complaint = ""  # as if Compose had loaded it
    return coverage_of(project, results)


def test_the_report_tells_what_is_missing_where_and_what_it_left_open(stack: WriteStack) -> None:
    """Given a missing include and verdicts that it left open,
    when the report is made,
    then it has one entry with the place in the user's file and those verdicts, and the run is not green."""
    line = "nowhere.yml: cannot be read (No such file or directory); check the path"
    (entry,) = said(
        stack,
        NO_INCLUDE,
        result("CFG-3", "db-init", "error", f"could not be observed: {line}"),
        result("CFG-2", "db-init", "pass"),
        result("CFG-4", "db-init", "error", "could not be observed: OSError"),
    )
    assert entry == {
        "kind": "include",
        "what": line,
        "source": {"file": "compose.yml", "line": 1, "column": 11},
        "touches": [{"criterion": "CFG-3", "subject": "db-init"}],
    }
    assert leaves_open([entry])
    assert lines_of([entry]) == [f"compose.yml:1: {line}; left open: CFG-3"]


def test_a_missing_include_is_never_green(stack: WriteStack) -> None:
    """Given a missing include, which may hold inits that nobody knows,
    when all that was judged holds,
    then the run is not green."""
    assert leaves_open(said(stack, NO_INCLUDE, result("CFG-2", "db-init", "pass")))


def test_a_variable_counts_where_a_verdict_hangs_on_it(stack: WriteStack) -> None:
    """Given an unset variable,
    when no verdict, or one, was skipped for its sake,
    then the report has it both times, and the run is open the second time only."""
    compose = f"services:\n{INIT.replace('16.4', '$NOWHERE')}"
    because = "image: postgres:$NOWHERE, and NOWHERE is nowhere set"
    unheeded = said(
        stack, compose, result("CFG-18", "db-init", "pass"), result("CFG-9", "x", "skip", because)
    )
    assert [one["what"] for one in unheeded] == ["NOWHERE is nowhere set"] * 2
    assert not leaves_open(unheeded)
    assert lines_of(unheeded) == []
    heeded = said(stack, compose, result("CFG-18", "db-init", "skip", because))
    assert [one["touches"] for one in heeded] == [[], [{"criterion": "CFG-18", "subject": "db-init"}]]
    assert leaves_open(heeded)


def test_a_model_without_compose_is_said_and_leaves_the_verdicts(stack: WriteStack) -> None:
    """Given a project that Compose has not loaded,
    when the report is made,
    then it says so, and only CFG-1, which asks Compose, may be open for it."""
    (entry,) = coverage_of(stack(WHOLE), [result("CFG-2", "db-init", "pass")])
    assert entry["kind"] == "compose"
    assert entry["what"].endswith("its model is made from the files alone: Compose was not asked")
    assert not leaves_open([entry])
    assert lines_of([entry]) == [entry["what"]]
    (asked,) = coverage_of(stack(WHOLE), [result("CFG-1", "whole stack", "error", "no docker")])
    assert leaves_open([asked])


def test_a_project_without_an_init_says_what_was_looked_at(stack: WriteStack) -> None:
    """Given a project of servers,
    when no init was found,
    then one line names the services and the file, and the way to name an init."""
    line = no_init(stack("services: {web: {image: 'web:1'}, db: {image: 'db:1'}}"))
    assert line.startswith("no init found: none of the 2 services in compose.yml (web, db) is")
    assert line.endswith("name the inits in an inventory with --inventory FILE")
    assert "\n" not in line
