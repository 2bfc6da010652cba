"""The shapes of `docker compose config --format json`, made from the joined tree where Compose itself cannot.

Only what a reader of services needs is brought into long form; keys unknown here keep the user's own form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dayzero.compose.command_words import split_words
from dayzero.compose.discovery import env_files_of
from dayzero.compose.interpolation import read_env_file
from dayzero.compose.merge import merge, volume_parts
from dayzero.compose.yaml_source import Item, Mapping, Scalar, Sequence, to_plain

_SIZES = {"": 1, "b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3}
_SIZES |= {"kib": 1024, "mib": 1024**2, "gib": 1024**3, "t": 1024**4, "tb": 1024**4}

_NOT_OF_A_PRE_START = set(
    """attach build container_name depends_on deploy develop expose extends external_links healthcheck links ports
    post_start pre_start pre_stop profiles provider restart scale stdin_open tty volumes""".split()
)
"""What a pre_start has not from its service: the volumes it shares when it runs, the others mean the service alone."""


def service_shape(service: Mapping, values: AnyMapping[str, str]) -> dict[str, Any]:
    """One service as `config` would show it."""
    config = {key: to_plain(item) for key, item in service.entries.items() if key != "env_file"}
    config["environment"] = _environment(service, values)
    for key in ("command", "entrypoint"):
        config[key] = words(config.get(key))
    for key in ("labels", "annotations", "sysctls"):
        if isinstance(config.get(key), dict):
            config[key] = {name: _text(value) for name, value in config[key].items()}
    config["depends_on"] = _depends_on(config)
    config["volumes"] = [_volume(item) for item in _items(service, "volumes")]
    config["ports"] = [port for item in _items(service, "ports") for port in _ports(item)]
    for key in ("secrets", "configs"):
        config[key] = [_grant(item, key) for item in _items(service, key)]
    for key in ("post_start", "pre_stop"):
        config[key] = [_hook(item) for item in _items(service, key)]
    config["pre_start"] = [_pre_start(service, item, values) for item in _items(service, "pre_start")]
    build = service.get("build")
    if isinstance(build, Mapping):
        config["build"] = _build(build)
    if isinstance(config.get("healthcheck"), dict):
        config["healthcheck"] = _healthcheck(config["healthcheck"])
    for key in ("mem_limit", "mem_reservation", "memswap_limit", "shm_size"):
        if key in config:
            config[key] = str(size(config[key]) or config[key])
    resources = (
        (config.get("deploy") or {}).get("resources") if isinstance(config.get("deploy"), dict) else None
    )
    for part in (resources or {}).values() if isinstance(resources, dict) else ():
        if isinstance(part, dict) and "memory" in part:
            part["memory"] = str(size(part["memory"]) or part["memory"])
    if config.get("restart") is not None:
        config["restart"] = _text(config["restart"])
    if not config.get("networks") and not config.get("network_mode"):
        config["networks"] = {"default": None}
    return {key: value for key, value in config.items() if value not in ([], {}, "") or key == "environment"}


def words(value: Any) -> list[str] | None:
    """A command as a list of arguments; a string is split as a shell would split it."""
    if value is None:
        return None
    if isinstance(value, list):
        return [_text(one) or "" for one in value]
    return split_words(str(value))


def size(value: Any) -> int | None:
    """Bytes of a Compose size such as `512m` or `1.5gb`; None if it is no size."""
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-zA-Z]*)\s*", str(value))
    if match is None or match[2].lower() not in _SIZES:
        return None
    return int(float(match[1]) * _SIZES[match[2].lower()])


def _environment(service: Mapping, values: AnyMapping[str, str]) -> dict[str, str | None]:
    environment: dict[str, str | None] = {}
    for env_file in env_files_of(service):
        if env_file.readable is not None:
            environment |= {entry.name: entry.value for entry in read_env_file(env_file.readable, values)}
    own = to_plain(service.get("environment"))
    for name, value in own.items() if isinstance(own, dict) else ():
        environment[name] = values.get(name) if value is None else _text(value)
    return environment


def _hook(item: Item) -> dict[str, Any]:
    hook = dict(to_plain(item)) if isinstance(item, Mapping) else {}
    hook["command"] = words(hook.get("command"))
    if isinstance(hook.get("environment"), dict):
        hook["environment"] = {name: _text(value) for name, value in hook["environment"].items()}
    return hook


def _pre_start(service: Mapping, item: Item, values: AnyMapping[str, str]) -> dict[str, Any]:
    """A container of its own that has from the service what it does not state itself, as Compose 5.6 resolves it."""
    shared = {
        key: value
        for key, value in service.entries.items()
        if key not in _NOT_OF_A_PRE_START and not key.startswith("x-")
    }
    keys = {key: service.keys[key] for key in shared}
    base = replace(service, entries=shared, keys=keys)
    return service_shape(merge(base, item) if isinstance(item, Mapping) else base, values)


def _depends_on(config: dict[str, Any]) -> dict[str, Any]:
    declared = config.get("depends_on")
    depends = dict(declared) if isinstance(declared, dict) else {}
    for name, details in depends.items():
        depends[name] = {"condition": "service_started", "required": True, **(details or {})}
    implied = [str(link).split(":")[0] for link in config.get("links") or []]
    for key in ("network_mode", "ipc", "pid"):
        if str(config.get(key) or "").startswith("service:"):
            implied.append(str(config[key]).removeprefix("service:"))
    volumes_from = config.get("volumes_from") or []
    implied += [str(one).split(":")[0] for one in volumes_from if not str(one).startswith("container:")]
    for name in implied:
        depends.setdefault(name, {"condition": "service_started", "required": True, "restart": True})
    return depends


def _volume(item: Item) -> dict[str, Any]:
    base = item.doc.base
    if isinstance(item, Mapping):
        volume = dict(to_plain(item))
        if volume.get("type") == "bind" and volume.get("source"):
            volume["source"] = _absolute(base, str(volume["source"]))
        volume["target"] = _clean(str(volume.get("target") or ""))
        return volume
    source, target, mode = volume_parts(str(to_plain(item)))
    target = _clean(target)
    if source.startswith((".", "/", "~")) or "\\" in source:
        volume = {"type": "bind", "source": _absolute(base, source), "target": target}
    else:
        volume = {"type": "volume", "source": source, "target": target}
        if not source:
            del volume["source"]
    if "ro" in mode.split(","):
        volume["read_only"] = True
    return volume


def _ports(item: Item) -> list[dict[str, Any]]:
    if isinstance(item, Mapping):
        return [{"mode": "ingress", "protocol": "tcp", **to_plain(item)}]
    address, _, protocol = str(to_plain(item)).partition("/")
    match = re.fullmatch(r"(?:(\[[^]]*\]|[^:]*):)?(?:([^:]*):)?([^:]+)", address)
    if match is None:
        return []
    host, published, target = match.groups()
    if host is not None and published is None:
        host, published = None, host
    first, _, last = target.partition("-")
    if not first.isdigit():
        return [{"mode": "ingress", "target": target, "protocol": protocol or "tcp"}]
    ports = []
    for number in range(int(first), int(last or first) + 1 if (last or first).isdigit() else int(first) + 1):
        port: dict[str, Any] = {"mode": "ingress", "target": number, "protocol": protocol or "tcp"}
        if host:
            port["host_ip"] = host
        if published:
            port["published"] = published
        ports.append(port)
    return ports


def _grant(item: Item, key: str) -> dict[str, Any]:
    folder = "/run/secrets/" if key == "secrets" else "/"
    grant = dict(to_plain(item)) if isinstance(item, Mapping) else {"source": str(to_plain(item))}
    target = str(grant.get("target") or grant.get("source"))
    grant["target"] = target if target.startswith("/") else folder + target
    return grant


def _build(build: Mapping) -> dict[str, Any]:
    shape = dict(to_plain(build))
    context = build.get("context")
    if (
        isinstance(context, Scalar)
        and "://" not in str(context.value)
        and not str(context.value).startswith("git@")
    ):
        shape["context"] = _absolute(context.doc.base, str(context.value or "."))
    elif context is None:
        shape["context"] = str(build.doc.base)
    if "dockerfile_inline" not in shape:
        shape.setdefault("dockerfile", "Dockerfile")
    return shape


def _healthcheck(check: dict[str, Any]) -> dict[str, Any]:
    shape = dict(check)
    if isinstance(shape.get("test"), str):
        shape["test"] = ["CMD-SHELL", shape["test"]]
    return shape


def _items(service: Mapping, key: str) -> tuple[Item, ...]:
    found = service.get(key)
    return found.items if isinstance(found, Sequence) else ()


def _absolute(base: Path, path: str) -> str:
    expanded = Path(path).expanduser() if path.startswith("~") else Path(path)
    return str(expanded if expanded.is_absolute() else (base / expanded).resolve())


def _clean(target: str) -> str:
    return target.rstrip("/") or target


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
