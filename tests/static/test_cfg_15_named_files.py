"""CFG-15: the files that the seeds name are the files that the stack consists of."""

from __future__ import annotations

import pytest

from fixtures.compose_project import ComposeProject
from fixtures.criterion import criterion
from fixtures.static_project import is_own_stack
from fixtures.verdict import Source, Verdict

BUILT = (
    "infra/04-data/os-init.yml",
    "infra/05-messaging/k-init.yml",
    "infra/04-data/minio/docker-compose.yml",
    "infra/05-messaging/kafka/docker-compose.yml",
    "infra/04-data/mng-db/docker-compose.yml",
)

# Waived in waivers.yml until they are built.
TO_BE_BUILT = (
    "infra/04-data/valkey-cluster/docker-compose.yml",
    "infra/04-data/postgresql-cluster/docker-compose.yml",
    "infra/06-observability/dashboards.yml",
)


@pytest.mark.parametrize("path", [*BUILT, *TO_BE_BUILT])
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
    verdict.expected = "exists and is included by the root compose file"
    file = project.root / path
    part = file.resolve() in [one.resolve() for one in project.files]
    verdict.observed = f"exists: {file.is_file()}; included: {part}"
    verdict.source = Source(path) if file.is_file() else project.where("include")
    verdict.look = "add it to include: of docker-compose.yml"
    assert file.is_file()
    assert part
