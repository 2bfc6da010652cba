"""Whether a service has a healthcheck that really probes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from dayzero.analysis.known_images import is_known
from dayzero.compose.container_files import ServiceFiles
from dayzero.compose.dockerfile import arguments
from dayzero.compose.project import Service


class Probing(Enum):
    REAL = "a healthcheck that probes it"
    NONE = "no healthcheck"
    HOLLOW = "a healthcheck that cannot fail"
    UNKNOWN = "no healthcheck of its own; whether its image brings one cannot be told"
    NOT_LOADED = "no healthcheck of its own; what it extends could not be loaded"


@dataclass(frozen=True)
class Probe:
    """What a service's healthcheck is worth, and the command of it ("" if there is none to read)."""

    probing: Probing
    command: str = ""


_IDLE_COMMAND = re.compile(
    r"(?:/bin/)?true|:|exit(?:\s+0)?|(?:/bin/)?(?:echo|sleep|ls|pwd|date|whoami|hostname|uptime|printf)\b[^|&;]*"
    r"|test\s+1\s*-?eq?=?\s*1|\[\s*1\s*[-=eq]+\s*1\s*\]|\S+\s+(?:--?version|--help|-v)"
)
_ALWAYS_GOOD = re.compile(r"(?:\|\||;)\s*(?:(?:/bin/)?true|exit\s+0|:|echo\b[^|;&]*)\s*$")


def probe_of(service: Service) -> Probe:
    """Reads the compose healthcheck, else the local Dockerfile's, else what is known of the image."""
    check = service.config.get("healthcheck")
    if isinstance(check, dict) and check.get("disable"):
        return Probe(Probing.NONE)
    test = check.get("test") if isinstance(check, dict) else None
    if test:
        return _judge([str(word) for word in test] if isinstance(test, list) else ["CMD-SHELL", str(test)])
    if not service.is_whole:
        return Probe(Probing.NOT_LOADED)
    dockerfile = ServiceFiles(service).dockerfile
    if dockerfile is not None:
        if dockerfile.healthcheck is not None:
            body = dockerfile.healthcheck.body
            if body.text.strip().upper() == "NONE":
                return Probe(Probing.NONE)
            at = body.text.find("CMD")
            listed = arguments(body.slice(at + 3)) if at >= 0 else None
            words = ["CMD", *(word.text for word in listed)] if listed else ["CMD-SHELL", body.text[at + 3 :]]
            return _judge(words)
        return _by_image(dockerfile.base, built=True)
    image = str(service.config.get("image") or "")
    return _by_image(image, built=False) if not service.config.get("build") else Probe(Probing.UNKNOWN)


def _judge(test: list[str]) -> Probe:
    if test[0] == "NONE":
        return Probe(Probing.NONE)
    command = " ".join(test[1:] if test[0] in ("CMD", "CMD-SHELL") else test).strip()
    inner = re.sub(r"^(?:/bin/)?(?:ba|da)?sh\s+-\w*c\s+", "", command).strip("\"' ")
    if not inner or _IDLE_COMMAND.fullmatch(inner) or _ALWAYS_GOOD.search(inner):
        return Probe(Probing.HOLLOW, command)
    return Probe(Probing.REAL, command)


def _by_image(image: str, built: bool) -> Probe:
    if is_known(image, "with_healthcheck"):
        return Probe(Probing.REAL, "the image's own")
    if is_known(image, "without_healthcheck"):
        return Probe(Probing.NONE)
    common = (
        r"(?:alpine|debian|ubuntu|busybox|scratch|node|python|golang|ruby|php|openjdk|eclipse-temurin|rust)"
    )
    plain = re.match(rf"(?:\S*/)?{common}(?:[:@-]|$)", image)
    return Probe(Probing.NONE) if built and plain else Probe(Probing.UNKNOWN)
