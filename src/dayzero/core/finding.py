"""What a rule of shell scripts finds, and how it says that the files do not tell."""

from __future__ import annotations

from dataclasses import dataclass

from dayzero.core.verdict import NotApplicable, Source


class CannotTell(NotApplicable):
    """The files do not show what decides; the text is the reason, in one line."""


@dataclass(frozen=True)
class Finding:
    """One place that breaks a rule: where it stands, the command (no credentials in it), and what is wrong with it."""

    source: Source
    quote: str
    why: str

    def __str__(self) -> str:
        return f"{self.source} `{self.quote}`: {self.why}"
