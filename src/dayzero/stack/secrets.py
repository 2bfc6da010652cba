"""The secrets of a stack, as whoever makes them hands them over."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Secrets(Protocol):
    """The secret files of one stack and their values, which stay in memory for clients and for the search for leaks.

    passwords: by the name of the file; others: the text of every other secret file.
    """

    @property
    def directory(self) -> Path: ...

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that the stack's servers present."""

    @property
    def passwords(self) -> dict[str, str]: ...

    @property
    def others(self) -> dict[str, str]: ...

    @property
    def values(self) -> dict[str, str]:
        """Each secret value by a name; nothing that is public."""


class SecretMaker(Protocol):
    """Makes the secret files that are missing in a folder. Raises SecretsUnusable."""

    def __call__(self, directory: Path, /) -> Secrets: ...
