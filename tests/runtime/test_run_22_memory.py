"""RUN-22: what runs reserves the memory that the files state."""

from __future__ import annotations

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.stack.stack import Stack


@criterion("RUN-22", subject="servers")
def test_running_containers_reserve_what_the_files_state(stack: Stack, verdict: Verdict) -> None:
    """Given the stack's own compose files state a memory reservation for each member of a cluster,
    when the running containers are inspected,
    then each carries exactly that reservation and limit."""
    stack.require_whole()
    stated = stack.client([stack.root / "docker-compose.yml"]).compose.config(return_json=True)
    assert isinstance(stated, dict)
    wrong, missing = [], []
    for name, service in stated["services"].items():
        reserved, limit = int(service.get("mem_reservation") or 0), int(service.get("mem_limit") or 0)
        if not reserved:
            missing.append(name)
        host = stack.container(name).host_config
        if (host.memory_reservation, host.memory) != (reserved, limit):
            wrong.append(
                f"{name}: stated {reserved}/{limit}, running {host.memory_reservation}/{host.memory}"
            )
    verdict.expected = "reservation and limit of every running container as in the files, and stated for each"
    verdict.observed = f"different: {'; '.join(wrong) or 'none'}; not stated: {', '.join(missing) or 'none'}"
    verdict.look = (
        "docker inspect --format '{{.HostConfig.MemoryReservation}}', and mem_reservation in infra/"
    )
    verdict.check(missing == [], "a service states no reservation")
    verdict.check(wrong == [], "a container differs from the files")
