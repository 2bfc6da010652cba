"""The targets of an init, and what the files leave open about them."""

from __future__ import annotations

import re

from dayzero.analysis.container_program import texts_of
from dayzero.analysis.coverage import gaps_of
from dayzero.analysis.endpoints import Contact, contacts_of, visible_texts
from dayzero.analysis.healthcheck import Probing, probe_of
from dayzero.analysis.init_detection import InitService, inits_of
from dayzero.analysis.known_images import looks_like
from dayzero.analysis.workload import work_of
from dayzero.compose.environment import missing_env_files
from dayzero.compose.gap import Gap
from dayzero.compose.project import Service

_HOST = r"\w*(?:HOST|ENDPOINT|URL|SERVER|BROKER|ADDR)\w*"


def targets_of(init: InitService) -> list[Contact]:
    """The running services that an init talks to: those it names as hosts, and those it declares to depend on."""
    project = init.project
    inits = {one.name for one in inits_of(project)}
    depends_on = init.config.get("depends_on") or {}
    contacts = [one for one in contacts_of(init) if one.service in project.services]
    waits_for_database = any(_is_database(init, one.service) for one in contacts if one.service in depends_on)
    found = {
        one.service: one
        for one in contacts
        if one.service in depends_on or not _only_shared_setting(init, one, waits_for_database)
    }
    for name in depends_on:
        if name in project.services:
            declared = Contact(name, name, "its depends_on", init.where("depends_on", name))
            found.setdefault(name, declared)
    return [contact for name, contact in found.items() if name not in inits]


def what_cannot_be_told(init: InitService, targets: list[Contact]) -> str:
    """The reason why the waits of an init cannot be judged from the files; "" if they can."""
    for target in targets:
        probe = probe_of(init.project.services[target.service])
        if probe.probing is Probing.UNKNOWN:
            return f"{target.service} has {probe.probing.value}"
    if targets:
        return ""
    if texts_of(init).opaque:
        return f"what it talks to cannot be read: it runs {texts_of(init).opaque[0]}"
    missing = missing_env_files(init)
    texts = "\n".join(placed.text for placed in visible_texts(init))
    if missing and re.search(rf"\$\{{?{_HOST}", texts):
        return f"the host it talks to comes from {missing[0].path}, which is not among the project's files"
    for gap in gaps_of(init.project):
        if gap.kind == "variable" and gap.service == init.name and _is_host(gap):
            return f"the host it talks to cannot be told: {gap.what}"
    return ""


def _is_host(gap: Gap) -> bool:
    """Whether an unset variable stands where the name of a host is expected."""
    section, _, name = gap.key.partition(".")
    if section == "environment":
        return re.fullmatch(_HOST, name) is not None
    return section in ("command", "entrypoint") and re.match(rf"{_HOST} ", gap.what) is not None


def _only_shared_setting(init: Service, contact: Contact, waits_for_database: bool) -> bool:
    """A schema job given its application's whole environment talks to its database, not to all else named there."""
    if not contact.through.startswith("its variable"):
        return False
    work = work_of([placed.text for placed in visible_texts(init)])
    on_a_database = any(what in work.provisions for what in ("a schema", "a CMS or tool"))
    if not (on_a_database or not work.provisions):
        return False
    return waits_for_database or not _is_database(init, contact.service)


def _is_database(init: Service, name: str) -> bool:
    service = init.project.services[name]
    named = re.search(r"(?:^|[-_])(?:db|database|pg|sql)(?:[-_\d]|$)", name)
    return bool(named) or looks_like(f"{service.config.get('image') or ''} {name}", "databases")
