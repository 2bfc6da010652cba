"""Which files make up a compose project, found as Compose finds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dayzero.compose.interpolation import read_env_file
from dayzero.compose.yaml_nodes import why_no_file
from dayzero.compose.yaml_source import ComposeUnreadable, Mapping, Place, Scalar, Sequence

_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = tuple(name.replace(".y", ".override.y") for name in _NAMES)
_SAMPLES = (
    "env.example",
    "env.sample",
    "example.env",
    "sample.env",
    ".env-example",
    ".env-sample",
    ".env.defaults",
)


@dataclass(frozen=True)
class EnvFile:
    """An env file that a service names.

    path: as named; readable: that file, else the sample that the project ships for it, else None; place: where the
    service names it.
    """

    path: Path
    readable: Path | None
    place: Place
    required: bool


def env_files_of(service: Mapping) -> list[EnvFile]:
    """The env files that a service names, in order."""
    listed = service.get("env_file")
    found = []
    for item in listed.items if isinstance(listed, Sequence) else ():
        path = item.get("path") if isinstance(item, Mapping) else item
        if isinstance(path, Scalar) and path.value:
            file = path.doc.base / str(path.value)
            required = item.get("required") if isinstance(item, Mapping) else None
            needed = not (isinstance(required, Scalar) and required.value is False)
            found.append(EnvFile(file, file if file.is_file() else sample_of(file), path.place, needed))
    return found


def find_files(path: Path) -> list[Path]:
    """The compose files of a folder (with its override file), or the one file given, as absolute paths.

    Raises ComposeUnreadable if the path does not exist, the folder holds no compose file, or the `.env` in it is none:
    Compose would wait for a pipe to be written into.
    """
    own = (path if path.is_dir() else path.parent) / ".env"
    if own.exists() and not own.is_file():
        raise _no_file(own)
    if path.is_file():
        return [path.resolve()]
    if not path.is_dir() and why_no_file(path):
        raise _no_file(path)
    if not path.is_dir():
        raise ComposeUnreadable(
            f"{path}: no such file or folder; give --stack a compose file or the folder of one"
        )
    folder = path.resolve()
    named = _named_by_env(folder)
    if named:
        return named
    for name in _NAMES:
        if (folder / name).is_file():
            over = [folder / other for other in _OVERRIDES if (folder / other).is_file()]
            return [folder / name, *over[:1]]
        if why_no_file(folder / name):
            raise _no_file(folder / name)
    others = sorted(one.name for one in folder.glob("*compose*.y*ml"))
    hint = (
        f"name one of these with --stack: {', '.join(others[:5])}"
        if others
        else "expected compose.yaml in it"
    )
    raise ComposeUnreadable(f"{path}: no compose file in this folder; {hint}")


def env_file_of(folder: Path) -> Path | None:
    """The project's `.env`; failing that the sample that it ships for one; None without either."""
    own = folder / ".env"
    return own if own.is_file() else sample_of(own)


def documented_env_file(folder: Path, required: bool) -> Path | None:
    """The `.env.example` that the documented command names; `required` names it even where it is missing."""
    sample = folder / ".env.example"
    return sample if required or sample.is_file() else None


def sample_of(env_file: Path) -> Path | None:
    """The committed sample of an env file that is not committed itself, such as `.env.example`."""
    name = env_file.name
    likely = [f"{name}{ending}" for ending in (".example", ".sample", ".template", ".dist", ".default")]
    if name == ".env":
        likely += _SAMPLES
    elif name.endswith(".env"):
        stem = name.removesuffix(".env")
        likely += [f"{stem}.example.env", f"{stem}.env.example", f"{stem}.sample.env"]
    for one in likely:
        if (env_file.parent / one).is_file():
            return env_file.parent / one
    return None


def _no_file(path: Path) -> ComposeUnreadable:
    return ComposeUnreadable(f"{path}: cannot be read (it is {why_no_file(path)}); put a file there")


def _named_by_env(folder: Path) -> list[Path]:
    """The files that `COMPOSE_FILE` in the project's own `.env` names."""
    if not (folder / ".env").is_file():
        return []
    values = {entry.name: entry.value or "" for entry in read_env_file(folder / ".env", {})}
    listed = values.get("COMPOSE_FILE", "")
    parts = [part for part in listed.split(values.get("COMPOSE_PATH_SEPARATOR") or ":") if part]
    files = [(folder / part).resolve() for part in parts]
    missing = [part for part, file in zip(parts, files, strict=True) if not file.is_file()]
    if missing:
        raise ComposeUnreadable(
            f"{folder / '.env'}: COMPOSE_FILE names a file that is not there: {missing[0]}"
        )
    return files
