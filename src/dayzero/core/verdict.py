"""What one test says about one subject: expected, observed, where in the source, and the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from dayzero.core.cpu_pressure import Pressure, pressure_between
from dayzero.core.wait import Took


class StackFailed(Exception):
    """The stack breaks the criterion. This exception alone ends a test as `fail`; its text says what is wrong."""


Withheld = Literal["left_out", "not_judged"]


class NotApplicable(Exception):
    """The criterion does not apply to this subject, or files cannot tell; the text says why.

    withheld: with it the criterion does not even count as judged, for the command line chose so, or because nothing
    here can judge this stack.
    """

    def __init__(self, reason: str, withheld: Withheld | None = None) -> None:
        super().__init__(reason)
        self.withheld = withheld


class CannotJudge(Exception):
    """Something that a criterion's test relies on is not so, and it is not for this criterion to blame the stack."""


@dataclass(frozen=True)
class Source:
    """A place in a file of the judged stack: path relative to the stack, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass
class Verdict:
    """Filled in by a criterion's test; the report prints it, whatever the outcome.

    subject: the service (or other thing) judged; default the marker's subject, else the stack's name.
    look: one line that says where to look next when it fails.
    evidence: files written so far, relative to the report's folder.
    pressure: that of the time that a limit in seconds was last held against.
    """

    subject: str | None = None
    expected: str = ""
    observed: str = ""
    source: Source | None = None
    look: str = ""
    evidence: list[str] = field(default_factory=list)
    pressure: Pressure | None = None
    keep: Callable[[str, str], str] | None = field(default=None, repr=False)
    """How `attach` stores a text: (name, text) to the path to report."""

    def attach(self, name: str, text: str) -> None:
        """Keep `text` as an evidence file called `name`; secrets are taken out of it before it is written."""
        if self.keep is None:
            raise RuntimeError("this verdict belongs to no running test, so it cannot keep evidence")
        self.evidence.append(self.keep(name, text))

    def check(self, holds: object, flaw: str = "") -> None:
        """End the test as `fail` unless `holds` is true: this is about the stack, and about nothing else.

        flaw: what is wrong, in a few words; the report prints it before `observed`. A test with several checks needs
        it to tell which of them failed. Raises StackFailed.
        """
        __tracebackhide__ = True
        if not holds:
            raise StackFailed(flaw)

    def within(self, took: Took, limit: float, flaw: str = "too late") -> None:
        """End the test unless what `took` so long was done within `limit` seconds: as `fail`, or as `error` where the
        machine was too busy with others' work to tell.

        It is an error if the limit would have been kept without the time that the run lost to others at most (see
        `Pressure.lost_seconds`), and a failure if it would have been broken all the same. CPU time that the stack or
        the suite took itself, be it at the boot, is no excuse; nor is a pressure that is unknown. Raises StackFailed
        or CannotJudge.
        """
        __tracebackhide__ = True
        self.pressure = pressure_between(took.began, took.ended)
        if took.reached and took.seconds <= limit:
            return
        if took.seconds <= limit or took.seconds - self.pressure.lost_seconds > limit:
            raise StackFailed(f"{flaw} ({took}, limit {limit:g} s; {self.pressure})")
        raise CannotJudge(
            f"{flaw} ({took}, limit {limit:g} s), but {self.pressure}: "
            f"{self.pressure.lost_seconds:.1f} s may be theirs; give the machine less to do"
        )

    def require(self, holds: object, flaw: str) -> None:
        """End the test as `error` unless `holds` is true: without it the criterion cannot be judged.

        flaw: what is missing, in one line. Raises CannotJudge.
        """
        __tracebackhide__ = True
        if not holds:
            raise CannotJudge(flaw)

    def not_applicable(self, reason: str) -> NoReturn:
        """End the test as `skip`: the criterion does not apply to this subject, or files cannot tell; say why.

        Raises NotApplicable.
        """
        raise NotApplicable(reason)


def leave_out(reason: str) -> NoReturn:
    """End the test as `skip` because of what the command line chose; its criterion does not count as judged."""
    raise NotApplicable(reason, "left_out")


def lack_judge(reason: str) -> NoReturn:
    """End the test as `skip` because nothing here can judge this stack; its criterion does not count as judged."""
    raise NotApplicable(reason, "not_judged")
