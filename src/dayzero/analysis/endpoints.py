"""Which services of a project another one talks to, read from its scripts, arguments and variables.

A name counts only where a host can stand: in a URL, before a port, after a host option, in a variable for a host. The
same word as a user, a database or a program is no contact, and neither is a host in data that is only handed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dayzero.analysis.container_program import argument_texts, texts_of
from dayzero.analysis.workload import work_of
from dayzero.compose.environment import EnvVariable, variables_of
from dayzero.compose.facts import fact
from dayzero.compose.project import ComposeProject, Service
from dayzero.compose.yaml_source import PlacedText
from dayzero.core.verdict import Source


@dataclass(frozen=True)
class Contact:
    """`service` is talked to under `host`; `through` says in words where that is read."""

    service: str
    host: str
    through: str
    source: Source


_HOST_KEY = re.compile(
    r"HOST|SERVER|ADDR|ENDPOINT|BROKER|BOOTSTRAP|NODES?(?:_|$)|SEEDS|PEERS|MASTER|URL|URI|DSN|CONN|JDBC|MC_HOST",
    re.I,
)
_OTHER_KEY = re.compile(
    r"REDIRECT|CALLBACK|ORIGIN|CORS|ISSUER|PUBLIC|FRONTEND|WEBHOOK|(?:^|_)(?:APP|BASE|SITE|ROOT)_URL|ALLOWED|PROXY|TELEMETRY"
    r"|OTEL|OTLP|TRACING|ADVERTISED|NO_PROXY|HOSTNAME$",
    re.I,
)
_NATIVE_KEY = re.compile(
    r"PG(?:HOST|HOSTADDR)|MC_HOST_\w+|VAULT_ADDR|BAO_ADDR|CONSUL_HTTP_ADDR|NATS_URL|ETCDCTL_ENDPOINTS|MYSQL_HOST"
    r"|AWS_ENDPOINT_URL\w*|R(?:PK|EDPANDA)_BROKERS|FLYWAY_URL|LIQUIBASE_\w*URL|DATABASE_URL|GOOSE_DBSTRING|INFLUX_HOST|CLICKHOUSE_HOST|KEYCLOAK_URL"
)
_PAYLOAD = re.compile(
    r"(?:(?<=\s)(?:-d|-F|--data(?:-\w+)?|--json|--form(?:-string)?)(?:[ \t]+|=))"
    r"(?:'[^']*'|\"(?:[^\"\\]|\\.)*\"|[^\s;&|]+)"
    r"|[\w.-]*(?:redirect|callback|origin|webhook|rootUrl|baseUrl|issuer)[\w.-]*[\"']?[=:\s]\s*\S+",
    re.I,
)
_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
_SAID = re.compile(
    r"\b(?:echo|printf|log|info|warn)\b(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|(?![12]?>)[^\s;&|)\"']+))*"
)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1[^\n]*\n(.*?)^\s*\2\b", re.S | re.M)
_JSON_PAIR = re.compile(r"\\?\"[\w.@-]+\\?\"\s*:\s*\\?\"[^\"\n]*\"")
_OTHER_LANGUAGE = re.compile(r"^\s*(?:import|from)\s|\brequire\(", re.M)
_LISTED = re.compile(r"\bfor\s+\w+\s+in\s+([^\n;$]+)")
_MEMBERS = re.compile(r"\brs\.(?:initiate|add)|\bsh\.addShard|replSetInitiate|--cluster\s+create")


@fact
def contacts_of(service: Service) -> tuple[Contact, ...]:
    """The other services that a service talks to, each once, in the order in which they are found."""
    names = names_of(service.project, service)
    if not names:
        return ()
    found: dict[str, Contact] = {}
    for contact in (*_in_texts(service, names), *_in_variables(service, names), *_in_network_mode(service)):
        if contact.service != service.name:
            found.setdefault(contact.service, contact)
    return tuple(found.values())


def names_of(project: ComposeProject, seen_by: Service) -> dict[str, str]:
    """Every name that a host can have for `seen_by` (service name, container name, hostname, alias), to its service."""
    names: dict[str, str] = {}
    for service in project.services.values():
        config = service.config
        networks = config.get("networks") or {}
        aliases = [one for network in networks.values() for one in (network or {}).get("aliases") or []]
        for name in (config.get("container_name"), config.get("hostname"), *aliases):
            if name:
                names.setdefault(str(name), service.name)
    for link in seen_by.config.get("links") or []:
        target, _, alias = str(link).partition(":")
        names[alias or target] = target
    names |= {name: name for name in project.services}
    return names


@fact
def visible_texts(service: Service) -> tuple[PlacedText, ...]:
    """Scripts, programs and plain arguments of a service, as placed text."""
    texts = [script.placed for script in (*texts_of(service).scripts, *texts_of(service).programs)]
    if not any(not script.path for script in texts_of(service).scripts):
        words = [
            *argument_texts(service.item.get("entrypoint")),
            *argument_texts(service.item.get("command")),
        ]
        if words:
            spaced = [
                words[0],
                *(part for word in words[1:] for part in (PlacedText.at(word.place(), " "), word)),
            ]
            texts.append(spaced[0].join(*spaced[1:]))
    return tuple(texts)


def code_only(text: str) -> str:
    """Shell text with comments, messages and data that is only handed on blanked out, every position kept."""
    for pattern in (_COMMENT, _SAID):
        text = pattern.sub(lambda match: _blank(match.group()), text)
    text = _HEREDOC.sub(
        lambda match: match.group() if _MEMBERS.search(match[3]) else _blank(match.group()), text
    )
    text = _PAYLOAD.sub(
        lambda match: match.group() if _MEMBERS.search(match.group()) else _blank(match.group()), text
    )
    if _MEMBERS.search(text) or _OTHER_LANGUAGE.search(text):
        return text
    return _JSON_PAIR.sub(lambda match: _blank(match.group()), text)


def host_patterns(names: dict[str, str]) -> re.Pattern[str]:
    """Matches a known name (group `host`) in each place where a host can stand."""
    one = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    host = rf"(?:{one})(?![\w-]|\.[A-Za-z])"
    options = (
        r"-h|-H|-S|--?[\w-]*host(?:s|names?)?|--?server|--?endpoints?|--?addr(?:ess)?|--?url|--?brokers?"
    )
    options += r"|--broker-list|--bootstrap-servers?|--zookeeper|--contact-points?|--connect"
    programs = r"nc|ncat|telnet|ping|getent\s+a?hosts(?:v\d)?|nslookup|dig(?:\s+\+short)?|host|cqlsh|mongosh?|ssh|curl"
    programs += r"|wget|(?:\S*/)?wait[-_]for\S*|dockerize|cub\s+\S+|wait_\w+"
    places = [
        r"://(?:[^\s/@\"']*@)?",
        r"(?<![\w.-])(?=[\w.-]+:(?:\d{2,5}|\$)\b)",
        r"(?<![\w.-])(?=[\w.-]+:\$)",
        r"(?<=@)",
        rf"(?<![\w-])(?:{options})(?:\s+|=|(?<=-h))[\"']?(?:tcp:)?",
        rf"(?<![\w-])(?:{programs})\s+(?:-\S+\s+(?:\d+\s+)?)*[\"']?",
        r"/dev/(?:tcp|udp)/",
        r"\b\w*(?:host|server|addr|endpoint|broker|node|master|bootstrap|peer)\w*[\"']?\s*[=:]\s*[\[(]?\s*[\"']?(?:tcp:)?",
        r"\bdata source\s*=\s*(?:tcp:)?",
        r"(?<=,)(?=[\w.-]+:\d{2,5})",
    ]
    return re.compile("|".join(f"(?:{place}(?P<host{at}>{host}))" for at, place in enumerate(places)), re.I)


def _in_texts(service: Service, names: dict[str, str]) -> Iterator[Contact]:
    pattern = host_patterns(names)
    for placed in visible_texts(service):
        text = _with_defaults(placed, service)
        for at, host in _hosts(text.text, pattern):
            source = service.project.source(text.place(at))
            yield Contact(_named(names, host), host, "its command or script", source)


def _hosts(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    bare, at = code_only(text), 0
    while match := pattern.search(bare, at):
        group = match.lastgroup or ""
        yield match.start(group), match[group]
        at = match.start(group) + 1
    for listed in _LISTED.finditer(bare):
        for word in re.finditer(r"[^\s\"']+", listed[1]):
            if pattern.fullmatch(f"://{word.group()}"):
                yield listed.start(1) + word.start(), word.group()


def _with_defaults(placed: PlacedText, service: Service) -> PlacedText:
    """`${NAME:-default}` and variables of the container filled in, so that hosts behind them are seen."""
    from dayzero.compose.interpolation import interpolate

    known = {one.name: one.value for one in variables_of(service) if one.value}
    values = {**service.project.values, **known}
    spans = [span for span in interpolate(placed.text, values).spans if span.text]
    return placed.replaced(spans)


def _in_variables(service: Service, names: dict[str, str]) -> Iterator[Contact]:
    pattern = host_patterns(names)
    for variable in variables_of(service):
        if variable.through == "image" or not variable.value or _OTHER_KEY.search(variable.name):
            continue
        if not _is_used(variable, service):
            continue
        hosts = [host for _, host in _hosts(variable.value, pattern)]
        if _HOST_KEY.search(variable.name):
            hosts += [part for part in re.split(r"[,;\s]+", variable.value) if part in names]
        for host in hosts:
            yield Contact(_named(names, host), host, f"its variable {variable.name}", variable.source)


def _is_used(variable: EnvVariable, service: Service) -> bool:
    """A variable counts if the text refers to it, a tool reads it by itself, or the program cannot be seen."""
    if _NATIVE_KEY.fullmatch(variable.name):
        return True
    texts = [placed.text for placed in visible_texts(service)]
    if any(re.search(rf"\b{re.escape(variable.name)}\b", text) for text in texts):
        return True
    return _has_unseen_program(service, texts)


def _has_unseen_program(service: Service, texts: list[str]) -> bool:
    if texts_of(service).opaque or not texts:
        return True
    kinds = work_of(texts).provisions
    return not kinds or any(kind in kinds for kind in ("a schema", "a CMS or tool", "infrastructure"))


def _in_network_mode(service: Service) -> Iterator[Contact]:
    mode = str(service.config.get("network_mode") or "")
    if mode.startswith("service:"):
        yield Contact(
            mode.removeprefix("service:"), "localhost", "its network_mode", service.where("network_mode")
        )


def _named(names: dict[str, str], host: str) -> str:
    return names.get(host) or next(service for name, service in names.items() if name.lower() == host.lower())


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
