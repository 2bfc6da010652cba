"""What may be done with the Valkey cluster: by the provisioner, an application, and whoever asks for its health only.

A node judges who asks before it looks at what is asked. So each forbidden deed is asked for in a form that it could not
carry out (a word too many, a slot out of range), and any answer but a denial means that it was let in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from valkey import Valkey
from valkey.backoff import NoBackoff
from valkey.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    NoPermissionError,
    ResponseError,
)
from valkey.retry import Retry

from dayzero.stack.stack import Stack
from dayzero.targets.access import Action, Cell, Refused, cells_of
from dayzero.targets.valkey.client import NODES, PORT, ValkeyObserver

NOBODY = "0" * 40
"""The id of a node that there is not."""
BESIDE = "rights-canary"
_DENIED = ("NOAUTH", "NOPERM", "WRONGPASS")

_KEYS = {
    "read another's key": "GET {key}",
    "write a key": "SET {key} overwritten",
    "drop a key": "DEL {key}",
    "list the keys it can guess": "SCAN 0",
    "announce something": f"PUBLISH {BESIDE} word",
    "copy a key out": "DUMP {key}",
}
_CLUSTER = {
    "see the cluster's state": "CLUSTER INFO",
    "see the nodes": "CLUSTER NODES",
    "introduce a node": "CLUSTER MEET nobody 0",
    "take slots": "CLUSTER ADDSLOTSRANGE 0 99999",
    "make a node a replica": f"CLUSTER REPLICATE {NOBODY}",
    "forget a node": f"CLUSTER FORGET {NOBODY}",
    "close a slot": "CLUSTER SETSLOT 99999 STABLE",
    "count a slot's keys": "CLUSTER COUNTKEYSINSLOT 0",
}
_BY_NOBODY = {
    "list all keys": "KEYS *",
    "drop all keys": f"FLUSHALL {BESIDE}",
    "drop a database": f"FLUSHDB {BESIDE}",
    "restore a key": "RESTORE {key} -1 broken",
    "move a key away": "MIGRATE nowhere 0 {key} 99 1",
    "swap databases": "SWAPDB 0 99",
    "lose the cluster's memory": f"CLUSTER RESET {BESIDE}",
    "give slots up": "CLUSTER DELSLOTS 99999",
    "give a range of slots up": "CLUSTER DELSLOTSRANGE 0 99999",
    "list a slot's keys": "CLUSTER GETKEYSINSLOT 0 1",
    "force a failover": f"CLUSTER FAILOVER {BESIDE}",
    "save the cluster's configuration": "CLUSTER SAVECONFIG",
    "move the epoch": "CLUSTER SET-CONFIG-EPOCH -1",
    "read the passwords between nodes": "CONFIG GET masterauth",
    "change a setting": "CONFIG SET slowlog-max-len -1",
    "write the settings down": "CONFIG REWRITE",
    "list the accounts": "ACL LIST",
    "read an account's rights": "ACL GETUSER admin",
    "make an account": f"ACL SETUSER {BESIDE} no-such-rule",
    "drop an account": f"ACL DELUSER {BESIDE}",
    "grant itself everything": "ACL SETUSER {user} no-such-rule +@all",
    "read the accounts' file anew": "ACL LOAD",
    "read whom it refused": "ACL LOG",
    "stop the node": f"SHUTDOWN {BESIDE}",
    "copy another server": "REPLICAOF nowhere 0",
    "take a copy as a replica would": "PSYNC ? -1",
    "save to disk": f"BGSAVE {BESIDE}",
    "rewrite the log": "BGREWRITEAOF",
    "look inside": "DEBUG SLEEP 0",
    "listen to everybody": "MONITOR",
    "list the clients": "CLIENT LIST",
    "cut a client off": "CLIENT KILL ID 0",
    "load a module": "MODULE LOAD /nowhere.so",
    "load a function": "FUNCTION LOAD broken",
    "drop the functions": f"FUNCTION FLUSH {BESIDE}",
    "run a script": "EVAL return 0",
    "read the slow queries": "SLOWLOG GET",
}


def _client(user: str, password: str | None, node: str) -> Valkey:
    return Valkey(
        host=node,
        port=PORT,
        username=user,
        password=password,
        socket_timeout=5,
        socket_connect_timeout=5,
        retry=Retry(NoBackoff(), 0),
    )


def _ask(user: str, password: str | None, node: str, words: str) -> None:
    """Raises Refused when the node denies the account or the command, valkey's other errors when it does not answer."""
    with _client(user, password, node) as client:
        try:
            client.execute_command(*words.split())
        except (AuthenticationError, AuthenticationWrongNumberOfArgsError, NoPermissionError) as refusal:
            raise Refused(str(refusal)) from None
        except ResponseError as answer:
            if str(answer).startswith(_DENIED) or "command not allowed" in str(answer):
                raise Refused(str(answer)) from None


def log_in_to_valkey(_stack: Stack, user: str, password: str) -> None:
    """Ask for the cluster's state. Raises Refused when the node does not know this password."""
    _ask(user, password, NODES[0], _CLUSTER["see the cluster's state"])


def _row(
    account: str,
    ask: Callable[[str], None],
    key: str,
    *allowed: dict[str, str],
) -> list[Cell]:
    actions: dict[str, Action] = {
        action: partial(ask, words.format(key=key, user=account))
        for action, words in (_KEYS | _CLUSTER | _BY_NOBODY).items()
    }
    return cells_of(account, actions, {action for group in allowed for action in group})


@contextmanager
def valkey_rights(stack: Stack) -> Iterator[list[Cell]]:
    """The rows of one node that owns slots, while somebody's key is there."""
    valkey = ValkeyObserver(stack)
    key = f"{BESIDE}:{secrets.token_hex(4)}"
    node = valkey.primary_of(key, NODES[0])
    with valkey.node(node) as owner:
        owner.set(key, "another's")
        try:
            passwords = stack.secrets.passwords
            application = {name: words for name, words in _CLUSTER.items() if name == "see the nodes"}
            state = {name: words for name, words in _CLUSTER.items() if name == "see the cluster's state"}
            yield [
                *_row(
                    "provisioner",
                    partial(_ask, "provisioner", passwords["valkey_provisioner_password"], node),
                    key,
                    _CLUSTER,
                ),
                *_row(
                    "app",
                    partial(_ask, "app", passwords["valkey_app_password"], node),
                    key,
                    _KEYS,
                    application,
                ),
                *_row("health", partial(_ask, "health", "health", node), key, state),
                Cell("default", "log in without a password", False, partial(_unknown, node)),
            ]
        finally:
            owner.delete(key)


def _unknown(node: str) -> None:
    with Valkey(host=node, port=PORT, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
        try:
            client.execute_command("CLUSTER", "INFO")
        except (AuthenticationError, NoPermissionError) as refusal:
            raise Refused(str(refusal)) from None
