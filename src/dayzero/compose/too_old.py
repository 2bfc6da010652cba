"""Whether Compose refuses a project because it is too old for an attribute: then nothing is wrong with the project.

Compose names one attribute, or all of one place, that its schema does not have. Which release came to know an attribute
stands in compose_attributes.yml; what no release knows is a mistake in the project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from dayzero.core.release import release

_SAID = (
    re.compile(r"(?P<place>\S+) Additional property (?P<names>\S+) is not allowed"),  # until 2.32
    re.compile(r"(?P<place>\S+)? additional properties (?P<names>'.*') not allowed"),
    re.compile(r"(?P<place>\S+)\.(?P<names>[^.\s]+) false schema"),  # since 5.6
)


@dataclass(frozen=True)
class NewAttribute:
    """An attribute that the Compose in use does not know, and the first release that does."""

    place: str
    since: str


def unknown_to(version: str, complaint: str) -> NewAttribute | None:
    """What Compose `version` is too old for, if that is what `complaint`, its refusal of a project, is about."""
    refused = [_first_with(place) for place in _places(complaint)]
    if not refused or None in refused or not release(version):
        return None
    newest = max((one for one in refused if one), key=lambda one: release(one.since))
    return newest if release(version) < release(newest.since) else None


def _places(complaint: str) -> list[str]:
    """The places of all attributes that the refusal names, such as `services.web.pre_start`."""
    for pattern in _SAID:
        if found := pattern.search(complaint):
            place = found["place"] or ""
            # The root has no name, or stands behind the file's.
            prefix = "" if place in ("", "(root)") or place.endswith(":") else f"{place}."
            return [prefix + name for name in found["names"].replace("'", "").split(", ")]
    return []


def _first_with(place: str) -> NewAttribute | None:
    for pattern, since in _attributes():
        if pattern.fullmatch(place):
            return NewAttribute(place, since)
    return None


@cache
def _attributes() -> list[tuple[re.Pattern[str], str]]:
    known: dict[str, list[str]] = yaml.safe_load(
        Path(__file__).with_name("compose_attributes.yml").read_text(encoding="utf-8")
    )
    return [
        (re.compile(".+".join(re.escape(part) for part in place.split("*"))), since)
        for since, places in known.items()
        for place in places
    ]
