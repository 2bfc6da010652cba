"""Each linter gets the files that are its business."""

from __future__ import annotations

from pathlib import Path

from tools.lint import commands


def test_files_go_to_their_linters(tmp_path: Path) -> None:
    """Given shell files with and without an ending, Dockerfiles, and a stack that is bad on purpose,
    when the linters are chosen,
    then each has exactly its files."""
    texts = {
        "a.sh": "echo",
        "images/x/entrypoint": "#!/bin/sh\n",
        "images/x/Dockerfile": "FROM a",
        ".ci/run": "#!/usr/bin/env bash\n",
        "tool": "#!/usr/bin/env python3\n",
        "README.md": "#!/bin/sh is a shebang",
        "fixtures/stacks/static/bad/init.sh": "sleep 5",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    calls = {call[0]: call for call in commands(tmp_path, texts)}
    shell = ["a.sh", "images/x/entrypoint", ".ci/run"]
    assert calls["shellcheck"][-3:] == shell
    assert calls["shfmt"][-3:] == shell
    assert calls["hadolint"][1:] == ["images/x/Dockerfile"]


def test_a_linter_without_files_is_left_out(tmp_path: Path) -> None:
    """Given neither shell nor Dockerfile,
    when the linters are chosen,
    then only those for Python are called."""
    assert {call[0] for call in commands(tmp_path, [])} == {"ruff", "mypy", "lint-imports"}
