"""An end is waited for, not longer than asked, and an engine that does not tell is no end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from python_on_whales import Container

from dayzero.core.errors import StackUnusable
from dayzero.docker.container_exit import ended_within

Engine = Callable[[str], Container]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A container whose engine's client is the given shell line."""

    def with_client(line: str) -> Container:
        client = tmp_path / "docker"
        client.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/arguments\n{line}\n', encoding="utf-8")
        client.chmod(0o755)
        seen: dict[str, Any] = {"id": "c0ffee", "client_config": SimpleNamespace(docker_cmd=[str(client)])}
        return cast("Container", SimpleNamespace(**seen, reload=lambda: None))

    return with_client


def test_an_end_is_told_as_soon_as_the_engine_tells_it(engine: Engine, tmp_path: Path) -> None:
    assert ended_within(engine("echo 3"), 60)
    assert (tmp_path / "arguments").read_text(encoding="utf-8").split() == ["container", "wait", "c0ffee"]


@pytest.mark.parametrize("seconds", [0.2, 0, -3])
def test_what_still_runs_has_not_ended(engine: Engine, seconds: float) -> None:
    assert not ended_within(engine("exec sleep 60"), seconds)


def test_an_engine_that_does_not_tell_is_no_end(engine: Engine) -> None:
    with pytest.raises(StackUnusable, match="tell of c0ffee's end: No such container"):
        ended_within(engine("echo 'No such container' >&2; exit 1"), 60)
