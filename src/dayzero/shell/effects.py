"""What a command is for, seen from provisioning: does it change something, only look, log in, print, or wait?"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable

from dayzero.shell.clients import (
    client_name,
    curl_method,
    curl_saves_to,
    names,
    pattern,
    reading_forms,
    script_files,
    statements_of,
)
from dayzero.shell.command import Run
from dayzero.shell.syntax import Redirect


class Role(enum.Enum):
    """QUIET prints or sets up; TEST compares; PROBE looks; MINOR prepares or clears away; LOGIN opens a session;
    CHANGE alters a target; UNKNOWN may do so; SLEEP pauses; IDLE never ends.
    """

    QUIET = "quiet"
    TEST = "test"
    PROBE = "probe"
    MINOR = "minor"
    LOGIN = "login"
    CHANGE = "change"
    UNKNOWN = "unknown"
    SLEEP = "sleep"
    IDLE = "idle"


TESTS = frozenset({"[", "test", "[["})
_QUIET, _RENDERS, _PROBES, _SQL, _MONGO = (
    names(table) for table in ("quiet", "renders", "probes", "sql", "mongo")
)
_PREPARES, _REMOVES, _FILES, _CHANGES = (
    names(table) for table in ("prepares", "removes", "files", "changes")
)
_LOGS_IN, _INSTALLS, _REMOVING = (pattern(table) for table in ("logs_in", "installs", "removing_words"))
_FRAMEWORKS, _INTERPRETERS = pattern("frameworks"), names("interpreters")
_SPEAKS, _SERVES = pattern("speaks"), pattern("serves")
_READS = reading_forms()
_SQL_READS = re.compile(
    r"\s*(select|show|describe|explain|values|table|return|\\[ld]\S*|\\q|\\conninfo|;|$)", re.IGNORECASE
)
_SQL_WRITES = re.compile(
    r"\\gexec|\binto\b|\b(create|alter|drop|insert|update|delete|grant|revoke|merge|truncate|copy)\s"
    r"|select\s+\w*(create|add|set|enable|register|alter|drop|init|cron)\w*[._(]",
    re.IGNORECASE,
)
_SQL_REMOVES = re.compile(r"\s*(drop|delete|revoke|truncate)\b", re.IGNORECASE)
_MONGO_WRITES = re.compile(
    r"\b(initiate|reconfig|grantRoles\w*|add|addArb|addShard|enableSharding|shardCollection|load|bulkWrite|remove"
    r"|(create|insert|update|replace|delete|drop|set)\w+)\s*\("
)
_LONG_PAUSE = re.compile(r"inf(inity)?|\d{4,}s?|\d{3,}m|\d{2,}h|\d+d")


def role_of(run: Run, redirects: Iterable[Redirect] = ()) -> Role:
    """The role of one program with its arguments and redirections."""
    redirects = tuple(redirects)
    name, line = client_name(run.name), " ".join([client_name(run.name), *run.arguments])
    if name in ("sleep", "usleep", "tail", "watch", "top"):
        return _pausing(name, run)
    if name in TESTS:
        return Role.TEST
    if _INSTALLS.match(line):
        return Role.QUIET
    if _LOGS_IN.match(line):
        return Role.LOGIN
    if name in _QUIET:
        return Role.CHANGE if _renders(name, run, redirects) else Role.QUIET
    if name == "find" and any(word in ("-exec", "-execdir", "-delete") for word in run.arguments):
        return Role.CHANGE
    if name in _PROBES:
        return Role.PROBE
    if name in _PREPARES or removes(run):
        return Role.MINOR
    if name == "curl":
        return _curl(run)
    if name in _SQL or name in _MONGO:
        return _database(name, run, redirects)
    if name in _READS:
        return Role.PROBE if _reads(name, run) else Role.CHANGE
    known = name in _FILES or name in _CHANGES or _FRAMEWORKS.match(line)
    if not known and _SPEAKS.fullmatch(name):
        return Role.QUIET
    return Role.CHANGE if known else Role.UNKNOWN


def serves(run: Run) -> bool:
    """Whether the program is a server that stays, rather than a step that ends."""
    return bool(_SERVES.match(run.text))


def is_known(run: Run) -> bool:
    """Whether the tables know the program, so that its conduct can be told from its arguments."""
    name = client_name(run.name)
    tables = (_QUIET, TESTS, _PROBES, _PREPARES, _REMOVES, _FILES, _SQL, _MONGO, _CHANGES, _READS)
    if name in ("curl", "sleep", "tail") or any(name in table for table in tables):
        return True
    return bool(_FRAMEWORKS.match(" ".join([name, *run.arguments])))


def hides_its_work(run: Run) -> bool:
    """Whether what the program does is in a file that is no shell, or is not there: somebody's own code."""
    if is_known(run):
        return False
    named = run.words[0].text
    return (
        run.name in _INTERPRETERS
        or named[:1] == "$"
        or "/" in named
        or bool(re.search(r"\.\w{1,4}$", run.name))
    )


def removes(run: Run) -> bool:
    """Whether the command clears away what need not be there: it may rightly fail."""
    if run.name in _REMOVES:
        return True
    if run.name == "curl":
        return curl_method(run) == "DELETE"
    statements = statements_of(run)
    if statements:
        return all(_SQL_REMOVES.match(one) for one in statements)
    if not is_known(run):
        return False
    head = [word for word in run.arguments if "/" not in word][:4]
    return bool(_REMOVING.search(" ".join([run.name, *head])))


def _reads(name: str, run: Run) -> bool:
    line = " ".join(run.arguments)
    without_options = re.sub(r"^(--?[\w-]+(=\S+)? )+", "", line)
    return bool(_READS[name].match(without_options) or _READS[name].match(line))


def _pausing(name: str, run: Run) -> Role:
    if name == "tail":
        follows = any(re.match(r"-\w*[fF]|--follow|--retry", word) for word in run.arguments)
        return Role.IDLE if follows else Role.QUIET
    if name in ("watch", "top"):
        return Role.IDLE
    return Role.IDLE if any(_LONG_PAUSE.fullmatch(word) for word in run.arguments) else Role.SLEEP


def _renders(name: str, run: Run, redirects: tuple[Redirect, ...]) -> bool:
    """A text tool that writes a file which others read makes something; one that prints does not."""
    if name == "sed" and any(re.match(r"-\w*i|--in-place", word) for word in run.arguments):
        return True
    here = any(redirect.text is not None for redirect in redirects)
    return name in _RENDERS and not here and any(_writes_file(redirect) for redirect in redirects)


def _writes_file(redirect: Redirect) -> bool:
    return redirect.op in (">", ">>", ">|", "&>") and not _is_scratch(redirect.target.text)


def _is_scratch(path: str) -> bool:
    return bool(re.match(r"/(dev|tmp|proc|run/user)/|-$", path))


def _curl(run: Run) -> Role:
    if curl_method(run) not in ("GET", "HEAD", "OPTIONS"):
        return Role.CHANGE
    saved = [path for path in curl_saves_to(run) if path not in ("/dev/null", "-")]
    if any(_is_scratch(path) or "/bin/" in path for path in saved):
        return Role.MINOR
    return Role.CHANGE if saved else Role.PROBE


def _database(name: str, run: Run, redirects: tuple[Redirect, ...]) -> Role:
    statements = statements_of(run, redirects)
    if script_files(run, redirects):
        return Role.CHANGE
    if name in _MONGO:
        return Role.CHANGE if any(_MONGO_WRITES.search(one) for one in statements) else Role.PROBE
    if any(_SQL_WRITES.search(one) or not _SQL_READS.match(one) for one in statements):
        return Role.CHANGE
    lists = any(re.fullmatch(r"-l\w*|--list|--version", word) for word in run.arguments)
    return Role.PROBE if statements or lists else Role.CHANGE
