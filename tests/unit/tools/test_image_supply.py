"""Each image is waited for by itself: one that cannot be had is an obstacle for whoever needs it, and nobody else."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from dayzero.core.errors import ImageUnavailable
from dayzero.core.wait import holds_within
from fixtures.run_images import RunImages, StackImage, images_of
from tests.unit.tools.test_images import KAFKA, StandInEngine
from tests.unit.tools.test_images import engine as engine
from tools import images
from tools.images.process import stat_of
from tools.images.recipe import Recipe

LOKI, TEMPO = Recipe.named("loki"), Recipe.named("tempo")


def service(image: str, *profiles: str) -> dict[str, Any]:
    return {"image": image, "profiles": list(profiles)}


def test_an_image_that_cannot_be_had_holds_up_no_other(engine: StandInEngine) -> None:
    """Given one image that is there, one that a registry has, and one that can neither be pulled nor assembled,
    when all are supplied,
    then the first two are delivered, and the third alone is refused, with the reason."""
    engine.has(KAFKA.image)
    engine.registry(LOKI.image)
    with images.Supply(["kafka", "loki", "tempo"], lambda line: None) as supply:
        assert supply.reference("kafka") == KAFKA.image
        assert supply.reference("loki") == LOKI.image
        with pytest.raises(ImageUnavailable, match=r"^tempo: "):
            supply.reference("tempo")
        assert supply.failures().keys() == {"tempo"}


def test_what_is_under_way_is_ended_with_the_supply(engine: StandInEngine) -> None:
    """Given an image whose pull does not end,
    when the supply is left,
    then the pull is ended, and whoever waits for the image learns that it was interrupted."""
    begun = threading.Event()
    engine.put(
        "docker",
        '#!/bin/sh\ncase $1 in image) echo "no such image" >&2; exit 1;; pull) echo Pulling; exec sleep 600;; esac\n',
    )
    engine.put("sleep", "#!/bin/sh\nexec /bin/sleep 600\n")
    with images.Supply(["kafka"], lambda line: begun.set()) as supply:
        assert begun.wait(30)
    with pytest.raises(ImageUnavailable, match="interrupted"):
        supply.reference("kafka")


def test_an_engine_that_never_answers_is_left_with_the_supply(engine: StandInEngine) -> None:
    """Given an engine that is asked for an image and says nothing,
    when the supply is left,
    then nobody asks any more, and whoever waits for the image learns that it was interrupted."""
    engine.put("docker", "#!/bin/sh\necho asked >&2\nexec /bin/sleep 600\n")
    with images.Supply(["kafka"], lambda line: None) as supply:
        holds_within(lambda: bool(children()), 30)
        asked = children()
    assert asked
    assert not asked & children()
    with pytest.raises(ImageUnavailable, match="interrupted"):
        supply.reference("kafka")


def children() -> set[str]:
    """The processes that this one has started and that still run."""
    processes = {entry.name: stat_of(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    return {
        name for name, stat in processes.items() if stat and stat[0] != "Z" and int(stat[1]) == os.getpid()
    }


def test_a_second_try_says_that_it_goes_on(engine: StandInEngine, tmp_path: Path) -> None:
    """Given what an earlier try had begun to lay out when it was killed, a file of it half written,
    when the image is assembled,
    then that is said, and nothing of what was half written is in it."""
    debian = Recipe.named("debian")
    engine.put("apt-get", "#!/bin/sh\necho 'Debian|http://mirror.example/debian/'\n")
    engine.put(
        "mmdebstrap", '#!/bin/sh\nfor word; do case $word in *.tar) echo whole >"$word" ;; esac; done\n'
    )
    half = tmp_path / "cache" / "dayzero" / "images" / f"debian-{debian.content_key()}.part"
    half.mkdir(parents=True)
    (half / "left-over").write_text("half")
    said: list[str] = []
    images.ensure(["debian"], said.append)
    assert any("going on where an earlier try stopped" in line for line in said)
    context = half.with_suffix("")
    assert (context / "rootfs.tar").read_text() == "whole\n"
    assert not (context / "left-over").exists()


@pytest.mark.parametrize("assembled", [True, False])
def test_what_no_registry_has_is_made_beside_what_is_assembled(
    assembled: bool, engine: StandInEngine
) -> None:
    """Given an image of the run that was assembled here, or is the official one, and one that goes along with it,
    when the first is supplied,
    then the other is made as well where there was no registry, and only there."""
    engine.has(KAFKA.image, KAFKA.content_key() if assembled else "")
    said: list[str] = []
    with images.Supply(["kafka"], said.append, beside=["probe"]) as supply:
        supply.failures()
        supply._worker.join(timeout=30)
    assert any(line.startswith(("probe ", "debian ")) for line in said) is assembled


def test_the_images_of_a_run_are_those_of_its_services() -> None:
    """Given a model with services of two profiles, one service of none, and an image that is nobody's recipe,
    when the images are read off it,
    then each recipe comes with the profiles of the services that need it."""
    model = {
        "services": {
            "kafka-1": service(KAFKA.image, "messaging"),
            "kafka-2": service(KAFKA.image, "messaging", "more"),
            "loki": service(LOKI.image, "observability"),
            "gate": service(TEMPO.image),
            "app": service("example/app:1", "data"),
        }
    }
    assert images_of(model) == {
        "kafka": StackImage(KAFKA.image, {"messaging", "more"}),
        "loki": StackImage(LOKI.image, {"observability"}),
        "tempo": StackImage(TEMPO.image),
    }


def test_the_environment_names_an_image_and_a_persons_own_file_does_not(
    engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an image that the environment renames, and one that .env renames, which the suite's stack is not made by,
    when the run's images are supplied,
    then they are those that Compose names in its model."""
    monkeypatch.setenv("KAFKA_IMAGE", "team/kafka:4")
    monkeypatch.setattr("tools.images.supply.reference_for", lambda recipe: f"persons/{recipe.name}:1")
    model = {"services": {"kafka-1": service("team/kafka:4", "m"), "loki": service(LOKI.image, "o")}}
    engine.has("team/kafka:4")
    engine.has(LOKI.image)
    run = RunImages(["kafka", "loki"], stack=images_of(model))
    assert [run.reference(name) for name in ("kafka", "loki")] == ["team/kafka:4", LOKI.image]
    run.close()
    assert not engine.calls("pull")


def needed(kafka: set[str], loki: set[str]) -> dict[str, StackImage]:
    return {"kafka": StackImage(KAFKA.image, kafka), "loki": StackImage(LOKI.image, loki)}


def test_a_missing_image_loses_the_profiles_that_need_it(engine: StandInEngine) -> None:
    """Given a run of two profiles, one of whose images cannot be had,
    when it asks which profiles are lost,
    then it is the one that needs the image, with the reason; where every profile needs it, nothing is left to judge."""
    engine.has(KAFKA.image)
    run = RunImages(["kafka", "loki"], stack=needed({"messaging"}, {"observability"}))
    lost = run.lost_profiles()
    run.close()
    assert lost.keys() == {"observability"}
    assert lost["observability"].startswith("loki: ")
    run = RunImages(["kafka", "loki"], stack=needed({"messaging"}, set()))
    with pytest.raises(ImageUnavailable, match=r"^loki: "):
        run.lost_profiles()
    run.close()


def test_every_image_that_a_profile_lacks_is_named(engine: StandInEngine) -> None:
    """Given a run of one profile, two of whose images cannot be had,
    when it asks which profiles are lost,
    then the reason names both."""
    run = RunImages(["kafka", "loki"], stack=needed({"both"}, {"both"}))
    lost = run.lost_profiles()
    run.close()
    assert {line.partition(":")[0] for line in lost["both"].splitlines()} == {"kafka", "loki"}, lost


def test_a_stack_is_held_to_seconds_when_nothing_is_compiled_any_more(
    engine: StandInEngine, tmp_path: Path
) -> None:
    """Given an image that is there, and another whose pull takes its time,
    when the first is delivered, and then the end of the supply is waited for,
    then the first does not wait for the second, and at the end nothing is under way."""
    go_on = tmp_path / "go-on"
    engine.has(KAFKA.image)
    engine.put(
        "docker",
        f"""#!/bin/sh
case "$*" in
  *inspect*kafka*) echo null ;;
  *inspect*) echo "no such image" >&2; exit 1 ;;
  pull*) echo Pulling; while [ ! -e {go_on} ]; do /bin/sleep 0.1; done ;;
esac
""",
    )
    run = RunImages(["kafka", "loki"])
    assert run.reference("kafka") == KAFKA.image
    assert not run.start().is_over()
    go_on.touch()
    run.await_end()
    assert run.reference("loki") == LOKI.image
    run.close()


def test_another_run_that_supplies_is_waited_for_and_seen_at_work(
    engine: StandInEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a lock that another run holds, and an image that this run lacks and the other one makes meanwhile,
    when it is ensured,
    then the wait is told time and again, and it ends with the image and not with the other run."""
    monkeypatch.setattr("tools.images.supply.HEARTBEAT_SECONDS", 0.6)
    cache = tmp_path / "cache" / "dayzero" / "images"
    cache.mkdir(parents=True)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            engine.has(KAFKA.image)

    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert images.ensure(["kafka"], say) == {"kafka": KAFKA.image}
    assert len(said) >= 2
    assert all(line.startswith("waiting for another run") for line in said)
