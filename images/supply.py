"""Supplying images: what is there is used, what is missing is pulled, what cannot be pulled is assembled."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from images.assembly import LABEL, build, cache_folder, context_folder, fetch
from images.recipe import Recipe, all_recipes, all_wanted
from images.reference import MalformedReference, reference_for
from images.registry import Registries
from images.step import Log, StepFailed

ASSEMBLY_BYTES = 5 * 10**9
"""Free disk that assembling every image takes, beside what compilers need: Maven's cache, layers, images."""

PROGRAM_BYTES = 4 * 10**9
"""Free disk for each program that has to be compiled: its modules, and what Go keeps of the work."""


class ImageUnavailable(RuntimeError):
    """An image cannot be had: one line that says why and what to do, after a build with the log's last lines."""


def ensure(names: Iterable[str] = (), say: Callable[[str], None] = lambda _line: None) -> dict[str, str]:
    """Make sure that the current engine has these images, and say which reference each is under.

    ``names`` are recipe folders (``kafka``) or compose variables (``KAFKA_IMAGE``); none means all. An image
    that is there is used, also when it is official and we know nothing about it; one that we assembled from an
    older recipe is replaced. Two calls at once, in any process, do the work once. Raises ImageUnavailable.
    """
    try:
        wanted = {recipe.name: reference_for(recipe) for recipe in _chosen(names)}
    except MalformedReference as malformed:
        raise ImageUnavailable(str(malformed)) from None
    if not _outdated(wanted):
        return wanted
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that is supplying images")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if missing := _outdated(wanted):  # another process may have been faster
            _Supply(say).get(missing)
    return wanted


def _chosen(names: Iterable[str]) -> list[Recipe]:
    known = {key: recipe for recipe in all_recipes() for key in (recipe.name, recipe.variable) if key}
    chosen = []
    for name in names:
        if name not in known:
            raise ImageUnavailable(f"no image is called {name!r}: choose from {', '.join(sorted(known))}")
        chosen.append(known[name])
    return chosen or all_wanted()


def _outdated(wanted: dict[str, str]) -> dict[str, str]:
    """Those that are missing, or that we assembled from another recipe than today's."""
    there = _keys_of(list(wanted.values()))
    return {
        name: reference
        for name, reference in wanted.items()
        if reference not in there or there[reference] not in {None, Recipe.named(name).content_key()}
    }


def _keys_of(references: Sequence[str]) -> dict[str, str | None]:
    """The content key of each image that the engine has; None for one that we did not assemble."""
    keys: dict[str, str | None] = {}
    for reference in references:
        asked = subprocess.run(
            ["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", reference],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if asked.returncode == 0:
            keys[reference] = (json.loads(asked.stdout) or {}).get(LABEL)
        elif "no such image" not in asked.stderr.lower():
            raise ImageUnavailable(
                f"docker image inspect {reference}: {asked.stderr.strip()}: run `make engine` first"
            )
    return keys


class _Supply:
    """One round of pulling and assembling; what several images use is made once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._registries = Registries()
        self._pool = ThreadPoolExecutor(max_workers=2 * len(all_recipes()))
        self._under_way: dict[tuple[str, str], Future[None]] = {}
        self._lock = threading.Lock()
        # Compilers use every core by themselves; more at once would only take more memory.
        self._slots = threading.Semaphore(max(2, os.cpu_count() or 2))
        self._bytes_needed = ASSEMBLY_BYTES

    def get(self, missing: dict[str, str]) -> None:
        with self._pool:
            # The compiled ones first: they take longest.
            by_length = sorted(missing, key=lambda name: Recipe.named(name).go is None)
            futures = [self._request(Recipe.named(name), missing[name]) for name in by_length]
            failures = [failure for future in futures if (failure := future.exception()) is not None]
        _remove_replaced()
        for failure in failures:
            if not isinstance(failure, (ImageUnavailable, StepFailed)):
                raise failure
        if failures:
            # Two images on one failed base have one failure.
            raise ImageUnavailable("\n".join(dict.fromkeys(map(str, failures))))

    def _request(self, recipe: Recipe, reference: str) -> Future[None]:
        with self._lock:
            if (recipe.name, reference) not in self._under_way:
                self._under_way[recipe.name, reference] = self._pool.submit(self._obtain, recipe, reference)
            return self._under_way[recipe.name, reference]

    def _obtain(self, recipe: Recipe, reference: str) -> None:
        began = time.monotonic()
        # Under another name it is somebody else's, also where there is no official one.
        if recipe.is_official or reference != recipe.image:
            self._say(f"{recipe.name:<11} pulling {reference}")
            complaint = self._registries.pull(reference)
            if complaint is None:
                self._say(f"{recipe.name:<11} {reference} pulled in {time.monotonic() - began:.0f} s")
                return
            if reference != recipe.image:
                raise ImageUnavailable(
                    f"{reference} cannot be pulled ({complaint}), and only {recipe.image} can be assembled: "
                    f"make it reachable, or leave {recipe.variable} unset"
                )
            self._say(f"{recipe.name:<11} {complaint}: assembling it")
        self._assemble(recipe, reference)
        self._say(f"{recipe.name:<11} {reference} assembled in {time.monotonic() - began:.0f} s")

    def _assemble(self, recipe: Recipe, reference: str) -> None:
        self._claim_disk(recipe)
        log = Log(recipe.name, cache_folder() / f"{recipe.name}.log", self._say)
        log.path.write_bytes(b"")
        used = {name: Recipe.named(name).image for name in recipe.uses}
        building = [self._request(Recipe.named(name), image) for name, image in _outdated(used).items()]
        with self._slots:
            context = fetch(recipe, log)
        for image in building:
            image.result()
        with self._slots:
            build(recipe, context, reference, log)

    def _claim_disk(self, recipe: Recipe) -> None:
        """Count only what no registry gave: where all but one can be pulled, that one's need is the whole."""
        with self._lock:
            if recipe.go and not context_folder(recipe).exists():
                self._bytes_needed += PROGRAM_BYTES
            needed = self._bytes_needed
        for place in {_data_root(), cache_folder()}:
            free = shutil.disk_usage(place).free
            if free < needed:
                raise ImageUnavailable(
                    f"too little disk to assemble images: {free / 1e9:.1f} GB free under {place}, "
                    f"{needed / 1e9:.0f} GB needed: make room, or give the machine a registry"
                )


def _remove_replaced() -> None:
    """Remove what we assembled earlier and what nothing is called or runs from any more."""
    subprocess.run(
        ["docker", "image", "prune", "--force", "--filter", f"label={LABEL}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )


def _data_root() -> Path:
    """Where the engine keeps images, if that is on this machine; else our own cache's place."""
    asked = subprocess.run(
        ["docker", "info", "--format", "{{.DockerRootDir}}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    root = Path(asked.stdout.strip() or "/")
    return root if root.is_dir() else cache_folder()
