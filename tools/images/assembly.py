"""Assembling one image: fetch on the host with the registries' ordinary clients, then build from local files.

The clients' own settings (mirrors, proxies, certificates) stay on the host, and so does what was fetched: in a
cache that is keyed like the image, so that nothing is fetched twice.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.bootstrap import apt as debian_apt
from tools.images.recipe import Recipe
from tools.images.step import Log, StepFailed

LABEL = "dayzero.assembled"
"""The label that tells an assembled image from the official one; its value is the recipe's content key."""

SUITE = "trixie"
_OLDEST_GO = (1, 24)


def cache_folder() -> Path:
    """Where fetched files and build logs are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dayzero" / "images"


def context_folder(recipe: Recipe) -> Path:
    """The build context of a recipe's present content; it exists once all of it has been fetched."""
    return cache_folder() / f"{recipe.name}-{recipe.content_key()}"


def _source_folder(recipe: Recipe) -> Path:
    """A module's completed copy, kept until the program has been built from it; it exists once it is complete."""
    return context_folder(recipe).with_suffix(".source")


def fetch(recipe: Recipe, log: Log) -> Path:
    """Lay out the build context: the recipe's own files and what Maven, Go or mmdebstrap get for it.

    Returns the context's folder, which is there at once when this content key was fetched before. Raises
    StepFailed.
    """
    if platform.machine() != "x86_64":
        raise StepFailed(
            f"{recipe.name}: assembled for x86_64 only, not {platform.machine()}: use a registry"
        )
    context = context_folder(recipe)
    if context.exists():
        return context
    unfinished = context.with_suffix(".part")
    if unfinished.exists():
        log.say(
            f"{recipe.name:<11} going on where an earlier try stopped: what was downloaded and compiled is kept"
        )
    for outdated in cache_folder().glob(f"{recipe.name}-*"):
        if outdated != _source_folder(recipe):
            shutil.rmtree(outdated)
    for path in recipe.files():
        there = unfinished / path.relative_to(recipe.folder)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, there)
        there.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
    if (recipe.folder / "pom.xml").exists():
        _maven(unfinished, log)
    if recipe.go is not None:
        _go(recipe, unfinished, log)
    if (recipe.folder / "mmdebstrap.args").exists():
        _mmdebstrap(unfinished, log)
    unfinished.rename(context)
    shutil.rmtree(_source_folder(recipe), ignore_errors=True)
    return context


def build(recipe: Recipe, context: Path, tag: str, log: Log) -> None:
    """Turn a build context into an image of the current engine, named and labelled. Raises StepFailed."""
    label = f"{LABEL}={recipe.content_key()}"
    if (root := context / "rootfs.tar").exists():
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        changes = [f"LABEL {label}", f"ENV PATH={path}", 'CMD ["bash"]']
        flags = [word for change in changes for word in ("--change", change)]
        log.run("docker import", ["docker", "import", *flags, str(root), tag])
    else:
        log.run(
            "docker build", ["docker", "build", "--pull=false", "--label", label, "--tag", tag, str(context)]
        )


def _maven(context: Path, log: Log) -> None:
    _need(log, "mvn", "maven", "default-jdk-headless")
    log.run(
        "maven",
        [
            *("mvn", "--batch-mode", "--no-transfer-progress"),
            *("--file", str(context / "pom.xml"), f"-Dcontext={context}", "generate-resources"),
        ],
    )


def _go(recipe: Recipe, context: Path, log: Log) -> None:
    assert recipe.go is not None
    go = _go_command(log)
    if recipe.go.cgo:
        _need(log, "gcc", "gcc", "libc6-dev")
    # A module that asks for a newer Go than this one gets it, as a module too.
    env = {"CGO_ENABLED": "1" if recipe.go.cgo else "0", "GOTOOLCHAIN": "auto"}
    build = [go, "build", "-mod=readonly", "-buildvcs=false", "-trimpath"]
    program = [
        *(*build, "-tags", recipe.go.tags, "-ldflags", recipe.go.ldflags),
        *("-o", str(context / recipe.go.output), recipe.go.package),
    ]
    if not recipe.go.module:
        log.run(f"go build {recipe.go.package}", program, cwd=context, env=env)
        return
    module = _module_folder(go, recipe.go.module, context, log)
    for pattern in recipe.go.files:
        for path in filter(Path.is_file, module.glob(pattern)):
            there = context / "module" / path.relative_to(module)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)
    if not recipe.go.generate:
        log.run(f"go build {recipe.go.package}", program, cwd=context, env=env)
        return
    source = _source_folder(recipe)
    if not source.exists():
        with TemporaryDirectory(dir=cache_folder(), prefix=f"{recipe.name}-made-") as made:
            copy, tool = Path(made) / "source", Path(made) / "tool"
            # Go keeps its modules read-only.
            log.run("copy of the module", ["cp", "-R", "--no-preserve=mode", str(module), str(copy)])
            if (own := recipe.folder / "source").is_dir():
                shutil.copytree(own, copy, dirs_exist_ok=True)
            for line in recipe.go.generate:
                name, *arguments = line.split()
                log.run(f"go build {name}", [*build, "-o", str(tool), name], cwd=context, env=env)
                log.run(line, [str(tool), *arguments], cwd=copy, env=env)
            copy.rename(source)
    log.run(f"go build {recipe.go.package}", program, cwd=source, env=env)


def _module_folder(go: str, module: str, context: Path, log: Log) -> Path:
    """Where Go has unpacked a module that the recipe's go.mod requires."""
    said = context / "module.json"
    log.run(f"go mod download {module}", [go, "mod", "download", "-json", module], cwd=context, stdout=said)
    folder = Path(json.loads(said.read_text())["Dir"])
    said.unlink()
    return folder


def _go_command(log: Log) -> str:
    """A Go that is new enough: on the PATH, Debian's own, or Debian 13's."""
    packaged = Path("/usr/lib/go-1.24/bin/go")
    for go in filter(None, (shutil.which("go"), str(packaged))):
        if _go_version(go) >= _OLDEST_GO:
            return go
    oldest = ".".join(map(str, _OLDEST_GO))
    try:
        if debian_apt.why_not_usable() is None and debian_apt.candidate("golang-1.24-go") is None:
            debian_apt.add_suite_below_everything(SUITE)
            debian_apt.install([f"golang-1.24-go/{SUITE}", f"golang-1.24-src/{SUITE}"])
        else:
            debian_apt.install(["golang-1.24-go"])
    except debian_apt.AptUnusable as failed:
        raise StepFailed(
            f"{log.name}: Go {oldest} or newer is needed and not there ({failed}): install Go"
        ) from None
    return str(packaged)


def _go_version(go: str) -> tuple[int, ...]:
    try:
        said = subprocess.run(
            [go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60, check=False
        )
    except OSError:
        return ()
    numbers = said.stdout.strip().removeprefix("go").split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdigit())


def _mmdebstrap(context: Path, log: Log) -> None:
    _need(log, "mmdebstrap", "mmdebstrap")
    try:
        mirrors = debian_apt.mirrors()
    except debian_apt.AptUnusable as failed:
        raise StepFailed(f"{log.name}: Debian cannot be bootstrapped: {failed}") from None
    sources = [f"deb {mirrors.archive} {SUITE} main", f"deb {mirrors.archive} {SUITE}-updates main"]
    if mirrors.security is not None:
        sources.append(f"deb {mirrors.security} {SUITE}-security main")
    options = (context / "mmdebstrap.args").read_text().splitlines()
    log.run("mmdebstrap", ["mmdebstrap", *options, SUITE, str(context / "rootfs.tar"), *sources])


def _need(log: Log, command: str, *packages: str) -> None:
    if shutil.which(command) is not None:
        return
    log.say(f"{log.name:<11} installing {' '.join(packages)}")
    try:
        debian_apt.install(packages)
    except debian_apt.AptUnusable as failed:
        raise StepFailed(
            f"{log.name}: {command} is needed and not there: {failed}: install {packages[0]}"
        ) from None
