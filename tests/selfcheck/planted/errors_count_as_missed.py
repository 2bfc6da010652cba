# breaks: SUITE-1 suite because: a rule that crashed cannot be told from one that is blind
# select: suite_01 and crashing
"""pytest plugin: whatever breaks in a static criterion's test passes."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from fixtures.verdict import StackFailed


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
