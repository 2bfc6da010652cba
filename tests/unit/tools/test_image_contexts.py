"""What an image is built from is laid out once; a try that was ended leaves what it had made to the next."""

from __future__ import annotations

import os
import shutil
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.tools.test_images import StandInEngine
from tests.unit.tools.test_images import engine as engine
from tests.unit.tools.test_images import recipe as recipe
from tools.images import assembly
from tools.images.recipe import GoBuild, Recipe
from tools.images.step import Log, StepFailed


def test_what_was_fetched_is_not_fetched_again(engine: StandInEngine, recipe: Recipe, tmp_path: Path) -> None:
    """Given a recipe that Maven fetches for,
    when its context is laid out twice, and once more after a change,
    then Maven runs twice and the outdated context is gone."""
    (recipe.folder / "pom.xml").write_text("<project/>")
    engine.put("mvn", f'#!/bin/sh\necho "$*" >>"{tmp_path}/mvn"\n')
    log = Log("kafka", tmp_path / "log", lambda line: None)
    first = assembly.fetch(recipe, log)
    assert assembly.fetch(recipe, log) == first
    (recipe.folder / "pom.xml").write_text("<project></project>")
    second = assembly.fetch(recipe, log)
    assert not first.exists()
    assert (second / "start.sh").exists()
    assert len((tmp_path / "mvn").read_text().splitlines()) == 2


# A Go as far as assembling goes: says which version it is and where a module lies, and builds programs that write
# down where they run.
GO = """
    #!/bin/sh
    case "$1 $2" in
      "env GOVERSION") echo go1.24.6 ;;
      "mod download") echo '{{"Dir": "{module}"}}' ;;
      build\\ *)
        while [ "$1" != -o ]; do shift; done
        printf '#!/bin/sh\\necho "$*" >>generated\\n' >"$2"
        chmod +x "$2"
        if [ -e generated ]; then cat generated >>"$2"; fi ;;
    esac
"""


@pytest.mark.parametrize("generate", [(), ("example.org/tool gen ./pkg",)])
def test_a_go_module_is_taken_as_it_is_or_completed_in_a_copy(
    generate: tuple[str, ...], engine: StandInEngine, recipe: Recipe, tmp_path: Path
) -> None:
    """Given a module that is published whole, or without its generated code, in a read-only module cache,
    when a recipe has a program built from it and wants some of its files,
    then the files are in the context, code is generated in a copy that goes and has the recipe's own source files,
    and the module is as before."""
    module = tmp_path / "module"
    (module / "conf" / "deep").mkdir(parents=True)
    (module / "conf" / "deep" / "plugin.json").write_text("{}")
    (module / "other").write_text("")
    (module / "generated").write_text("# the module's own\n")
    (recipe.folder / "source").mkdir()
    (recipe.folder / "source" / "generated").write_text("# the recipe's own\n")
    before = sorted(module.rglob("*"))
    engine.put("go", textwrap.dedent(GO).lstrip().format(module=module))
    for tool in ("cp", "cat", "chmod", "gcc"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool, path=os.defpath) or "/bin/false")
    go = GoBuild("./cmd", "program", "", "-s", "example.org/module", ["conf/**/*.json"], generate)
    context = assembly.fetch(replace(recipe, go=go), Log("kafka", tmp_path / "log", lambda line: None))
    assert (context / "module" / "conf" / "deep" / "plugin.json").read_text() == "{}"
    assert not (context / "module" / "other").exists()
    program = (context / "program").read_text()
    assert [line in program for line in ("gen ./pkg", "# the recipe's own")] == [bool(generate)] * 2
    assert "# the module's own" not in program
    assert (module / "generated").read_text() == "# the module's own\n"
    assert sorted(module.rglob("*")) == before
    assert [path.name for path in assembly.cache_folder().glob("kafka-*")] == [context.name]


def test_code_that_was_generated_is_not_generated_again(
    engine: StandInEngine, recipe: Recipe, tmp_path: Path
) -> None:
    """Given a try that was ended while the program was compiled from generated code,
    when the image is laid out once more,
    then that code is used, and nothing but what was laid out stays in the cache."""
    (module := tmp_path / "module").mkdir()
    for tool in ("cp", "cat", "chmod"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool, path=os.defpath) or "/bin/false")
    go = GoBuild("./cmd", "program", "", "-s", "example.org/module", (), ["example.org/tool gen"])
    generating, log = replace(recipe, go=go), Log("kafka", tmp_path / "log", lambda line: None)
    whole = textwrap.dedent(GO).lstrip().format(module=module)
    breaks = 'build\\ *)\n    case "$*" in *./cmd) exit 9 ;; esac'
    engine.put("go", whole.replace("build\\ *)", breaks))
    with pytest.raises(StepFailed, match=r"go build \./cmd failed with exit code 9"):
        assembly.fetch(generating, log)
    engine.put("go", whole)
    context = assembly.fetch(generating, log)
    assert log.path.read_text().count("/tool gen\n") == 1
    assert "gen" in (context / "program").read_text()
    assert [path.name for path in assembly.cache_folder().glob("kafka-*")] == [context.name]
