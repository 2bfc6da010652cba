"""The images that the stack and its suite run on: found, pulled, or assembled where no registry answers.

``ensure()`` supplies them. One folder per image says how it is assembled;
``python -m tools.images`` is the command line. Standard library and python-dotenv only.
"""

from tools.images.supply import Supply, ensure

__all__ = ["Supply", "ensure"]
