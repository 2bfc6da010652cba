"""What a failure on the running stack keeps of how its containers stood."""

from __future__ import annotations

from typing import cast

from dayzero.core.errors import StackUnusable
from dayzero.docker.containers import ContainerState
from dayzero.pytest_plugin.failure_evidence import as_it_stands
from dayzero.stack.stack import Stack


class Container:
    def logs(self, tail: int) -> str:
        return f"the last {tail} lines"


class StandIn:
    """Two services, of which one can be asked for its log; or an engine that does not answer."""

    def __init__(self, *, answers: bool = True) -> None:
        self._answers = answers

    def states(self) -> dict[str, ContainerState]:
        if not self._answers:
            raise StackUnusable("the engine does not list the containers of demo: gone")
        return {
            "kafka-init": ContainerState("kafka-init", False, "exited", ""),
            "kafka-1": ContainerState("kafka-1", False, "running", "healthy"),
        }

    def container(self, service: str) -> Container:
        assert service == "kafka-init"
        return Container()


def text_of(stack: StandIn, subject: str) -> str:
    return as_it_stands(cast("Stack", stack), subject)


def test_states_and_the_subjects_log_are_kept() -> None:
    """Given a failure of one service, and one of something that is no service,
    when it is written down how the stack stands,
    then every container is there with its state, and the log of the subject where it has one."""
    text = text_of(StandIn(), "kafka-init")
    assert text.splitlines()[:2] == ["kafka-1: running healthy", "kafka-init: exited"]
    assert text.endswith("the last lines of kafka-init:\nthe last 200 lines\n")
    assert "lines" not in text_of(StandIn(), "step: create the topic")


def test_an_engine_that_does_not_answer_hides_no_failure() -> None:
    """Given an engine that does not answer any more,
    when it is written down how the stack stands,
    then that is what is written, and nothing is raised."""
    assert "could not be looked at: the engine does not list" in text_of(StandIn(answers=False), "kafka-init")
