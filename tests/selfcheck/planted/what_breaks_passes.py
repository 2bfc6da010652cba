# breaks: SUITE-2 suite because: a rule that breaks before it has looked passes
# select: suite_02 and breaks
"""pytest plugin: whatever breaks in a static criterion's test passes."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from dayzero.core.verdict import StackFailed


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    try:
        return (yield)
    except StackFailed:
        raise
    except Exception:
        if pyfuncitem.get_closest_marker("static"):
            return True
        raise
