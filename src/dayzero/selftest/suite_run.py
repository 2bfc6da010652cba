"""Runs the suite as a user would, in a process of its own, and reads what it left: terminal, JSON, JUnit and page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[3]
MOST_SECONDS = 600
"""How long a run may take before it is ended: it judges files alone, or boots one small profile."""

_OF_THE_OUTER_RUN = ("PYTEST_", "COV_CORE_")


class SuiteRunBroken(Exception):
    """A run did not come to an end, or left no report; the text says what it said last."""


@dataclass(frozen=True)
class SuiteRun:
    """How a run ended: its exit code, what it printed, and the folder with its reports."""

    code: int
    output: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        """The conformance report. Raises SuiteRunBroken if there is none."""
        file = self.folder / "acceptance.json"
        if not file.is_file():
            raise SuiteRunBroken(f"the run ended with {self.code} and left no report: {self.output[-2000:]}")
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return report

    @property
    def judged(self) -> list[dict[str, Any]]:
        """The results that tests came to."""
        return [result for result in self.report["results"] if result["given"]]

    @property
    def junit(self) -> ElementTree.Element:
        """The JUnit file's root element."""
        return ElementTree.fromstring(self.page("acceptance.xml"))  # noqa: S314 - written by the run

    def page(self, name: str = "acceptance.html") -> str:
        """The text of one of the run's files."""
        return (self.folder / name).read_text(encoding="utf-8")


def plugins_handed_on(config: pytest.Config) -> list[str]:
    """What `-p` named on this run's own command line: a run within the run has it as well."""
    named: list[str] = config.option.plugins
    return [f"-p{name}" for name in named]


def run_suite(
    arguments: Sequence[str],
    report: Path,
    *,
    environment: Mapping[str, str] | None = None,
    seconds: float = MOST_SECONDS,
    begun: Callable[[int], None] = lambda pid: None,
) -> SuiteRun:
    """Run pytest with these arguments from the repository's root, the reports in the folder `report`.

    `environment` is this process's own where it is not given; `begun` is told the id of the run's process. Raises
    SuiteRunBroken when it has not ended after `seconds`; it is told to end first and takes down what it booted.
    """
    variables = {
        name: value
        for name, value in (os.environ if environment is None else environment).items()
        if not name.startswith(_OF_THE_OUTER_RUN)
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, f"--report={report}"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        begun(process.pid)
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate()
            raise SuiteRunBroken(f"the run had not ended after {seconds:.0f} s: {output[-2000:]}") from None
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.communicate()
            raise
    return SuiteRun(process.returncode, output, report)
