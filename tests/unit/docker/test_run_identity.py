"""Who a run is, and whether its owner still lives."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys

import pytest

from dayzero.docker.run_identity import RunIdentity, free_subnets, is_over


def test_two_runs_have_different_names() -> None:
    assert RunIdentity.generate().name != RunIdentity.generate().name


def test_a_living_owner_is_not_over() -> None:
    assert not is_over(RunIdentity.generate().owner)


def test_an_owner_whose_process_ended_is_over() -> None:
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            "from dayzero.docker.run_identity import RunIdentity; print(RunIdentity.generate().owner)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert is_over(child.stdout.strip())


def test_a_process_id_that_was_given_to_another_process_is_over() -> None:
    machine, boot, _, _ = RunIdentity.generate().owner.split("/")
    assert is_over(f"{machine}/{boot}/{os.getpid()}/1")


def test_an_owner_before_the_machine_restarted_is_over() -> None:
    machine, _, pid, started = RunIdentity.generate().owner.split("/")
    assert is_over(f"{machine}/another-boot/{pid}/{started}")


@pytest.mark.parametrize("owner", ["kept", "", "other-machine/boot/1/1"])
def test_of_others_nothing_is_said(owner: str) -> None:
    assert not is_over(owner)


def test_subnets_avoid_each_other_and_what_is_taken() -> None:
    taken = ["10.64.0.0/11"]
    found = [ipaddress.ip_network(text) for text in free_subnets(20, taken)]
    assert len(set(found)) == 20
    assert not any(subnet.overlaps(ipaddress.ip_network(taken[0])) for subnet in found)


def test_without_a_free_subnet_it_says_what_to_do() -> None:
    with pytest.raises(LookupError, match="docker network prune"):
        free_subnets(1, ["10.64.0.0/10"])
