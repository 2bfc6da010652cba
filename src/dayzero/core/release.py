"""Release numbers of a program, for comparison."""

from __future__ import annotations

import re


def release(version: str) -> tuple[int, ...]:
    """Major, minor, patch and 0 for a candidate, 1 for a release; () where `version` begins with no number."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?[-+~.]?(alpha|beta|rc)?", version)
    if found is None:
        return ()
    return int(found[1]), int(found[2]), int(found[3] or 0), 0 if found[4] else 1
