"""RUN-6 on the cluster: roles, databases, every acknowledged row and the init's own work survive a failover."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

import pytest
from python_on_whales.exceptions import NoSuchContainer

from dayzero.core.criterion import criterion
from dayzero.core.errors import StackUnusable
from dayzero.core.verdict import Verdict
from dayzero.core.wait import await_condition
from dayzero.docker.logs import text_of
from dayzero.stack.stack import Stack
from dayzero.targets.postgres.patroni import MEMBERS, READS, WRITES, PgClusterObserver
from dayzero.targets.postgres.steady_writer import SteadyWriter

INIT = "pg-cluster-init"
LOGINS = 12
FAILOVER_SECONDS = 90
"""The 20 s after which a silent primary is given up, an election and a promotion, on a busy machine."""
HEAL_SECONDS = 120
"""A start, and at worst a new copy of all data."""


@pytest.fixture
def whole(pg_cluster: PgClusterObserver, verdict: Verdict) -> PgClusterObserver:
    """The cluster with all three members at work."""
    verdict.expected = "one primary, and two replicas that stream from it"
    verdict.look = (
        "docker compose logs pg-1 pg-2 pg-3; docker exec pg-1 patronictl -c /run/patroni/configuration list"
    )
    healed = pg_cluster.becomes(pg_cluster.is_whole, HEAL_SECONDS)
    with suppress(StackUnusable):  # no member tells
        verdict.observed = str(pg_cluster.members())
    verdict.within(healed, HEAL_SECONDS, "not whole at the beginning")
    return pg_cluster


@criterion("RUN-6", subject=INIT)
def test_the_proxy_leads_writes_to_the_primary_and_reads_to_replicas(
    whole: PgClusterObserver, verdict: Verdict
) -> None:
    """Given a cluster with one primary and two replicas,
    when applications log in again and again at the proxy's two ports,
    then each login for writes is at the primary, and each login for reads at a replica."""
    verdict.expected = f"of {LOGINS} logins at each port: none for writes at a replica, all for reads"
    verdict.look = "the health checks of backends primary and replicas in haproxy.cfg"
    reads = whole.becomes(lambda: whole.is_replica(READS), FAILOVER_SECONDS)
    verdict.within(reads, FAILOVER_SECONDS, "no replica answers reads")
    at_replica = {port: [whole.is_replica(port) for _ in range(LOGINS)] for port in (WRITES, READS)}
    verdict.observed = (
        f"at a replica: {sum(at_replica[WRITES])} for writes, {sum(at_replica[READS])} for reads"
    )
    verdict.check(not any(at_replica[WRITES]), "writes are led to a replica")
    verdict.check(all(at_replica[READS]), "reads are led to the primary")


@contextmanager
def killed_behind(cluster: PgClusterObserver, writer: SteadyWriter) -> Iterator[None]:
    """The primary is killed a moment after its replicas have stopped hearing from it; what it acknowledges meanwhile
    is on it alone."""
    with ExitStack() as dead:
        with cluster.replicas_cut_off():
            writer.goes_on(rows=20, seconds=3)
            dead.enter_context(cluster.stack.stopped(cluster.server(), kill=True))
        yield


@contextmanager
def switched_over(cluster: PgClusterObserver, writer: SteadyWriter) -> Iterator[None]:
    """An administrator has it hand over."""
    cluster.switch_over()
    yield


LOSSES: dict[str, Callable[[PgClusterObserver, SteadyWriter], AbstractContextManager[None]]] = {
    "killed": killed_behind,
    "switched over": switched_over,
}


@criterion("RUN-6", subject=INIT)
@pytest.mark.parametrize("how", LOSSES)
def test_what_was_acknowledged_survives_the_loss_of_the_primary(
    how: str, whole: PgClusterObserver, verdict: Verdict
) -> None:
    """Given a provisioned cluster and an application that writes row after row through the proxy,
    when the primary is killed just after its replicas ceased to hear from it, or hands over,
    then another member takes over, each acknowledged row, role and database is there, and three members are at work."""
    verdict.expected = (
        f"another primary within {FAILOVER_SECONDS} s, no acknowledged row lost, three members again"
    )
    verdict.look = "synchronous_mode in patroni.yml, and the log of the member that took over"
    role = whole.applications[0]
    before = whole.server()
    with SteadyWriter(whole, role) as writer:
        verdict.check(writer.goes_on(rows=20, seconds=30), "nothing could be written at the beginning")
        with LOSSES[how](whole, writer):
            taken_over = whole.becomes(lambda: whole.leader() not in (None, before), FAILOVER_SECONDS)
            went_on = writer.goes_on(rows=20, seconds=FAILOVER_SECONDS)
            verdict.observed = f"{before} was {how}, then {whole.members()}; writes went on: {went_on}"
            for member in MEMBERS:
                verdict.attach(f"{member}-{how}.log", text_of(whole.stack.container(member)))
            verdict.within(taken_over, FAILOVER_SECONDS, "no other primary")
            verdict.check(went_on, "writes did not go on")
    lost = writer.lost()
    locked_out = [name for name in whole.applications if whole.refusal(name, name, "SELECT current_user")]
    healed = whole.becomes(whole.is_whole, HEAL_SECONDS)
    verdict.observed = (
        f"{before} was {how}, then {whole.leader()}; {len(writer.acknowledged)} rows acknowledged, {len(lost)} lost, "
        f"{writer.longest_silence:.1f} s of silence; locked out: {locked_out or 'none'}; whole again: {healed}"
    )
    verdict.check(lost == [], "acknowledged rows are lost")
    verdict.check(locked_out == [], "a role is locked out")
    verdict.within(healed, HEAL_SECONDS, "the cluster is not whole again")


@pytest.fixture
def unprovisioned(whole: PgClusterObserver) -> Iterator[PgClusterObserver]:
    """The whole cluster without what its init makes, which is made again afterwards."""
    whole.unprovision()
    yield whole
    whole.stack.run_init(INIT)


def log_of_rerun(stack: Stack) -> str:
    """What the init's newest run has said so far; nothing of one that is gone."""
    runs = stack.reruns_of(INIT)
    try:
        log = stack.engine.container.inspect(runs[-1]).logs() if runs else ""
    except NoSuchContainer:
        return ""
    assert isinstance(log, str)
    return log


@criterion("RUN-6", subject=INIT)
@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_an_init_works_on_when_the_primary_is_lost_in_its_middle(
    how: str, unprovisioned: PgClusterObserver, stack: Stack, verdict: Verdict
) -> None:
    """Given an init that has made its first role and database and is held up at its last,
    when the primary is killed or stopped under it,
    then it goes on at the next one, exits with 0, and leaves every role and database, in use by their own secrets."""
    verdict.expected = "exit code 0, every role and database there"
    verdict.look = "which errors the provisioner takes for hopeless"
    cluster = unprovisioned
    before = cluster.server()
    runs = len(stack.reruns_of(INIT))
    with ThreadPoolExecutor(1) as pool, cluster.held_up(cluster.applications[-1]):
        run = pool.submit(stack.run_init, INIT, timeout=300)
        await_condition(
            lambda: (
                run.done() or (len(stack.reruns_of(INIT)) > runs and "event=resource" in log_of_rerun(stack))
            ),
            60,
            lambda: f"{INIT} has made nothing: {log_of_rerun(stack)}",
        )
        verdict.require(
            not run.done() or run.result().exit_code != 0,
            f"{INIT} was not held up and ended before the primary was lost",
        )
        with stack.stopped(before, kill=how == "killed"):
            end = run.result()
    verdict.attach(f"{INIT}-{how}.log", end.log)
    healed = cluster.becomes(cluster.is_whole, HEAL_SECONDS)
    missing = [name for name in cluster.applications if cluster.refusal(name, name, "SELECT current_user")]
    verdict.observed = (
        f"{before} was {how}, then {cluster.leader()}; {end.state} after {end.seconds:.1f} s; "
        f"locked out: {missing or 'none'}; whole again: {healed}"
    )
    verdict.check(end.exit_code == 0, "the init failed")
    verdict.check(missing == [], "a role is locked out")
    verdict.within(healed, HEAL_SECONDS, "the cluster is not whole again")
