"""A variant of our own stack that is known to be bad, or odd but correct: what its override says that it breaks.

A folder under fixtures/stacks/runtime holds an `override.yml` whose first comments are read by machine:

    # breaks: RUN-3 kafka-init because: one line        this criterion must report the subject as failed
    # breaks: RUN-13 os-init named: a fixed pause because: …   … and what it reports must call it by this name
    # conforms: RUN-3 kafka-init because: one line      … must let it pass; without a subject, all that it judges
    # drags: RUN-9 kafka-init because: one line         cannot pass either, as a consequence of what is broken
    # select: run_03 or run_04                          what is run of it: a `-k` expression (default: DEFAULT_SELECT)
    # profiles: messaging                               the planes that it needs (default: DEFAULT_PROFILES)
    # slow: one line                                    why it takes as long as a full deadline

A file `inventory.yml` beside it outranks the stack's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dayzero.core.catalogue import load_catalogue

DEFAULT_SELECT = "test_run_" + "".join(
    f" and not {name}" for name in ("run_10", "run_11", "run_13", "run_14", "run_23", "run_24", "log_driver")
)
"""All that one boot under a generated name can judge in a short time: no 300 s waits, no further stack, no campaign."""

DEFAULT_PROFILES = "data messaging"
"""The planes that inits provision; only a variant of the observability plane needs that one."""

_STATEMENT = re.compile(r"# (breaks|conforms|drags): (\S+)(?: (.+?))?(?: named: (.+?))? because: (\S.*)")
_SETTING = re.compile(r"# (select|profiles|slow): (\S.*)")


class VariantUnreadable(Exception):
    """A variant cannot be used; the text is one line: which, what is wrong, what to do."""


@dataclass(frozen=True)
class Statement:
    """One expected result: `kind` is breaks, conforms or drags; `subject` is "" for all that the criterion judges.

    `named` is what the report must call the fault; "" where the statement leaves that open.
    """

    kind: str
    criterion: str
    subject: str
    because: str
    named: str = ""

    def concerns(self, criterion: str, subject: str) -> bool:
        """Whether it speaks of this criterion of this subject."""
        return self.criterion == criterion and self.subject in ("", subject)

    def __str__(self) -> str:
        return f"{self.criterion} {self.subject}".strip()


@dataclass(frozen=True)
class Variant:
    """One folder: its override, what it states, and how it is run."""

    folder: Path
    statements: tuple[Statement, ...]
    select: str
    profiles: tuple[str, ...]
    slow: str

    def arguments(self, report: Path) -> list[str]:
        """What pytest is told in order to judge it, with the report in the folder `report`."""
        found = [
            "-m",
            "runtime and acceptance",
            "-k",
            self.select,
            "--override",
            str(self.folder / "override.yml"),
        ]
        for profile in self.profiles:
            found += ["--profile", profile]
        inventory = self.folder / "inventory.yml"
        if inventory.is_file():
            found += ["--inventory", str(inventory)]
        return [*found, "--report", str(report)]


def read_statements(file: Path) -> list[Statement]:
    """What the first comments of `file` state, in the form above. Raises VariantUnreadable for an unknown criterion."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found = [
        Statement(stated[1], stated[2], stated[3] or "", stated[5], stated[4] or "")
        for line in lines
        if (stated := _STATEMENT.fullmatch(line))
    ]
    for statement in found:
        if statement.criterion not in load_catalogue():
            raise VariantUnreadable(
                f"{file.parent.name}/{file.name}: the catalogue has no criterion {statement.criterion}"
            )
    return found


def read_variant(folder: Path) -> Variant:
    """The variant in `folder`. Raises VariantUnreadable if it has no override or states nothing that can be checked."""
    file = folder / "override.yml"
    if not file.is_file():
        raise VariantUnreadable(f"{folder.name}: no override.yml in it; write one or remove the folder")
    statements = read_statements(file)
    settings: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if setting := _SETTING.fullmatch(line):
            settings[setting[1]] = setting[2]
        elif not _STATEMENT.fullmatch(line) and re.match(
            r"#\s*(breaks|conforms|drags|select|profiles|slow)\b", line
        ):
            raise VariantUnreadable(f"{folder.name}: cannot read {line!r}; see src/dayzero/stack/variant.py")
    for statement in statements:
        if statement.kind != "conforms" and not statement.subject:
            raise VariantUnreadable(f"{folder.name}: {statement.kind} {statement.criterion} names no subject")
        if statement.named and statement.kind != "breaks":
            raise VariantUnreadable(
                f"{folder.name}: {statement} {statement.kind}, so there is no fault to be named"
            )
    if all(statement.kind == "drags" for statement in statements):
        raise VariantUnreadable(f"{folder.name}: it says neither what it breaks nor what conforms")
    return Variant(
        folder,
        tuple(statements),
        settings.get("select", DEFAULT_SELECT),
        tuple(settings.get("profiles", DEFAULT_PROFILES).replace(",", " ").split()),
        settings.get("slow", ""),
    )
