"""Which services of a project are inits: one-shot containers that provision something and end.

An inventory, where there is one, says it. Otherwise the evidence is weighed: others waiting for the service's end, a
name that says so, text that provisions and then ends; against it servers, probes and ports, tests, tools for people and
jobs that repeat. An init that wrongly restarts or idles after its work is still one: other criteria say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dayzero.analysis.container_program import argument_texts, texts_of
from dayzero.analysis.known_images import is_known
from dayzero.analysis.workload import Work, work_of
from dayzero.compose.facts import fact
from dayzero.compose.image_reference import ImageReference
from dayzero.compose.project import ComposeProject, Service

_ENTRYPOINTS = {"aws-cli": "aws", "awscli": "aws", "admin-tools": "tctl"}
COMPLETED = "service_completed_successfully"


@dataclass(eq=False)
class InitService(Service):
    """A service that provisions and ends; `reason` says in one line why it was taken for one."""

    reason: str = ""


@fact
def inits_of(project: ComposeProject) -> list[InitService]:
    """The inits in the order of the compose files; those of the inventory where the project has one."""
    if project.inventory is not None:
        listed = [one for one in project.services.values() if one.name in project.inventory.services]
        return [_as_init(one, "the inventory lists it") for one in listed]
    return detected_inits(project)


def detected_inits(project: ComposeProject) -> list[InitService]:
    """The inits that the compose files show by themselves."""
    found = []
    for service in project.services.values():
        reason = why_init(service)
        if reason:
            found.append(_as_init(service, reason))
    return found


def why_init(service: Service) -> str:
    """The reason to take a service for an init in one line; "" if it is none."""
    awaited_by = _awaited_by(service)
    texts = texts_run_by(service)
    work = work_of(texts)
    if work.nothing:
        return ""
    if awaited_by:
        return f"{', '.join(awaited_by)} waits for its completion"
    named = _is_named(service, "jobs")
    if _stays(service, work, named) or _is_for_others(service, work, named):
        return ""
    if work.provisions:
        return f"it provisions ({work.provisions}) and ends"
    seen, ends = bool(texts), restart_of(service.config) in ("no", "on-failure")
    if (named and (seen or ends)) or (_is_named(service, "maybe_jobs") and seen and (work.prepares or ends)):
        return "its name and its command are those of a one-shot job"
    if work.prepares and seen and _words("tool_images").fullmatch(_last_name(service)):
        return "it prepares files and ends"
    return ""


def _stays(service: Service, work: Work, named: bool) -> bool:
    """It serves, works on and on, idles without work, or is reached by others."""
    if work.serves or (work.repeats and not named) or (work.idles and not work.provisions):
        return True
    return bool(service.config.get("ports")) or (_is_probed(service) and not (named and work.provisions))


def _is_for_others(service: Service, work: Work, named: bool) -> bool:
    """It tests, keeps running as its name says, or waits for a person to call it."""
    if not named and (service.config.get("stdin_open") or service.config.get("tty")):
        return True
    if _is_spare(service) and not (named and work.provisions):
        return True
    if not named and (_is_named(service, "tests") or _is_named(service, "stays")):
        return True
    return _is_named(service, "for_people") and not work.provisions


def restart_of(config: dict[str, Any]) -> str:
    """ "no", "on-failure", "always" or "unless-stopped", from `restart` or the deploy section."""
    policy = (config.get("deploy") or {}).get("restart_policy")
    if config.get("restart"):
        return str(config["restart"]).split(":")[0]
    if isinstance(policy, dict):
        return {"none": "no", "on-failure": "on-failure"}.get(str(policy.get("condition") or "any"), "always")
    return "no"


def texts_run_by(service: Service) -> list[str]:
    """Everything readable that the container runs: shell texts, other programs, and the plain command."""
    texts = [script.text for script in (*texts_of(service).scripts, *texts_of(service).programs)]
    entrypoint = argument_texts(service.item.get("entrypoint"))
    command = argument_texts(service.item.get("command"))
    words = [word.text for word in (*entrypoint, *command)]
    if not words or _inline(service):
        return texts
    runs_words = bool(entrypoint) or is_known(str(service.config.get("image") or ""), "passes_through")
    tool = [] if runs_words else [_ENTRYPOINTS.get(_last_name(service), _last_name(service))]
    return [*texts, " ".join([*tool, *words])]


def _last_name(service: Service) -> str:
    """The last part of the image's name, which is the program that many images run."""
    return ImageReference.parse(str(service.config.get("image") or "")).repository.rsplit("/", 1)[-1]


def _inline(service: Service) -> bool:
    return any(not script.path for script in texts_of(service).scripts)


def _awaited_by(service: Service) -> list[str]:
    return [
        other.name
        for other in service.project.services.values()
        if ((other.config.get("depends_on") or {}).get(service.name) or {}).get("condition") == COMPLETED
    ]


def _is_probed(service: Service) -> bool:
    check = service.config.get("healthcheck") or {}
    return bool(check) and not check.get("disable") and check.get("test") not in (["NONE"], [], None)


def _is_spare(service: Service) -> bool:
    profiles = service.config.get("profiles") or []
    return bool(profiles) and all(_words("spare_profiles").fullmatch(str(name)) for name in profiles)


def _is_named(service: Service, what: str) -> bool:
    """Whether a word of the service's name belongs to a group of `known_names.yml`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", service.name)
    return bool(re.search(rf"(?:^|[-_.\d])(?:{_words(what).pattern})(?:[-_.\d]|$)", spaced, re.I))


@cache
def _words(what: str) -> re.Pattern[str]:
    table: dict[str, list[str]] = YAML(typ="safe").load(Path(__file__).with_name("known_names.yml"))
    return re.compile("|".join(table[what]), re.I)


def _as_init(service: Service, reason: str) -> InitService:
    return InitService(
        service.name, service.config, service.project, service.item, reason=reason, facts=service.facts
    )
