"""pytest plugin: every criterion's test breaks before it has looked."""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    if pyfuncitem.get_closest_marker("criterion"):
        raise OSError("it was planted")
