"""What keeps the suite from looking at a stack: an error of every test that needs it, never a failure of the stack."""

from __future__ import annotations


class SetupError(Exception):
    """Something that a test needs could not be had. The text is one line: what, where, what to do."""


class StackUnusable(SetupError):
    """The stack could not be started or looked at."""


class ImageUnavailable(SetupError):
    """An image cannot be had: why, and what to do; after a build with the log's last lines."""


class SecretsUnusable(SetupError):
    """A secret file cannot be used, or made."""
