"""The assembled Alloy is compiled with the components that the configurations here use."""

from __future__ import annotations

import re

from tests.unit.conftest import ROOT

_USED = re.compile(r"^[ \t]*([a-z][a-z_]*(?:\.[a-z_]+)+)[ \t]+\"", re.MULTILINE)
_COMPILED = re.compile(r"_ \"github\.com/grafana/alloy/internal/component/(\S+)\"")


def test_alloy_is_compiled_with_the_components_that_configurations_use() -> None:
    """Given every configuration of Alloy in the repository,
    when the components that they use are held against those that images/alloy compiles,
    then none is missing, and none is compiled in vain."""
    files = [
        path
        for path in ROOT.rglob("*.alloy")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]
    assert ROOT / "infra/06-observability/alloy/config.alloy" in files
    used = {name.replace("_", "") for path in files for name in _USED.findall(path.read_text())}
    compiled = (ROOT / "images/alloy/components.go").read_text()
    assert used == {path.replace("/", ".").replace("_", "") for path in _COMPILED.findall(compiled)}
