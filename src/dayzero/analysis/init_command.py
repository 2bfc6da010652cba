"""What an init's container starts: a shell script that can be read, or one program with its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dayzero.analysis.container_program import ScriptText, argument_texts, texts_of, unescaped
from dayzero.compose.project import Service
from dayzero.compose.yaml_source import PlacedText
from dayzero.core.finding import CannotTell
from dayzero.core.verdict import Source
from dayzero.shell.clients import image_program
from dayzero.shell.command import Run, run_of, shell_call
from dayzero.shell.effects import hides_its_work, is_known
from dayzero.shell.parser import ShellUnreadable
from dayzero.shell.program import ShellProgram
from dayzero.shell.syntax import At, Word


@dataclass(frozen=True)
class DirectCommand:
    """One program, started without a shell."""

    run: Run
    source: Source


@dataclass(frozen=True)
class WrittenText:
    """An inline text as it stands in the compose file, quotes around it taken off."""

    placed: PlacedText
    service: Service
    options: tuple[str, ...]
    path: str = ""

    @property
    def text(self) -> str:
        return self.placed.text

    def source_at(self, line: int, column: int = 1) -> Source:
        before = self.text.split("\n")[: line - 1]
        offset = sum(len(one) + 1 for one in before) + column - 1
        return self.service.project.source(self.placed.place(offset))


def init_command(service: Service) -> ShellProgram | DirectCommand:
    """Raises CannotTell where no file shows what runs: an image's own entrypoint, a program that is no shell script."""
    scripts = [script for script in texts_of(service).scripts if not script.sourced]
    if not scripts:
        return _direct(service)
    rest = [*scripts[1:], *(script for script in texts_of(service).scripts if script.sourced)]
    try:
        return ShellProgram.of([scripts[0], *rest], _arguments(service, scripts[0]))
    except ShellUnreadable as error:
        written = _as_written(service, scripts[0])
        if written is None:
            raise CannotTell(f"the script of {service.name} is {error}") from error
    try:
        return ShellProgram.of([written, *rest])
    except ShellUnreadable as error:
        raise CannotTell(f"the script of {service.name} is {error}") from error


def _arguments(service: Service, entry: ScriptText) -> tuple[Word, ...] | None:
    """What the entry script finds in "$@": the words after its name; the command, where the image names the script."""
    if not entry.path:
        return None
    entrypoint = argument_texts(service.item.get("entrypoint"))
    words = [_word(text) for text in (*entrypoint, *argument_texts(service.item.get("command")))]
    name = entry.path.rsplit("/", 1)[-1]
    at = next((at for at, word in enumerate(words) if word.text.rsplit("/", 1)[-1] == name), None)
    if at is not None:
        return tuple(words[at + 1 :])
    return tuple(words) if words and not entrypoint else None


def _as_written(service: Service, entry: ScriptText) -> WrittenText | None:
    """An inline text before Compose split it into words, which drops the backslash before an end of line."""
    for key in ("command", "entrypoint"):
        leaf = service.written(key)
        text = unescaped(leaf.placed()) if leaf is not None and leaf.value is not None else None
        if text is None or entry.path:
            continue
        start = len(text.text) - len(text.text.lstrip())
        end = len(text.text.rstrip())
        if end - start > 2 and text.text[start] == text.text[end - 1] and text.text[start] in "\"'":
            return WrittenText(text.slice(start + 1, end - 1), service, entry.options)
    return None


def _direct(service: Service) -> DirectCommand:
    entrypoint = argument_texts(service.item.get("entrypoint"))
    command = argument_texts(service.item.get("command"))
    image = str(service.config.get("image") or "")
    words = [_word(text) for text in (*entrypoint, *command)]
    run = run_of(words) if words else None
    program = image_program(image) if not entrypoint else None
    if program is not None and words and (run is None or not is_known(run) or run.name != program):
        run = run_of([Word(program, At(1, 1)), *words])
    if run is None:
        unseen = texts_of(service).opaque or [f"the entrypoint of {image or 'its image'}"]
        raise CannotTell(f"what runs is {unseen[0]}, which no file here shows")
    if shell_call(run) or hides_its_work(run) or (not entrypoint and not is_known(run)):
        named = _shown([word.text for word in run.words[:2]])
        raise CannotTell(f"what runs is `{named}`: no shell, or not among the project's files")
    return DirectCommand(run, service.project.source((command or entrypoint)[0].place()))


def _shown(words: Sequence[str]) -> str:
    return " ".join(word for word in words if len(word) < 60)


def _word(text: PlacedText) -> Word:
    return Word(text.text, At(1, 1), plain="$" not in text.text)
