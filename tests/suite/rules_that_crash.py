"""pytest plugin: every criterion's test breaks once it knows its subject, before it has come to a verdict."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress

import pytest

from dayzero.core.verdict import StackFailed


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    with suppress(StackFailed):
        yield
    if pyfuncitem.get_closest_marker("criterion"):
        raise OSError("it was planted")
    return True
