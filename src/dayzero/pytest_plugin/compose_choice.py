"""pytest plugin: the run, and everything that it starts, uses one Compose: the newest found, or that of `--compose`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dayzero.docker import compose_plugin


@pytest.hookimpl(tryfirst=True)  # before anything asks docker
def pytest_configure(config: pytest.Config) -> None:
    given: Path | None = config.option.compose
    if given is not None:
        os.environ[compose_plugin.NAMED_BY] = str(config.invocation_params.dir / given)
    try:
        os.environ.update(compose_plugin.environment())
    except compose_plugin.ComposeUnusable as unusable:
        option = "--compose: " if given is not None else ""
        raise pytest.UsageError(f"{option}{unusable}") from None
