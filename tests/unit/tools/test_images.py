"""An image that is there is used, a missing one is pulled, and only what cannot be pulled is assembled."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dayzero.core.errors import ImageUnavailable
from dayzero.docker.helper_image import PROBE
from tests.unit.conftest import ROOT
from tools import images
from tools.images import supply
from tools.images.recipe import Recipe, all_recipes, all_wanted

KAFKA = Recipe.named("kafka")

# An engine as far as images go: one file per image, holding its content key.
ENGINE = """
    #!{python} -S
    import pathlib, sys
    there = pathlib.Path({state!r})
    called = sys.argv[1:]
    with open(there / "calls", "a") as calls:
        print(*called, file=calls)
    image = there / called[-1].replace("/", "|")
    match called:
        case ["image", "inspect", *_]:
            if not image.exists():
                sys.exit("Error response from daemon: No such image: " + called[-1])
            key = image.read_text()
            print('{{"dayzero.assembled": "%s"}}' % key if key else "null")
        case ["pull", reference]:
            if not (there / "registry").exists():
                sys.exit("Error response from daemon: dial tcp: lookup somewhere: no such host")
            if not (there / "registry" / image.name).exists():
                sys.exit("Error response from daemon: manifest for " + reference + " not found")
            image.write_text("")
        case ["build", *_, "--label", label, "--tag", tag, _]:
            (there / tag.replace("/", "|")).write_text(label.partition("=")[2])
        case ["import", "--change", label, *_]:
            image.write_text(label.partition("=")[2])
        case ["info", *_]:
            print(there)
"""


class StandInEngine:
    """Plays the docker client; `images` maps the references that it has to their content keys."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "state"
        self._state.mkdir()
        self.put(
            "docker", textwrap.dedent(ENGINE).lstrip().format(python=sys.executable, state=str(self._state))
        )

    def put(self, name: str, script: str) -> None:
        path = self._state.parent / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def has(self, reference: str, key: str = "") -> None:
        (self._state / reference.replace("/", "|")).write_text(key)

    def registry(self, *references: str) -> None:
        (self._state / "registry").mkdir()
        for reference in references:
            (self._state / "registry" / reference.replace("/", "|")).touch()

    def calls(self, command: str) -> list[str]:
        return [line for line in (self._state / "calls").read_text().splitlines() if line.startswith(command)]

    def key(self, reference: str) -> str:
        return (self._state / reference.replace("/", "|")).read_text()


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandInEngine:
    made = StandInEngine(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(supply, "ASSEMBLY_BYTES", 0)
    monkeypatch.setattr(supply, "PROGRAM_BYTES", 0)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    for recipe in all_recipes():
        monkeypatch.delenv(recipe.variable or "", raising=False)
    return made


def unavailable(*names: str) -> str:
    with pytest.raises(ImageUnavailable) as raised:
        images.ensure(names)
    return str(raised.value)


def test_what_is_there_is_used(engine: StandInEngine) -> None:
    """Given an engine with an official image and one that we assembled from today's recipe,
    when both are ensured,
    then nothing is pulled or built."""
    engine.has(KAFKA.image)
    engine.has(PROBE, Recipe.named("probe").content_key())
    assert images.ensure(["KAFKA_IMAGE", "probe"]) == {"kafka": KAFKA.image, "probe": PROBE}
    assert not engine.calls("pull")
    assert not engine.calls("build")


@pytest.mark.parametrize("there", [None, "of-yesterday"])
def test_what_is_missing_or_outdated_is_pulled_where_it_can_be(
    there: str | None, engine: StandInEngine
) -> None:
    """Given an image that is missing, or that we assembled from another recipe, and a registry that has it,
    when it is ensured,
    then it is the registry's."""
    if there is not None:
        engine.has(KAFKA.image, there)
    engine.registry(KAFKA.image)
    images.ensure(["kafka"])
    assert engine.key(KAFKA.image) == ""
    assert not engine.calls("build")


def test_what_cannot_be_pulled_is_assembled_from_its_base_up(engine: StandInEngine) -> None:
    """Given no registry, and a Debian that can be bootstrapped,
    when an image of ours is ensured twice, the second time with a changed base,
    then base and image are made under their names with their content keys, and only again where these differ."""
    debian, probe = Recipe.named("debian"), Recipe.named("probe")
    targets = "echo 'Debian|http://mirror.example/debian/'"
    engine.put("apt-get", f'#!/bin/sh\n[ "$1" != indextargets ] || {targets}\n')
    engine.put("mmdebstrap", '#!/bin/sh\nfor word; do case $word in *.tar) echo >"$word" ;; esac; done\n')
    images.ensure(["probe"])
    assert engine.key(debian.image) == debian.content_key()
    assert engine.key(probe.image) == probe.content_key()
    images.ensure(["probe"])
    assert len(engine.calls("build")) == 1
    assert len(engine.calls("pull")) == 1
    engine.has(debian.image, "of-yesterday")
    engine.has(probe.image, "of-yesterday")
    images.ensure(["probe"])
    assert len(engine.calls("import")) == 2
    assert len(engine.calls("build")) == 2


def test_a_silent_registry_is_asked_once(engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given no registry, and four images that cannot be assembled either,
    when they are ensured,
    then one pull is tried and each image is named with the reason."""
    for recipe in (variables := [recipe for recipe in all_wanted() if recipe.variable])[:4]:
        monkeypatch.setenv(recipe.variable or "", f"other/{recipe.name}:1")
    said = unavailable(*[recipe.name for recipe in variables[:4]])
    assert len(engine.calls("pull")) == 1
    for recipe in variables[:4]:
        assert f"other/{recipe.name}:1 cannot be pulled (Docker Hub does not answer (no such host))" in said
        assert f"leave {recipe.variable} unset" in said


def test_a_registry_that_answers_is_asked_for_each(
    engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a registry without the images that two variables name,
    when they are ensured,
    then both are asked for and both are reported."""
    engine.registry()
    monkeypatch.setenv("KAFKA_IMAGE", "apache/kafka:9.9.9")
    monkeypatch.setenv("POSTGRES_IMAGE", "postgres:99")
    said = unavailable("kafka", "postgres")
    assert len(engine.calls("pull")) == 2
    assert said.count("not found") == 2


def test_too_little_disk(engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given less free disk than assembling takes,
    when an image has to be assembled,
    then one line says how much there is, where, and how much is needed."""
    monkeypatch.setattr(supply, "ASSEMBLY_BYTES", 10**18)
    said = unavailable("postgres")
    assert "too little disk" in said
    assert "1000000000 GB needed" in said
    assert "\n" not in said


def test_too_little_disk_for_compilers(engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given room for images, and less than two compiled programs take on the way,
    when one that comes from a package has to be assembled, and then two that are compiled,
    then the first is not held up, and for the others one line says how much is needed."""
    monkeypatch.setattr(supply, "PROGRAM_BYTES", 5 * 10**17)
    assert "too little disk" not in unavailable("debian")
    said = unavailable("loki", "tempo")
    assert "too little disk" in said
    assert "1000000000 GB needed" in said


def test_what_a_registry_gives_takes_no_compiler(
    engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a registry that has a compiled program and lacks a package's image, and no room for compilers,
    when both are ensured,
    then the one that is pulled counts for nothing."""
    monkeypatch.setattr(supply, "PROGRAM_BYTES", 10**18)
    engine.registry(next(one.image for one in all_recipes() if one.name == "loki"))
    assert "too little disk" not in unavailable("loki", "debian")


def test_a_failed_build_shows_the_end_of_its_log(engine: StandInEngine) -> None:
    """Given a bootstrap that fails after many lines,
    when the image is assembled,
    then the message has the exit code, the last lines and the log's place, and the first lines are in the log."""
    engine.put("apt-get", "#!/bin/sh\necho 'Debian|http://mirror.example/debian/'\n")
    engine.put(
        "mmdebstrap", '#!/bin/sh\ni=0\nwhile [ $i -lt 50 ]; do i=$((i + 1)); echo "line $i."; done\nexit 7\n'
    )
    said = unavailable("debian")
    assert "mmdebstrap failed with exit code 7" in said
    assert "line 50." in said
    assert "line 1." not in said
    assert "line 1." in Path(said.rpartition("[log: ")[2].rstrip("]")).read_text()


def test_a_tool_that_cannot_be_had_is_named(engine: StandInEngine) -> None:
    """Given a machine that is no Debian and has no mmdebstrap,
    when an image is assembled,
    then one line names the tool, the reason and the remedy."""
    assert unavailable("debian").startswith("debian: mmdebstrap is needed and not there: ")
    assert "install mmdebstrap" in unavailable("debian")


def test_another_architecture(engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a machine of another architecture than the recipes know, and no registry,
    when an image is ensured,
    then one line says so."""
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    said = unavailable("debian")
    assert "x86_64 only, not aarch64" in said
    assert "\n" not in said


def test_an_engine_that_does_not_answer(engine: StandInEngine) -> None:
    """Given no engine,
    when an image is ensured,
    then one line has the client's words and the remedy."""
    engine.put("docker", "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    said = unavailable("kafka")
    assert "Cannot connect" in said
    assert "make engine" in said
    assert "\n" not in said


def test_an_unknown_name(engine: StandInEngine) -> None:
    """Given a name that no image has,
    when the command line gets it,
    then it ends with 1 and one line that lists the names."""
    ended = subprocess.run(
        [sys.executable, "-m", "tools.images", "kafak"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "'kafak'" in ended.stderr
    assert re.search(r"choose from .*\bKAFKA_IMAGE\b.*\bkafka\b.*\bminio\b", ended.stderr)
    assert ended.stderr.count("\n") == 1


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    folder = tmp_path / "recipe"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "start.sh").write_text("exit\n")
    return replace(KAFKA, folder=folder, uses=())


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda folder: (folder / "Dockerfile").write_text("FROM scratch\nUSER 1\n"), True),
        (lambda folder: (folder / "start.sh").chmod(0o755), True),
        (lambda folder: (folder / "start.sh").rename(folder / "begin.sh"), True),
        (lambda folder: (folder / "more").write_text(""), True),
        (lambda folder: (folder / "README.md").write_text("about it"), False),
        (lambda folder: (folder / "contract.yml").write_text("user: x"), False),
        (lambda folder: (folder / "start.sh").touch(), False),
    ],
)
def test_the_content_key_follows_what_is_in_the_image(
    change: Callable[[Path], object], differs: bool, recipe: Recipe
) -> None:
    """Given a recipe,
    when something in its folder changes,
    then its key changes exactly if the image would."""
    before = recipe.content_key()
    change(recipe.folder)
    assert (recipe.content_key() != before) is differs


def test_the_content_key_follows_what_the_image_is_built_from(recipe: Recipe) -> None:
    """Given two recipes that differ only in what they are built from,
    when their keys are made,
    then these differ."""
    keys = {
        replace(recipe, uses=uses).content_key() for uses in ((), ("debian",), ("jre",), ("debian", "mc"))
    }
    assert len(keys) == 4
