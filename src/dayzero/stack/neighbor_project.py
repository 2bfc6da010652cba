"""A second, independent compose project of the run: an application that joins the stack's network for others."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from python_on_whales import Container, DockerClient

from dayzero.core.errors import StackUnusable
from dayzero.stack.stack import Stack

PORT = 8080

_APP = f"""
import http.server, threading, time
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"guest")
    def log_message(self, *rest): pass
server = http.server.ThreadingHTTPServer(("", {PORT}), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
for number in range(3600):
    print("line", number, flush=True); time.sleep(1)
"""

_KNOCK = """
import json, socket, sys
found = {}
for place in sys.argv[1:]:
    name, _, port = place.rpartition(":")
    try:
        socket.create_connection((name, int(port)), 10).close()
        found[place] = ""
    except OSError as problem:
        found[place] = f"{type(problem).__name__}: {problem}"
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Guest:
    """The project while it is up: `app` and `job` are on the stack's network, `outsider` is not."""

    name: str
    compose: DockerClient
    image: str

    def container(self, service: str) -> Container:
        """The service's container, ended ones too."""
        found = self.compose.compose.ps(services=[service], all=True)
        if not found:
            raise StackUnusable(f"the second project has no container of {service}")
        return found[0]

    def reach(self, places: list[str]) -> dict[str, str]:
        """From the application: each `name:port` with why it cannot be connected to, "" where it can."""
        said = self.container("app").execute(["python3", "-c", _KNOCK, *places])
        assert isinstance(said, str)
        found: dict[str, str] = json.loads(said)
        return found


def reach_from(container: Container, image: str, place: str) -> str:
    """Why `name:port` cannot be connected to with the network and the resolver of a running container; "" if it can."""
    command = ["docker", "run", "--rm", "--network", f"container:{container.id}", "--entrypoint", "python3"]
    done = subprocess.run([*command, image, "-c", _KNOCK, place], capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackUnusable(
            f"no helper could join the network of {container.name}: {done.stderr.strip()[-300:]}"
        )
    found: dict[str, str] = json.loads(done.stdout)
    return found[place]


def _model(network: str, image: str, labels: dict[str, str]) -> dict[str, Any]:
    common = {"image": image, "labels": labels, "init": True, "entrypoint": ["python3", "-c"]}
    return {
        "services": {
            "app": {**common, "command": [_APP], "networks": ["project_net"]},
            "job": {**common, "command": ["print('done at once')"], "networks": ["project_net"]},
            "outsider": {**common, "command": [_APP], "networks": ["default"]},
        },
        "networks": {
            "project_net": {"external": True, "name": network},
            "default": {"labels": labels},
        },
    }


def _project(stack: Stack, network: str, image: str) -> DockerClient:
    name = f"{stack.name}-guest"
    folder = stack.workspace / name
    folder.mkdir(exist_ok=True)
    file = folder / "compose.yml"
    file.write_text(yaml.safe_dump(_model(network, image, stack.identity.labels)), encoding="utf-8")
    return DockerClient(compose_files=[file], compose_project_name=name, compose_project_directory=folder)


@contextmanager
def guest_of(stack: Stack, image: str) -> Iterator[Guest]:
    """While inside, the second project is up on the stack's network."""
    client = _project(stack, f"{stack.prefix}project_net", image)
    try:
        client.compose.up(detach=True, quiet=True)
        yield Guest(f"{stack.name}-guest", client, image)
    finally:
        client.compose.down(volumes=True, timeout=1, quiet=True)


def told_without_network(stack: Stack, image: str) -> tuple[int, list[str]]:
    """What `docker compose up` of a second project answers where the network is missing: exit code and lines."""
    client = _project(stack, f"{stack.prefix}no-such-net", image)
    (file,) = client.client_config.compose_files
    command = [
        "docker",
        "compose",
        "--file",
        str(file),
        "--project-name",
        f"{stack.name}-guest",
        "up",
        "--detach",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(file).parent)
    return done.returncode, [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
