"""Faults in the suite itself, each a pytest plugin; `replaced` is how one takes the place of a part."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def replaced(module: str, name: str, by: Callable[[Any], Any]) -> None:
    """Put what `by` makes of a module's function in its place. Raises AttributeError for a plant that is out of date.

    To be called once plugins are configured: imported before them, modules would miss pytest's assertion rewriting.
    """
    part = import_module(module)
    setattr(part, name, by(getattr(part, name)))
