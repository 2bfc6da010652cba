"""Which things a command names: does a later command use, or look at, what an earlier one should have made?"""

from __future__ import annotations

import re

from dayzero.shell.clients import client_name, names, statements_of
from dayzero.shell.effects import Role
from dayzero.shell.step import Step

_CONNECTION = re.compile(
    r"--?(h|H|p|P|u|U|S|o|w|X|host|hosts|port|user|username|password|url|header|server|servers|bootstrap-servers?|brokers?"
    r"|broker-list|zookeeper|address|addr|endpoint|endpoint-url|endpoints|connect|nodes?|command-config|region|namespace"
    r"|request|partitions|replication-factor)"
)
_COMMON = names("common_words")


def relates(earlier: Step, later: Step) -> bool:
    """Whether `later` would notice if `earlier` had failed: it names the same thing, or asks the same server."""
    if later.role is Role.PROBE and client_name(earlier.run.name) == client_name(later.run.name):
        return True
    return names_the_same(earlier, later)


def names_the_same(earlier: Step, later: Step) -> bool:
    """Whether both name one thing: a bucket, a database, a path or what is below it, a variable that holds it."""
    first, second = _things(earlier), _things(later)
    return any(one == other or other.startswith(f"{one}/") for one in first for other in second)


def _things(step: Step) -> set[str]:
    found: set[str] = set()
    stated = statements_of(step.run)
    previous = ""
    for word in step.run.words[1:]:
        text = word.text
        option, equals, value = text.partition("=")
        if text in stated or "\n" in text or text.count(" ") > 2:
            found |= set(re.findall(r"[\w$][\w$.-]{2,}", text.lower())) - _COMMON
        elif not text.startswith("-") and not _CONNECTION.fullmatch(previous):
            found |= _parts(text) - _COMMON
        elif equals and not _CONNECTION.fullmatch(option):
            found |= _parts(value) | ({value.lower()} if value.isalpha() else set())
        previous = text
    for redirect in step.redirects:
        found |= _parts(redirect.target.text) - _COMMON if redirect.op in (">", ">>", "<") else set()
    return found


def _parts(text: str) -> set[str]:
    if re.match(r"[a-z]+://", text):
        return {part.lower() for part in text.split("?", 1)[0].split("/")[3:] if len(part) > 2}
    bare = text.strip("/").lower()
    return {bare} if len(bare) > 2 or bare.startswith("$") else set()
