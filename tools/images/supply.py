"""Supplying images: what is there is used, what is missing is pulled, what cannot be pulled is assembled."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Self, TextIO

from dayzero.core.errors import ImageUnavailable
from tools.images.assembly import LABEL, build, cache_folder, context_folder, fetch
from tools.images.leftover_step import end_leftovers
from tools.images.recipe import Recipe, all_recipes, all_wanted
from tools.images.reference import MalformedReference, reference_for
from tools.images.registry import Registries
from tools.images.step import HEARTBEAT_SECONDS, Log, StepFailed

ASSEMBLY_BYTES = 5 * 10**9
"""Free disk that assembling every image takes, beside what compilers need: Maven's cache, layers, images."""

PROGRAM_BYTES = 4 * 10**9
"""Free disk for each program that has to be compiled: its modules, and what Go keeps of the work."""


_SILENT_SECONDS = 60
"""An engine that has not answered by then does not answer at all."""


def ensure(names: Iterable[str] = (), say: Callable[[str], None] = lambda _line: None) -> dict[str, str]:
    """Make sure that the current engine has these images, and say which reference each is under.

    ``names`` are recipe folders (``kafka``) or compose variables (``KAFKA_IMAGE``); none means all. An image
    that is there is used, also when it is official and we know nothing about it; one that we assembled from an
    older recipe is replaced. Two calls at once, in any process, do the work once. Raises ImageUnavailable.
    """
    with Supply(names, say) as supply:
        failures = supply.failures()
    if failures:
        # Two images on one failed base have one failure.
        raise ImageUnavailable("\n".join(dict.fromkeys(failures.values())))
    return supply.wanted


class Supply:
    """Images on their way to the current engine, in the background; each can be waited for by itself.

    While inside ``with``, what is missing is pulled or assembled; leaving it ends whatever is still under way, and a
    later supply goes on from what was done. ``names`` and ``say`` are as for ``ensure``; ``say`` is called from other
    threads. ``beside`` are recipes that are assembled as well if any image had to be, for no registry has them.
    ``references`` say under which names recipes are wanted, where it is not as their variables do.
    Raises ImageUnavailable for a name or a variable that is wrong.
    """

    def __init__(
        self,
        names: Iterable[str],
        say: Callable[[str], None],
        beside: Sequence[str] = (),
        references: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        try:
            self.wanted = {
                recipe.name: references.get(recipe.name) or reference_for(recipe) for recipe in _chosen(names)
            }
        except MalformedReference as malformed:
            raise ImageUnavailable(str(malformed)) from None
        self._say = say
        self._beside = {name: Recipe.named(name).image for name in beside}
        self._delivered: dict[str, Future[None]] = {name: Future() for name in self.wanted}
        self._stop = threading.Event()
        self._worker = threading.Thread(target=self._run, name="images")

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._worker.join()

    def reference(self, name: str) -> str:
        """What the image of a wanted recipe is called, once it is there. Raises ImageUnavailable for that image."""
        self._delivered[name].result()
        return self.wanted[name]

    def is_settled(self, name: str) -> bool:
        """Whether it is known by now that the image is there, or that it cannot be had."""
        return self._delivered[name].done()

    def is_over(self) -> bool:
        """Whether nothing is pulled or assembled any more, for the images wanted and for those beside."""
        return not self._worker.is_alive()

    def failures(self) -> dict[str, str]:
        """Wait for all; which images cannot be had, each with the reason."""
        found = {}
        for name, delivered in self._delivered.items():
            try:
                delivered.result()
            except ImageUnavailable as unavailable:
                found[name] = str(unavailable)
        return found

    def _run(self) -> None:
        try:
            self._supply()
        except Exception as failure:  # noqa: BLE001  whoever waits for an image learns of it
            for delivered in self._delivered.values():
                if not delivered.done():
                    delivered.set_exception(failure)

    def _supply(self) -> None:
        if self._all_there():
            return
        cache_folder().mkdir(parents=True, exist_ok=True)
        with (cache_folder() / "lock").open("w") as lock:
            if not self._acquire(lock):
                return
            for name in end_leftovers(cache_folder()):
                self._say(f"{name:<11} what a killed run left running was ended")
            # Another process may have been faster.
            _Round(self._say, self._stop).get(
                self._deliver_what_is_there(), self._delivered, self._beside, self._missing_beside()
            )

    def _all_there(self) -> bool:
        return not self._deliver_what_is_there() and not self._missing_beside()

    def _deliver_what_is_there(self) -> dict[str, str]:
        missing = _outdated(self.wanted, self._stop)
        for name in self.wanted.keys() - missing.keys():
            if not self._delivered[name].done():
                self._delivered[name].set_result(None)
        return missing

    def _missing_beside(self) -> bool:
        """Whether a companion is missing on an engine whose images were assembled."""
        if not self._beside or not _outdated(self._beside, self._stop):
            return False
        return any(key is not None for key in _keys_of(self.wanted.values(), self._stop).values())

    def _acquire(self, lock: TextIO) -> bool:
        """Wait for this process's turn; False where it needs none, for others have made everything meanwhile."""
        began = time.monotonic()
        told = began - HEARTBEAT_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() - told >= HEARTBEAT_SECONDS:
                    told = time.monotonic()
                    self._say(
                        f"waiting for another run that is supplying images: {told - began:.0f} s so far"
                    )
                    if self._all_there():
                        return False
                if self._stop.wait(0.5):
                    raise ImageUnavailable("the supply of images was interrupted") from None


def _chosen(names: Iterable[str]) -> list[Recipe]:
    known = {key: recipe for recipe in all_recipes() for key in (recipe.name, recipe.variable) if key}
    chosen = []
    for name in names:
        if name not in known:
            raise ImageUnavailable(f"no image is called {name!r}: choose from {', '.join(sorted(known))}")
        chosen.append(known[name])
    return chosen or all_wanted()


def _outdated(wanted: dict[str, str], stop: threading.Event) -> dict[str, str]:
    """Those that are missing, or that we assembled from another recipe than today's."""
    there = _keys_of(wanted.values(), stop)
    return {
        name: reference
        for name, reference in wanted.items()
        if reference not in there or there[reference] not in {None, Recipe.named(name).content_key()}
    }


def _keys_of(references: Iterable[str], stop: threading.Event) -> dict[str, str | None]:
    """The content key of each image that the engine has; None for one that we did not assemble."""
    keys: dict[str, str | None] = {}
    for reference in references:
        code, labels, complaint = _inspect(reference, stop)
        if code == 0:
            keys[reference] = (json.loads(labels) or {}).get(LABEL)
        elif "no such image" not in complaint.lower():
            raise ImageUnavailable(
                f"docker image inspect {reference}: {complaint.strip()}: run `make engine` first"
            )
    return keys


def _inspect(reference: str, stop: threading.Event) -> tuple[int, str, str]:
    """Ask the engine for an image's labels: exit code, output, complaint. An engine that is mute is left at `stop`."""
    command = ["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", reference]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
        began = time.monotonic()
        while not stop.is_set():
            try:
                labels, complaint = asked.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                if time.monotonic() - began < _SILENT_SECONDS:
                    continue
                asked.kill()
                return 1, "", f"no answer in {_SILENT_SECONDS} s"
            return asked.returncode, labels, complaint
        asked.kill()
    raise ImageUnavailable("the supply of images was interrupted")


class _Round:
    """One round of pulling and assembling; what several images use is made once."""

    def __init__(self, say: Callable[[str], None], stop: threading.Event) -> None:
        self._say = say
        self._stop = stop
        self._registries = Registries()
        self._pool = ThreadPoolExecutor(max_workers=2 * len(all_recipes()))
        self._under_way: dict[tuple[str, str], Future[None]] = {}
        self._lock = threading.Lock()
        # Compilers use every core by themselves; more at once would only take more memory. What takes a minute does
        # not stand behind what takes ten.
        self._compilers = threading.Semaphore(max(2, os.cpu_count() or 2))
        self._others = threading.Semaphore(max(2, os.cpu_count() or 2))
        self._bytes_needed = ASSEMBLY_BYTES
        self._beside: dict[str, str] = {}

    def get(
        self,
        missing: dict[str, str],
        delivered: dict[str, Future[None]],
        beside: dict[str, str],
        at_once: bool,
    ) -> None:
        """Supply what is missing, telling each image's future; and what is made beside, if something is assembled."""
        self._beside = _outdated(beside, self._stop)
        with self._pool:
            if at_once:
                self._assemble_beside()
            for name, reference in missing.items():
                made = self._request(Recipe.named(name), reference)
                made.add_done_callback(partial(_hand_on, delivered[name]))
            while working := self._unfinished():
                wait(working)
        _remove_replaced()

    def _unfinished(self) -> list[Future[None]]:
        """What is under way: one image may ask for another as long as it is."""
        with self._lock:
            return [made for made in self._under_way.values() if not made.done()]

    def _assemble_beside(self) -> None:
        with self._lock:
            due, self._beside = self._beside, {}
        for name, reference in due.items():
            self._request(Recipe.named(name), reference)

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
            complaint = self._registries.pull(reference, self._stop)
            if complaint is None:
                self._say(f"{recipe.name:<11} {reference} pulled in {time.monotonic() - began:.0f} s")
                return
            if reference != recipe.image:
                raise ImageUnavailable(
                    f"{reference} cannot be pulled ({complaint}), and only {recipe.image} can be assembled: "
                    f"make it reachable, or leave {recipe.variable} unset"
                )
            self._say(f"{recipe.name:<11} {complaint}: assembling it")
            self._assemble_beside()
        self._assemble(recipe, reference)
        self._say(f"{recipe.name:<11} {reference} assembled in {time.monotonic() - began:.0f} s")

    def _assemble(self, recipe: Recipe, reference: str) -> None:
        if self._stop.is_set():
            raise StepFailed(f"{recipe.name}: its assembly was interrupted")
        self._claim_disk(recipe)
        log = Log(recipe.name, cache_folder() / f"{recipe.name}.log", self._say, self._stop)
        log.path.write_bytes(b"")
        used = {name: Recipe.named(name).image for name in recipe.uses}
        building = [
            self._request(Recipe.named(name), image) for name, image in _outdated(used, self._stop).items()
        ]
        with self._compilers if recipe.go else self._others:
            context = fetch(recipe, log)
        for image in building:
            image.result()
        with self._others:
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


def _hand_on(delivered: Future[None], made: Future[None]) -> None:
    """Tell what came of an image to whoever waits for it; a failed step is why the image cannot be had."""
    failure = made.exception()
    if failure is None:
        delivered.set_result(None)
    elif isinstance(failure, StepFailed):
        delivered.set_exception(ImageUnavailable(str(failure)))
    else:
        delivered.set_exception(failure)


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
