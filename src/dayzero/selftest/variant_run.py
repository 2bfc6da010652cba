"""Judges a variant of the stack as a user would, in a process of its own; holds the report against its statements."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from dayzero.docker.run_identity import OWNER_LABEL
from dayzero.report.exit_code import COULD_NOT_JUDGE
from dayzero.stack.variant import Statement, Variant

ROOT = Path(__file__).resolve().parents[3]
MOST_SECONDS = 900
"""How long a run may take: a boot, a full deadline, and everything behind them on a busy machine."""

_JUDGED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, COULD_NOT_JUDGE)


class Finding(Enum):
    """What came of one statement."""

    AS_STATED = "as stated"
    MISSED = "missed"
    MISNAMED = "misnamed"
    FALSE_ALARM = "false alarm"
    STALE = "stale"
    ERROR = "error"


@dataclass(frozen=True)
class VariantRun:
    """The results of one run, in the form of `acceptance.json`, and what it left on the engine.

    `trouble` says why nothing was judged; it is empty when a report was written.
    """

    variant: Variant
    results: list[dict[str, Any]]
    left: list[str]
    trouble: str

    def finding(self, statement: Statement) -> tuple[Finding, str]:
        """Whether the run bears the statement out, and what it saw."""
        about = [
            result
            for result in self.results
            if statement.concerns(result["criterion"], result["subject"]) and result["given"]
        ]
        statuses = {result["status"] for result in about}
        seen = "; ".join(f"{result['status']}: {result['observed']}" for result in about)
        if not statuses - {"skip"}:
            return Finding.ERROR, f"not judged: {seen or self.trouble or 'no test of it was selected'}"
        if statement.kind == "drags":
            return (Finding.AS_STATED if statuses & {"fail", "error"} else Finding.STALE), seen
        if "error" in statuses:
            return Finding.ERROR, seen
        if statement.kind == "breaks":
            if "fail" not in statuses:
                return Finding.MISSED, seen
            named = any(
                statement.named in result["observed"] for result in about if result["status"] == "fail"
            )
            return (Finding.AS_STATED if named else Finding.MISNAMED), seen
        return (Finding.AS_STATED if statuses <= {"pass", "skip"} else Finding.FALSE_ALARM), seen

    def unstated(self, status: str) -> list[str]:
        """What was reported with this status although the variant does not say so."""
        return [
            f"{result['criterion']} of {result['subject']}: {result['observed']}"
            for result in self.results
            if result["status"] == status
            and not any(
                one.kind != "conforms" and one.concerns(result["criterion"], result["subject"])
                for one in self.variant.statements
            )
        ]


def run_variant(variant: Variant, report: Path, called_off: threading.Event) -> VariantRun:
    """Boot and judge the variant, with the report in the folder `report`; takes minutes, unless it is called off."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *variant.arguments(report)]
    log = report.with_suffix(".log")
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        how = "ended"
        try:
            overdue = time.monotonic() + MOST_SECONDS
            while process.poll() is None and how == "ended":
                if called_off.wait(0.5):
                    how = "was called off and ended"
                elif time.monotonic() > overdue:
                    how = f"was ended after {MOST_SECONDS} s"
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)  # it takes its stack down before it ends
            code = process.wait()
    left = _left_by(process.pid)
    said = log.read_text(encoding="utf-8")
    file = report / "acceptance.json"
    if code not in _JUDGED or not file.is_file():
        return VariantRun(variant, [], left, f"the run {how} with {code}: {said[-1500:]}")
    return VariantRun(variant, json.loads(file.read_text(encoding="utf-8"))["results"], left, "")


def _left_by(pid: int) -> list[str]:
    """What the process with this id made on the engine and did not remove."""
    found: list[str] = []
    for kind, name in (("container", "{{.Names}}"), ("network", "{{.Name}}"), ("volume", "{{.Name}}")):
        command = ["docker", kind, "ls", *(["--all"] if kind == "container" else [])]
        command += ["--filter", f"label={OWNER_LABEL}", "--format", f'{name}\t{{{{.Label "{OWNER_LABEL}"}}}}']
        rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        for row in rows:
            thing, _, owner = row.partition("\t")
            if owner.split("/")[2:3] == [str(pid)]:
                found.append(f"{kind} {thing}")
    return found
