"""Whether the image of a service is pinned to a version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dayzero.analysis.init_detection import InitService
from dayzero.compose.image_reference import ImageReference
from dayzero.compose.interpolation import interpolate
from dayzero.compose.project import ComposeProject, Service
from dayzero.core.verdict import Verdict
from dayzero.rules.rule import rule

_UNTOLD = "\x00"


@dataclass(frozen=True)
class Version:
    """is_pinned: None where the files cannot tell; observed: what was read, in words."""

    is_pinned: bool | None
    observed: str


def version_of(service: Service) -> Version:
    """Judges the image reference of a service as Compose fills it in."""
    image = str(service.config.get("image") or "")
    written = service.written("image")
    unset = [one.name for one in written.variables if not one.has_value] if written is not None else []
    if not image and not unset:
        return (
            Version(True, "built from the project's own files")
            if service.config.get("build")
            else _no_image()
        )
    if written is None or not unset:
        reference = ImageReference.parse(image)
        return Version(reference.is_versioned, f"image: {image}")
    marked = written.written
    for name in unset:
        marked = re.sub(rf"\$(?:\{{{name}(?:[^{{}}]|\{{[^{{}}]*\}})*\}}|{name}\b)", _UNTOLD, marked)
    reference = ImageReference.parse(interpolate(marked, service.project.values).text)
    last = reference.name.rsplit("/", 1)[-1]
    if _UNTOLD in reference.tag or _UNTOLD in reference.digest or (not reference.tag and _UNTOLD in last):
        return Version(None, f"image: {written.written}, and {unset[0]} is nowhere set")
    return Version(reference.is_versioned, f"image: {written.written}")


def _no_image() -> Version:
    return Version(None, "no image and no build")


@rule("CFG-18", "002 §8")
def every_image_has_a_version(init: InitService, project: ComposeProject, verdict: Verdict) -> None:
    """Given an init service,
    when its image is read with all defaults filled in,
    then it has a digest or a tag other than latest, or is built from the project's own files.
    """
    verdict.subject = init.name
    verdict.expected = "an image with a tag other than latest, or with a digest"
    version = version_of(init)
    verdict.observed = version.observed
    verdict.source = init.where("image")
    verdict.look = "pin the tag that was tested"
    if version.is_pinned is None:
        verdict.not_applicable(version.observed)
    verdict.check(version.is_pinned)
