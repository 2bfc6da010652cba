"""Which Docker Compose is used: of the plugins that the docker client can find the newest, or the one that is named.

The docker client takes the first plugin in the order of its folders, whatever its version. Where another one is wanted,
the client gets a configuration folder that is the user's own but for that plugin: links, no copies, since it may hold
credentials. ``python -m dayzero.docker.compose_plugin ARGUMENTS`` is ``docker ARGUMENTS`` with that Compose.

Standard library only: an engine is looked for before the environment is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dayzero.core.release import release

NAMED_BY = "DAYZERO_COMPOSE"
"""The environment variable that names a plugin's file, which is then used whatever else is installed."""

SYSTEM_FOLDERS = (
    Path("/usr/local/lib/docker/cli-plugins"),
    Path("/usr/local/libexec/docker/cli-plugins"),
    Path("/usr/lib/docker/cli-plugins"),
    Path("/usr/libexec/docker/cli-plugins"),
)
"""Where the docker client looks after the folders that its configuration names, in this order."""

_FILE = "docker-compose"
_ANSWER_SECONDS = 20


class ComposeUnusable(RuntimeError):
    """The Compose that is wanted cannot be used. The text is one line: what, where, what to do."""


@dataclass(frozen=True)
class ComposePlugin:
    """A Compose that can be used, and the version that it tells, without a leading `v`."""

    path: Path
    version: str

    @property
    def release(self) -> tuple[int, ...]:
        """For comparison: a release is newer than its candidates, and a build without a number older than all."""
        return release(self.version)


def installed() -> list[ComposePlugin]:
    """Every Compose that the docker client could run, the one that it takes by itself first.

    A file that does not tell its version when it is asked as the client asks it is none.
    """
    found: dict[Path, ComposePlugin] = {}
    for path in _candidates():
        if path.resolve() not in found:
            plugin = plugin_at(path)
            if plugin is not None:
                found[path.resolve()] = plugin
    return list(found.values())


def chosen() -> ComposePlugin | None:
    """The Compose to use: what NAMED_BY names, else the newest; None where no folder that we know has any.

    Raises ComposeUnusable where what is named is no Compose.
    """
    named = os.environ.get(NAMED_BY)
    if named:
        path = Path(named).expanduser().absolute()
        plugin = plugin_at(path) if path.is_file() else None
        if plugin is None:
            raise ComposeUnusable(
                f"{named} is no Compose plugin that runs here: name the file docker-compose of one"
            )
        return plugin
    # The first of equals: the one that the docker client takes by itself.
    return max(installed(), key=lambda plugin: plugin.release, default=None)


def environment() -> dict[str, str]:
    """The variables that make the docker client take the chosen Compose; none where it does so by itself.

    Raises ComposeUnusable where the client cannot be made to.
    """
    candidates = _candidates()
    if len({path.resolve() for path in candidates}) < 2 and not os.environ.get(NAMED_BY):
        return {}  # nothing to choose between
    plugin = chosen()
    if plugin is None or (candidates and candidates[0].resolve() == plugin.path.resolve()):
        return {}
    return {"DOCKER_CONFIG": str(_configuration_with(plugin)), NAMED_BY: str(plugin.path)}


def _candidates() -> list[Path]:
    folders = [*_extra_folders(), _configuration() / "cli-plugins", *SYSTEM_FOLDERS]
    return [path for folder in folders if (path := folder / _FILE).exists()]


def _configuration() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker").absolute()


def _extra_folders() -> list[Path]:
    """The folders that the user's configuration puts before all others."""
    try:
        settings = json.loads((_configuration() / "config.json").read_text(encoding="utf-8"))
        return [Path(folder) for folder in settings.get("cliPluginsExtraDirs") or []]
    except (OSError, ValueError, AttributeError):
        return []  # none, or one that the client itself complains of


def plugin_at(path: Path) -> ComposePlugin | None:
    """The Compose that the file at `path` is; None where it does not answer as the docker client asks its plugins."""
    try:
        answer = subprocess.run(
            [str(path), "docker-cli-plugin-metadata"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
        said = json.loads(answer.stdout)
        return ComposePlugin(path, str(said["Version"]).removeprefix("v"))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None


def _configuration_with(plugin: ComposePlugin) -> Path:
    """A configuration folder for the docker client that is the user's own but for its Compose."""
    for folder in _extra_folders():
        if (folder / _FILE).exists():
            raise ComposeUnusable(
                f"cliPluginsExtraDirs in {_configuration() / 'config.json'} puts {folder / _FILE} before "
                f"Compose {plugin.version} ({plugin.path}): take that folder out, or replace that file"
            )
    own = _configuration()
    key = hashlib.sha256(f"{own}\0{plugin.path}".encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "dayzero" / "docker-config" / key
    try:
        (folder / "cli-plugins").mkdir(parents=True, exist_ok=True, mode=0o700)
        _link(own, folder, "cli-plugins")
        _link(own / "cli-plugins", folder / "cli-plugins", _FILE)
        with suppress(FileExistsError):
            (folder / "cli-plugins" / _FILE).symlink_to(plugin.path)
    except OSError as refused:
        raise ComposeUnusable(
            f"no folder for the docker client's configuration can be made at {folder} ({refused.strerror}): "
            "set XDG_CACHE_HOME to a folder that can be written"
        ) from None
    return folder


def _link(source: Path, target: Path, but: str) -> None:
    """Make `target` show what `source` has now, `but` that one name; runs beside each other may do so at once."""
    present = {path.name for path in source.iterdir()} if source.is_dir() else set()
    for gone in [path for path in target.iterdir() if path.name not in {*present, but} and path.is_symlink()]:
        gone.unlink(missing_ok=True)
    for name in present - {but}:
        with suppress(FileExistsError):
            (target / name).symlink_to(source / name)


def main(arguments: list[str]) -> int:
    """Become the docker client with the chosen Compose; 1 and one line where that cannot be done."""
    try:
        variables = {**os.environ, **environment()}
        os.execvpe("docker", ["docker", *arguments], variables)  # noqa: S606
    except ComposeUnusable as unusable:
        print(f"compose: {unusable}", file=sys.stderr)
    except OSError as refused:
        print(f"compose: docker cannot be run ({refused.strerror}): run `make engine`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
