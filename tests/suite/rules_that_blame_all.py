"""pytest plugin: every criterion's test fails, also where it finds nothing."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from fixtures.verdict import StackFailed


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    result = yield
    if pyfuncitem.get_closest_marker("criterion"):
        raise StackFailed("it was planted")
    return result
