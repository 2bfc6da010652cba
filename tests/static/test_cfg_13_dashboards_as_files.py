"""CFG-13: dashboards are versioned files, the same in every installation."""

from __future__ import annotations

import pytest

from dayzero.analysis.grafana_provisioning import shown
from dayzero.compose.project import ComposeProject
from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.pytest_plugin.rule_tests import judged_by
from dayzero.rules.cfg_13_dashboards_as_files import (
    a_dashboard_is_the_same_everywhere,
    a_provider_forbids_changes_beside_the_files,
    dashboards_of,
    provisioned,
)

PROVIDER = "infra/06-observability/dashboards.yml"
FOLDER = "observability/grafana/dashboards"

test_a_provider_forbids_changes_beside_the_files = judged_by(a_provider_forbids_changes_beside_the_files)
test_a_dashboard_is_the_same_everywhere = judged_by(a_dashboard_is_the_same_everywhere)


@pytest.mark.reference
@criterion("CFG-13", "REQ-SPC-AUT-004", subject=PROVIDER)
def test_the_dashboards_lie_where_the_specification_says(project: ComposeProject, verdict: Verdict) -> None:
    """Given the specification names the provider's file and the folder of the dashboards,
    when the providers of the stack are read,
    then they are that file and every dashboard is in that folder."""
    providers = {shown(project, one.text) for one in provisioned(project)}
    elsewhere = [name for name in dashboards_of(project) if not name.startswith(f"{FOLDER}/")]
    verdict.expected = f"{PROVIDER}, and dashboards in {FOLDER} only"
    verdict.observed = (
        f"{', '.join(sorted(providers)) or 'no provider'}; elsewhere: {', '.join(elsewhere) or 'none'}"
    )
    verdict.look = "the volumes of the grafana service"
    verdict.check(providers == {PROVIDER}, "another provider")
    verdict.check(elsewhere == [], "dashboards elsewhere")
    verdict.check(dashboards_of(project), "no dashboard")
