"""Kills an init at many points of its work, and each time runs it again and looks at what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dayzero.analysis.inventory import Promise
from dayzero.core.errors import StackUnusable
from dayzero.faults.crash.container import KilledInit, Run
from dayzero.faults.crash.plan import Kill, planned_kills
from dayzero.stack.one_off import await_end
from dayzero.stack.stack import Stack
from dayzero.targets.postgres.scram_verifier import name_secrets
from dayzero.targets.snapshot import difference, snapshot, unprovision

SHORTEST = 0.15
"""Seconds: a shorter moment is over before the engine has passed a signal on."""
SHORTEST_SHARE = 0.1
"""Of the whole run: a shorter moment may have been that long by chance."""
ATTEMPTS = 5

CPUS = {
    "kafka-init": 1.0,
    "os-init": 0.03,
    "minio-create-buckets": 0.2,
    "mng-pg-init": 0.1,
    "pg-cluster-init": 0.05,
    "valkey-cluster-init": 0.2,
}
"""By init: the slice of a processor on which its work takes some seconds, so that kills fall between its steps."""


@dataclass(frozen=True)
class Aftermath:
    """One kill that was tried: the run that it was aimed at, and the rerun, which there is none of if it missed.

    `undone` is what the killed run left undone, `wrong` what the rerun left other than a clean run does.
    """

    kill: Kill
    run: Run
    undone: str = ""
    rerun: Run | None = None
    wrong: str = ""


@dataclass
class Campaign:
    """All that was tried on one init; `never_hit` is what was planned, could have been done and was not."""

    init: str
    seed: int
    aftermaths: list[Aftermath] = field(default_factory=list)
    never_hit: list[Kill] = field(default_factory=list)
    misses: int = 0

    @property
    def hits(self) -> list[Aftermath]:
        """The kills that reached the init at work."""
        return [one for one in self.aftermaths if one.run.struck]

    def figures(self) -> str:
        """In one line: how many kills of which kind, how many of them mattered, what missed, and the seed."""
        kinds = Counter(one.kill.manner for one in self.hits)
        said = [
            f"{len(self.hits)} kills ({', '.join(f'{manner} {count}' for manner, count in sorted(kinds.items()))})",
            f"{sum(bool(one.undone) for one in self.hits)} of them left work undone",
            f"{self.misses} runs ended before the kill",
            f"seed {self.seed} (again: --seed {self.seed})",
        ]
        return "; ".join(said)


def state_of(stack: Stack, init: str) -> str:
    """The state of its targets without what differs between two clean runs: the salts of password verifiers."""
    return name_secrets(snapshot(stack, init), stack.secrets.passwords)


def run_campaign(stack: Stack, promise: Promise, seed: int, random_kills: int) -> Campaign:
    """Kill, rerun and compare, point after point; takes some seconds for each.

    Raises StackUnusable when two clean runs differ or do not end with 0: then nothing can be compared.
    """
    unprovision(stack, promise.name)
    with stack.one_off(promise.name) as container:
        await_end(container, seconds=330)
        clean = state_of(stack, promise.name)
        init = KilledInit(stack, container.id, promise.targets[-1], CPUS[promise.name])
        try:
            return _campaign(stack, promise, init, clean, seed, random_kills)
        finally:
            init.close()


def _campaign(
    stack: Stack, promise: Promise, init: KilledInit, clean: str, seed: int, random_kills: int
) -> Campaign:
    campaign = Campaign(promise.name, seed)
    unprovision(stack, promise.name)
    usual = init.braked()
    differs = difference(clean, state_of(stack, promise.name))
    if usual.exit_code or differs:
        raise StackUnusable(
            f"a second clean run of {promise.name} ended with {usual.exit_code}, "
            f"its target other than after the first: {differs or 'no'}"
        )
    plan = planned_kills(
        promise.name,
        seed,
        usual.gaps,
        shortest=max(SHORTEST, SHORTEST_SHARE * usual.seconds),
        random_kills=random_kills,
    )
    for planned in plan:
        kill = planned
        for misses in range(ATTEMPTS if planned.reachable else 1):
            unprovision(stack, promise.name)
            run = init.struck(kill, usual, misses if planned.resources is not None else 0)
            undone = difference(clean, state_of(stack, promise.name))
            if run.struck:
                rerun = init.run()
                wrong = difference(clean, state_of(stack, promise.name))
                campaign.aftermaths.append(Aftermath(kill, run, undone, rerun, wrong))
                break
            campaign.misses += 1
            # It may have been done before the blow; but if not, its word must not be that it is.
            if run.exit_code or undone:
                campaign.aftermaths.append(Aftermath(kill, run, undone))
                break
            usual, kill = run, kill.earlier()  # the machine has more time for it than before
        else:
            if planned.reachable:
                campaign.never_hit.append(planned)
    return campaign
