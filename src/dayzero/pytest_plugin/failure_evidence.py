"""pytest plugin: a failure on the running stack that has no evidence of its own gets the containers' states and a log.

Taken at the moment of the failure, before a later test changes the stack (SUITE-3).
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from python_on_whales.exceptions import DockerException

from dayzero.core.errors import StackUnusable
from dayzero.core.verdict import StackFailed
from dayzero.pytest_plugin.evaluation import judgement_of
from dayzero.stack.stack import Stack

LOG_LINES = 200
"""How much of the subject's log is kept, where the subject is a service."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, None, None]:
    try:
        yield
    except StackFailed:
        stack = getattr(item, "funcargs", {}).get("stack")
        judgement = judgement_of(item)
        if isinstance(stack, Stack) and not judgement.verdict.evidence and judgement.verdict.source is None:
            subject = judgement.verdict.subject or next(
                (one.subject for one in judgement.criteria if one.subject), ""
            )
            judgement.verdict.attach("containers.txt", as_it_stands(stack, subject))
        raise


def as_it_stands(stack: Stack, subject: str) -> str:
    """How the stack's containers stand, a line each, and the end of the subject's log where it is a service.

    What cannot be looked at is said in its place, since this must not hide the failure that it is about.
    """
    parts = []
    try:
        states = stack.states()
        parts += [f"{name}: {one.status} {one.health}".rstrip() for name, one in sorted(states.items())]
        if subject in states:
            parts += ["", f"the last lines of {subject}:", str(stack.container(subject).logs(tail=LOG_LINES))]
    except (DockerException, StackUnusable) as unusable:
        parts.append(f"the containers could not be looked at: {unusable}")
    return "\n".join(parts) + "\n"
