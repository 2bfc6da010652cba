"""Run at the start of Python in the environment (see `tools.venv`): no judged folder configures the judge.

Before pytest knows of any option of ours, it looks for its configuration in each word of its command line that is an
existing path, the value of `--stack` too, and else in the working directory. So each of our options is joined with its
value, in the arguments and in PYTEST_ADDOPTS; and where pytest is started outside of this checkout, the checkout's
configuration and tests are named. What the caller's PYTHONPATH adds comes after the environment's own packages.

In an environment without that start, the arguments are still joined, by starting pytest anew.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

_OURS = (
    *("--stack", "--profile", "--inventory", "--override", "--seed", "--kills"),
    *("--report", "--loki", "--tempo", "--engine", "--compose"),
)
_WITH_VALUE = (
    *(
        "-k",
        "-m",
        "-p",
        "-o",
        "-c",
        "-W",
        "-n",
        "-r",
        "--config-file",
        "--rootdir",
        "--confcutdir",
        "--basetemp",
    ),
    *(
        "--ignore",
        "--ignore-glob",
        "--deselect",
        "--junitxml",
        "--junit-xml",
        "--log-file",
        "--maxfail",
        "--tb",
    ),
)
"""Options of pytest whose value may look like a path."""

_CONFIGURATIONS = (
    "pytest.toml",
    ".pytest.toml",
    "pytest.ini",
    ".pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
)


def joined(arguments: Sequence[str]) -> list[str]:
    """The arguments with each of our options and its value in one word."""
    result: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*result, word, *words]
        value = next(words, None) if word in _OURS else None
        result.append(word if value is None else f"{word}={value}")
    return result


def at_home(arguments: Sequence[str], folder: Path) -> list[str]:
    """Joined arguments as pytest needs them when it is started in `folder`, so that this checkout configures it.

    They stay as they are inside of the checkout, and where none of our options is among them.
    """
    if not any(word.partition("=")[0] in _OURS for word in arguments) or not _is_configured_elsewhere(folder):
        return list(arguments)
    given = [word.partition("=")[0] for word in arguments]
    result = list(arguments)
    if "-c" not in given and "--config-file" not in given:
        result.append(f"--config-file={ROOT / 'pyproject.toml'}")
    if "--rootdir" not in given:
        result.append(f"--rootdir={ROOT}")
    if not any((folder / path).resolve().is_relative_to(ROOT) for path in _paths(arguments)):
        result.append(str(ROOT / "tests"))
    return result


def start(program: Sequence[str], arguments: list[str], environment: MutableMapping[str, str]) -> None:
    """Correct `arguments` and PYTEST_ADDOPTS in place, if `program` (Python's own command line) is pytest."""
    called = _called(program)
    if called is None:
        return
    if "PYTEST_ADDOPTS" in environment:
        environment["PYTEST_ADDOPTS"] = shlex.join(joined(shlex.split(environment["PYTEST_ADDOPTS"])))
    arguments[:] = joined(arguments)
    if "PYTEST_CURRENT_TEST" in environment:
        return  # a test that starts pytest somewhere has written what is to configure it
    here = at_home(arguments, Path.cwd())
    if here != arguments and called == "-m":
        # Without -P, the modules of the working directory would come before everybody's.
        os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", *here])  # noqa: S606
    arguments[:] = here


def pytest_addoption() -> None:
    if _called(sys.orig_argv) and joined(sys.argv[1:]) != sys.argv[1:]:
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *joined(sys.argv[1:])])  # noqa: S606


def _called(program: Sequence[str]) -> str | None:
    """How pytest was called: "-m", or by its script's path; None if something else was."""
    words = iter(program[1:])
    for word in words:
        if word.startswith("-m"):
            return "-m" if (word[2:] or next(words, "")) == "pytest" else None
        if word == "-c":
            return None
        if word in ("-X", "-W"):
            next(words, None)
        elif not word.startswith("-"):
            return word if Path(word).name in ("pytest", "py.test") else None
    return None


def _is_configured_elsewhere(folder: Path) -> bool:
    """Whether pytest, started in `folder`, would find another configuration than the checkout's, or none."""
    here = folder.resolve()
    if not here.is_relative_to(ROOT):
        return True
    between = [one for one in (here, *here.parents) if one.is_relative_to(ROOT) and one != ROOT]
    return any((one / name).is_file() for one in between for name in _CONFIGURATIONS)


def _paths(arguments: Sequence[str]) -> list[str]:
    """The words that name tests."""
    found: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            found.append(word.partition("::")[0])
    return found


def demoted(path: Sequence[str], added: str, folder: Path) -> list[str]:
    """Python's search path with what PYTHONPATH (`added`, relative to `folder`) has put in front moved to its end."""
    last = {(folder / one).resolve() for one in added.split(os.pathsep)} if added else set()
    return sorted(path, key=lambda one: (folder / one).resolve() in last)


if __name__ == "dayzero_start":
    sys.path[:] = demoted(sys.path, os.environ.get("PYTHONPATH", ""), Path.cwd())
    arguments = sys.argv[1:]
    start(sys.orig_argv, arguments, os.environ)
    sys.argv[1:] = arguments
