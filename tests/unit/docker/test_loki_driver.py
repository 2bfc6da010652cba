"""Where the engine has Loki's log driver, the stack uses it: all of it, and only where somebody takes its lines."""

from __future__ import annotations

import pytest

from dayzero.analysis.inventory import load_inventory
from dayzero.compose.project import ComposeProject
from dayzero.docker import loki_driver as log_driver
from tests.unit.conftest import ROOT
from tools.images.recipe import Recipe, all_wanted

KEPT_BY_THE_ENGINE = {"alloy", "engine-proxy", "engine-watch"}
PROJECT = ComposeProject.load(ROOT, overrides=[log_driver.log_driver_file(ROOT)], ask_compose=False)


def test_every_service_logs_through_the_driver() -> None:
    """Given the stack with the file for the log driver,
    when the log options of its services are read,
    then all log through the driver, but Alloy itself and the engine's record; and no option is the engine's own."""
    drivers = {name: service.config["logging"]["driver"] for name, service in PROJECT.services.items()}
    assert {name for name, driver in drivers.items() if driver != log_driver.NAME} == KEPT_BY_THE_ENGINE
    for name in drivers.keys() - KEPT_BY_THE_ENGINE:
        assert "tag" not in PROJECT.services[name].config["logging"]["options"], name


def test_no_init_begins_before_somebody_takes_its_lines() -> None:
    """Given the same,
    when the dependencies of each init are read,
    then Alloy is healthy first, where it is part of the stack at all."""
    for name in load_inventory(ROOT / "inventory.yml").inits:
        waits = PROJECT.services[name].config["depends_on"]["alloy"]
        assert waits == {"condition": "service_healthy", "required": False}, name


@pytest.mark.parametrize(
    ("installed", "profiles", "printed"),
    [
        (
            True,
            "data,observability",
            "--file docker-compose.yml --file infra/06-observability/log-driver.yml\n",
        ),
        (True, "data,messaging", ""),
        (False, "data,observability", ""),
    ],
)
def test_make_up_uses_it_where_it_is_installed(
    installed: bool,
    profiles: str,
    printed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Given an engine with or without the driver, and planes with or without the one that takes its lines,
    when the options for Compose are asked for,
    then they name the file where both are there, and nothing otherwise."""
    monkeypatch.setattr(log_driver, "has_log_driver", lambda _engine: installed)
    monkeypatch.setenv("COMPOSE_PROFILES", profiles)
    log_driver.main()
    assert capsys.readouterr().out == printed


def test_the_driver_is_made_for_who_asks_alone() -> None:
    """Given the recipe of the driver, which is no image that a stack runs,
    when the recipes of a run are listed,
    then it is not among them, and can be had by its name."""
    assert Recipe.named("log-driver") not in all_wanted()
