"""pytest plugin: says what is happening now, for waits that are too long to be silent about."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from shutil import get_terminal_size
from time import monotonic
from typing import Protocol

import pytest

from dayzero.core.redaction import redact

_begun = monotonic()
_sinks: list[_Sink] = []


def say(text: str) -> None:
    """Show one line of progress, at once and past pytest's capture; outside a pytest run it goes to stderr."""
    text = redact(text)
    if _sinks:
        _sinks[-1](text)
    else:
        sys.stderr.write(f"{text}\n")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        sink: _Sink = _Worker(config.workerinput["workerid"])
    else:
        sink = _Terminal(config)
    _sinks.append(sink)
    config.add_cleanup(lambda: _sinks.remove(sink))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport() -> None:
    if _sinks:
        _sinks[-1].clear()


class _Sink(Protocol):
    def __call__(self, text: str) -> None: ...

    def clear(self) -> None: ...


class _Terminal:
    """On a terminal one line that changes in place; anywhere else, as in CI, plain lines without repetition."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._live = sys.stdout.isatty()
        self._last = ""

    def __call__(self, text: str) -> None:
        if text != self._last and self._config.get_verbosity() >= 0:
            self._last = text
            self._write(f"{monotonic() - _begun:5.0f} s  {text}")

    def clear(self) -> None:
        """Take a line that changes in place away, so that a test's outcome stands where it would without it."""
        if self._last and self._live:
            self._write("")
        self._last = ""

    def _write(self, line: str) -> None:
        reporter: pytest.TerminalReporter | None = self._config.pluginmanager.get_plugin("terminalreporter")
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        if reporter is None:
            return
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            if self._live:
                reporter.ensure_newline()
                reporter.rewrite(line[: get_terminal_size().columns - 1], erase=True)
            else:
                reporter.write_line(line)
            reporter.flush()


class _Worker:
    """An xdist worker has no terminal, but it inherits the controller's stderr."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stderr = os.dup(2)
        self._last = ""

    def clear(self) -> None:
        self._last = ""

    def __call__(self, text: str) -> None:
        if text != self._last:
            self._last = text
            os.write(self._stderr, f"{monotonic() - _begun:5.0f} s  [{self._name}] {text}\n".encode())
