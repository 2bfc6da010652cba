"""Loads the fixtures and defines the command-line options; nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.docker.compose_plugin import NAMED_BY

pytest_plugins = [
    "pytester",
    "dayzero.pytest_plugin.collection",
    "dayzero.pytest_plugin.exit_status",
    "dayzero.pytest_plugin.compose_choice",
    "dayzero.pytest_plugin.evaluation",
    "dayzero.pytest_plugin.targets",
    "dayzero.pytest_plugin.setup_errors",
    "dayzero.pytest_plugin.progress",
    "dayzero.pytest_plugin.static",
    "dayzero.pytest_plugin.rule_tests",
    "dayzero.pytest_plugin.report",
    "fixtures.reference_stack",
    "fixtures.run_images",
    "dayzero.pytest_plugin.runtime",
    "dayzero.pytest_plugin.failure_evidence",
    "dayzero.pytest_plugin.long_waits",
    "dayzero.pytest_plugin.plain_stack",
    "dayzero.pytest_plugin.per_init",
    "dayzero.pytest_plugin.options",
    "fixtures.image_contract",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dayzero", "stack under judgement")
    group.addoption(
        "--stack", type=Path, metavar="PATH", help="judge another compose project: its folder or compose file"
    )
    group.addoption(
        "--profile", action="append", default=[], metavar="NAME", help="enable a compose profile (repeatable)"
    )
    group.addoption("--inventory", type=Path, metavar="FILE", help="what the stack's inits promise")
    group.addoption(
        "--override",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="compose file applied after the stack's own (repeatable)",
    )
    group.addoption(
        "--seed",
        type=int,
        metavar="N",
        help="what random moments are drawn from (default: another each time)",
    )
    group.addoption(
        "--kills",
        type=int,
        default=2,
        metavar="N",
        help="kill each init at N random moments beside the planned ones; end and kill Alloy N times (default: 2)",
    )
    group.addoption("--keep", action="store_true", help="leave the stack up and print how to reach it")
    group.addoption(
        "--report",
        type=Path,
        default=Path("reports"),
        metavar="DIR",
        help="where reports go (default: reports)",
    )
    group.addoption("--loki", metavar="URL", help="send each verdict to this Loki, as a line")
    group.addoption(
        "--tempo", metavar="URL", help="send the boot to this Tempo, as a trace (OTLP over HTTP, port 4318)"
    )
    group.addoption(
        "--engine",
        action="append",
        default=[],
        metavar="NAME",
        help="Docker context to run on, of an engine on this machine (one; default: the current context)",
    )
    group.addoption(
        "--compose",
        type=Path,
        metavar="FILE",
        help=f"run this Compose plugin (also: {NAMED_BY}; default: the newest that is installed)",
    )
