"""What is known of public images: whether they bring a healthcheck, hold a database, or only look at one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from dayzero.compose.image_reference import ImageReference


def is_known(image: str, what: str) -> bool:
    """Whether the image belongs to a group of `known_images.yml` (by its whole repository)."""
    return bool(_pattern(what).fullmatch(ImageReference.parse(image).repository))


def looks_like(text: str, what: str) -> bool:
    """Whether an image or a service's name has a word of that group in it."""
    return bool(_pattern(what).search(text.lower()))


@cache
def _pattern(what: str) -> re.Pattern[str]:
    table: dict[str, list[str]] = YAML(typ="safe").load(Path(__file__).with_name("known_images.yml"))
    return re.compile("|".join(f"(?:{one})" for one in table[what]))
