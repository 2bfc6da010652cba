"""CFG-18: an init runs the same program tomorrow as today."""

from __future__ import annotations

from dayzero.analysis.init_detection import InitService
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.rules.cfg_18_versioned_image import version_of


@criterion("CFG-18", "002 §8")
def test_every_image_has_a_version(init: InitService, verdict: Verdict) -> None:
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
