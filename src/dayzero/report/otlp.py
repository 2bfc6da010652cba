"""One boot as a trace: a span for each service, and in those of inits one for each wait, each piece of work, and for
what starting the CLI took of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from dayzero.core.logfmt import Event

TIMEOUT_SECONDS = 10


class NotSent(Exception):
    """Nobody took what was sent; its text is one line: what, where to, why."""


def trace_id(run: str) -> str:
    """The id of a run's trace, 32 hexadecimal digits: who knows the run can find its boot."""
    return hashlib.sha256(run.encode()).hexdigest()[:32]


def boot_seconds(entry: Mapping[str, Any]) -> float | None:
    """From a service's creation until it was healthy or had ended; None for one that was neither."""
    life = _life(entry)
    return (life[1] - life[0]) / 1e9 if life else None


class _OfTheRun(RandomIdGenerator):
    def __init__(self, run: str) -> None:
        self._trace = int(trace_id(run), 16)

    def generate_trace_id(self) -> int:
        return self._trace


def send_boot(
    url: str,
    run: str,
    stack: str,
    timeline: Sequence[Mapping[str, Any]],
    events: Mapping[str, Sequence[Event]],
    cli_starts: Mapping[str, float],
) -> None:
    """Send the boot to an OTLP receiver over HTTP, as the trace of the run.

    `timeline` is as in the report, `events` are the audit lines of each init that ran, `cli_starts` the seconds that
    one start of its CLI takes, by init. Raises NotSent.
    """
    kept = InMemorySpanExporter()
    resource = Resource({"service.name": "dayzero", "dayzero.stack": stack, "dayzero.run": run})
    provider = TracerProvider(resource=resource, id_generator=_OfTheRun(run))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("dayzero.boot")
    came_up = [(entry, life) for entry in timeline if (life := _life(entry))]
    if not came_up:
        raise NotSent(f"no service of {stack} came up, so there is no boot to send to {url}")
    root = tracer.start_span(f"boot of {stack}", start_time=min(begin for _, (begin, _) in came_up))
    for entry, (begin, end) in came_up:
        span = tracer.start_span(entry["service"], set_span_in_context(root), start_time=begin)
        if entry["exit_code"] is not None:
            span.set_attribute("exit_code", entry["exit_code"])
            span.set_status(Status(StatusCode.ERROR if entry["exit_code"] else StatusCode.OK))
        within = set_span_in_context(span)
        for name, since, until, attributes in _steps(events.get(entry["service"], ())):
            tracer.start_span(name, within, attributes=attributes, start_time=since).end(until)
        if start := _cli_start(events.get(entry["service"], ()), cli_starts.get(entry["service"])):
            name, since, until, measured = start
            tracer.start_span(name, within, attributes=measured, start_time=since).end(until)
        span.end(end)
    root.end(max(end for _, (_, end) in came_up))
    provider.shutdown()
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=TIMEOUT_SECONDS)
    if exporter.export(kept.get_finished_spans()) is not SpanExportResult.SUCCESS:
        raise NotSent(f"the boot of {stack} was not taken at {url}: is that an OTLP receiver over HTTP?")


def _steps(events: Sequence[Event]) -> Iterable[tuple[str, int, int, dict[str, str]]]:
    """What lies between two lines of an init is named by the later one, which is written when it is done."""
    for before, event in pairwise(events):
        said = event.pairs
        match said["event"]:
            case "wait" | "ready":
                name = f"waiting for {said.get('target', 'its target')}"
            case "resource":
                name = f"{said['kind']} {said['name']} {said['action']}"
            case last:
                name = last
        yield name, before.nanoseconds, event.nanoseconds, said


def _cli_start(
    events: Sequence[Event], seconds: float | None
) -> tuple[str, int, int, dict[str, float]] | None:
    """What the init's calls spent on starting its CLI, end to end from the init's start; it lies within the steps.

    Nobody sees a single start from outside, so it is the number of calls times what one start takes.
    """
    if seconds is None or not events or "calls" not in events[-1].pairs:
        return None
    calls, begin = int(events[-1].pairs["calls"]), events[0].nanoseconds
    measured = {"calls": calls, "seconds_of_one_start": seconds}
    return f"CLI start, {calls} times", begin, begin + round(calls * seconds * 1e9), measured


def _life(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    end = entry["finished"] or entry["healthy"]
    return (_nanoseconds(entry["created"]), _nanoseconds(end)) if end and entry["created"] else None


def _nanoseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1e9)
