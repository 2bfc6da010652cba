"""The three rules about shell scripts on small ones: in shell_cases/*.yml, under `bad` and under `good`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from _pytest.mark.structures import ParameterSet

from dayzero.core.finding import Finding
from dayzero.rules.cfg_10_no_bare_sleep import bare_sleeps
from dayzero.rules.cfg_16_bounded_wait import attempts_without_limit, unbounded_waits
from dayzero.rules.cfg_17_no_masked_failure import masked_failures
from dayzero.shell.program import ShellProgram
from dayzero.shell.syntax import At, Word
from tests.unit.provisioners.inline_script import InlineScript, program_of

Rule = Callable[[ShellProgram], list[Finding]]
RULES: dict[str, Rule] = {"sleeps": bare_sleeps, "waits": unbounded_waits, "masks": masked_failures}


def cases(kind: str) -> list[ParameterSet]:
    found = []
    for name, rule in RULES.items():
        file = Path(__file__).parent / "shell_cases" / f"{name}.yml"
        for case, script in yaml.safe_load(file.read_text(encoding="utf-8"))[kind].items():
            found.append(pytest.param(rule, script, id=f"{name}: {case}"))
    return found


@pytest.mark.parametrize(("rule", "script"), cases("bad"))
def test_a_bad_script_is_found(rule: Rule, script: str) -> None:
    assert rule(program_of(script))


@pytest.mark.parametrize(("rule", "script"), cases("good"))
def test_a_good_script_is_let_pass(rule: Rule, script: str) -> None:
    assert not rule(program_of(script))


def test_a_finding_points_at_the_command_and_names_the_way_out() -> None:
    program = program_of("set -e\nkafka-topics --create --topic a \\\n  --bootstrap-server k:9092 || true\n")
    (finding,) = masked_failures(program)
    assert (finding.source.line, finding.source.column) == (2, 1)
    assert "kafka-topics --create" in finding.quote
    assert "`||`" in finding.why


def test_a_command_in_a_nested_shell_is_pointed_at_where_it_stands() -> None:
    program = program_of("set -e\nsh -c 'echo one\n  sleep 5\n  mc mb a/b'\n")
    (finding,) = bare_sleeps(program)
    assert (finding.source.line, finding.source.column) == (3, 3)


@pytest.mark.parametrize(
    ("script", "library", "found"),
    [
        (". /lib.sh\npause\nmc mb a/b", "pause() { sleep 3; }", True),
        ('. "${0%/*}/lib.sh"\npause\nmc mb a/b', "pause() { sleep 3; }", True),
        (". /lib.sh\nmc mb a/b", "pause() { sleep 3; }", False),
        ("source /lib.sh\nmc mb a/b", "sleep 3", True),
        ("sh /lib.sh && mc mb a/b", "sleep 3", True),
        ("/lib.sh && mc mb a/b", "sleep 3", True),
    ],
)
def test_libraries_count_where_they_are_used(script: str, library: str, found: bool) -> None:
    assert bool(bare_sleeps(program_of(script, lib_sh=library))) is found


@pytest.mark.parametrize(
    ("options", "masked"), [((), True), (("e",), False), (("errexit",), False), (("u",), True)]
)
def test_options_of_the_shells_call_count(options: tuple[str, ...], masked: bool) -> None:
    assert bool(masked_failures(program_of("mc mb a/b\necho done", *options))) is masked


@pytest.mark.parametrize(
    ("call", "masked"),
    [("/work.sh", False), ("sh /work.sh", True), ("sh -e /work.sh", False), (". /work.sh", True)],
)
def test_options_of_a_scripts_first_line_hold_when_it_is_started_by_name(call: str, masked: bool) -> None:
    work = "#!/bin/sh -e\nmc mb a/b\necho done\n"
    assert bool(masked_failures(program_of(call, work_sh=work))) is masked


@pytest.mark.parametrize(
    ("attempt", "found"),
    [
        ("curl -sf http://a/health", True),
        ("curl -sf -m 5 http://a/health", False),
        ("timeout 5 mc ready a", False),
        ("mc ready a", True),
        ("pg_isready -t 3 -h db", False),
        ("nc -z -w 2 db 5432", False),
        ("nc -z db 5432", True),
        ("awk -f plan.awk /answers >/todo", False),
    ],
)
def test_an_attempt_needs_a_time_limit_of_its_own(attempt: str, found: bool) -> None:
    script = f"set -e\nfor i in 1 2 3; do if {attempt}; then exit 0; fi; sleep 1; done\nexit 1"
    assert bool(attempts_without_limit(program_of(script))) is found


def test_arguments_of_the_entry_script_are_followed() -> None:
    entry = InlineScript('#!/bin/sh\nset -e\necho starting\nexec "$@"\n', "/entry.sh")
    words = tuple(Word(text, At(1, 1)) for text in ("sleep", "infinity"))
    assert masked_failures(ShellProgram.of([entry], words))
    assert not masked_failures(ShellProgram.of([entry], words[:0]))


def test_a_list_that_grows_step_by_step_is_followed_in_time() -> None:
    grows = "".join(f'if [ -n "$X{n}" ]; then set -- "$@" --x{n} "$X{n}"; fi\n' for n in range(16))
    program = ShellProgram.of([InlineScript(f'set -e\n{grows}app "$@"\n', "/entry.sh")], ())
    assert not masked_failures(program)
    assert program.spent < 10_000


def test_functions_of_one_name_in_two_scripts_are_two() -> None:
    work = "main() { mc mb a/b; echo done; }\nmain\n"
    safe = "#!/bin/sh -e\nmain() { sh /work.sh; }\nmain\n"
    (finding,) = masked_failures(
        ShellProgram.of([InlineScript(safe, "/safe.sh"), InlineScript(work, "/work.sh")])
    )
    assert finding.source.file == "/work.sh"
