"""Sends the boot of the run's stack to a Tempo, where an option names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dayzero.probes.init_log import events_of
from dayzero.pytest_plugin import progress
from dayzero.pytest_plugin.settings import settings_of
from dayzero.report.otlp import NotSent, send_boot, trace_id
from dayzero.stack.boot import BootRecord
from dayzero.stack.cli_start import cli_start_seconds
from dayzero.stack.stack import Stack


def publish_boot(
    url: str, config: pytest.Config, stack: Stack, boot: BootRecord, inits: Mapping[str, Any]
) -> None:
    """Send the boot with what its inits said to the OTLP receiver at `url`; say where it is, or why not."""
    run = settings_of(config).run
    present = [name for name in inits if name in stack.model["services"]]
    events = {name: events_of(stack.container(name)) for name in present}
    starts = {name: seconds for name in present if (seconds := cli_start_seconds(stack, name)) is not None}
    try:
        send_boot(url, run, stack.name, boot.timeline, events, starts)
        progress.say(f"the boot is trace {trace_id(run)}")
    except NotSent as refused:
        progress.say(str(refused))
