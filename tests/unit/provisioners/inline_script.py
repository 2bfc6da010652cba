"""A shell script in a test: text without a compose project around it."""

from __future__ import annotations

from dataclasses import dataclass

from dayzero.core.verdict import Source
from dayzero.shell.program import ShellProgram


@dataclass(frozen=True)
class InlineScript:
    """As `dayzero.analysis.container_program.ScriptText`, its places being those of the text itself."""

    text: str
    path: str = ""
    options: tuple[str, ...] = ()

    def source_at(self, line: int, column: int = 1) -> Source:
        return Source(self.path or "inline", line, column)


def program_of(text: str, *options: str, **files: str) -> ShellProgram:
    """The program of an inline text, with the scripts that it may call or source by path ("lib_sh" is /lib.sh)."""
    scripts = [InlineScript(content, "/" + name.replace("_", ".")) for name, content in files.items()]
    return ShellProgram.of([InlineScript(text, "", options), *scripts])
