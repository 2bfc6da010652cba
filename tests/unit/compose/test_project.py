"""Reading whole projects: which files, which values, which places, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dayzero.compose.project import ComposeProject, ComposeUnreadable
from dayzero.core.verdict import Source
from tests.unit.written_stack import WriteStack, stack, write_files

__all__ = ["stack"]


def test_an_override_file_joins_in(stack: WriteStack) -> None:
    project = stack(
        "services: {a: {image: 'a:1', environment: [X=1, Y=1], ports: ['80:80']}}",
        {"compose.override.yml": "services:\n  a:\n    environment: {Y: 2}\n    command: [run]\n"},
    )
    service = project.services["a"]
    assert service.config["environment"] == {"X": "1", "Y": "2"}
    assert service.where("environment", "Y") == Source("compose.override.yml", 3, 19)
    assert service.where("environment", "X") == Source("compose.yml", 1, 44)
    assert service.where("image").file == "compose.yml"


def test_extends_keeps_the_place_in_the_other_file(stack: WriteStack) -> None:
    project = stack(
        "services:\n  job:\n    extends: {file: sub/base.yml, service: once}\n    image: a:1\n",
        {"sub/base.yml": "services:\n  once:\n    restart: always\n    volumes: ['./here:/there']\n"},
    )
    job = project.services["job"]
    assert job.where("restart") == Source("sub/base.yml", 3, 5)
    assert job.config["volumes"][0]["source"] == str(project.root / "sub/here")
    assert [file.name for file in project.files] == ["compose.yml", "base.yml"]


def test_an_extended_service_may_extend_in_turn(stack: WriteStack) -> None:
    project = stack(
        "services:\n  a: {extends: b, image: 'a:1'}\n  b: {extends: c, restart: always}\n"
        "  c: {restart: 'no', user: x}\n"
    )
    assert project.services["a"].config["restart"] == "always"
    assert project.services["a"].config["user"] == "x"


def test_a_circle_of_extends_ends(stack: WriteStack) -> None:
    project = stack("services:\n  a: {extends: b, image: 'a:1'}\n  b: {extends: a}\n")
    assert any("circle" in gap.what for gap in project.tree.gaps)


def test_include_reads_with_its_own_folder_and_environment(stack: WriteStack) -> None:
    project = stack(
        "include:\n  - path: sub/compose.yml\nservices: {a: {image: 'a:1'}}\n",
        {
            "sub/compose.yml": "services:\n  b:\n    image: b:${TAG}\n    volumes: [./data:/data]\n",
            "sub/.env": "TAG=7\n",
        },
    )
    included = project.services["b"]
    assert included.config["image"] == "b:7"
    assert included.config["volumes"][0]["source"] == str(project.root / "sub/data")
    assert included.where("image") == Source("sub/compose.yml", 3, 5)


def test_a_missing_include_leaves_the_rest(stack: WriteStack) -> None:
    project = stack("include: [nowhere.yml]\nservices: {a: {image: 'a:1'}}\n")
    assert list(project.services) == ["a"]
    assert "nowhere.yml" in str(project.tree.gaps[0])


@pytest.mark.parametrize(
    ("driver", "options"),
    [("driver: local, ", {"a": "1", "b": "2"}), ("", {"a": "1", "b": "2"}), ("driver: other, ", {"b": "2"})],
)
def test_log_options_are_those_of_one_driver(stack: WriteStack, driver: str, options: dict[str, str]) -> None:
    project = stack(
        "services: {a: {image: 'a:1', logging: {driver: local, options: {a: '1'}}}}",
        {"compose.override.yml": f"services: {{a: {{logging: {{{driver}options: {{b: '2'}}}}}}}}"},
    )
    assert project.services["a"].config["logging"]["options"] == options


def test_reset_and_override_take_away_and_replace(stack: WriteStack) -> None:
    project = stack(
        "services: {a: {image: 'a:1', restart: always, ports: ['1:1'], cap_drop: [ALL]}}",
        {
            "compose.override.yml": "services:\n  a:\n    restart: !reset null\n    ports: !override ['2:2']\n"
            "    cap_drop: [NET_RAW]\n    build: !reset null\n"
        },
    )
    config = project.services["a"].config
    assert "restart" not in config
    assert [port["target"] for port in config["ports"]] == [2]
    assert config["cap_drop"] == ["ALL", "NET_RAW"]
    assert "build" not in config


def test_where_falls_back_to_the_nearest_key(stack: WriteStack) -> None:
    project = stack("services:\n  a:\n    image: a:1\n    environment:\n      - X=1\n")
    service = project.services["a"]
    assert service.where("environment", "NONE") == Source("compose.yml", 4, 5)
    assert service.where("restart") == Source("compose.yml", 2, 3)
    assert service.where("environment", "X") == Source("compose.yml", 5, 9)
    assert project.where("volumes") == Source("compose.yml", 1, 1)


def test_volumes_and_dependencies_are_found_by_name_and_by_index(stack: WriteStack) -> None:
    project = stack(
        "services:\n  a:\n    image: a:1\n    depends_on: [b]\n    volumes:\n      - ./x:/x\n      - y:/y\n"
        "  b: {image: 'b:1'}\n"
    )
    service = project.services["a"]
    assert service.where("volumes", 1).line == 7
    assert service.where("volumes", "/x").line == 6
    assert service.where("depends_on", "b") == Source("compose.yml", 4, 18)


def test_a_sample_stands_in_for_an_env_file_that_is_not_committed(stack: WriteStack) -> None:
    project = stack(
        "services: {a: {image: 'a:${TAG}-${FILL_IN:-later}', env_file: own.env}}",
        {".env.example": "TAG=1\nFILL_IN=\n", "own.env.sample": "X=1\n"},
    )
    service = project.services["a"]
    assert service.config["image"] == "a:1-later"
    assert service.config["environment"] == {"X": "1"}


def test_the_callers_environment_changes_nothing(stack: WriteStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG", "from-outside")
    assert stack("services: {a: {image: 'a:${TAG:-1}'}}").services["a"].config["image"] == "a:1"


def test_compose_file_in_the_environment_file_is_honoured(stack: WriteStack) -> None:
    project = stack(
        "services: {a: {image: 'a:1'}}",
        {".env": "COMPOSE_FILE=compose.yml:extra.yml\n", "extra.yml": "services: {b: {image: 'b:1'}}"},
    )
    assert list(project.services) == ["a", "b"]


def test_only_the_named_profiles_are_kept(tmp_path: Path) -> None:
    compose = (
        "services: {a: {image: 'a:1'}, b: {image: 'b:1', profiles: [x]}, c: {image: 'c:1', profiles: [y]}}"
    )
    write_files(tmp_path, {"compose.yml": compose})
    project = ComposeProject.load(tmp_path, profiles=["x"], ask_compose=False)
    assert list(project.services) == ["a", "b"]


@pytest.mark.parametrize(
    ("files", "path", "said"),
    [
        ({}, "nowhere", "no such file or folder"),
        ({"other.txt": ""}, ".", "no compose file in this folder; expected compose.yaml"),
        (
            {"docker-compose.dev.yml": "services: {}"},
            ".",
            "name one of these with --stack: docker-compose.dev.yml",
        ),
        ({"compose.yml": "name: x\n"}, ".", "no service in it"),
        ({"compose.yml": ""}, ".", "the file is empty"),
        ({"compose.yml": "services:\n\ta: {image: [}\n"}, ".", "compose.yml:2"),
        (
            {"compose.yml": "services: {a: {}}", ".env": "COMPOSE_FILE=gone.yml"},
            ".",
            "names a file that is not there",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, files: dict[str, str], path: str, said: str
) -> None:
    write_files(tmp_path, files)
    with pytest.raises(ComposeUnreadable) as refused:
        ComposeProject.load(tmp_path / path, ask_compose=False)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_pipe_is_not_waited_for(stack: WriteStack) -> None:
    """Given an env file of a service, or the project's own `.env`, that is a pipe which nobody writes into,
    when the project is read with Compose asked,
    then Compose is not asked in the first case, and the second is refused in one line."""
    root = stack("services: {a: {image: 'a:1', env_file: own.env}}").root
    os.mkfifo(root / "own.env")
    project = ComposeProject.load(root)
    assert "own.env: Compose was not asked" in project.pipe
    assert (project.complaint, project.loaded_by) == (project.pipe, "the files alone")
    os.mkfifo(root / ".env")
    with pytest.raises(ComposeUnreadable, match=r"\.env: cannot be read \(it is a pipe or device\)"):
        ComposeProject.load(root)


@pytest.mark.parametrize("name", ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"])
def test_every_default_name_is_found(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, {name: "services: {a: {image: 'a:1'}}"})
    assert ComposeProject.load(tmp_path, ask_compose=False).compose_files == ((tmp_path / name).resolve(),)


def test_places_are_relative_to_the_stack(stack: WriteStack, monkeypatch: pytest.MonkeyPatch) -> None:
    project = stack("services: {a: {image: 'a:1'}}")
    monkeypatch.chdir("/")
    assert project.services["a"].where().file == "compose.yml"
    assert not Path(os.path.relpath("compose.yml")).exists()
