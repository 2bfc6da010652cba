"""Compose projects that nobody has seen before: put together at random from parts, some with one known fault."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dayzero.selftest.expectations import Expectation

_NOUNS = (
    "ledger orders catalogue tenants invoices parcels sensors rosters archive quotas routes tickets".split()
)
_VERBS = "fill prepare seed shape lay-out furnish found raise".split()
_PLACES = "plane backend inner mesh".split()


@dataclass(frozen=True)
class Kind:
    """A kind of server: how it is started and probed, and what a client asks of it. `{at}` is its service's name."""

    server: dict[str, Any]
    client: str
    probe: str
    work: str


_KINDS = {
    "postgres": Kind(
        {
            "image": "postgres:17.6-trixie",
            "environment": {"POSTGRES_PASSWORD_FILE": "/run/secrets/owner"},
            "secrets": ["owner"],
            "healthcheck": {"test": ["CMD", "pg_isready", "-U", "postgres"]},
        },
        "postgres:17.6-trixie",
        "timeout 5 pg_isready -h {at}",
        "PGPASSFILE=/run/secrets/owner psql -h {at} -U postgres -v ON_ERROR_STOP=1"
        " -c 'CREATE TABLE IF NOT EXISTS {thing} (id bigint)'",
    ),
    "valkey": Kind(
        {
            "image": "valkey/valkey:8.1.3",
            "healthcheck": {"test": ["CMD-SHELL", "valkey-cli ping | grep -q PONG"]},
        },
        "valkey/valkey:8.1.3",
        "timeout 5 valkey-cli -h {at} ping",
        "valkey-cli -e -h {at} SET {thing}:version 1",
    ),
    "opensearch": Kind(
        {
            "image": "opensearchproject/opensearch:2.19.1",
            "healthcheck": {"test": ["CMD", "curl", "-fsS", "http://localhost:9200/_cluster/health"]},
        },
        "curlimages/curl:8.16.0",
        "curl -fsS --max-time 5 http://{at}:9200/_cluster/health",
        "curl -fsS --max-time 20 -X PUT http://{at}:9200/_index_template/{thing}"
        " -H 'Content-Type: application/json' -d '{{\"index_patterns\": [\"{thing}-*\"]}}'",
    ),
}


@dataclass
class Init:
    """One init while it is put together; a fault changes one thing of it."""

    name: str
    target: str
    user: str
    kind: Kind
    thing: str
    service: dict[str, Any]
    awaited: str = "service_completed_successfully"
    waits: bool = False
    wait: str = (
        "tries=0\n"
        "until {probe}; do\n"
        "  tries=$((tries + 1))\n"
        '  if [ "$tries" -ge 30 ]; then echo "{at} does not answer" >&2; exit 1; fi\n'
        "  sleep 2\n"
        "done\n"
    )
    before: str = ""
    after: str = ""
    writable: bool = False
    fault: str = ""

    def script(self) -> str:
        """What it runs, for a shell that ends at the first failure."""
        work = self.kind.work.format(at=self.target, thing=self.thing)
        wait = self.wait.replace("{probe}", self.kind.probe.format(at=self.target)).replace(
            "{at}", self.target
        )
        return f"{self.before}{wait if self.waits else ''}{work}{self.after}\n"


def _set(key: str, value: Any) -> Callable[[Init], None]:
    def change(init: Init) -> None:
        init.service[key] = value

    return change


def _early(init: Init) -> None:
    init.service["depends_on"] = {init.target: {"condition": "service_started"}}


def _unawaited(init: Init) -> None:
    init.awaited = "service_started"


def _in_the_open(init: Init) -> None:
    init.service["environment"] = {"STORE_PASSWORD": "correct-horse-42"}


def _writable(init: Init) -> None:
    init.writable = True


def _stateful(init: Init) -> None:
    init.service["volumes"] = ["progress:/var/lib/progress"]


def _pinned(init: Init) -> None:
    (network,) = init.service["networks"]
    init.service["networks"] = {network: {"ipv4_address": "10.77.0.9"}}


def _asleep(init: Init) -> None:
    init.before = "sleep 20\n"


def _endless(init: Init) -> None:
    init.waits, init.wait = True, "until {probe}; do sleep 2; done\n"


def _masked(init: Init) -> None:
    init.after = " || true"


def _unversioned(init: Init) -> None:
    init.service["image"] = init.kind.client.partition(":")[0]


FAULTS: dict[str, tuple[Callable[[Init], None], str]] = {
    "CFG-2": (_set("restart", "always"), "the engine starts it again"),
    "CFG-3": (_early, "it does not wait for its target's health"),
    "CFG-4": (_unawaited, "who needs it does not wait for its end"),
    "CFG-5": (_in_the_open, "a password stands in its environment"),
    "CFG-6": (_writable, "its script is mounted writable"),
    "CFG-7": (_stateful, "it keeps state in a volume"),
    "CFG-8": (_pinned, "its address is pinned"),
    "CFG-10": (_asleep, "it sleeps before its work"),
    "CFG-11": (_set("user", "0:0"), "it runs as root"),
    "CFG-16": (_endless, "it may wait for ever"),
    "CFG-17": (_masked, "its work may fail unnoticed"),
    "CFG-18": (_unversioned, "its image has no version"),
}
"""What may be wrong with an init, by the criterion that must say so."""


@dataclass
class RandomProject:
    """A project on disk: its inits, each with its target, and the faults that should be said of them."""

    folder: Path
    inits: dict[str, str]
    expectations: list[Expectation]


def compose_at_random(folder: Path, seed: int) -> RandomProject:
    """Write a project of three to five inits into the new folder; the same seed writes the same one."""
    draw = random.Random(seed)
    network = draw.choice(_PLACES)
    things = draw.sample(_NOUNS, draw.randint(3, 5))
    inits = [_init(draw, thing, network) for thing in things]
    faults = draw.sample(list(FAULTS), len(inits))
    # One of them at least has no fault.
    for init, fault in zip(inits[1:], faults, strict=False):
        init.fault = fault
        FAULTS[fault][0](init)
    folder.mkdir(parents=True)
    services: dict[str, Any] = {}
    for init in inits:
        services[init.target] = {**init.kind.server, "networks": [network]}
        services[init.user] = {
            "image": f"registry.example/{init.thing}:1.4.2",
            "networks": [network],
            "depends_on": {init.name: {"condition": init.awaited}},
        }
        services[init.name] = _written(draw, folder, init)
    names = list(services)
    draw.shuffle(names)
    _write(draw, folder, {name: services[name] for name in names}, network)
    expectations = [
        Expectation(folder, init.fault, init.name, "fail", FAULTS[init.fault][1])
        for init in inits
        if init.fault
    ]
    return RandomProject(folder, {init.name: init.target for init in inits}, expectations)


def _init(draw: random.Random, thing: str, network: str) -> Init:
    kind_name, kind = draw.choice(list(_KINDS.items()))
    target = f"{thing}-{draw.choice(['store', 'db', kind_name])}"
    name = draw.choice([f"{draw.choice(_VERBS)}-{thing}", f"{thing}-init", f"{thing}_setup", f"init-{thing}"])
    service: dict[str, Any] = {
        "image": kind.client,
        "user": "1000:1000",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        "secrets": ["owner"],
        "networks": [network],
        "depends_on": {target: {"condition": "service_healthy"}},
    }
    if draw.random() < 0.5:
        service["restart"] = "no"
    return Init(name, target, f"{thing}-app", kind, thing, service, waits=draw.random() < 0.5)


def _written(draw: random.Random, folder: Path, init: Init) -> dict[str, Any]:
    """The init as it stands in the file: its script beside it or inline, its keys in any order."""
    service = dict(init.service)
    inline = init.script().replace("$", "$$")
    form = "file" if init.writable else draw.choice(["file", "command", "entrypoint"])
    if form == "file":
        place = draw.choice(["scripts", "jobs/sh"])
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / f"{init.name}.sh").write_text(
            f"#!/bin/sh\nset -eu\n{init.script()}", encoding="utf-8"
        )
        mount = f"./{place}/{init.name}.sh:/work/{init.name}.sh" + ("" if init.writable else ":ro")
        service["volumes"] = [*service.get("volumes", []), mount]
        service |= {"entrypoint": ["/bin/sh"], "command": [f"/work/{init.name}.sh"]}
    elif form == "command":
        service |= {"entrypoint": [], "command": ["sh", "-euc", inline]}
    else:
        service |= {"entrypoint": ["/bin/sh", "-euc"], "command": [inline]}
    keys = list(service)
    draw.shuffle(keys)
    return {key: service[key] for key in keys}


def _write(draw: random.Random, folder: Path, services: dict[str, Any], network: str) -> None:
    """One file, or a second one that the first includes."""
    (folder / "owner.secret").write_text("*:*:*:*:generated\n", encoding="utf-8")
    common: dict[str, Any] = {
        "networks": {network: {"ipam": {"config": [{"subnet": "10.77.0.0/24"}]}}},
        "volumes": {"progress": {}},
        "secrets": {"owner": {"file": "./owner.secret"}},
    }
    main = draw.choice(["compose.yaml", "docker-compose.yml"])
    if draw.random() < 0.4:
        (folder / "jobs.yaml").write_text(
            yaml.safe_dump({"services": services, **common}, sort_keys=False), encoding="utf-8"
        )
        common, services = {"include": ["jobs.yaml"]}, {}
    content = common | ({"services": services} if services else {})
    (folder / main).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
