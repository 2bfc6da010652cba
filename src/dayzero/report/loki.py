"""A run as log lines, JSON each: its verdicts, and how long each service took at the boot."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from dayzero.report.otlp import NotSent, boot_seconds, trace_id

TIMEOUT_SECONDS = 30

_KEYS = ("criterion", "subject", "status")


def send_run(
    url: str,
    run: str,
    stack: str,
    results: Sequence[Mapping[str, Any]],
    timeline: Sequence[Mapping[str, Any]],
) -> None:
    """Push results and timeline, both in the report's form, to the Loki at `url`. Raises NotSent.

    The stream of verdicts has the labels source=suite and service=acceptance, that of the boot service=boot; `run` is
    in the metadata of every line, criterion, subject and status in that of verdicts.
    """
    verdicts = [(result, {"run": run} | {key: result[key] for key in _KEYS}) for result in results]
    boots = [
        (
            {"subject": entry["service"], "seconds": seconds, "trace": trace_id(run)},
            {"run": run, "subject": entry["service"]},
        )
        for entry in timeline
        if (seconds := boot_seconds(entry)) is not None
    ]
    now = time.time_ns()
    streams = [
        {
            "stream": {"source": "suite", "service": service, "project": stack},
            "values": [
                [str(now + number), json.dumps(line, ensure_ascii=False), metadata]
                for number, (line, metadata) in enumerate(lines)
            ],
        }
        for service, lines in (("acceptance", verdicts), ("boot", boots))
        if lines
    ]
    try:
        answer = requests.post(
            f"{url.rstrip('/')}/loki/api/v1/push", json={"streams": streams}, timeout=TIMEOUT_SECONDS
        )
    except requests.RequestException as problem:
        raise NotSent(f"the verdicts were not taken at {url}: {type(problem).__name__}") from None
    if not answer.ok:
        raise NotSent(
            f"the verdicts were not taken at {url}: HTTP {answer.status_code} {answer.text.strip()[:200]}"
        )
