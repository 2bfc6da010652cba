"""The library that every provisioner shares: audit lines, errors, inputs, settings, signals."""

from __future__ import annotations

import re
import signal
import time

import pytest

from dayzero.core import logfmt
from tests.unit.provisioners.provisioner_bench import HOSTILE, PROVISIONERS, Answer, Bench

PROBE = "probe() { attempt knock || return 1; }\n"
DOWN = Answer(err="knock: connection refused\n", code=1)
UP = Answer()


def test_each_event_is_one_logfmt_line(bench: Bench) -> None:
    """Given a target that is ready at the third attempt,
    when a provisioner waits for it, makes a resource and ends,
    then start, wait, ready, resource and exit are one line each, with exactly their keys, and one run's name."""
    bench.stub("knock", [DOWN, DOWN, UP])
    script = bench.script(
        f"begin demo\n{PROBE}await door probe\nresource bell one created pitch=high\ndone_ok"
    )
    ended = bench.run(script)
    common = ["ts", "init", "run", "event"]
    assert [(line["event"], list(line)) for line in ended.lines] == [
        ("start", common),
        ("wait", [*common, "target", "attempt", "next", "error"]),
        ("wait", [*common, "target", "attempt", "next", "error"]),
        ("ready", [*common, "target", "attempts", "waited"]),
        ("resource", [*common, "kind", "name", "action", "pitch"]),
        ("exit", [*common, "code", "seconds", "waited", "calls"]),
    ]
    assert ended.actions == {"bell one": "created"}
    assert [line["attempt"] for line in ended.events("wait")] == ["1", "2"]
    assert ended.events("ready")[0]["attempts"] == ended.exit["calls"] == "3"
    assert {line["init"] for line in ended.lines} == {"demo"}
    for line in ended.lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["ts"])
    for number in (ended.exit["seconds"], ended.exit["waited"], ended.events("ready")[0]["waited"]):
        assert re.fullmatch(r"\d+\.\d\d", number)
    (run,) = {line["run"] for line in ended.lines}
    assert re.fullmatch(r"[0-9a-f]{12}", run)
    assert run not in {line["run"] for line in bench.run(script).lines}


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        ("fail 'the bell is cracked'", "the bell is cracked"),
        ("false", "ended before its work was done"),
        ("no-such-command 2>/dev/null", "ended before its work was done"),
        ("exit 0", "ended before its work was done"),
        ("exit 7", "ended before its work was done"),
        (":", "ended before its work was done"),
    ],
)
def test_every_end_but_done_is_code_1_with_a_reason(bench: Bench, work: str, reason: str) -> None:
    """Given a provisioner that fails, breaks off or merely runs out of lines,
    when it ends,
    then its code is 1 and its one exit line gives a reason."""
    assert bench.run(bench.script(f"begin demo\n{work}")).reason == reason


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("busy", ["calling", "pausing"])
def test_a_signal_ends_it_at_once(bench: Bench, name: str, busy: str) -> None:
    """Given a provisioner in a call that hangs, or in a pause,
    when it is told to stop,
    then it ends within a second with code 1 and one exit line that names the signal, and the call ends too."""
    bench.stub("knock", [Answer(hangs="politely")] if busy == "calling" else [DOWN])
    script = bench.script(f"begin demo\n{PROBE}await door probe\ndone_ok")
    if busy == "pausing":
        (bench.folder / "bin" / "sleep").write_text("#!/bin/sh\n: >paused\nexec tail -f paused\n")
        (bench.folder / "bin" / "sleep").chmod(0o755)
        (bench.folder / "bin" / "tail").symlink_to("/usr/bin/tail")
    running = bench.start(script, PROVISION_ATTEMPT_TIMEOUT="60")
    paused = bench.folder / "paused"
    running.await_that(paused.exists if busy == "pausing" else lambda: bool(bench.calls()), busy)
    told = time.monotonic()
    running.process.send_signal(getattr(signal, name))
    ended = running.end()
    assert time.monotonic() - told < 1
    assert ended.reason == f"stopped by {name}"
    assert ended.exit["target"] == "door"


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ('say "no" to \\n and \\', "say 'no' to /n and /"),
        ("first\nsecond", "first"),
        ("\n\n   indented\n", "indented"),
        ("a\tb\rc\x1b[31m\x00\x7f", "a b c?[31m"),
        ("naïve – ünïcode", "na"),
        ("event=exit code=0", "event=exit code=0"),
        ("%s %d $(touch pwned) `touch pwned`", "%s %d $(touch pwned) `touch pwned`"),
        ("-n", "-n"),
        ("", "no output"),
    ],
)
def test_an_error_of_any_text_is_one_value(bench: Bench, said: str, logged: str) -> None:
    """Given an error with quotes, several lines, control characters, foreign letters or what looks like a log line,
    when it is logged while waiting and in the reason,
    then each is one line and one value that tells the same."""
    bench.stub("knock", [Answer(err=said, code=1), Answer(err=said, code=2)])
    script = "begin demo\nprobe() { attempt knock || return $?; }\nawait door probe\ndone_ok"
    ended = bench.run(bench.script(script))
    assert ended.events("wait")[0]["error"].startswith(logged)
    assert ended.reason.startswith(f"door refused: {logged}")
    assert bench.unharmed()


def test_a_very_long_error_is_cut(bench: Bench) -> None:
    """Given an error of a hundred thousand characters,
    when it is logged,
    then its line holds the first four hundred."""
    bench.stub("knock", [Answer(err="x" * 100_000, code=2)])
    script = "begin demo\nprobe() { attempt knock || return $?; }\nawait door probe\ndone_ok"
    assert bench.run(bench.script(script)).reason == ("door refused: " + "x" * 400)[:400]


def test_the_line_that_tells_the_cause_is_chosen(bench: Bench) -> None:
    """Given a CLI that warns before and explains after the line with the cause, on stderr or on stdout,
    when that line's pattern is named,
    then the error is the last such line."""
    text = "warning: slow\nError: early\nError: the cause\n  at line 1\n"
    bench.stub("knock", [Answer(err=text, code=1), Answer(err="warning: slow\n", out=text, code=1), UP])
    script = bench.script(f"begin demo\ntelling='Error: *'\n{PROBE}await door probe\ndone_ok")
    assert [line["error"] for line in bench.run(script).events("wait")] == ["Error: the cause"] * 2


@pytest.mark.parametrize("kind", ["missing", "empty", "blank", "folder", "unreadable"])
def test_an_input_that_cannot_be_used_is_named(bench: Bench, kind: str) -> None:
    """Given a secret that is missing, empty, blank, a folder, or not readable,
    when it is needed,
    then the provisioner ends at once and names the file, what is wrong and the remedy."""
    path = bench.folder / "secrets" / "key"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_text({"empty": "", "blank": " \n\t\n", "unreadable": "value"}[kind])
    if kind == "unreadable":
        path.chmod(0)
    ended = bench.run(
        bench.script('begin demo\nneeds secret "$SECRETS/key"\ndone_ok'),
        capabilities="-dac_override,-dac_read_search",
    )
    said = {
        "blank": "is empty",
        "empty": "is empty",
        "folder": "is not a file",
        "unreadable": "is not readable by uid",
    }
    assert ended.refusal.startswith(f"secret {path} {said.get(kind, 'is missing')}")
    assert ": " in ended.refusal


def test_inputs_are_looked_for_in_the_containers_folders(bench: Bench) -> None:
    """Given neither SECRETS nor PROVISIONING,
    when a provisioner starts,
    then they are the folders that Compose mounts."""
    script = bench.script('begin demo\nfail "$SECRETS $PROVISIONING"')
    assert bench.run(script, SECRETS="", PROVISIONING="").reason == "/run/secrets /provisioning"


@pytest.mark.parametrize("value", [value for value in HOSTILE if value.strip()] + ["naïve"])
def test_no_setting_is_run_or_expanded(bench: Bench, value: str) -> None:
    """Given a setting that is an attack, an option or a glob,
    when it is checked,
    then it is refused in one line that names the variable, and nothing in it runs."""
    for check in ("setting NAME 'a-z -' 'lower-case words'", "whole NAME"):
        ended = bench.run(bench.script(f"begin demo\n{check}\ndone_ok"), NAME=value)
        assert ended.refusal.startswith("setting NAME must be ")
    assert bench.unharmed()


@pytest.mark.parametrize("name", ["setting NAME a-z words", "whole NAME"])
def test_a_setting_without_a_value_is_refused(bench: Bench, name: str) -> None:
    """Given a setting that is empty, blank or not set,
    when it is checked,
    then it is refused."""
    script = bench.script(f"begin demo\n{name}\ndone_ok")
    assert all(bench.run(script, NAME=value).refusal.startswith("setting NAME") for value in ("", " ", "   "))
    assert bench.run(script).refusal.startswith("setting NAME")


def test_good_settings_pass(bench: Bench) -> None:
    """Given words of allowed characters and whole numbers,
    when they are checked,
    then they are accepted as they are."""
    script = bench.script(
        "begin demo\nsetting WORDS 'a-z.-' words\nwhole NUMBER\nresource x \"$NUMBER\" $WORDS\ndone_ok"
    )
    ended = bench.run(script, WORDS="a-b c.d=", NUMBER="30")
    assert ended.refusal == "setting WORDS must be words, not 'a-b c.d='"
    assert bench.run(script, WORDS="unchanged", NUMBER="30").actions == {"x 30": "unchanged"}


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "03", "1e3", "3 3", "9" * 20, "0x10"])
def test_a_whole_number_is_one(bench: Bench, value: str) -> None:
    """Given what is no whole number above zero, or one beyond all reason,
    when it is checked,
    then it is refused."""
    assert bench.run(bench.script("begin demo\nwhole NAME\ndone_ok"), NAME=value).refusal.startswith(
        "setting NAME"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROVISION_DEADLINE", "soon"),
        ("PROVISION_DEADLINE", "2"),
        ("PROVISION_DEADLINE", "-300"),
        ("PROVISION_DEADLINE", "0300"),
        ("PROVISION_DEADLINE", "1.2.3"),
        ("PROVISION_DEADLINE", "9" * 20),
        ("PROVISION_DEADLINE", "$(touch pwned)"),
        ("PROVISION_DEADLINE", "_limit"),
        ("PROVISION_BACKOFF_BASE", "0"),
        ("PROVISION_BACKOFF_BASE", ".5"),
        ("PROVISION_BACKOFF_BASE", "9"),
        ("PROVISION_BACKOFF_CAP", "8;touch pwned"),
        ("PROVISION_ATTEMPT_TIMEOUT", "0.9"),
        ("PROVISION_ATTEMPT_TIMEOUT", "5s"),
    ],
)
def test_a_malformed_waiting_time_is_refused(bench: Bench, name: str, value: str) -> None:
    """Given a deadline, backoff or timeout that is no number of seconds, or makes no sense,
    when the provisioner starts,
    then it ends at once and names the setting."""
    ended = bench.run(bench.script("begin demo\ndone_ok"), **{"PROVISION_BACKOFF_CAP": "8", name: value})
    assert ended.refusal.startswith(f"setting {name} ")
    assert bench.unharmed()


def test_the_parser_of_these_tests_is_strict() -> None:
    """Given lines that are not logfmt,
    when they are parsed,
    then each is refused."""
    for line in (
        "a",
        "a=",
        "a=b c",
        'a="b',
        'a="b"c',
        "a=b  c=d",
        "a=b a=c",
        'a="\t"',
        "a=é",
        "A=b",
        'a=b"c"',
    ):
        with pytest.raises(logfmt.NotLogfmt):
            logfmt.parse(line)
    assert logfmt.parse('a=1 b="c d=e"') == {"a": "1", "b": "c d=e"}


def test_every_provisioner_begins_alike() -> None:
    """Given the provisioners and their library,
    when their folder is read,
    then each starts with sh, sources the library beside itself, and calls begin before anything else."""
    scripts = sorted(PROVISIONERS.glob("*.sh"))
    assert scripts
    for script in scripts:
        lines = [line for line in script.read_text().splitlines() if line and not line.startswith("# ")]
        assert lines[:3] == ["#!/bin/sh", '. "${0%/*}/lib/provision.sh"', f"begin {script.stem}"]
