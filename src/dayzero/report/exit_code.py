"""The exit code that a judgement comes to, whichever door it came through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dayzero.core.result import Result
from dayzero.report.coverage import NO_INIT, Missing, leaves_open

FAILED = 1
NOTHING_TO_JUDGE = 5
COULD_NOT_JUDGE = 6
"""The first code that pytest does not use itself."""


def exit_code_of(results: Sequence[Result], coverage: Iterable[Missing]) -> int:
    """0: all was judged and nothing failed. 1: a stack failed. 5: no init was found. 6: something was not judged."""
    statuses = {result["status"] for result in results}
    if "fail" in statuses:
        return FAILED
    if "error" in statuses or leaves_open(coverage):
        return COULD_NOT_JUDGE
    return NOTHING_TO_JUDGE if any(result["observed"].startswith(NO_INIT) for result in results) else 0
