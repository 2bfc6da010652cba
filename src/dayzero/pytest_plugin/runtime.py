"""pytest plugin: one stack of the run, booted once, with clients that look at it; taken down whatever happens."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

import pytest
from python_on_whales import DockerClient

from dayzero.analysis.inventory import Inventory, Promise, is_inventory, load_inventory
from dayzero.core import redaction
from dayzero.core.cpu_pressure import CpuSampler
from dayzero.core.errors import ImageUnavailable, StackUnusable
from dayzero.core.verdict import Verdict, lack_judge
from dayzero.core.wait import holds_within
from dayzero.docker.containers import ids_of_run
from dayzero.docker.events import EventRecorder
from dayzero.docker.loki_driver import PORT_VARIABLE, free_port, has_log_driver, takes_lines
from dayzero.docker.preflight import require_room
from dayzero.docker.prune import sweep, workspace
from dayzero.docker.run_identity import RunIdentity
from dayzero.docker.versions import engine_versions
from dayzero.faults.dead_targets import KINDS, DeadTargets
from dayzero.probes.process_watch import SecretWatch
from dayzero.pytest_plugin import progress
from dayzero.pytest_plugin.published_boot import publish_boot
from dayzero.pytest_plugin.report import record_timeline, record_versions
from dayzero.pytest_plugin.scheduling import is_needed
from dayzero.pytest_plugin.targets import require_service
from dayzero.stack.boot import BootRecord, timeline_of
from dayzero.stack.dns import names_of
from dayzero.stack.images import StackImages
from dayzero.stack.profiles import PLANES
from dayzero.stack.secrets import SecretMaker
from dayzero.stack.stack import UP_SECONDS, Stack, remove_run

_SET_BY_THE_RUN = (
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_FILE",
    "COMPOSE_PROFILES",
    "COMPOSE_ENV_FILES",
    "CONTAINER_PREFIX",
    "SECRETS_DIR",
)


def _end_orderly(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt("SIGTERM")


def pytest_configure(config: pytest.Config) -> None:
    for name in _SET_BY_THE_RUN:
        os.environ.pop(name, None)
    # Its image may be out of reach; the run's own labels and the sweep at the next start do the same work.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadgroup"
    if hasattr(config, "workerinput"):
        config.option.loadgroup = True  # it reads the command line anew, and `-n` alone does not say so
    signal.signal(signal.SIGTERM, _end_orderly)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names = getattr(item, "fixturenames", ())
        if {"dead_targets", "retrying_copies"} & set(names):
            item.add_marker(pytest.mark.xdist_group("dead targets"))
        elif {"stack", "brought_up"} & set(names):
            item.add_marker(pytest.mark.xdist_group("stack"))
        elif "planned_stack" in names:  # it boots one for its module
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """What was set off first is judged last: the long waits run beside everything else. Whoever boots a stack on an
    engine of its own comes before the run's stack is up, for two at once are slow. Before any boot, pauses between
    attempts are watched: where servers keep a machine busy, what starting a client takes hides them. Inits whose
    targets are late are set off once nobody takes anything away from those any more: they would put it back."""
    names = set(getattr(item, "fixturenames", ()))
    if "dead_targets" in names or ("late_targets" in names and item.get_closest_marker("slow")):
        return 5
    if {"stack", "brought_up"} & names:
        return 4 if "late_targets" in names or item.path.name > _LAST_TO_TAKE_AWAY else 3
    if "retrying_copies" in names:
        return 1
    return 2 if "engine" in names else 0


_LAST_TO_TAKE_AWAY = "test_run_17_truth.py"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "promise" not in metafunc.fixturenames:
        return
    if metafunc.config.option.stack:
        metafunc.parametrize("promise", [pytest.param(None, id="foreign")], indirect=True)
        return
    promises = _inventory(metafunc.config).inits
    metafunc.parametrize(
        "promise", [pytest.param(promise, id=name) for name, promise in promises.items()], indirect=True
    )


def _inventory(config: pytest.Config) -> Inventory:
    return load_inventory(config.option.inventory or config.rootpath / "inventory.yml")


@pytest.fixture(scope="session")
def identity(request: pytest.FixtureRequest) -> RunIdentity:
    """The name and the owner of all that this process creates; a stack that is to be kept has no owner."""
    made = RunIdentity.generate()
    return replace(made, owner="kept") if request.config.option.keep else made


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """What random moments are drawn from: given again, the same are."""
    given: int | None = request.config.option.seed
    return random.randrange(10**6) if given is None else given


@pytest.fixture(scope="session")
def engine() -> DockerClient:
    """The Docker engine, swept of what killed runs left; its absence is an error of every test that needs it."""
    record_versions(engine_versions())
    client = DockerClient()
    for thing in sweep():
        progress.say(f"removed the leftover {thing} of a run that was killed")
    return client


@pytest.fixture(scope="session")
def run_folder(identity: RunIdentity, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The run's folder for generated files: secrets, variables, labels."""
    folder = workspace(identity.name, identity.owner)
    yield folder
    if not request.config.option.keep:
        shutil.rmtree(folder)


def _why_not_run(stack: Path, inventory: Path | None) -> str:
    """Why no runtime criterion judges a project that is not ours."""
    beside = (stack if stack.is_dir() else stack.parent) / "inventory.yml"
    if inventory is None and not is_inventory(beside):
        return (
            "no inventory states what this stack promises, by which the runtime criteria would judge it; "
            "and so far they boot this repository's own stack alone"
        )
    return (
        f"{(inventory or beside).name} states what this stack promises, but so far the runtime criteria boot this "
        "repository's own stack alone; of another one the static criteria are judged"
    )


@pytest.fixture(scope="session")
def cpu_sampler(engine: DockerClient, identity: RunIdentity) -> Iterator[CpuSampler]:
    """How scarce CPU time is from now on, which limits in seconds are held against."""
    with CpuSampler(partial(ids_of_run, identity)) as sampler:
        yield sampler


@pytest.fixture(scope="session")
def ours(pytestconfig: pytest.Config) -> None:
    """That our own stack is what is judged; known before an engine is looked for and images are made for it."""
    if pytestconfig.option.stack:
        lack_judge(_why_not_run(pytestconfig.option.stack, pytestconfig.option.inventory))


@pytest.fixture(scope="session")
def planned_stack(
    ours: None,
    request: pytest.FixtureRequest,
    engine: DockerClient,
    run_images: StackImages,
    make_secrets: SecretMaker,
    cpu_sampler: CpuSampler,
    identity: RunIdentity,
    run_folder: Path,
) -> Iterator[Stack]:
    """The run's stack before its boot: named, with secrets, on subnets of its own, as far as its images are there."""
    option = request.config.option
    lost = run_images.lost_profiles()
    profiles = [name for name in option.profile or PLANES if name not in lost]
    if not profiles:
        raise ImageUnavailable("\n".join(dict.fromkeys(lost.values())))
    run_images.await_end()
    by_driver = takes_lines(profiles) and has_log_driver(engine)
    stack = Stack(
        root=request.config.rootpath,
        identity=identity,
        workspace=run_folder,
        name=identity.name,
        prefix=f"{identity.name}-",
        make_secrets=make_secrets,
        profiles=profiles,
        overrides=[path.resolve() for path in option.override],
        settings={PORT_VARIABLE: str(free_port())} if by_driver else {},
        log_driver=by_driver,
        lost=lost,
    )
    redaction.register(stack.secrets.values.values())
    require_room(engine, stack.model)
    yield stack
    if not option.keep:
        remove_run(identity)


@pytest.fixture(scope="session")
def secret_watch(
    planned_stack: Stack, probe_image: str, identity: RunIdentity, run_folder: Path
) -> Iterator[SecretWatch]:
    """Samples every process of the machine, from before the boot."""
    watch = SecretWatch(probe_image, identity, run_folder, planned_stack.secrets.values)
    watch.start()
    yield watch
    watch.remove()


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest,
    planned_stack: Stack,
    secret_watch: SecretWatch,
    identity: RunIdentity,
    promises: dict[str, Promise],
) -> Iterator[Stack]:
    """The stack of the run, booted with the one documented command, under its services' own names."""
    stack = planned_stack
    recorder = EventRecorder(identity.name)
    began = time.monotonic()
    progress.say(f"booting {stack.name}: {len(stack.model['services'])} services")
    try:
        output = stack.up()
        # Where one server is unhealthy, `up` returns while inits of others still work; one without an end is judged so.
        holds_within(lambda: not stack.running(promises), began + UP_SECONDS - time.monotonic())
        boot = BootRecord(
            output,
            time.monotonic() - began,
            timeline_of(event for event in recorder.events if event.project == stack.name),
        )
        record_timeline(boot.timeline)
        record_versions({"images": stack.image_versions()})
        progress.say(f"booted {stack.name} in {boot.seconds:.0f} s")
        request.config.stash[_BOOT] = boot
        if request.config.option.tempo:
            publish_boot(request.config.option.tempo, request.config, stack, boot, promises)
        if _has_long_waits(request):
            with suppress(StackUnusable):  # their own tests meet it again
                request.getfixturevalue("dead_targets")
        with names_of(stack.address):
            yield stack
    finally:
        recorder.stop()
        if request.config.option.keep:
            progress.say(stack.reach())
        else:
            stack.down()


_BOOT = pytest.StashKey[BootRecord]()


def _has_long_waits(request: pytest.FixtureRequest) -> bool:
    """Whether inits are to wait in front of dead targets in this process: set off now, they run beside all other tests.

    Earlier they would be in the way of boots, and an xdist worker has them for itself.
    """
    return not hasattr(request.config, "workerinput") and is_needed(request.session, "dead_targets")


@pytest.fixture(scope="session")
def boot(request: pytest.FixtureRequest, stack: Stack) -> BootRecord:
    """How the run's stack booted."""
    return request.config.stash[_BOOT]


@pytest.fixture
def promise(request: pytest.FixtureRequest, planned_stack: Stack, verdict: Verdict) -> Promise:
    """What one init promises; the init is the verdict's subject. Not applicable where no chosen profile has it."""
    promise: Promise = request.param
    verdict.subject = promise.name
    require_service(promise.name, planned_stack)
    return promise


@pytest.fixture(scope="session")
def promises(request: pytest.FixtureRequest) -> dict[str, Promise]:
    """What the inventory promises, by init."""
    return _inventory(request.config).inits


@pytest.fixture(scope="session")
def dead_targets(
    planned_stack: Stack, probe_image: str, promises: dict[str, Promise]
) -> Iterator[dict[str, DeadTargets]]:
    """Every kind of dead target, each with all inits waiting in front of it, set off at the same time."""
    present = {name: promise for name, promise in promises.items() if name in planned_stack.model["services"]}
    ports = {target: promise.port or 0 for promise in present.values() for target in promise.targets}
    kinds: dict[str, DeadTargets] = {}
    try:
        for kind in KINDS:
            kinds[kind] = DeadTargets(kind, planned_stack, list(present), ports, probe_image)
        with ThreadPoolExecutor(len(KINDS)) as pool:
            list(pool.map(DeadTargets.start, kinds.values()))
        progress.say(f"{len(present)} inits wait for targets that are {', that are '.join(KINDS)}")
        yield kinds
    finally:
        with ThreadPoolExecutor(len(KINDS)) as pool:
            list(pool.map(DeadTargets.remove, kinds.values()))
