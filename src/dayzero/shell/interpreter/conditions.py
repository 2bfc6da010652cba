"""What `[ … ]`, `[[ … ]]` and `(( … ))` answer in a run that is only thought through."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dayzero.shell.interpreter.state import State, Told, Value
from dayzero.shell.syntax import Arithmetic, Word

_BRACKETS = frozenset({"[", "]", "[[", "]]", "test", "(", ")"})
_JOINING = frozenset({"-a", "-o", "&&", "||"})
_SWAPPED = {True: False, False: True, None: None}

Answer = bool | None


def check_answer(words: Sequence[Word], state: State, *, spoilt: bool = False) -> tuple[Answer, bool]:
    """True, False or None for "cannot be told"; and whether the answer depends on the fault.

    spoilt: a command substitution in `words` gave what it should not.
    """
    operands = [word for at, word in enumerate(words) if word.text not in _BRACKETS or (word.quoted and at)]
    asked = (
        spoilt
        or state.told(frozenset().union(*(word.names for word in operands)))
        or (state.tells and any("?" in word.names or "PIPESTATUS" in word.names for word in operands))
    )
    if _matches_one_error(operands):
        asked = False
    turned = False
    while operands and operands[0].text == "!":
        operands, turned = operands[1:], not turned
    answer = None if spoilt or any(word.text in _JOINING for word in operands) else _simple(operands, state)
    answer = _SWAPPED[answer] if turned else answer
    return answer, asked


def arithmetic_answer(expressions: Sequence[Arithmetic], state: State) -> tuple[Answer, bool]:
    """The same for an arithmetic command."""
    return None, state.told(frozenset().union(*(one.names for one in expressions)))


def known_value(word: Word, state: State) -> Value | None:
    """The value of a word where it is literal, or one variable that is known."""
    if word.plain:
        return word.text
    if len(word.names) == 1 and word.text == f"${next(iter(word.names))}":
        name = next(iter(word.names))
        if name == "?":
            return Told.STATUS if state.tells and not state.ok else "0" if state.ok else None
        return state.value(name)
    if state.told(word.names):
        return Told.TEXT
    return None


def _matches_one_error(operands: Sequence[Word]) -> bool:
    """`[ "$code" = 400 ]`: a check that every other error passes."""
    texts = [word.text for word in operands if word.text != "!"]
    if len(texts) != 3 or texts[1] not in ("=", "==", "!=", "-eq", "-ne"):
        return False
    return any(re.fullmatch(r"[45]\d\d", text) for text in (texts[0], texts[2]))


def _simple(operands: Sequence[Word], state: State) -> Answer:
    if len(operands) == 1:
        value = known_value(operands[0], state)
        return True if value is Told.STATUS else bool(value) if isinstance(value, str) else None
    if len(operands) == 2 and operands[0].text in ("-n", "-z"):
        value = known_value(operands[1], state)
        filled = True if value is Told.STATUS else bool(value) if isinstance(value, str) else None
        return filled if operands[0].text == "-n" else _SWAPPED[filled]
    if len(operands) == 3:
        return _compare(operands[1].text, known_value(operands[0], state), known_value(operands[2], state))
    return None


def _compare(operator: str, left: Value | None, right: Value | None) -> Answer:
    if isinstance(left, str) and isinstance(right, Told):
        left, right = right, left
    if left is Told.STATUS and right == "0":
        return {
            "-ne": True,
            "!=": True,
            "-gt": True,
            "-eq": False,
            "=": False,
            "==": False,
            "-le": False,
        }.get(operator)
    if not isinstance(left, str) or not isinstance(right, str):
        return None
    if operator in ("=", "==", "-eq"):
        return left == right
    if operator in ("!=", "-ne"):
        return left != right
    if not (left.isdigit() and right.isdigit()):
        return None
    first, second = int(left), int(right)
    return {"-gt": first > second, "-ge": first >= second, "-lt": first < second, "-le": first <= second}.get(
        operator
    )
