"""A pull may take as long as it gets on; one that is stuck is given up."""

from __future__ import annotations

import textwrap

import pytest

from tests.unit.tools.test_images import StandInEngine, unavailable
from tests.unit.tools.test_images import engine as engine

PULL = """
    #!/bin/sh
    case $1 in
      image) echo "no such image" >&2; exit 1 ;;
      pull) echo "1: Pulling from kafka"; {progress}; echo "Error response from daemon: the end" >&2; exit 1 ;;
      info) echo / ;;
    esac
"""


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        pytest.param(
            "[ ! -t 1 ] || for i in 1 2 3 4 5 6; do printf '\\033[1Alayer: %s MB\\r' $i; /bin/sleep 0.4; done; false",
            "the end",
            id="a slow layer",
        ),
        pytest.param(
            "exec /bin/sleep 600", "stalled after: 1: Pulling from kafka", id="a layer that never comes"
        ),
    ],
)
def test_a_pull_has_no_limit_as_long_as_it_gets_on(
    progress: str, said: str, engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a layer that takes longer than a pull may be silent, of which the client tells a terminal alone,
    when its bytes come one by one, or not at all,
    then the first pull is left to end by itself, and the second is given up."""
    monkeypatch.setattr("tools.images.registry.STALLED_SECONDS", 1.5)
    monkeypatch.setattr("tools.images.registry._LOOK_SECONDS", 0.1)
    monkeypatch.setenv("KAFKA_IMAGE", "team/kafka:1")
    engine.put("docker", textwrap.dedent(PULL).lstrip().format(progress=progress))
    assert f"team/kafka:1 cannot be pulled ({said})" in unavailable("kafka")
