"""CFG-15: the files that the seeds name are the files that the stack consists of."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.compose.project import ComposeProject
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Source, Verdict
from dayzero.pytest_plugin.static import is_own_stack

BUILT = (
    "infra/04-data/os-init.yml",
    "infra/05-messaging/k-init.yml",
    "infra/04-data/minio/docker-compose.yml",
    "infra/05-messaging/kafka/docker-compose.yml",
    "infra/04-data/mng-db/docker-compose.yml",
)

# Part of the reference stack; another one that is laid out like it may do without clusters.
CLUSTERS = (
    "infra/04-data/valkey-cluster/docker-compose.yml",
    "infra/04-data/postgresql-cluster/docker-compose.yml",
)

# No compose file, so it takes part by being given to the server that reads it.
GIVEN = ("infra/06-observability/dashboards.yml",)


@pytest.mark.parametrize("path", [*BUILT, *CLUSTERS, *GIVEN])
@criterion("CFG-15", "001 §6", "002 §5")
def test_a_file_that_the_seeds_name_is_part_of_the_stack(
    path: str, project: ComposeProject, verdict: Verdict, pytestconfig: pytest.Config
) -> None:
    """Given a path that the seeds name,
    when the root compose file is loaded with all it includes,
    then that file exists and takes part.
    """
    laid_out = sum((project.root / one).is_file() for one in BUILT)
    if not (is_own_stack(pytestconfig) or (path in BUILT and laid_out > len(BUILT) / 2)):
        verdict.not_applicable("the seeds name files of the reference stack only")
    verdict.subject = path
    verdict.expected = "exists and is " + (
        "given to a service" if path in GIVEN else "included by the root compose file"
    )
    file = project.root / path
    part = (
        _is_given_to_a_service(file, project)
        if path in GIVEN
        else file.resolve() in [one.resolve() for one in project.files]
    )
    verdict.observed = f"exists: {file.is_file()}; takes part: {part}"
    verdict.source = Source(path) if file.is_file() else project.where("include")
    verdict.look = "add it to include: of docker-compose.yml, or mount it where it is read"
    verdict.check(file.is_file(), "the file is missing")
    verdict.check(part, "it takes no part")


def _is_given_to_a_service(file: Path, project: ComposeProject) -> bool:
    """Whether it is mounted into a service: by itself, or with the folder that it is in."""
    given = [
        Path(str(volume["source"])).resolve()
        for service in project.services.values()
        for volume in service.config.get("volumes") or []
        if volume.get("type") == "bind" and volume.get("source")
    ]
    return file.resolve() in given or file.resolve().parent in given
