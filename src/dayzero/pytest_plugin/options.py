"""pytest plugin: what the command line names can be read, or the run ends with one line before it starts."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from dayzero.analysis.inventory import InventoryError, load_inventory
from dayzero.compose.project import ComposeProject, ComposeUnreadable
from dayzero.docker.context import ContextUnusable, use_context
from dayzero.pytest_plugin.static import stack_path


def pytest_configure(config: pytest.Config) -> None:
    option = config.option
    if option.stack and not Path(option.stack).exists():
        raise pytest.UsageError(
            f"--stack {option.stack}: no such file or folder; give a compose file or the folder of one"
        )
    for override in option.override:
        if not Path(override).is_file():
            raise pytest.UsageError(f"--override {override}: no such file; give a compose file")
    if len(option.engine) > 1:
        raise pytest.UsageError(
            f"--engine {option.engine[1]}: a run has one engine, and {option.engine[0]} was named before; "
            "start a second run for it"
        )
    for context in option.engine:
        try:
            use_context(context)
        except ContextUnusable as wrong:
            raise pytest.UsageError(f"--engine {context}: {wrong}") from None
    if option.inventory or not option.stack:
        try:
            load_inventory(option.inventory or config.rootpath / "inventory.yml")
        except InventoryError as wrong:
            raise pytest.UsageError(str(wrong)) from None
    known = _profiles(config) if option.profile else []
    unknown = [name for name in option.profile if name not in known]
    if known and unknown:
        raise pytest.UsageError(
            f"--profile {unknown[0]}: no service of the stack has it; choose of {', '.join(known)}"
        )
    if not hasattr(config, "workerinput"):  # before a long run, and once
        for name, url, path in (("--loki", option.loki, "/ready"), ("--tempo", option.tempo, "/v1/traces")):
            if url:
                _require_answer(name, url, path)


def _require_answer(option: str, url: str, path: str) -> None:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise pytest.UsageError(f"{option} {url}: no address; write one as in http://host:port")
    try:
        # An OTLP receiver has nothing to be asked for, but its path exists.
        answer = requests.get(url.rstrip("/") + path, timeout=10)
    except requests.RequestException as problem:
        raise pytest.UsageError(
            f"{option} {url}: nobody answers ({type(problem).__name__}); start it, or leave the option out"
        ) from None
    if answer.status_code == requests.codes.not_found or answer.status_code >= 500:
        raise pytest.UsageError(
            f"{option} {url}: answers HTTP {answer.status_code} for {path}; is it the right port, and ready?"
        )


def _profiles(config: pytest.Config) -> list[str]:
    """Every profile that a service names; none of a stack that cannot be read, which CFG-1 judges."""
    try:
        project = ComposeProject.load(
            stack_path(config), profiles=(), overrides=config.option.override, ask_compose=False
        )
    except ComposeUnreadable:
        return []
    return sorted(
        {str(name) for one in project.services.values() for name in one.config.get("profiles") or ()}
    )
