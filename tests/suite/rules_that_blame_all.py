"""pytest plugin: the static criteria fail every stack, also where they find nothing."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from dayzero.core.verdict import StackFailed


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    result = yield
    if pyfuncitem.get_closest_marker("static"):
        raise StackFailed("it was planted")
    return result
