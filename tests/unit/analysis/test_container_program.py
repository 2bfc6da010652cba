"""Which shell text a service's container runs, and where each place of it stands."""

from __future__ import annotations

import pytest

from dayzero.analysis.container_program import texts_of
from dayzero.compose.project import Service
from dayzero.core.verdict import Source
from tests.unit.written_stack import WriteStack, stack

__all__ = ["stack"]


def only(service: Service) -> str:
    (script,) = texts_of(service).scripts
    return script.text


@pytest.mark.parametrize(
    ("keys", "text", "shell", "options"),
    [
        ("command: sh -c 'a && b'", "a && b", "sh", ()),
        ('command: ["bash", "-ec", "a"]', "a", "bash", ("e",)),
        ('command: ["bash", "-euo", "pipefail", "-c", "a"]', "a", "bash", ("e", "u", "pipefail")),
        ('entrypoint: ["/bin/sh", "-c"]\n    command: ["a; b"]', "a; b", "sh", ()),
        ("entrypoint: /bin/sh\n    command: -c 'a; b'", "a; b", "sh", ()),
        ('entrypoint: ["/sbin/tini", "--", "/bin/ash", "-e", "-c", "a"]', "a", "ash", ("e",)),
        ("command: sh -c 'echo $$HOME ${X:-y}'", "echo $HOME ${X:-y}", "sh", ()),
        ('command: ["timeout", "60", "bash", "-c", "a"]', "a", "bash", ()),
        ('entrypoint: ["sh", "-c"]\n    command: mc mb a', "mc mb a", "sh", ()),
    ],
)
def test_inline_text_is_found(
    stack: WriteStack, keys: str, text: str, shell: str, options: tuple[str, ...]
) -> None:
    service = stack(f"services:\n  a:\n    image: x:1\n    {keys}\n").services["a"]
    (script,) = texts_of(service).scripts
    assert (script.text, script.interpreter, script.options) == (text, shell, options)


def test_a_place_in_folded_text_is_the_line_that_the_user_wrote(stack: WriteStack) -> None:
    service = stack(
        """\
        services:
          a:
            image: x:1
            entrypoint: >
              /bin/sh -c "
              until mc ls store; do sleep 1; done;
              mc mb store/raw $$MORE
              "
        """
    ).services["a"]
    (script,) = texts_of(service).scripts
    at = script.text.index("mc mb")
    assert script.source_at(1, at + 1) == Source("compose.yml", 7, 7)
    assert script.source_at(1, script.text.index("$MORE") + 2) == Source("compose.yml", 7, 25)


def test_a_place_in_a_block_is_exact(stack: WriteStack) -> None:
    service = stack(
        "services:\n  a:\n    image: x:1\n    command:\n      - sh\n      - -c\n      - |\n        one\n          two\n"
    ).services["a"]
    (script,) = texts_of(service).scripts
    assert script.source_at(1) == Source("compose.yml", 8, 9)
    assert script.source_at(2, 3) == Source("compose.yml", 9, 11)


def test_a_mounted_script_and_what_it_sources_are_read(stack: WriteStack) -> None:
    service = stack(
        "services:\n  a:\n    image: x:1\n    command: /setup/run.sh\n    volumes: ['./scripts:/setup:ro']\n",
        {
            "scripts/run.sh": "#!/bin/bash\n. /setup/lib/wait.sh\n/setup/next.sh\n",
            "scripts/lib/wait.sh": "wait_for() { :; }\n",
            "scripts/next.sh": "#!/bin/sh\necho next\n",
            "scripts/unused.sh": "#!/bin/sh\necho unused\n",
        },
    ).services["a"]
    found = {script.path: (script.interpreter, script.sourced) for script in texts_of(service).scripts}
    assert found == {
        "/setup/run.sh": ("bash", False),
        "/setup/lib/wait.sh": ("bash", True),
        "/setup/next.sh": ("sh", False),
    }
    assert texts_of(service).scripts[1].source_at(1, 5) == Source("scripts/lib/wait.sh", 1, 5)
    assert texts_of(service).opaque == []


def test_a_script_beside_its_caller_is_found_by_its_folder(stack: WriteStack) -> None:
    service = stack(
        "services:\n  a:\n    image: x:1\n    command: bash /setup/run.sh\n    volumes: ['./scripts:/setup:ro']\n",
        {
            "scripts/run.sh": 'HERE=$(dirname "$0")\nsource "$HERE/lib.sh"\ncd /setup/sub && ./deep.sh\n',
            "scripts/lib.sh": "x=1\n",
            "scripts/sub/deep.sh": "#!/bin/sh\n:\n",
        },
    ).services["a"]
    assert {script.path for script in texts_of(service).scripts} == {
        "/setup/run.sh",
        "/setup/lib.sh",
        "/setup/sub/deep.sh",
    }


def test_configs_are_scripts_too(stack: WriteStack) -> None:
    service = stack(
        """\
        services:
          a:
            image: x:1
            command: ["sh", "/setup.sh"]
            configs:
              - {source: setup, target: /setup.sh}
        configs:
          setup:
            content: |
              set -e
              echo $$X
        """
    ).services["a"]
    (script,) = texts_of(service).scripts
    assert script.text == "set -e\necho $X\n"
    assert script.source_at(2, 6) == Source("compose.yml", 11, 12)


def test_a_local_dockerfile_says_what_runs(stack: WriteStack) -> None:
    service = stack(
        "services:\n  a:\n    build: {context: image}\n",
        {
            "image/Dockerfile": "FROM alpine:3\nWORKDIR /app\nCOPY tools/ ./tools/\n"
            'ENTRYPOINT ["./tools/run.sh"]\nCMD ["x"]\n',
            "image/tools/run.sh": "#!/bin/sh\nset -e\n",
        },
    ).services["a"]
    (script,) = texts_of(service).scripts
    assert (script.path, script.source_at(2)) == ("/app/tools/run.sh", Source("image/tools/run.sh", 2, 1))


def test_the_shell_form_of_a_dockerfile_is_inline_text(stack: WriteStack) -> None:
    service = stack(
        "services:\n  a:\n    build: .\n", {"Dockerfile": "FROM alpine:3\nCMD one && \\\n    two\n"}
    ).services["a"]
    (script,) = texts_of(service).scripts
    assert script.source_at(1, script.text.index("two") + 1) == Source("Dockerfile", 3, 5)


def test_a_heredoc_that_is_copied_in_is_a_script(stack: WriteStack) -> None:
    dockerfile = 'FROM alpine:3\nCOPY <<\'EOF\' /run.sh\n#!/bin/sh\necho hi\nEOF\nCMD ["sh", "/run.sh"]\n'
    service = stack("services:\n  a:\n    build: .\n", {"Dockerfile": dockerfile}).services["a"]
    assert only(service) == "#!/bin/sh\necho hi\n"


def test_other_languages_are_programs_not_scripts(stack: WriteStack) -> None:
    service = stack(
        "services:\n  a:\n    image: python:3\n    command: [python, /x/seed.py]\n    volumes: ['./x:/x:ro']\n",
        {"x/seed.py": "print('host=db')\n"},
    ).services["a"]
    assert texts_of(service).scripts == []
    assert [program.path for program in texts_of(service).programs] == ["/x/seed.py"]


def test_settings_given_to_a_program_are_not_run(stack: WriteStack) -> None:
    service = stack(
        "services:\n  a:\n    image: x:1\n    command: [/opt/server, -c, /etc/server.yml]\n"
        "    volumes: ['./s.yml:/etc/server.yml:ro']\n",
        {"s.yml": "topics: [kafka-topics --create]\n"},
    ).services["a"]
    assert texts_of(service).scripts == []
    assert texts_of(service).programs == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("image: ghcr.io/x/setup:1", "the image's own entrypoint and command"),
        ("image: ghcr.io/x/setup:1\n    command: up", "the image's own entrypoint"),
        ("image: x:1\n    entrypoint: [sh, /gone.sh]", "/gone.sh, which is not among the project's files"),
        ("image: x:1\n    entrypoint: [/gone.sh]", "/gone.sh, which is not among the project's files"),
    ],
)
def test_what_cannot_be_seen_is_named(stack: WriteStack, keys: str, said: str) -> None:
    assert said in texts_of(stack(f"services:\n  a:\n    {keys}\n").services["a"]).opaque


def test_a_plain_command_of_a_known_image_hides_nothing(stack: WriteStack) -> None:
    service = stack(
        "services:\n  a:\n    image: postgres:17\n    command: psql -h db -c 'SELECT 1'\n"
    ).services["a"]
    assert texts_of(service).opaque == []
