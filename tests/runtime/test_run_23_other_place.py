"""RUN-23: nothing depends on the subnet or on the project's name."""

from __future__ import annotations

import ipaddress

from fixtures.criterion import criterion
from fixtures.inventory import Promise
from fixtures.stack import Stack, ending
from fixtures.verdict import Verdict


@criterion("RUN-23")
def test_an_init_works_on_any_subnet_under_any_name(
    promise: Promise, stack: Stack, plain_stack: Stack, verdict: Verdict
) -> None:
    """Given one stack under a generated project name on randomly chosen subnets and one under its own name on the engine's,
    when both have been brought up,
    then the init has exited with 0 in each, on addresses that the two do not share."""
    verdict.subject = promise.name
    here = ending(stack.container(promise.name))
    there = (
        ending(plain_stack.container(promise.name)) if promise.name in plain_stack.model["services"] else None
    )
    places = {each.name: sorted(_subnets(each)) for each in (stack, plain_stack)}
    verdict.expected = "exit code 0 in both stacks, on different subnets"
    verdict.observed = f"{stack.name}: {here.exit_code}; {plain_stack.name}: {there.exit_code if there else 'not part of it'}; subnets {places}"
    verdict.look = "an address or a project's name that is written into a compose file, a setting or a script"
    if there is None:
        verdict.not_applicable(
            f"{promise.name} is not part of the second stack, which has the messaging plane alone"
        )
    apart = not any(
        ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))
        for one in places[stack.name]
        for other in places[plain_stack.name]
    )
    assert apart, "both stacks stand on the same subnet, so nothing was judged"
    assert here.exit_code == 0
    assert there.exit_code == 0


def _subnets(stack: Stack) -> set[str]:
    networks = [
        network
        for network in stack.engine.network.list(
            filters=[("label", f"com.docker.compose.project={stack.name}")]
        )
    ]
    return {pool["Subnet"] for network in networks for pool in network.ipam.config or []}
