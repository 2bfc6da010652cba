"""What a service mounts writable: the scripts and configuration that it is given, or data that it keeps."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from dayzero.analysis.container_program import texts_of
from dayzero.analysis.endpoints import visible_texts
from dayzero.compose.project import Service
from dayzero.core.verdict import Source


class Holds(Enum):
    SCRIPTS = "scripts or configuration"
    DATA = "data"
    OTHER = "a socket or device"


@dataclass(frozen=True)
class WritableMount:
    """A volume or bind that the container may write to; `name` is the volume's or the path relative to the stack."""

    name: str
    target: str
    holds: Holds
    source: Source


_GIVEN = re.compile(
    r"\.(?:sh|bash|sql|py|js|mjs|cjs|ts|rb|pl|php|json|ya?ml|conf|cnf|cfg|ini|toml|properties|xml|txt|csv|tsv|tpl|tmpl|template"
    r"|ldif|cypher|cql|hcl|tf|tfvars|env|crt|pem|key|cer|rules|policy|avsc|proto|graphql|prisma|service|list|jar|lua|ps1|j2)$",
    re.I,
)
_GIVEN_FOLDER = re.compile(
    r"^(?:\w+[-_.])*(?:scripts?|bin|init|initdb|init\.d|docker-entrypoint-initdb\.d|entrypoints?|conf(?:ig|igs|iguration)?|conf\.d"
    r"|etc|sql|ddl|dml|migrations?|schemas?|seeds?|seeders?|fixtures?|provision\w*|policies|policy|templates?|topics|prisma"
    r"|connectors?|realms?|dashboards?|pipelines?|src|app|code|backend|server|lib|hooks|setup|bootstrap|flyway|liquibase|alembic"
    r"|changelogs?|terraform|ansible|playbooks|mappings?|docker|infra|tools?|db|database|drizzle|packages|dags|plugins|certs?"
    r"|certificates?|ssl|tls|pki|ca|keys?|keypairs?|secrets?|creds?|credentials?|tokens?|examples?)(?:[-_.]\w+)?$",
    re.I,
)
_DATA_FOLDER = re.compile(
    r"(?:^|[-_.])(?:data|outputs?|out|results?|logs?|backups?|dumps?|storage|cache|state|volumes?|artifacts?"
    r"|uploads?|tmp|temp|exports?|pgdata|models?|node_modules|vendor|dist|build|generated|media|static"
    r"|warehouse|lake|buckets?|minio|target|run|shared|workspace|downloads?)(?:[-_.]|$)|data$",
    re.I,
)
_GIVEN_DATA = re.compile(
    r"(?:seed|init|config|conf|sql|migration|schema|fixture|sample|demo|import|load|mock|example|bootstrap|provision)",
    re.I,
)
_PLAIN_DATA = re.compile(
    r"\.?(?:data|outputs?|out|results?|logs?|backups?|dumps?|storage|cache|state|te?mp|volumes?)", re.I
)
_DATA_FILE = re.compile(r"\.(?:db|sqlite3?|log|rdb|aof|parquet|tar|t?gz|zip|dump|bak|pid|lock)$", re.I)


_HOST_FILES = (
    "/etc/localtime",
    "/etc/timezone",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/passwd",
    "/etc/group",
)
_MAKES_FILES = re.compile(r"(?:^|[-_.])(?:certs?|ca|pki|tls|ssl|keygen|gen\w*)(?:[-_.]|$)")


def writable_mounts(service: Service) -> list[WritableMount]:
    """Every writable volume and bind of a service, sockets and devices told apart; tmpfs is none."""
    found = []
    for at, volume in enumerate(service.config.get("volumes") or []):
        if volume.get("read_only") or volume.get("type") not in ("bind", "volume"):
            continue
        target = str(volume.get("target") or "")
        source = service.where("volumes", at)
        if volume.get("type") == "volume":
            if not _on_tmpfs(service, str(volume.get("source") or "")):
                name = str(volume.get("source") or f"anonymous volume at {target}")
                found.append(WritableMount(name, target, Holds.DATA, source))
            continue
        host = Path(str(volume.get("source") or ""))
        found.append(WritableMount(_shown(service, host), target, _held(service, host, target), source))
    return [*found, *_borrowed(service)]


def _borrowed(service: Service) -> list[WritableMount]:
    """Volumes that come along with `volumes_from`, unless it says read-only."""
    found = []
    for entry in service.config.get("volumes_from") or []:
        name, _, mode = str(entry).partition(":")
        lender = service.project.services.get(name)
        for volume in (lender.config.get("volumes") or []) if lender and mode != "ro" else ():
            if volume.get("type") == "volume" and not volume.get("read_only"):
                shown = f"{volume.get('source') or 'an anonymous volume'} of {name}"
                found.append(
                    WritableMount(shown, str(volume["target"]), Holds.DATA, service.where("volumes_from"))
                )
    return found


def _held(service: Service, host: Path, target: str) -> Holds:
    if host.suffix in (".sock", ".socket") or str(host).startswith(("/dev/", "/sys", "/proc")):
        return Holds.OTHER
    texts = [placed.text for placed in visible_texts(service)]
    is_file = host.is_file() or (not host.is_dir() and bool(host.suffix)) or str(host) in _HOST_FILES
    if _is_output(target, texts, is_file):
        return Holds.DATA
    if is_file:
        return Holds.DATA if _DATA_FILE.search(host.name) else Holds.SCRIPTS
    if _runs_from(service, target):
        return Holds.SCRIPTS
    if not texts and _MAKES_FILES.search(service.name):
        return Holds.DATA
    if _PLAIN_DATA.fullmatch(host.name):
        return Holds.DATA
    if _is_loaded(target, texts):
        return Holds.SCRIPTS
    if _DATA_FOLDER.search(host.name) and not _GIVEN_DATA.match(host.name):
        return Holds.DATA
    if _is_read(target, texts) or _GIVEN_FOLDER.search(host.name):
        return Holds.SCRIPTS
    name = Path(target).name
    if _GIVEN_FOLDER.search(name) or (_has_scripts(host) and not _DATA_FOLDER.search(name)):
        return Holds.SCRIPTS
    return Holds.DATA


def _is_output(target: str, texts: list[str], is_file: bool) -> bool:
    """Whether the text writes to the target: redirection, output option, or the last argument of a copy."""
    path = re.escape(target.rstrip("/"))
    if not path:
        return False
    there = rf"[\"']?{path}(?![\w.-])"
    options = r"-o|-out|--out(?:put)?(?:-\w+)?|-keyout|--output-file|-keystore|-O|tee(?:\s+-a)?|-C"
    written = rf">>?\s*{there}|(?:{options})[= ]\s*{there}"
    if not is_file:
        written += rf"|\b(?:mkdir|chown|chmod(?!\s+[ugoa]*\+x)|touch|rm|setfacl)\b[^\n;|&]*\s{there}"
    written += rf"|\b(?:cp|mv|rsync|unzip|ln|install)\b[^\n;|&]*\s{there}/?\S*\s*(?:$|[\n;|&])"
    return any(re.search(written, text) for text in texts)


def _is_loaded(target: str, texts: list[str]) -> bool:
    """Whether the text takes what it loads into its target from there: an input option, or the first of a copy's."""
    there = rf"[\"']?{re.escape(target.rstrip('/'))}(?![\w.-])"
    options = r"(?:(?<!\[ )(?<!! )(?<!test )-f|--file|--input|--from|--dir|--path|--source|-i|<)[= ]\s*"
    copies = r"\b(?:cp|mirror|sync|copy|import\S*|put)\s+(?:-\S+\s+)*"
    return any(re.search(rf"(?:{options}|{copies}){there}", text) for text in texts)


def _is_read(target: str, texts: list[str]) -> bool:
    """Whether the text names a script or a configuration file below the target."""
    below = re.compile(rf"{re.escape(target.rstrip('/'))}/[\w./*-]+")
    return any(_GIVEN.search(match.group()) for text in texts for match in below.finditer(text))


def _runs_from(service: Service, target: str) -> bool:
    prefix = target.rstrip("/") + "/"
    ran = [script.path for script in (*texts_of(service).scripts, *texts_of(service).programs)]
    return any(path == target or path.startswith(prefix) for path in ran if path)


def _has_scripts(host: Path) -> bool:
    return host.is_dir() and any(_GIVEN.search(one.name) for one in sorted(host.iterdir())[:200])


def _on_tmpfs(service: Service, volume: str) -> bool:
    definition: dict[str, Any] = service.project.volumes.get(volume) or {}
    options = definition.get("driver_opts") or {}
    return options.get("type") == "tmpfs"


def _shown(service: Service, host: Path) -> str:
    return os.path.relpath(host, service.project.root)
