"""Secret values are taken out of texts, however they are written."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from dayzero.core import redaction
from dayzero.core.redaction import MARK, Redactor

SECRET = 'pä+ss/wörd "42"\\ &='

WRITTEN = {
    "plain": SECRET,
    "in JSON": json.dumps(SECRET),
    "in JSON, not ASCII": json.dumps(SECRET, ensure_ascii=False),
    "in a Python literal": repr(SECRET),
    "in a URL": f"http://user:{quote(SECRET, safe='')}@host/",
    "in a path": quote(SECRET),
    "in a form": f"p={quote_plus(SECRET)}",
    "in a URL, lower case": quote(SECRET, safe="")
    .replace("%C3", "%c3")
    .replace("%B6", "%b6")
    .replace("%A4", "%a4")
    .replace("%2B", "%2b")
    .replace("%2F", "%2f")
    .replace("%5C", "%5c")
    .replace("%3D", "%3d"),
    "in HTML": html.escape(SECRET),
    "hexadecimal": SECRET.encode().hex(),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_secret_is_found_in_each_way_of_writing_it(text: str) -> None:
    """Given a secret with characters that every format escapes differently,
    when a text holds it in one of these formats,
    then the mark stands in its place."""
    redactor = Redactor()
    redactor.register([SECRET])
    clean = redactor.redact(f"before {text} after")
    assert MARK in clean
    assert "42" not in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "aa:bb"])
@pytest.mark.parametrize("after", ["", "\n", ", more"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_found_inside_base64(before: str, after: str, encode: object) -> None:
    """Given a secret anywhere within a longer text,
    when that text is base64,
    then nothing decodable of the secret is left."""
    assert callable(encode)
    secret = "correct-horse~battery??staple"
    redactor = Redactor()
    redactor.register([secret])
    clean = redactor.redact(encode((before + secret + after).encode()).decode())
    assert MARK in clean
    assert len(clean.replace(MARK, "")) <= len(base64.b64encode((before + after).encode())) + 4


def test_a_key_of_several_lines_is_found_line_by_line() -> None:
    """Given a key that spans lines,
    when a text shows one line of it,
    then that line is replaced."""
    redactor = Redactor()
    redactor.register(["-----BEGIN KEY-----\nMIIBVQIBADANBgkqhkiG\nzzz\n-----END KEY-----\n"])
    assert redactor.redact("line 2: MIIBVQIBADANBgkqhkiG!") == f"line 2: {MARK}!"


def test_a_short_secret_is_replaced_where_it_stands_alone() -> None:
    """Given a secret of two letters,
    when a text holds it alone and within a word,
    then only the one that stands alone is replaced."""
    redactor = Redactor()
    redactor.register(["ab"])
    assert redactor.redact("ab tab ab=1") == f"{MARK} tab {MARK}=1"


def test_nothing_is_replaced_for_an_empty_secret() -> None:
    """Given an empty value and one of blanks alone,
    when a text is redacted,
    then it stays as it is."""
    redactor = Redactor()
    redactor.register(["", " \n"])
    assert redactor.redact("a b\n") == "a b\n"


def test_the_longer_secret_goes_first() -> None:
    """Given a secret that begins with another one,
    when a text holds the longer,
    then no rest of it is left."""
    redactor = Redactor()
    redactor.register(["password", "password-of-root"])
    assert redactor.redact("password-of-root") == MARK


def test_a_folder_of_secret_files_is_registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a folder with a secret file that ends in a newline,
    when the folder is registered,
    then its value is taken out of nested data, keys included."""
    monkeypatch.setattr(redaction, "_registry", Redactor())
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "password").write_text("tr0ub4dor\n", encoding="utf-8")
    redaction.register_folder(tmp_path)
    redaction.register_folder(tmp_path / "absent")
    assert redaction.redact_tree({"tr0ub4dor": ["x=tr0ub4dor", 1, None]}) == {MARK: [f"x={MARK}", 1, None]}
