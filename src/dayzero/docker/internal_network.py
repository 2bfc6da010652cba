"""Networks of the run that lead nowhere else."""

from __future__ import annotations

import subprocess

from python_on_whales import DockerClient

from dayzero.docker.run_identity import RunIdentity, free_subnets, taken_subnets


def create_internal_network(engine: DockerClient, identity: RunIdentity, name: str) -> None:
    """Make the network `name` on a free subnet, without a way out of it, labelled as the run's."""
    command = [
        "docker",
        "network",
        "create",
        "--internal",
        "--subnet",
        free_subnets(1, taken_subnets(engine))[0],
    ]
    for label, value in identity.labels.items():
        command += ["--label", f"{label}={value}"]
    subprocess.run([*command, name], check=True, capture_output=True, text=True)
