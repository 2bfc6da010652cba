"""A run can be sent to the observability plane: verdicts as lines, the boot as a trace."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from dayzero.core.logfmt import Event
from dayzero.report.loki import send_run
from dayzero.report.otlp import NotSent, send_boot, trace_id

RUN = "20261125T125704Z-efa774"
SECOND = 1_000_000_000
BEGIN = 1_795_611_600 * SECOND
TIMELINE: list[dict[str, Any]] = [
    {
        "service": "server",
        "created": "2026-11-25T13:00:00.000Z",
        "started": "2026-11-25T13:00:01.000Z",
        "healthy": "2026-11-25T13:00:08.000Z",
        "finished": None,
        "exit_code": None,
    },
    {
        "service": "server-init",
        "created": "2026-11-25T13:00:00.500Z",
        "started": "2026-11-25T13:00:01.000Z",
        "healthy": None,
        "finished": "2026-11-25T13:00:09.000Z",
        "exit_code": 1,
    },
    {"service": "never", "created": "2026-11-25T13:00:00.000Z", "started": None, "healthy": None}
    | {"finished": None, "exit_code": None},
]
EVENTS = [
    Event(BEGIN + 1 * SECOND, {"event": "start"}),
    Event(BEGIN + 6 * SECOND, {"event": "ready", "target": "server"}),
    Event(BEGIN + 8 * SECOND, {"event": "resource", "kind": "bucket", "name": "a", "action": "created"}),
    Event(BEGIN + 9 * SECOND, {"event": "exit", "code": "1", "calls": "3"}),
]
RESULT = {"criterion": "RUN-1", "subject": "server-init", "status": "fail", "observed": "exit code 1"}


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it, by path, and answers with `code`."""

    code = 204

    def __init__(self) -> None:
        self.posted: dict[str, bytes] = {}
        super().__init__(("127.0.0.1", 0), _Keep)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Keep(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.posted[self.path] = self.rfile.read(length)
        self.send_response(self.server.code)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def test_a_boot_is_one_trace_with_a_span_for_each_service_and_each_step(receiver: Receiver) -> None:
    """Given a boot of a server, an init that waited, worked and failed, and a service that never came up,
    when it is sent,
    then the trace of this run has the two that came up under the boot, and under the init its steps and what three
    starts of its CLI took of them."""
    receiver.code = 200
    send_boot(receiver.url, RUN, "mine", TIMELINE, {"server-init": EVENTS}, {"server-init": 0.5})
    request = ExportTraceServiceRequest.FromString(receiver.posted["/v1/traces"])
    spans = [span for part in request.resource_spans for scope in part.scope_spans for span in scope.spans]
    names = {span.span_id: span.name for span in spans}
    seen = {
        span.name: (
            names.get(span.parent_span_id),
            (span.start_time_unix_nano - BEGIN) / SECOND,
            (span.end_time_unix_nano - BEGIN) / SECOND,
        )
        for span in spans
    }
    assert seen == {
        "boot of mine": (None, 0, 9),
        "server": ("boot of mine", 0, 8),
        "server-init": ("boot of mine", 0.5, 9),
        "waiting for server": ("server-init", 1, 6),
        "bucket a created": ("server-init", 6, 8),
        "exit": ("server-init", 8, 9),
        "CLI start, 3 times": ("server-init", 1, 2.5),
    }
    assert {span.trace_id.hex() for span in spans} == {trace_id(RUN)}


def test_a_run_is_a_line_for_each_verdict_and_each_service_that_came_up(receiver: Receiver) -> None:
    """Given a run with one verdict,
    when it is sent,
    then its line can be found by run, criterion, subject and status, and each service's boot by its trace."""
    send_run(receiver.url, RUN, "mine", [RESULT], TIMELINE)
    streams = json.loads(receiver.posted["/loki/api/v1/push"])["streams"]
    by_service = {stream["stream"]["service"]: stream for stream in streams}
    assert {stream["stream"]["source"] for stream in streams} == {"suite"}
    ((_, line, found_by),) = by_service["acceptance"]["values"]
    assert json.loads(line) == RESULT
    assert found_by == {"run": RUN, "criterion": "RUN-1", "subject": "server-init", "status": "fail"}
    boots = [json.loads(line) for _, line, _ in by_service["boot"]["values"]]
    assert boots == [
        {"subject": "server", "seconds": 8.0, "trace": trace_id(RUN)},
        {"subject": "server-init", "seconds": 8.5, "trace": trace_id(RUN)},
    ]


def test_what_is_not_taken_is_one_line(receiver: Receiver) -> None:
    """Given a receiver that refuses,
    when a run and its boot are sent,
    then each is one line that names the place."""
    receiver.code = 400
    for send in (
        partial(send_run, receiver.url, RUN, "mine", [RESULT], TIMELINE),
        partial(send_boot, receiver.url, RUN, "mine", TIMELINE, {}, {}),
    ):
        with pytest.raises(NotSent) as refused:
            send()
        assert receiver.url in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_boot_of_nothing_is_not_sent(receiver: Receiver) -> None:
    """Given a boot at which no service came up,
    when it is sent,
    then one line says so and the receiver hears nothing."""
    with pytest.raises(NotSent, match="no service of mine came up"):
        send_boot(receiver.url, RUN, "mine", TIMELINE[2:], {}, {})
    assert receiver.posted == {}
