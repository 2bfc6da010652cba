"""Stops with one clear line on a Python that is too old: ``python3 -m tools.python_version``.

Uses only syntax that every Python 3 parses, since it is there for the old ones.
"""

import sys

OLDEST = (3, 11)


def complaint(version):
    # type: (tuple[int, ...]) -> str
    """What to say about a Python of this version; empty if it will do."""
    if version[:2] >= OLDEST:
        return ""
    advice = "install Python {0}.{1} or newer, or name one: make PYTHON=python{0}.{1}".format(*OLDEST)
    return "Python {}.{} is too old: {}".format(version[0], version[1], advice)


if __name__ == "__main__":
    sys.exit(complaint(tuple(sys.version_info[:2])) or None)
