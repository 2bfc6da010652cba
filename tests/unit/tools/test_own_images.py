"""An image of ours is assembled also where a registry answers; under another name it is not ours."""

from __future__ import annotations

import pytest

from tests.unit.tools.test_images import StandInEngine, unavailable
from tests.unit.tools.test_images import engine as engine
from tools import images
from tools.images.recipe import Recipe


def test_ours_is_assembled_on_a_pulled_base(engine: StandInEngine) -> None:
    """Given a registry with the official images, which cannot have one of ours,
    when Patroni's image is ensured,
    then its base is pulled and it alone is built, without asking for it."""
    debian, patroni = Recipe.named("debian"), Recipe.named("patroni")
    engine.registry(debian.image)
    images.ensure(["patroni"])
    assert [call.split()[-1] for call in engine.calls("pull")] == [debian.image]
    assert engine.key(patroni.image) == patroni.content_key()
    assert not engine.calls("import")


def test_ours_under_another_name_is_pulled(engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a variable that names somebody else's image in place of one of ours,
    when it is ensured with a registry that has it, and with one that has not,
    then it is pulled, and never built under that name."""
    monkeypatch.setenv("PATRONI_IMAGE", "team/patroni:4.1")
    engine.registry("team/patroni:4.1")
    images.ensure(["patroni"])
    assert engine.key("team/patroni:4.1") == ""
    monkeypatch.setenv("PATRONI_IMAGE", "team/patroni:9")
    assert "team/patroni:9 cannot be pulled" in unavailable("patroni")
    assert not engine.calls("build")
