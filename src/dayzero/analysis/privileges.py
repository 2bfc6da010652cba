"""Rights that a service has beyond those of a plain, non-root process."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dayzero.analysis.known_images import is_known
from dayzero.compose.container_files import ServiceFiles
from dayzero.compose.project import Service
from dayzero.core.verdict import Source

_SOCKETS = re.compile(r"/(?:docker|podman|containerd)(?:\.\w+)*\.sock$")
_ROOT = re.compile(r"(?:root|0+)(?::.*)?")


@dataclass(frozen=True)
class Excess:
    what: str
    source: Source


def excess_of(service: Service) -> list[Excess]:
    """Each right too many, in words."""
    config = service.config
    found = []
    user = user_of(service)
    if user is not None and _ROOT.fullmatch(user):
        found.append(Excess(f"runs as {user}", service.where("user")))
    if "ALL" not in [str(one).upper() for one in config.get("cap_drop") or []]:
        found.append(Excess("does not drop all capabilities", service.where("cap_drop")))
    if config.get("cap_add"):
        found.append(
            Excess(f"adds capabilities: {', '.join(map(str, config['cap_add']))}", service.where("cap_add"))
        )
    if config.get("privileged"):
        found.append(Excess("is privileged", service.where("privileged")))
    options = [str(one).replace("=", ":") for one in config.get("security_opt") or []]
    if not any(one in ("no-new-privileges", "no-new-privileges:true") for one in options):
        found.append(Excess("may gain new privileges", service.where("security_opt")))
    for at, volume in enumerate(config.get("volumes") or []):
        if _SOCKETS.search(str(volume.get("source") or "")):
            found.append(Excess("mounts the engine's socket", service.where("volumes", at)))
    return found


def user_of(service: Service) -> str | None:
    """The user as compose or a local Dockerfile states it, "root" for images known to run so; None if untold."""
    if service.config.get("user"):
        return str(service.config["user"])
    dockerfile = ServiceFiles(service).dockerfile
    if dockerfile is not None and dockerfile.user is not None:
        return dockerfile.user.body.text.strip()
    image = dockerfile.base if dockerfile is not None else str(service.config.get("image") or "")
    return "not root" if is_known(image, "non_root") else "root" if is_known(image, "root") else None


def user_cannot_be_told(service: Service) -> bool:
    return user_of(service) is None
