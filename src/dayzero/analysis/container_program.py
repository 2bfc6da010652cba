"""The shell text that a service's container runs, with the place of every character in the user's files.

Looked through are the inline text of entrypoint and command, script files that they execute or source (bind mounts,
compose configs, files copied in by a local Dockerfile), and the libraries that those source in turn. What the container
runs beyond that is named in `opaque`, so that nobody takes silence for a clean script.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dayzero.analysis.known_images import is_known
from dayzero.compose.command_words import split_offsets
from dayzero.compose.container_files import ServiceFiles
from dayzero.compose.dockerfile import Dockerfile, arguments, in_container
from dayzero.compose.facts import fact
from dayzero.compose.project import Service
from dayzero.compose.yaml_source import Item, PlacedText, Scalar, Sequence, Span
from dayzero.core.verdict import Source

SHELLS = ("sh", "bash", "ash", "dash", "ksh", "zsh")
_WRAPPERS = (
    "tini",
    "dumb-init",
    "env",
    "exec",
    "gosu",
    "su-exec",
    "busybox",
    "timeout",
    "catatonit",
    "nohup",
    "time",
)
_PROGRAMS = ("python", "node", "perl", "ruby", "php", "bun", "deno", "tsx")
_SHEBANG = re.compile(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(?:\S*/)?([A-Za-z0-9._-]+)")
_PATH_WORD = re.compile(r"(?<![\w$}])(?:\.{0,2}/)?[\w.@-]+(?:/[\w.@-]+)*")
_VARIABLE_PATH = re.compile(r"\$\{?[A-Za-z_][A-Za-z0-9_]*\}?/([\w.@-]+(?:/[\w.@-]+)*\.(?:sh|bash))\b")


@dataclass(frozen=True)
class ScriptText:
    """Text that an interpreter of the container runs.

    text: as the interpreter gets it, `$$` undone; a `${…}` that Compose fills in is left as the user wrote it.
    interpreter: "sh", "bash" …; path: in the container, "" for inline text; inherited: options such as -e, -u, pipefail
    that the call of the interpreter sets.
    """

    text: str
    interpreter: str
    path: str
    placed: PlacedText
    service: Service
    options: tuple[str, ...] = ()
    sourced: bool = False

    def source_at(self, line: int, column: int = 1) -> Source:
        """Where a position of the text (line and column from 1) stands in the user's own file."""
        starts = self._line_starts
        at = starts[max(0, min(line, len(starts)) - 1)] + column - 1
        return self.service.project.source(self.placed.place(at))

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]


@dataclass(frozen=True)
class ServiceTexts:
    """scripts: shell texts; programs: texts of other interpreters; opaque: what runs but cannot be seen, in words."""

    scripts: list[ScriptText]
    programs: list[ScriptText]
    opaque: list[str]


@fact
def texts_of(service: Service) -> ServiceTexts:
    """Everything that the service's container runs, as far as the project's files show it."""
    return _Reader(service).read()


def argument_texts(item: Item | None) -> list[PlacedText]:
    """A command as its arguments, each placed; a string is split as Compose splits it."""
    if isinstance(item, Sequence):
        return [unescaped(one.placed()) for one in item.items if isinstance(one, Scalar)]
    if isinstance(item, Scalar) and item.value is not None:
        text = unescaped(item.placed())
        return [_word(text, offsets) for offsets in split_offsets(text.text)]
    return []


def unescaped(text: PlacedText) -> PlacedText:
    """`$$` as the container gets it."""
    return text.replaced(Span(match.start(), match.end(), "$") for match in re.finditer(r"\$\$", text.text))


def _word(text: PlacedText, offsets: list[int]) -> PlacedText:
    letters = "".join(text.text[at] for at in offsets)
    last = offsets[-1] + 1 if offsets else 0
    return PlacedText(letters, text.file, (*(text.spots[at] for at in offsets), text.spots[last]))


class _Reader:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.files = ServiceFiles(service)
        self.texts = ServiceTexts([], [], [])
        self.seen: set[str] = set()

    def read(self) -> ServiceTexts:
        entrypoint = argument_texts(self.service.item.get("entrypoint"))
        command = argument_texts(self.service.item.get("command"))
        own_entrypoint = self.service.item.get("entrypoint") is not None
        image = self.files.dockerfile
        if not own_entrypoint and image is not None:
            entrypoint = self._instruction(image, "entrypoint")
        if not command and not own_entrypoint and image is not None:
            command = self._instruction(image, "command")
        if not entrypoint and not command:
            self.texts.opaque.append("the image's own entrypoint and command")
        elif not own_entrypoint and not self._runs_given_command(image, command):
            self.texts.opaque.append("the image's own entrypoint")
        self._arguments([*entrypoint, *command])
        return self.texts

    def _runs_given_command(self, image: Dockerfile | None, command: list[PlacedText]) -> bool:
        """Whether the image's entrypoint, if it has one, is known to run the command that it is given."""
        if image is not None and image.entrypoint is not None:
            return True
        base = image.base if image is not None else str(self.service.config.get("image") or "")
        named = bool(command) and (
            _base(command[0].text) in (*SHELLS, *_WRAPPERS) or self.files.find(command[0].text) is not None
        )
        return named or image is not None or is_known(base, "passes_through")

    def _instruction(self, image: Dockerfile, which: str) -> list[PlacedText]:
        instruction = image.entrypoint if which == "entrypoint" else image.command
        if instruction is None:
            return []
        listed = arguments(instruction.body)
        if listed is not None:
            return listed
        shell = [PlacedText.at(instruction.place, "/bin/sh"), PlacedText.at(instruction.place, "-c")]
        return [*shell, instruction.body]

    def _arguments(self, words: list[PlacedText]) -> None:
        """Follow one argument vector: an inline text after -c, or a script file."""
        for at, word in enumerate(words):
            if _base(word.text) in SHELLS:
                self._shell(_base(word.text), words[at + 1 :])
                return
            script = self.files.find(word.text)
            if script is not None and not script.is_folder:
                text = script.read()
                before = _base(words[at - 1].text).rstrip("0123456789.") if at else ""
                interpreter = _interpreter(text.text, script.path, before if before in _PROGRAMS else "")
                if at == 0 or interpreter in SHELLS or before in _PROGRAMS:
                    self._add(text, interpreter or "sh", script.path)
                    if not _execs_arguments(text.text):
                        return
            elif at == 0 and _is_script_path(word.text):
                self.texts.opaque.append(f"{word.text}, which is not among the project's files")

    def _shell(self, shell: str, words: list[PlacedText]) -> None:
        options: list[str] = []
        at = 0
        while at < len(words) and words[at].text[:1] in ("-", "+"):
            option = words[at].text
            if option == "--":
                at += 1
                break
            if option in ("-o", "+o") and at + 1 < len(words):
                options.append(words[at + 1].text)
                at += 2
                continue
            if not option.startswith("--"):
                options += [letter for letter in option[1:] if letter != "o"]
                if "o" in option[1:] and at + 1 < len(words):
                    options.append(words[at + 1].text)
                    at += 1
            at += 1
        if "c" in options and at < len(words):
            self._add(self._apparent(words, at), shell, "", tuple(one for one in options if one != "c"))
        elif at < len(words):
            script = self.files.find(words[at].text)
            if script is None or script.is_folder:
                self.texts.opaque.append(f"{words[at].text}, which is not among the project's files")
            else:
                text = script.read()
                self._add(text, _interpreter(text.text, words[at].text, shell), script.path, tuple(options))

    def _apparent(self, words: list[PlacedText], at: int) -> PlacedText:
        """The text after -c. Words after it are $0, $1 …; where Compose split a string up, they are meant as text."""
        text = words[at]
        command = self.service.item.get("command")
        if isinstance(command, Scalar) and len(words) > at + 1:
            whole = unescaped(command.placed())
            if whole.place() == text.place():
                return whole
        return text

    def _add(
        self,
        text: PlacedText,
        interpreter: str,
        path: str,
        options: tuple[str, ...] = (),
        sourced: bool = False,
    ) -> None:
        key = path or f"inline {text.place()}"
        if key in self.seen:
            return
        self.seen.add(key)
        script = ScriptText(text.text, interpreter, path, text, self.service, options, sourced)
        if interpreter not in SHELLS:
            self.texts.programs.append(script)
            return
        self.texts.scripts.append(script)
        self._follow(text.text, interpreter, path)

    def _follow(self, text: str, shell: str, path: str) -> None:
        """Scripts that this text runs or sources."""
        folders = [self.files.workdir, path.rsplit("/", 1)[0] or "/"]
        folders += [
            in_container(self.files.workdir, one) for one in re.findall(r"\bcd\s+[\"']?([\w./-]+)", text)
        ]
        bare = re.sub(r"(?m)(?:^|(?<=\s))#.*$", "", text)
        named = {match.group(): match.start() for match in _PATH_WORD.finditer(bare)}
        named |= {match[1]: match.start() for match in _VARIABLE_PATH.finditer(bare)}
        for word, start in named.items():
            for folder in folders if not word.startswith("/") else folders[:1]:
                script = self.files.find(word, folder)
                if script is None or script.is_folder:
                    continue
                content = script.read()
                interpreter = _interpreter(content.text, script.path, "")
                sourced = bool(re.search(r"(?:^|[\s;&|])(?:\.|source)[ \t]+\S*\Z", bare[:start]))
                if sourced:
                    known = _SHEBANG.match(content.text)
                    self._add(content, interpreter if known else shell, script.path, sourced=True)
                elif interpreter in SHELLS or (
                    interpreter and word == bare[start : start + len(word)] and _is_run(bare, start)
                ):
                    self._add(content, interpreter, script.path)
                break


def _is_run(text: str, start: int) -> bool:
    return bool(
        re.search(r"(?:^|[\n;&|(]|\b(?:then|do|else|exec|python3?|node|perl|ruby)\b)\s*[\"']?$", text[:start])
    )


def _interpreter(text: str, path: str, default: str = "sh") -> str:
    """What runs a script: its shebang, else its ending, else `default`."""
    shebang = _SHEBANG.match(text)
    if shebang is not None:
        return re.sub(r"[\d.]+$", "", shebang[1])
    ending = Path(path).suffix
    known: dict[str, str] = {
        ".sh": default or "sh",
        ".bash": "bash",
        ".py": "python",
        ".js": "node",
        ".rb": "ruby",
    }
    return known.get(ending, default)


def _execs_arguments(text: str) -> bool:
    return bool(re.search(r"(?m)^\s*(?:exec\s+)?(?:\S+\s+)*\"?\$\{?@", text))


def _is_script_path(word: str) -> bool:
    return word.endswith((".sh", ".bash", ".py")) or word.startswith("./")


def _base(word: str) -> str:
    return word.rsplit("/", 1)[-1]
