"""Alloy's image takes the configurations of this repository and the stack's command line, official or assembled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.image_contract import await_success, exit_code, folder_of

_ROOT = Path(__file__).resolve().parents[2]
_STACK = _ROOT / "infra/06-observability/alloy/config.alloy"
_CONFIGURATIONS = sorted(
    path.relative_to(_ROOT).as_posix()
    for folder in ("infra", "fixtures", "images")
    for path in (_ROOT / folder).rglob("*.alloy")
)

_ASK = (
    'exec 3<>/dev/tcp/localhost/12345; printf "GET {path} HTTP/1.0\\r\\n\\r\\n" >&3;'
    ' answer=$(cat <&3); echo "$answer"; echo "$answer" | grep -q " {status} "'
)
_EACH = """
foreach "letter" {
  collection = [LETTERS]
  var        = "found"

  template {
    local.file "one" {
      filename = "/configuration/" + found + ".txt"
    }
  }
}
"""
_OWN = """
prometheus.exporter.self "own" { }

prometheus.scrape "own" {
  targets    = prometheus.exporter.self.own.targets
  forward_to = []
}
"""


@pytest.mark.parametrize("name", _CONFIGURATIONS)
def test_alloy_knows_all_that_a_configuration_uses(
    name: str, start: Callable[..., Any], tmp_path: Path
) -> None:
    """Given a configuration in the repository; one of another name than config.alloy adds to the stack's own,
    when the image's Alloy validates it,
    then it finds no fault."""
    path = _ROOT / name
    alone = path.name == "config.alloy"
    files: dict[str, str | bytes] = {"config.alloy": (path if alone else _STACK).read_bytes()}
    if not alone:
        files["more.alloy"] = path.read_bytes()
    folder = folder_of(tmp_path / "configuration", files)
    arguments = ["validate", "--stability.level=experimental", "/configuration"]
    with start("alloy", *arguments, volumes=[(folder, "/configuration", "ro")]) as container:
        assert exit_code(container) == 0, container.logs()


def test_alloy_runs_a_folder_as_the_stack_has_it_run(start: Callable[..., Any], tmp_path: Path) -> None:
    """Given a hardened Alloy with the flags of the stack and a folder of two files, one with an experimental block,
    when it is asked for its state, is reloaded with a changed, a broken and again a right file, and is told to end,
    then it is ready all along, measures itself, refuses the broken file alone, and ends with 0."""
    (tmp_path / "configuration").mkdir(mode=0o755)
    each = tmp_path / "configuration" / "each.alloy"
    each.write_text(_EACH.replace("LETTERS", '"a"'))
    (tmp_path / "configuration" / "own.alloy").write_text(_OWN)
    (tmp_path / "configuration" / "ignored.txt").write_text("no configuration")
    for letter in ("a", "b"):
        (tmp_path / "configuration" / f"{letter}.txt").write_text(letter)

    def answers(path: str, status: int = 200, says: str = "") -> None:
        line = _ASK.format(path=path, status=status)
        await_success(container, ["bash", "-c", f"({line}) | grep -q '{says}'"], 60)

    with start(
        "alloy",
        *("run", "--server.http.listen-addr=0.0.0.0:12345", "--storage.path=/alloy"),
        *("--stability.level=experimental", "--disable-reporting", "/configuration"),
        user="0:0",
        tmpfs=["/tmp:rw,noexec,nosuid,nodev,mode=1777", "/alloy:rw,noexec,nosuid,nodev"],
        volumes=[(str(tmp_path / "configuration"), "/configuration", "ro")],
    ) as container:
        answers("/-/ready", says="Alloy is ready")
        answers("/metrics", says="^alloy_component_controller_running_components{.*healthy.*} [1-9]")
        answers("/metrics", says="^alloy_build_info{.*v1.11.0.*} 1$")
        container.execute(["test", "-s", "/alloy/alloy_seed.json"])
        each.write_text(_EACH.replace("LETTERS", '"a", "b"'))
        answers("/-/reload", says="config reloaded")
        each.write_text('no.such "component" { }')
        answers("/-/reload", status=400, says="no.such")
        answers("/-/ready", says="Alloy is ready")
        each.write_text(_EACH.replace("LETTERS", '"b"'))
        answers("/-/reload", says="config reloaded")
        container.kill("SIGTERM")
        assert exit_code(container) == 0
