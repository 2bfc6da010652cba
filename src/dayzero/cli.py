"""The command line: ``dayzero check [PATH…]`` judges Compose projects by their files."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from dayzero.analysis.coverage import coverage_of
from dayzero.analysis.inventory import InventoryError
from dayzero.analysis.judged_project import load_judged
from dayzero.compose.project import ComposeUnreadable
from dayzero.core.result import STATUSES, Result
from dayzero.report.coverage import lines_of
from dayzero.report.exit_code import COULD_NOT_JUDGE, FAILED, NOTHING_TO_JUDGE, exit_code_of
from dayzero.rules.judge import judge_project


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge every project that is named, or that of this folder; the worst exit code of all."""
    parser = argparse.ArgumentParser(
        prog="dayzero", description="Judges Docker Compose stacks that provision themselves."
    )
    parser.add_argument("--version", action="version", version=version("dayzero"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="judge projects by their files; needs no engine")
    check.add_argument(
        "paths", nargs="*", type=Path, default=[Path()], metavar="PATH", help="a folder or a compose file"
    )
    check.add_argument(
        "--profile", action="append", default=[], metavar="NAME", help="enable a profile (repeatable)"
    )
    check.add_argument(
        "--override",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a further compose file (repeatable)",
    )
    check.add_argument("--inventory", type=Path, metavar="FILE", help="what the inits promise")
    check.add_argument("--json", action="store_true", help="print the results as JSON")
    asked = parser.parse_args(arguments)
    return max((_check(path, asked) for path in asked.paths), key=_gravity)


def _gravity(code: int) -> int:
    return (0, NOTHING_TO_JUDGE, COULD_NOT_JUDGE, FAILED).index(code)


def _check(path: Path, asked: argparse.Namespace) -> int:
    try:
        project = load_judged(path, asked.profile, asked.override, asked.inventory)
    except (ComposeUnreadable, InventoryError) as unreadable:
        print(f"dayzero: {unreadable}", file=sys.stderr)
        return COULD_NOT_JUDGE
    results = judge_project(project)
    coverage = coverage_of(project, results)
    if asked.json:
        print(json.dumps({"stack": project.name, "results": results, "coverage": coverage}))
    else:
        for line in [*map(_line, _telling(results)), *lines_of(coverage)]:
            print(line)
        counted = Counter(result["status"] for result in results)
        said = " · ".join(f"{counted[status]} {status}" for status in STATUSES if counted[status])
        print(f"{project.name}: {said}")
    return exit_code_of(results, coverage)


def _telling(results: Sequence[Result]) -> list[Result]:
    return [result for status in ("fail", "error") for result in results if result["status"] == status]


def _line(result: Result) -> str:
    place = result["source"]
    where = f"{place['file']}:{place['line']}:{place['column']}: " if place else ""
    look = f" ({result['look']})" if result["look"] else ""
    return f"{where}{result['criterion']} {result['status']} {result['subject']}: {result['observed']}{look}"


if __name__ == "__main__":
    sys.exit(main())
