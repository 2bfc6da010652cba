"""What a simple command really runs, once wrappers such as `timeout`, `env`, `exec` or `sudo` are taken off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dayzero.shell.syntax import Word

SHELLS = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})
WAITERS = frozenset({"wait-for-it", "wait-for", "dockerize", "wait4x", "waitforit", "wait-for-port"})

_VALUED_OPTIONS = {
    "env": ("-u", "-C", "-S", "--unset", "--chdir"),
    "exec": ("-a",),
    "command": (),
    "builtin": (),
    "nohup": (),
    "time": ("-f", "-o"),
    "nice": ("-n",),
    "ionice": ("-c", "-n"),
    "setsid": (),
    "stdbuf": ("-i", "-o", "-e"),
    "sudo": ("-u", "-g", "-h", "-p"),
    "doas": ("-u",),
    "chpst": ("-u",),
    "tini": ("-e", "-p"),
    "dumb-init": ("-r",),
    "catatonit": (),
    "busybox": (),
    "xargs": ("-I", "-n", "-P", "-L", "-d", "-a", "-s"),
    "chronic": (),
    "unbuffer": (),
}
_ONE_ARGUMENT_FIRST = frozenset({"gosu", "su-exec", "setuidgid", "runuser", "flock"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_SCRIPTED_CLIS = re.compile(
    r"(kafka-|zookeeper-|connect-|kcadm|kcreg|kc$|mqsi|cypher-shell|wait-for|waitforit)"
)


@dataclass(frozen=True)
class Run:
    """One program with its arguments.

    name: the program's own name, without folder and without `.sh` where that is a well-known CLI; limited: a `timeout`
    stands before it; replaces: `exec` does; then: what a waiter such as wait-for-it runs afterwards.
    """

    name: str
    words: tuple[Word, ...]
    limited: bool = False
    replaces: bool = False
    then: Run | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words[1:])

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True)
class ShellCall:
    """`sh -ec TEXT`, `bash FILE`, `eval TEXT`: options by name or letter, and what the shell reads."""

    options: frozenset[str]
    text: Word | None
    file: Word | None
    rest: tuple[Word, ...]


def run_of(words: Sequence[Word]) -> Run | None:
    """The program behind all wrappers; None if there is none (`exec >log`, or an empty list)."""
    limited = replaces = False
    rest = list(words)
    while rest:
        name = program_name(rest[0].text)
        if name == "timeout":
            rest, bound = _without_timeout(rest)
            limited = limited or bound
        elif name in _ONE_ARGUMENT_FIRST and len(rest) > 2:
            rest = _without_options(rest[2:], ())
        elif name in _VALUED_OPTIONS:
            replaces = replaces or name == "exec"
            rest = _without_options(rest[1:], _VALUED_OPTIONS[name])
            while name in ("env", "sudo") and rest and _ASSIGNMENT.match(rest[0].text):
                rest = rest[1:]
        else:
            break
    if not rest:
        return None
    name = program_name(rest[0].text)
    return Run(name, tuple(rest), limited, replaces, _after_waiting(name, rest))


def program_name(text: str) -> str:
    """`/opt/kafka/bin/kafka-topics.sh` to `kafka-topics`; a script of the project's own keeps its ending."""
    base = text.rsplit("/", 1)[-1]
    return base.removesuffix(".sh") if _SCRIPTED_CLIS.match(base) else base


def shell_call(run: Run) -> ShellCall | None:
    """What a shell started by `run` reads; None if `run` starts none, or an interactive one."""
    if run.name == "eval" and len(run.words) == 2:
        return ShellCall(frozenset({"same"}), run.words[1], None, ())
    if run.name in ("su", "runuser") and "-c" in run.arguments[:-1]:
        return ShellCall(frozenset(), run.words[run.arguments.index("-c") + 2], None, ())
    if run.name not in SHELLS:
        return None
    options: set[str] = set()
    at = 1
    while at < len(run.words) and run.words[at].text[:1] in ("-", "+") and len(run.words[at].text) > 1:
        word = run.words[at].text
        at += 1
        if word == "--":
            break
        if word.startswith("--"):
            continue
        if word[0] == "-":
            options |= set(word[1:]) - {"o"}
        if word.endswith("o") and at < len(run.words):
            options |= {run.words[at].text} if word[0] == "-" else set()
            at += 1
    if at >= len(run.words):
        return None
    if "c" in options:
        return ShellCall(frozenset(options - {"c"}), run.words[at], None, run.words[at + 1 :])
    return ShellCall(frozenset(options), None, run.words[at], run.words[at + 1 :])


def _without_timeout(words: list[Word]) -> tuple[list[Word], bool]:
    at, old_style = 1, False
    while at < len(words) and words[at].text.startswith("-"):
        option = words[at].text
        at += 1
        if option in ("-s", "-k", "--signal", "--kill-after"):
            at += 1
        elif option == "-t":  # busybox before 1.30
            at, old_style = at + 1, True
        elif option.startswith("-t"):
            old_style = True
    duration = "" if old_style or at >= len(words) else words[at].text
    return words[at if old_style else at + 1 :], not re.fullmatch(r"0+(\.0+)?[smhd]?", duration)


def _without_options(words: list[Word], valued: tuple[str, ...]) -> list[Word]:
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        option = words[at].text
        at += 2 if option in valued else 1
        if option == "--":
            break
    return words[at:]


def _after_waiting(name: str, words: list[Word]) -> Run | None:
    if name not in WAITERS:
        return None
    for at, word in enumerate(words):
        if word.text == "--":
            return run_of(words[at + 1 :])
    if name != "dockerize":
        return None
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        at += 1 if "=" in words[at].text or words[at].text in ("-version", "-no-overwrite") else 2
    return run_of(words[at:])
