"""RUN-23: nothing depends on the subnet or on the project's name."""

from __future__ import annotations

import ipaddress

from dayzero.analysis.inventory import Promise
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.stack.stack import Stack


@criterion("RUN-23")
def test_an_init_works_on_any_subnet_under_any_name(
    promise: Promise, stack: Stack, plain_stack: Stack, verdict: Verdict
) -> None:
    """Given one stack under a generated name on randomly chosen subnets and one under its own name on the engine's,
    when both have been brought up,
    then the init has exited with 0 in each, on addresses that the two do not share."""
    here, there = stack.ended(promise.name), plain_stack.ended(promise.name)
    places = {each.name: sorted(_subnets(each)) for each in (stack, plain_stack)}
    verdict.expected = "exit code 0 in both stacks, on different subnets"
    verdict.observed = f"{stack.name}: {here.state}; {plain_stack.name}: {there.state}; subnets {places}"
    for each, end in ((stack, here), (plain_stack, there)):
        verdict.attach(f"{each.name}-{promise.name}.log", end.log)
    verdict.look = "an address or a project's name that is written into a compose file, a setting or a script"
    apart = not any(
        ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))
        for one in places[stack.name]
        for other in places[plain_stack.name]
    )
    verdict.require(apart, f"both stacks stand on the same subnet: {places}")
    verdict.check(here.exit_code == 0, f"it failed in {stack.name}")
    verdict.check(there.exit_code == 0, f"it failed in {plain_stack.name}")


def _subnets(stack: Stack) -> set[str]:
    networks = stack.engine.network.list(filters=[("label", f"com.docker.compose.project={stack.name}")])
    return {pool["Subnet"] for network in networks for pool in network.ipam.config or []}
