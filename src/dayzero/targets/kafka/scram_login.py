"""Logs in to a Kafka broker with SCRAM-SHA-512, and reads the broker's own answer.

The client library tries on after a refusal and often reads the end of the connection before the reason for it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import struct

from dayzero.targets.access import Refused

_HANDSHAKE, _AUTHENTICATE = 17, 36
_MECHANISM = "SCRAM-SHA-512"
_WRONG_CREDENTIAL = 58


def log_in_by_scram(host: str, port: int, user: str, password: str) -> None:
    """Raises Refused when the broker says that the credential is wrong, OSError when it does not answer."""
    with socket.create_connection((host, port), timeout=20) as connection:
        _call(connection, _HANDSHAKE, _text(_MECHANISM))
        nonce = secrets.token_hex(16)
        first = f"n={user},r={nonce}"
        challenge = _authenticate(connection, f"n,,{first}")
        told = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(told["s"]), int(told["i"]))
        key = hmac.digest(salted, b"Client Key", "sha512")
        final = f"c=biws,r={told['r']}"
        signature = hmac.digest(
            hashlib.sha512(key).digest(), f"{first},{challenge},{final}".encode(), "sha512"
        )
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature, strict=True))).decode()
        _authenticate(connection, f"{final},p={proof}")


def _authenticate(connection: socket.socket, message: str) -> str:
    raw = message.encode()
    answer = _call(connection, _AUTHENTICATE, struct.pack("!i", len(raw)) + raw)
    error, length = struct.unpack_from("!hh", answer)
    reason = answer[4 : 4 + max(0, length)].decode()
    if error == _WRONG_CREDENTIAL:
        raise Refused(reason)
    if error:
        raise ConnectionError(f"the broker answered with error {error}: {reason}")
    start = 4 + max(0, length) + 4
    return answer[start : start + struct.unpack_from("!i", answer, start - 4)[0]].decode()


def _call(connection: socket.socket, api: int, body: bytes) -> bytes:
    """One request of version 1 and the body of its response."""
    message = struct.pack("!hhi", api, 1, 1) + _text("dayzero") + body
    connection.sendall(struct.pack("!i", len(message)) + message)
    (length,) = struct.unpack("!i", _exactly(connection, 4))
    return _exactly(connection, length)[4:]


def _exactly(connection: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        more = connection.recv(count - len(read))
        if not more:
            raise ConnectionError("the broker closed the connection without an answer")
        read += more
    return read


def _text(text: str) -> bytes:
    return struct.pack("!h", len(text)) + text.encode()
