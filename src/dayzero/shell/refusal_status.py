"""Clients that end with status 0 although what they were asked for was refused."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dayzero.shell.clients import curl_options, script_files, statements_of
from dayzero.shell.command import Run
from dayzero.shell.syntax import Redirect

_MAY_HOLD_OPTIONS = re.compile(
    r"\$([@*]|\w+\[@\]|\w*(opt|arg|flag|param|auth|curl|tls|ssl)\w*)", re.IGNORECASE
)


def why_silent(run: Run, redirects: Iterable[Redirect] = ()) -> str:
    """Why the client would not report a failure of the server by its status; empty if it would."""
    redirects = tuple(redirects)
    if run.name == "curl":
        return "" if _curl_tells(run, redirects) else "curl without --fail ends 0 on an HTTP error"
    if run.name == "psql":
        scripted = script_files(run, redirects) or any(
            one.text is not None or one.op == "<<<" for one in redirects
        )
        said = " ".join([*run.arguments, *statements_of(run, redirects)])
        return "psql without ON_ERROR_STOP ends 0 when a statement of its script fails" * bool(
            scripted and "ON_ERROR_STOP" not in said
        )
    if run.name == "sqlcmd":
        stops = any(re.fullmatch(r"-[a-zA-Z]*b[a-zA-Z]*|--exit-on-error", word) for word in run.arguments)
        return "" if stops else "sqlcmd without -b ends 0 when a statement fails"
    if run.name in ("http", "https"):
        return (
            ""
            if "--check-status" in run.arguments
            else "httpie without --check-status ends 0 on an HTTP error"
        )
    if run.name == "find" and ";" in run.arguments:
        return "find -exec … ; ends 0 whatever the command did"
    return ""


def _curl_tells(run: Run, redirects: tuple[Redirect, ...]) -> bool:
    options = curl_options(run)
    if options.keys() & {"f", "fail", "fail-with-body"}:
        return True
    if any(_MAY_HOLD_OPTIONS.fullmatch(word.text) for word in run.words[1:]):
        return True
    written = " ".join([*options.get("w", ()), *options.get("write-out", ())])
    kept = any(redirect.op in (">", ">>") and redirect.target.text != "/dev/null" for redirect in redirects)
    return kept and ("http_code" in written or "response_code" in written)
