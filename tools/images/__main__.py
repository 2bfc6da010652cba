"""``python -m tools.images [NAME…]``: make sure that these images (all without a NAME) are on the engine."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time

from dayzero.core.errors import ImageUnavailable
from tools.images.recipe import all_recipes
from tools.images.supply import ensure


def main() -> int:
    """Exit 0 with a line per image, 1 with what is missing and what to do, 2 for a wrong option, 130 on Ctrl-C."""
    names = ", ".join(recipe.name for recipe in all_recipes())
    parser = argparse.ArgumentParser(prog="python -m tools.images", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one of {names}, or a compose variable such as KAFKA_IMAGE")
    began = time.monotonic()
    one_at_a_time = threading.Lock()

    def say(line: str) -> None:
        with one_at_a_time:
            print(f"images: {time.monotonic() - began:4.0f} s  {line}", flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        supplied = ensure(parser.parse_args().name, say)
    except ImageUnavailable as missing:
        print(f"images: {missing}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("images: interrupted", file=sys.stderr)
        return 130
    for name, reference in supplied.items():
        print(f"images: {name:<11} {reference}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
