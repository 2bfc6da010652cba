"""Runs small suites of their own through the real plugins and hands back what they reported."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.provisioners.provisioner_bench import bench as bench
from tests.unit.provisioners.provisioner_bench import every_shell as every_shell
from tests.unit.provisioners.provisioner_bench import shell as shell

ROOT = Path(__file__).resolve().parents[2]

_REPORTING = [
    *(
        "dayzero.pytest_plugin.collection",
        "dayzero.pytest_plugin.exit_status",
        "dayzero.pytest_plugin.evaluation",
    ),
    *("dayzero.pytest_plugin.progress", "dayzero.pytest_plugin.report"),
]


@dataclass
class JudgedRun:
    """How a small suite ended, and the report that it left (None if it left none)."""

    outcome: pytest.RunResult
    folder: Path

    @property
    def report(self) -> Any:
        file = self.folder / "acceptance.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    @property
    def judged(self) -> list[dict[str, Any]]:
        """The results of criteria that a test judged."""
        return [result for result in self.report["results"] if result["given"]]

    @property
    def only(self) -> dict[str, Any]:
        (result,) = self.judged
        return result

    @property
    def output(self) -> str:
        return "\n".join([*self.outcome.outlines, *self.outcome.errlines])


@dataclass
class SmallSuite:
    """A folder with the project's own conftest, reduced to the reporting plugins."""

    pytester: pytest.Pytester

    def write(self, tests: str, file: str = "test_small.py") -> None:
        imports = """
        import pytest
        from dayzero.core import redaction
        from dayzero.core.criterion import criterion
        from dayzero.pytest_plugin.report import record_timeline, record_versions
        from dayzero.core.verdict import Source
        """
        path = self.pytester.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(imports) + textwrap.dedent(tests), encoding="utf-8")

    def run(self, tests: str | None = None, *arguments: str, apart: bool = False) -> JudgedRun:
        """Run `tests`; `apart` in a process of its own, which xdist and interrupts need."""
        if tests is not None:
            self.write(tests)
        start = self.pytester.runpytest_subprocess if apart else self.pytester.runpytest_inprocess
        return JudgedRun(start("-p", "no:cacheprovider", *arguments), self.pytester.path / "reports")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> SmallSuite:
    own = (ROOT / "conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(
        re.sub(r"pytest_plugins = \[.*?\]", f"pytest_plugins = {_REPORTING}", own, flags=re.DOTALL)
    )
    markers = re.search(
        r"^markers = \[.*?^\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M | re.S
    )
    assert markers is not None
    pytester.makepyprojecttoml(
        f'[tool.pytest.ini_options]\naddopts = ["--strict-markers"]\npythonpath = ["{ROOT}"]\n{markers[0]}\n'
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return SmallSuite(pytester)
