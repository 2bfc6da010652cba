"""The images of the observability plane do what the stack needs of the official ones, whether they are these or not."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from typing import Any

from fixtures.image_contract import await_success, folder_of, succeeds


@contextmanager
def deaf_and_dumb_engine(socket: Path) -> Iterator[list[str]]:
    """Listens where an engine would and says yes to everything; the list fills with what was asked."""
    asked: list[str] = []

    class Yes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def address_string(self) -> str:
            return "the proxy"

        def log_message(self, *_: object) -> None:
            pass

    with UnixStreamServer(str(socket), Yes) as server:
        socket.chmod(0o777)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield asked
        finally:
            server.shutdown()


def test_the_socket_proxy_lets_through_what_its_variables_say(
    start: Callable[..., Any], assembled: Callable[[str], bool], tmp_path: Path
) -> None:
    """Given a socket proxy before an engine that says yes to everything, with CONTAINERS on,
    when parts that are on and off are asked for, and something is posted,
    then the engine has heard of no more than reading what is on, and, if it was assembled, of no container's files."""
    let_through = ["/_ping", "/version", "/v1.45/containers/json?all=1", "/events?until=1"]
    files = [
        "/containers/x/archive?path=/run/secrets",
        "/v1.45/containers//x/export",
        "/containers/x%2Farchive",
    ]
    stopped = ["/images/json", "/secrets", "/volumes", "/info", *(files if assembled("socket-proxy") else [])]
    folder = tmp_path / "run"
    folder.mkdir()
    ask = "wget -q -O /dev/null 'http://localhost:2375{}'"
    with (
        deaf_and_dumb_engine(folder / "docker.sock") as asked,
        start(
            "socket-proxy", envs={"CONTAINERS": "1"}, volumes=[(str(folder), "/var/run", "ro")]
        ) as container,
    ):
        await_success(container, ask.format("/_ping"), 20)
        asked.clear()
        assert [
            path for path in let_through + stopped if succeeds(container, ask.format(path))
        ] == let_through
        assert not succeeds(container, "wget -q -O - --post-data= http://localhost:2375/containers/x/kill")
    assert asked == let_through


def test_grafana_takes_its_password_from_a_secret_file(
    start: Callable[..., Any], assembled: Callable[[str], bool], tmp_path: Path
) -> None:
    """Given a hardened Grafana container whose administrator's password is in a file that a variable names,
    when the API is called with that password, and then with another,
    then the first call is served, the second is refused, and an assembled image has it in no environment or log."""
    right, wrong = secrets.token_hex(16), secrets.token_hex(16)
    files: dict[str, str | bytes] = {
        "password": right,
        "right": f'user = "admin:{right}"',
        "wrong": f'user = "admin:{wrong}"',
    }
    call = "curl --silent --fail --config /run/secrets/{} http://localhost:3000/api/org"
    with start(
        "grafana",
        envs={
            "GF_SECURITY_ADMIN_PASSWORD__FILE": "/run/secrets/password",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
        },
        tmpfs=[
            "/tmp:rw,noexec,nosuid,nodev,mode=1777",
            "/var/lib/grafana:rw,noexec,nosuid,nodev,mode=1777",
            "/var/log/grafana:rw,noexec,nosuid,nodev,mode=1777",
        ],
        volumes=[(folder_of(tmp_path / "secrets", files), "/run/secrets", "ro")],
    ) as container:
        await_success(container, call.format("right"), 90)
        assert not succeeds(container, call.format("wrong"))
        if assembled("grafana"):
            assert not succeeds(container, f"grep -q {right} /proc/1/environ")
            assert right not in container.logs()
