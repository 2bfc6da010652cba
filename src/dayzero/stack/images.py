"""The images of a stack, as whoever supplies them tells of them."""

from __future__ import annotations

from typing import Protocol


class StackImages(Protocol):
    """Images on their way; `fixtures.run_images` is this repository's."""

    def lost_profiles(self) -> dict[str, str]:
        """Wait for the stack's images; the profiles that some are missing for, with the reasons.

        Raises ImageUnavailable where it is one that a service of every profile needs.
        """

    def await_end(self) -> None:
        """Wait until nothing is pulled or compiled any more. Raises ImageUnavailable."""
