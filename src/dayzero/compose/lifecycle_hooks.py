"""What the report says of services that are provisioned by lifecycle hooks, `pre_start` and `post_start`.

Neither is a verdict: nothing about them is wrong by itself, but who reads the verdicts on inits has to know of them.
"""

from __future__ import annotations

from typing import TypedDict

from dayzero.compose.project import ComposeProject, Service
from dayzero.core.release import release
from dayzero.core.result import Place

_RUN_SINCE = {"pre_start": "5.3.0", "post_start": "2.30.0"}
"""The first Compose that runs a hook. An older one may take it for valid all the same and leave it out."""

_CONSEQUENCE = {
    "pre_start": "what depends on {name} waits for it, and a restart by the engine does not run it again",
    "post_start": "nobody can wait for it but docker compose itself, and a restart by the engine does not run it again",
}
_WHOLE_CONTAINER_SINCE = "5.6.0"


class Note(TypedDict):
    """As it stands in `acceptance.json`: something to know about a subject that no criterion judges."""

    subject: str
    text: str
    source: Place


def notes_on(project: ComposeProject, compose: str | None) -> list[Note]:
    """One note for each kind of hook of each service, in the order of the files.

    `compose` is the version of the Compose in use, None where there is none.
    """
    return [
        _note(service, hook, compose or "")
        for service in project.services.values()
        for hook in _CONSEQUENCE
        if service.config.get(hook)
    ]


def _note(service: Service, hook: str, compose: str) -> Note:
    text = f"{service.name} is provisioned by {hook}: {_CONSEQUENCE[hook].format(name=service.name)}"
    if release(compose) and release(compose) < release(_RUN_SINCE[hook]):
        text += f"; Compose {compose} does not run it ({_RUN_SINCE[hook]} and later do)"
    elif hook == "pre_start" and release(compose) < release(_WHOLE_CONTAINER_SINCE):
        text += (
            f"; before Compose {_WHOLE_CONTAINER_SINCE} it has neither the service's limits nor its read-only root "
            "and dropped capabilities"
        )
    place = service.where(hook)
    return {
        "subject": service.name,
        "text": text,
        "source": {"file": place.file, "line": place.line, "column": place.column},
    }
