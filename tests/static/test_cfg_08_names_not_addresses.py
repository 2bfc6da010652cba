"""CFG-8: an init finds its targets by name."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.rules.cfg_08_names_not_addresses import ip_literals_of


@criterion("CFG-8", "REQ-SPC-AUTO-003", "TASK-005", "SPEC-INFRA-03 §8")
def test_no_address_is_written_where_a_name_should_stand(init: InitService, verdict: Verdict) -> None:
    """Given an init service,
    when its networks, variables, arguments and scripts are read,
    then no IP address is used as an endpoint and none is pinned; loopback and bind-all do not count.
    """
    verdict.subject = init.name
    verdict.expected = "endpoints by DNS name; no ipv4_address or ipv6_address"
    literals = ip_literals_of(init)
    verdict.observed = "; ".join(f"{one.address} in {one.at}" for one in literals[:5]) or "no IP address"
    verdict.source = literals[0].source if literals else init.where()
    verdict.look = "use the service's name"
    verdict.check(not literals)
