"""A command as it may be shown in a report: long enough to be found, without the values of credentials."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dayzero.shell.syntax import Word

_HIDDEN = "***"
_WORDS = 7
_CREDENTIAL_OPTIONS = re.compile(
    r"--?(user|password|pass|passwd|token|secret(-key|-id)?|access-key|root-password|admin-password|oauth2-bearer"
    r"|proxy-user|new-password|client-secret)"
)
_LETTERS_FOR_CREDENTIALS = {
    "-u": ("curl", "influx", "mosquitto_pub", "mosquitto_sub"),
    "-p": (
        "mongosh",
        "mongo",
        "mongoimport",
        "mongorestore",
        "influx",
        "cqlsh",
        "cypher-shell",
        "rabbitmqadmin",
    ),
    "-P": ("sqlcmd", "bcp", "mosquitto_pub", "mosquitto_sub"),
    "-a": ("redis-cli", "valkey-cli"),
}
_JOINED_PASSWORD = {
    "mysql": "-p",
    "mysqladmin": "-p",
    "mariadb": "-p",
    "mysqldump": "-p",
    "sqlcmd": "-P",
    "curl": "-u",
}
_NAMED = re.compile(r"(?i)^(.*(?:pass(word|wd)?|secret|token|key|pwd|auth\w*)[\w.-]*[=:])(.+)$", re.DOTALL)
_USER_INFO = re.compile(r"(\w+://)[^/@\s]+@")
_HEADER = re.compile(r"(?i)^((?:proxy-)?authorization|x-[\w-]*(?:token|key)[\w-]*)\s*:.*$", re.DOTALL)


def quoted(words: Sequence[Word]) -> str:
    """The first words of a command on one line, with what may be a credential replaced by a mark."""
    shown: list[str] = []
    program = words[0].text.rsplit("/", 1)[-1] if words else ""
    hidden_from = _first_hidden(program, [word.text for word in words])
    previous = ""
    for at, word in enumerate(words[:_WORDS]):
        shown.append(_shown(program, previous, word, hide=at >= hidden_from))
        previous = word.text
    line = " ".join(shown)
    return f"{line} …" if len(words) > _WORDS else line


def _first_hidden(program: str, texts: list[str]) -> int:
    """Clients that take credentials as plain arguments: where these begin."""
    if program == "mc" and texts[1:3] == ["alias", "set"]:
        return 5
    if program == "mc" and texts[1:4] == ["config", "host", "add"]:
        return 6
    if program == "mc" and texts[1:4] == ["admin", "user", "add"]:
        return 6
    if program in ("vault", "bao") and "login" in texts:
        return texts.index("login") + 1
    return len(texts)


def _shown(program: str, previous: str, word: Word, *, hide: bool) -> str:
    text = " ".join(word.text.split())
    if not word.plain and re.fullmatch(r"\$\w+", word.text):
        return text
    joined = _JOINED_PASSWORD.get(program)
    if joined and text.startswith(joined) and len(text) > 2:
        return joined + _HIDDEN
    credential = _CREDENTIAL_OPTIONS.fullmatch(previous) or program in _LETTERS_FOR_CREDENTIALS.get(
        previous, ()
    )
    if hide or (credential and not text.startswith("-")):
        return _HIDDEN
    if _HEADER.match(text):
        return text.split(":", 1)[0] + f": {_HIDDEN}"
    text = _USER_INFO.sub(rf"\1{_HIDDEN}@", text)
    if " " in text or len(text) > 60:
        return (
            f"'{text[:24].strip()}…'" if not re.search(r"(?i)passw|secret|token|identified", text) else "'…'"
        )
    named = _NAMED.match(text)
    return f"{named[1]}{_HIDDEN}" if named and "://" not in text else text
