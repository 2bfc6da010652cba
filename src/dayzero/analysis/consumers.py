"""Who uses what an init leaves behind, and whether they wait for its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dayzero.analysis.endpoints import contacts_of, visible_texts
from dayzero.analysis.init_detection import COMPLETED, InitService, inits_of
from dayzero.analysis.known_images import looks_like
from dayzero.analysis.targets_of_init import targets_of
from dayzero.analysis.workload import work_of
from dayzero.compose.environment import variables_of
from dayzero.compose.project import ComposeProject, Service
from dayzero.core.verdict import Source


@dataclass(frozen=True)
class Consumer:
    """A service that uses an init's result; `condition` is what it waits for, "" if it does not wait at all."""

    service: str
    condition: str
    because: str
    source: Source

    @property
    def waits(self) -> bool:
        return self.condition == COMPLETED


def consumers_of(init: InitService) -> list[Consumer]:
    """The direct dependents of an init, then obvious users of its result that nothing makes wait for it."""
    found = {one.service: one for one in _dependents(init)}
    for user in _users(init):
        found.setdefault(user.service, user)
    return list(found.values())


def _dependents(init: InitService) -> Iterator[Consumer]:
    for service in init.project.services.values():
        details = (service.config.get("depends_on") or {}).get(init.name)
        if details is not None:
            condition = str(details.get("condition") or "service_started")
            source = service.where("depends_on", init.name)
            yield Consumer(service.name, condition, "it depends on it", source)


def _users(init: InitService) -> Iterator[Consumer]:
    project = init.project
    inits = {one.name for one in inits_of(project)}
    upstream = _upstream(project, init.name)
    targets = {contact.service for contact in targets_of(init)}
    owners = [project.services[other] for other in upstream - inits if other in project.services]
    owned = {name for owner in owners for name in _volumes(owner)}
    volumes = _volumes(init, writable=True) - owned
    profiles = set(init.config.get("profiles") or ())
    for service in project.services.values():
        if service.name in inits or service.name in upstream or service.name in targets:
            continue
        if not service.is_whole:
            continue  # what it extends may make it wait
        if profiles and not (
            set(service.config.get("profiles") or ()) and profiles >= set(service.config["profiles"])
        ):
            continue  # without the init's profile it cannot wait for it
        because = _shared_volume(service, volumes) or _shared_target(init, service, targets)
        if because and not _held_back(project, service.name, init.name):
            yield Consumer(service.name, "", because, service.where("depends_on"))


def _shared_volume(service: Service, volumes: set[str]) -> str:
    shared = sorted(volumes & _volumes(service))
    return f"it mounts {shared[0]}, which the init fills" if shared else ""


def _shared_target(init: InitService, service: Service, targets: set[str]) -> str:
    image = str(service.config.get("image") or "")
    if looks_like(f"{image} {service.name}", "bystanders") or _is_tool(service):
        return ""
    used = sorted(targets & {contact.service for contact in contacts_of(service)})
    if not used:
        return ""
    names = outputs_of(init)
    told = {
        word
        for one in variables_of(service)
        for word in re.split(r"[^\w.-]+", f"{one.value or ''} {one.written}")
    }
    shared = sorted(names & told)
    if shared:
        return f"it uses {shared[0]} on {used[0]}"
    mine, theirs = _databases(init), _databases(service)
    if mine and theirs and not mine & theirs:
        return ""
    related = _same_image(init, service) or _related(init.name, service.name)
    if related or (service.config.get("build") and not _belongs_elsewhere(init, service)):
        return f"it uses {used[0]}, which the init provisions"
    return ""


_COMMON = {
    "postgres",
    "root",
    "admin",
    "user",
    "default",
    "public",
    "app",
    "test",
    "mysql",
}  # say nothing of a result


def outputs_of(init: InitService) -> set[str]:
    """Names of buckets, topics, databases, queues that the init's text or variables make, as far as they are plain."""
    text = "\n".join(placed.text for placed in visible_texts(init))
    known = {one.name: one.value or "" for one in variables_of(init)}
    text = re.sub(r"\$\{?(\w+)(?::-([^}]*))?\}?", lambda m: known.get(m[1]) or m[2] or m[1], text)
    found = re.findall(r"\bmb\s+(?:-\S+\s+)*(?:\S+?/)([\w.-]+)", text)
    found += re.findall(r"--(?:topic|bucket|queue-name|table-name|stream|name)[= ][\"']?([\w.-]+)", text)
    found += [
        one for pair in re.findall(r"\bs3://([\w.-]+)|\btopic\s+create\s+([\w.-]+)", text) for one in pair
    ]
    found += re.findall(
        r"\bCREATE\s+(?:DATABASE|ROLE|USER)\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"'`]?([\w-]+)", text, re.I
    )
    return {name for name in found if len(name) > 2 and name.lower() not in _COMMON}


def _databases(service: Service) -> set[str]:
    """Names of databases in the variables of a service."""
    found = set()
    for one in variables_of(service):
        value = one.value or ""
        match = re.search(r"^\w[\w+:]*://[^\s/]+/([\w-]+)", value) or re.search(
            r"\b(?:dbname|database)=([\w-]+)", value, re.I
        )
        if match:
            found.add(match[1])
        elif re.search(r"(?:DB|DATABASE)(?:_?NAME)?$|^PGDATABASE$", one.name) and re.fullmatch(
            r"[\w-]+", value
        ):
            found.add(value)
    return found


def _same_image(init: InitService, service: Service) -> bool:
    mine, theirs = init.config.get("build"), service.config.get("build")
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return mine.get("context") == theirs.get("context") and mine.get("dockerfile") == theirs.get(
            "dockerfile"
        )
    image = init.config.get("image")
    return bool(image) and image == service.config.get("image")


_ROLE = re.compile(
    r"(?:^|[-_.])(?:db|init\w*|setup|migrat\w*|seed\w*|bootstrap|create\w*|provision\w*|job)(?=[-_.]|$)"
)


def _related(init: str, service: str) -> bool:
    """`auth-migrate` belongs to `auth`, `init-web` to `web`."""
    stem = _ROLE.sub("", init).strip("-_.")
    return bool(stem) and stem in (service, re.sub(r"[-_.](?:api|app|service|server|web)$", "", service))


def _belongs_elsewhere(init: InitService, service: Service) -> bool:
    """A schema job of one application says nothing of another application on the same server."""
    texts = [placed.text for placed in visible_texts(init)]
    if "a schema" not in work_of(texts).provisions and init.config.get("image"):
        return False
    others = [one for one in init.project.services.values() if one.name != init.name]
    return any(_same_image(init, one) or _related(init.name, one.name) for one in others)


def _is_tool(service: Service) -> bool:
    spare = {"tools", "tool", "test", "tests", "debug", "ci", "e2e", "dev-tools", "benchmark"}
    profiles = set(service.config.get("profiles") or ())
    return bool(profiles and profiles <= spare) or bool(
        re.search(r"(?:^|[-_])(?:tests?|e2e|cli|ui)(?:[-_]|$)", service.name)
    )


def _volumes(service: Service, writable: bool = False) -> set[str]:
    return {
        str(volume["source"])
        for volume in service.config.get("volumes") or []
        if volume.get("type") == "volume"
        and volume.get("source")
        and not (writable and volume.get("read_only"))
    }


def _upstream(project: ComposeProject, name: str) -> set[str]:
    """Every service that `name` depends on, directly or not."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        service = project.services.get(waiting.pop())
        for other in (service.config.get("depends_on") or {}) if service else ():
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _held_back(project: ComposeProject, name: str, init: str) -> bool:
    """Whether a failed init keeps `name` from starting, through whatever it depends on."""
    for other in (name, *_upstream(project, name)):
        service = project.services.get(other)
        details = ((service.config.get("depends_on") or {}).get(init) if service else None) or {}
        if details.get("condition") == COMPLETED:
            return True
    return False
