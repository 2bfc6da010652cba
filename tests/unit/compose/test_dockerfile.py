"""What a local Dockerfile says of the container."""

from __future__ import annotations

from pathlib import Path

from dayzero.compose.dockerfile import read_dockerfile

TEXT = """\
# syntax=docker/dockerfile:1
ARG BASE=alpine:3
FROM golang:1 AS build
COPY . /src
FROM ${BASE} AS run
ENV A=1 \\
    # between
    B="two words"
WORKDIR /app
COPY --chown=1:1 --from=build /src/x /bin/x
COPY run.sh lib/ ./
ADD ["a b.sh", "/x/"]
HEALTHCHECK --interval=5s CMD curl -f localhost
USER 1000
VOLUME ["/data"]
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["a"]
FROM run AS debug
CMD sleep 1
"""


def test_the_last_stage_is_what_is_built(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(TEXT, encoding="utf-8")
    debug = read_dockerfile(file)
    assert debug.base == "alpine:3"
    assert debug.command is not None
    assert debug.command.body.text == "sleep 1"
    assert debug.command.place.line == 19
    assert debug.user is not None


def test_a_target_is_the_stage_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(TEXT, encoding="utf-8")
    run = read_dockerfile(file, "run", {"BASE": "debian:13"})
    assert run.base == "debian:13"
    assert run.workdir == "/app"
    assert [(copied.sources, copied.target) for copied in run.copies] == [
        (("run.sh", "lib/"), "/app/"),
        (("a b.sh",), "/x/"),
    ]
    assert run.healthcheck is not None
    assert run.command is not None
    assert run.command.body.text == '["a"]'
    (variables,) = run.environment
    assert "A=1" in variables.body.text
    assert "B=" in variables.body.text
