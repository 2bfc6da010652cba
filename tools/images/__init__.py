"""The images that the stack and its suite run on: found, pulled, or assembled where no registry answers.

``ensure()`` supplies them, ``PROBE`` names the suite's own helper. One folder per image says how it is assembled;
``python -m tools.images`` is the command line. Standard library and python-dotenv only.
"""

from tools.images.recipe import Recipe
from tools.images.supply import ImageUnavailable, Supply, ensure

PROBE = Recipe.named("probe").image
"""The suite's helper image: Python, curl, iproute2, iptables, procps."""

__all__ = ["PROBE", "ImageUnavailable", "Supply", "ensure"]
