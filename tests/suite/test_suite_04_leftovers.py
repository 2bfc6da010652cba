"""SUITE-4: a killed run's leftovers are removed at the next start, and nothing else is."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from python_on_whales import DockerClient

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.docker.prune import remove_labelled, sweep
from dayzero.docker.run_identity import RunIdentity

pytestmark = pytest.mark.runtime

_LEAVE = """
import signal, sys
from python_on_whales import DockerClient
from dayzero.docker.run_identity import RunIdentity
from dayzero.docker.prune import workspace
run, docker = RunIdentity.generate(), DockerClient()
print(workspace(run.name, run.owner))
docker.volume.create(run.name, labels=run.labels)
docker.network.create(run.name, labels=run.labels)
docker.run(sys.argv[1], ["sleep", "600"], detach=True, name=run.name, networks=[run.name], labels=run.labels)
print(run.name, flush=True)
signal.pause()
"""


def _there(engine: DockerClient, name: str) -> list[str]:
    """Which kinds of thing with this name are on the engine."""
    kinds = {
        "container": engine.container.exists,
        "network": engine.network.exists,
        "volume": engine.volume.exists,
    }
    return [kind for kind, exists in kinds.items() if exists(name)]


@criterion("SUITE-4", subject="suite")
def test_a_killed_run_is_swept_and_nothing_else(
    engine: DockerClient, probe_image: str, verdict: Verdict
) -> None:
    """Given a run that was killed with SIGKILL amid its container, network, volume and folder, and another that lives,
    when the suite starts the next time,
    then all of the killed run is removed and nothing of the living one."""
    living, strangers = RunIdentity.generate(), RunIdentity.generate().name
    engine.volume.create(living.name, labels=living.labels)
    engine.volume.create(strangers)
    victim = subprocess.Popen([sys.executable, "-c", _LEAVE, probe_image], stdout=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    folder, name = Path(victim.stdout.readline().strip()), victim.stdout.readline().strip()
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    try:
        before = _there(engine, name)
        removed = sweep()
        after = {each: _there(engine, each) for each in (name, living.name, strangers)}
    finally:
        remove_labelled(f"dayzero.run={living.name}")
        engine.volume.remove(strangers)
    verdict.expected = f"all of {name} removed; the volumes {living.name} and {strangers} left"
    verdict.observed = f"removed: {'; '.join(removed)}; still there: {after}"
    verdict.look = "src/dayzero/docker/prune.py"
    verdict.require(before == ["container", "network", "volume"], f"the killed run had made {before} only")
    verdict.check(
        after == {name: [], living.name: ["volume"], strangers: ["volume"]},
        "not these and only these were removed",
    )
    verdict.check(not folder.exists(), "its folder is still there")
