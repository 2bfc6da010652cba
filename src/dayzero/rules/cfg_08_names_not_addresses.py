"""IP addresses written where a name should stand."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dayzero.analysis.endpoints import code_only, visible_texts
from dayzero.analysis.init_detection import InitService
from dayzero.analysis.mounted_config import SETTINGS, given_texts
from dayzero.compose.environment import variables_of
from dayzero.compose.project import ComposeProject, Service
from dayzero.core.verdict import Source, Verdict
from dayzero.rules.rule import rule

_V4 = re.compile(r"(?<![\w.-])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.]|-\w|/\d)")
_V6 = re.compile(r"\[([0-9A-Fa-f:]{3,}(?:%\w+)?)\]")
_NO_ENDPOINT = re.compile(r"SUBNET|CIDR|NETMASK|ALLOW|TRUSTED|WHITELIST|NO_PROXY|VERSION|BIND|LISTEN", re.I)


@dataclass(frozen=True)
class IpLiteral:
    """An address that is used as an endpoint (or pinned); `at` says where in words."""

    address: str
    at: str
    source: Source


def ip_literals_of(service: Service) -> list[IpLiteral]:
    """Every address in networks, hosts, variables, arguments and scripts that is no loopback and no bind-all."""
    return [
        *_pinned(service),
        *_in_hosts(service),
        *_in_variables(service),
        *_in_texts(service),
        *_in_settings(service),
    ]


def addresses_in(text: str) -> Iterator[tuple[int, str]]:
    """Offset and address of each one that can be an endpoint: no loopback, bind-all, mask, subnet or version number."""
    for match in (*_V4.finditer(text), *_V6.finditer(text)):
        try:
            address = ipaddress.ip_address(match[1].split("%")[0])
        except ValueError:
            continue
        mask = match[1].startswith("255.")
        if not (address.is_loopback or address.is_unspecified or mask):
            yield match.start(1), match[1]


def _pinned(service: Service) -> Iterator[IpLiteral]:
    for network, details in (service.config.get("networks") or {}).items():
        for key in ("ipv4_address", "ipv6_address"):
            if (details or {}).get(key):
                source = service.where("networks", network, key)
                yield IpLiteral(str(details[key]), f"{key} on {network}", source)


def _in_hosts(service: Service) -> Iterator[IpLiteral]:
    for entry in service.config.get("extra_hosts") or []:
        for _, address in addresses_in(re.sub(r"[=:]", " ", str(entry), count=1)):
            yield IpLiteral(address, "extra_hosts", service.where("extra_hosts"))


def _in_variables(service: Service) -> Iterator[IpLiteral]:
    for variable in variables_of(service):
        if variable.value and not _NO_ENDPOINT.search(variable.name):
            for _, address in addresses_in(variable.value):
                yield IpLiteral(address, f"variable {variable.name}", variable.source)


def _in_texts(service: Service) -> Iterator[IpLiteral]:
    for placed in visible_texts(service):
        for at, address in addresses_in(code_only(placed.text)):
            if not re.search(r"(?:version|v)[= ]?$|\bIP[:=]$", placed.text[max(0, at - 10) : at], re.I):
                yield IpLiteral(address, "its command or script", service.project.source(placed.place(at)))


def _in_settings(service: Service) -> Iterator[IpLiteral]:
    for placed in given_texts(service):
        if placed.file.suffix in SETTINGS:
            bare = re.sub(r"(?m)(?:^|(?<=\s))[#;].*$", lambda match: " " * len(match.group()), placed.text)
            for at, address in addresses_in(bare):
                yield IpLiteral(address, placed.file.name, service.project.source(placed.place(at)))


@rule("CFG-8", "REQ-SPC-AUTO-003", "TASK-005", "SPEC-INFRA-03 §8")
def no_address_is_written_where_a_name_should_stand(
    init: InitService, project: ComposeProject, verdict: Verdict
) -> None:
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
