"""Keeps the evidence of a run: one folder per run, one below it per test, every text redacted."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from dayzero.core.atomic_file import write_text
from dayzero.core.redaction import redact


class EvidenceFolder:
    """The evidence of one run under the report's folder."""

    def __init__(self, reports: Path, run: str) -> None:
        self._reports = reports
        self._run = run

    def keep(self, nodeid: str, name: str, text: str) -> str:
        """Write `text` for the test `nodeid` and return its path relative to the report's folder."""
        relative = Path("evidence") / self._run / _folder_name(nodeid) / _plain(name)
        write_text(self._reports / relative, redact(text))
        return relative.as_posix()


def remove_evidence(reports: Path, run: str) -> None:
    """Remove what an earlier run kept here; its id must be the one that its own report states."""
    if re.fullmatch(r"[0-9A-Za-z-]+", run):
        shutil.rmtree(reports / "evidence" / run, ignore_errors=True)


def _folder_name(nodeid: str) -> str:
    test = nodeid.rpartition("::")[2]
    return f"{_plain(test)[:60]}-{hashlib.sha256(nodeid.encode()).hexdigest()[:8]}"


def _plain(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z._-]+", "-", name).strip("-.") or "evidence"
