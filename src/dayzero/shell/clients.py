"""Reads the arguments of the clients that initialisers call most: curl, and the shells of databases."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from dayzero.shell.command import Run
from dayzero.shell.syntax import Redirect

_TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))

_CURL_LETTERS_WITH_VALUE = "XdHuowmFTbcAeEKxyYzrtDQCPU"
_CURL_NAMES_WITH_VALUE = re.compile(
    r"request|data(-raw|-binary|-urlencode|-ascii)?|json|header|user(-agent)?|output|write-out|max-time|connect-timeout"
    r"|form|upload-file|cacert|cert|key|url|retry(-delay|-max-time)?|netrc-file|resolve|proxy|unix-socket|config"
    r"|cookie(-jar)?|interface|range"
)
_CURL_SENDS = frozenset(
    {"d", "F", "form", "json", "data", "data-raw", "data-binary", "data-urlencode", "data-ascii"}
)
_STATEMENT_OPTION = re.compile(r"-[a-zA-Z]*c|-e|-Q|-q|--(command|execute|eval|query)")
_STATEMENT_JOINED = re.compile(r"--(?:command|execute|eval|query)=(.*)|-e(\S.*)", re.DOTALL)
_FILE_OPTION = re.compile(r"-[a-zA-Z]*f|-i|--(file|queries-file)")
_FILE_JOINED = re.compile(r"--(?:file|queries-file)=(.*)|-f(\S+)")


def names(table: str) -> frozenset[str]:
    """The program names of one of the tables in `shell_clients.yml`."""
    return frozenset(_TABLE[table].split())


def pattern(table: str) -> re.Pattern[str]:
    """One of the expressions in `shell_clients.yml`."""
    return re.compile(_folded(_TABLE[table]))


def reading_forms() -> dict[str, re.Pattern[str]]:
    """By client: the arguments with which it only reads."""
    return {name: re.compile(_folded(text)) for name, text in _TABLE["reads"].items()}


def image_program(image: str) -> str | None:
    """The program that an image's entrypoint is, for images that are made for one client."""
    name = image.rsplit("@", 1)[0].rsplit("/", 1)[-1].split(":", 1)[0]
    program = _TABLE["images"].get(name)
    return str(program) if program else None


def client_name(name: str) -> str:
    """One name for a client that goes by several."""
    return str(_TABLE["same"].get(name, name))


def curl_options(run: Run) -> dict[str, list[str]]:
    """A curl command's options by letter or long name, each with the values given to it."""
    found: dict[str, list[str]] = {}
    words = list(run.arguments)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            takes = not equals and words and _CURL_NAMES_WITH_VALUE.fullmatch(name)
            found.setdefault(name, []).append(words.pop(0) if takes else value)
        elif word.startswith("-"):
            for at, letter in enumerate(word[1:], start=2):
                if letter not in _CURL_LETTERS_WITH_VALUE:
                    found.setdefault(letter, []).append("")
                    continue
                found.setdefault(letter, []).append(word[at:] or (words.pop(0) if words else ""))
                break
    return found


def curl_method(run: Run) -> str:
    """The HTTP method that a curl command uses; an expansion is given as it stands."""
    options = curl_options(run)
    stated = [*options.get("X", ()), *options.get("request", ())]
    if stated:
        return str(stated[-1]).upper()
    if options.keys() & {"T", "upload-file"}:
        return "PUT"
    return (
        "POST" if options.keys() & _CURL_SENDS and not options.keys() & {"G", "get", "I", "head"} else "GET"
    )


def curl_saves_to(run: Run) -> list[str]:
    """The files that a curl command writes the body to; "." where the URL names it."""
    options = curl_options(run)
    saved = [*options.get("o", ()), *options.get("output", ())]
    return [*saved, "."] if options.keys() & {"O", "remote-name"} else saved


def statements_of(run: Run, redirects: Iterable[Redirect] = ()) -> list[str]:
    """The SQL, JavaScript or Cypher text that a database client gets on its command line or in a here-document."""
    if run.name not in names("sql") | names("mongo"):
        return []
    found, previous = [], ""
    for word in run.arguments:
        if _STATEMENT_OPTION.fullmatch(previous):
            found.append(word)
        elif joined := _STATEMENT_JOINED.fullmatch(word):
            found.append(joined[1] or joined[2] or "")
        previous = word
    found += [redirect.text.text for redirect in redirects if redirect.text is not None]
    found += [redirect.target.text for redirect in redirects if redirect.op == "<<<"]
    return found


def script_files(run: Run, redirects: Iterable[Redirect] = ()) -> list[str]:
    """The script files that a database client is told to run, by option or on its standard input."""
    found, previous = [], ""
    for word in run.arguments:
        if _FILE_OPTION.fullmatch(previous):
            found.append(word)
        elif joined := _FILE_JOINED.fullmatch(word):
            found.append(joined[1] or joined[2] or "")
        elif run.name in names("mongo") and re.search(r"\.m?js$", word):
            found.append(word)
        previous = word
    return found + [redirect.target.text for redirect in redirects if redirect.op == "<"]


def _folded(text: str) -> str:
    """A folded YAML text as one expression: a line that begins with an alternative joins the one before it."""
    return text.strip().replace(" |", "|")
