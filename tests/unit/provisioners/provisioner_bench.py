"""Runs provisioners without an engine: in a given shell, with stub CLIs on PATH and secrets in a temporary folder.

PATH holds the stubs and the few coreutils that the provisioners may use, nothing else: the official image of `mc`
has no grep, sed or awk. With busybox as the shell, the tools are busybox's as well, as in the images built on Alpine.
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from dayzero.core import logfmt

PROVISIONERS = Path(__file__).resolve().parents[3] / "provisioners"
LIBRARY = PROVISIONERS / "lib" / "provision.sh"
SHELLS = ("dash", "busybox")
TOOLS = ("cat", "date", "head", "id", "ln", "mkdir", "od", "sleep", "timeout", "tr")
PATIENCE_SECONDS = 30
HOSTILE = (
    "x;touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "x\ntouch pwned",
    "*",
    "x' 'y",
    'x"y',
    "--x",
    " ",
    "",
)
"""Values that no setting may take: each would be an attack, an option, a glob or nothing at all."""
_FOR_PRINTF = str.maketrans({"\\": "\\\\", "%": "%%", "\0": "\\000"})
HOSTILE_AT_ONCE = "x';touch pwned;\"$(touch pwned)`touch pwned`\n*"


@dataclass(frozen=True)
class Shell:
    """A shell as a command, and the folder with its tools."""

    name: str
    command: tuple[str, ...]
    tools: Path


def _installed(program: str) -> str:
    """Where the program is. Fails with the remedy if it is nowhere."""
    place = shutil.which(program)
    if place is None:
        package = {"dash": "dash", "busybox": "busybox", "setpriv": "util-linux"}.get(program, "coreutils")
        pytest.fail(f"{program} is needed to test the provisioners: apt-get install {package}", pytrace=False)
    return place


def find_shell(name: str, folder: Path) -> Shell:
    """`name` is dash or busybox; `folder` takes links to its tools."""
    program = _installed(name)
    tools = folder / name
    tools.mkdir()
    for tool in TOOLS:
        target = program if name == "busybox" else _installed(tool)
        (tools / tool).symlink_to(target)
    return Shell(name, (program, "sh") if name == "busybox" else (program,), tools)


@dataclass(frozen=True)
class Answer:
    """What a stub does once: it may hang, give up when told to or not, or print and exit. `body` goes to --output."""

    out: str = ""
    err: str = ""
    code: int = 0
    body: str = ""
    hangs: Literal["", "politely", "stubbornly"] = ""

    def as_shell(self) -> str:
        """The same as commands on one stub's branch."""
        steps = []
        for text, place in ((self.body, ' >"$body"'), (self.out, ""), (self.err, " >&2")):
            if text:
                steps.append(f"printf -- {shlex.quote(text.translate(_FOR_PRINTF))}{place}")
        hang = {"": "", "politely": "exec sleep 60", "stubbornly": "trap '' TERM; exec sleep 60"}[self.hangs]
        return "; ".join([*steps, hang or f"exit {self.code}"])


@dataclass(frozen=True)
class Call:
    """One call of a stub as the stub saw it."""

    argv: tuple[str, ...]
    stdin: str
    environment: str

    def has(self, *words: str) -> bool:
        return all(word in self.argv for word in words)


@dataclass(frozen=True)
class Ended:
    """A provisioner's end; `seconds` is from its start to its last line."""

    code: int
    output: str
    errors: str
    seconds: float
    calls: tuple[Call, ...]

    @property
    def lines(self) -> list[dict[str, str]]:
        """Every line of stdout, parsed. Raises NotLogfmt."""
        return [logfmt.parse(line) for line in self.output.splitlines()]

    def events(self, name: str) -> list[dict[str, str]]:
        return [line for line in self.lines if line["event"] == name]

    @property
    def exit(self) -> dict[str, str]:
        """The exit line, which is there once and is the last."""
        (line,) = self.events("exit")
        assert self.lines[-1] == line
        assert line["code"] == str(self.code)
        return line

    @property
    def reason(self) -> str:
        """Why it failed: code 1 and one line, with nothing beside the log."""
        assert self.code == 1
        assert self.errors == ""
        return self.exit["reason"]

    @property
    def refusal(self) -> str:
        """Why it failed before its first call and without waiting."""
        assert self.calls == ()
        assert self.events("wait") == []
        return self.reason

    @property
    def actions(self) -> dict[str, str]:
        """What was done to each resource, after a good end."""
        assert (self.code, self.errors) == (0, "")
        assert "reason" not in self.exit
        return {f"{line['kind']} {line['name']}": line["action"] for line in self.events("resource")}


@dataclass
class Running:
    """A provisioner that was started."""

    process: subprocess.Popen[bytes]
    bench: Bench
    log: Path
    started: float = field(default_factory=time.time)

    def await_that(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen; the log: {self.log.read_text()}"
            assert self.process.poll() is None, f"it ended before {what}; the log: {self.log.read_text()}"
            time.sleep(0.005)

    def end(self) -> Ended:
        """Wait for its end. A timeout of Popen.wait would poll, which costs more than most runs take."""
        watched = os.pidfd_open(self.process.pid)
        try:
            ended, _, _ = select.select([watched], [], [], PATIENCE_SECONDS)
        finally:
            os.close(watched)
        assert ended, f"it has not ended; the log: {self.log.read_text()}"
        return Ended(
            code=self.process.wait(),
            output=self.log.read_text(encoding="utf-8"),
            errors=self.log.with_suffix(".stderr").read_text(encoding="utf-8"),
            seconds=self.log.stat().st_mtime - self.started,
            calls=self.bench.calls(),
        )


class Bench:
    """A place for one provisioner: its folder holds bin, secrets, provisioning, tmp and the stubs' records."""

    def __init__(self, shell: Shell, folder: Path) -> None:
        self.shell = shell
        self.folder = folder
        for name in ("bin", "secrets", "provisioning", "tmp", "calls"):
            (folder / name).mkdir(parents=True)
        self.settings = {
            "PATH": f"{folder / 'bin'}:{shell.tools}",
            "TMPDIR": str(folder / "tmp"),
            "SECRETS": str(folder / "secrets"),
            "PROVISIONING": str(folder / "provisioning"),
            "PROVISION_BACKOFF_BASE": "0.01",
            "PROVISION_BACKOFF_CAP": "0.02",
        }
        self._started: list[Running] = []

    def secret(self, name: str, text: str) -> Path:
        return self._write("secrets", name, text)

    def input(self, name: str, text: str) -> Path:
        return self._write("provisioning", name, text)

    def script(self, text: str) -> Path:
        """A provisioner of these lines, with the library sourced."""
        return self._write("provisioning", "demo.sh", f". {shlex.quote(str(LIBRARY))}\n{text}\n")

    def _write(self, folder: str, name: str, text: str) -> Path:
        path = self.folder / folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def stub(self, name: str, scenario: Mapping[str, Sequence[Answer]] | Sequence[Answer]) -> None:
        """Put a CLI on PATH. It looks for the first key whose words stand in its arguments in a row, and gives that
        key's answers in turn, the last one for ever; a call that no key covers ends with code 99 and is recorded."""
        cases = scenario if isinstance(scenario, Mapping) else {"": scenario}
        choices, answers = [], []
        for number, (words, given) in enumerate(cases.items()):
            pattern = f"*{shlex.quote(f' {words} ')}*" if words else "*"
            choices.append(f"  {pattern}) key={number} last={len(given)} ;;")
            answers += [
                f"  {number}.{turn}) {answer.as_shell()} ;;" for turn, answer in enumerate(given, start=1)
            ]
        program = self.folder / "bin" / name
        program.write_text(
            _STUB.format(
                name=name,
                folder=shlex.quote(str(self.folder)),
                choices="\n".join(choices),
                answers="\n".join(answers),
            ),
            encoding="utf-8",
        )
        program.chmod(0o755)

    def offer(self, tool: str) -> None:
        """Put one more tool on PATH that this provisioner's image has: busybox's own with busybox."""
        program = self.shell.command[0] if self.shell.name == "busybox" else _installed(tool)
        (self.folder / "bin" / tool).symlink_to(program)

    def calls(self) -> tuple[Call, ...]:
        """What the stubs have been asked so far, in order."""
        found = []
        for record in sorted((self.folder / "calls").glob("*.argv"), key=lambda path: int(path.stem)):
            environment, _, stdin = record.with_suffix(".given").read_text(encoding="utf-8").rpartition("\0")
            argv = tuple(record.read_text(encoding="utf-8").split("\0")[:-1])
            found.append(Call(argv, stdin, environment))
        return tuple(found)

    def start(self, script: Path | str, *, capabilities: str = "", **settings: str) -> Running:
        """Start a provisioner by its name, or a script; `settings` go over the bench's. `capabilities` (as setpriv
        has them) are taken from root, who could otherwise read everything."""
        path = PROVISIONERS / f"{script}.sh" if isinstance(script, str) else script
        log = self.folder / f"{len(self._started)}.log"
        command = [_installed("env"), "--default-signal=INT,HUP,TERM", *self.shell.command, str(path)]
        if capabilities and os.geteuid() == 0:
            command = [_installed("setpriv"), f"--bounding-set={capabilities}", *command]
        with log.open("wb") as out, log.with_suffix(".stderr").open("wb") as err:
            process = subprocess.Popen(
                command,
                env=self.settings | settings,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        running = Running(process, self, log)
        self._started.append(running)
        return running

    def run(self, script: Path | str, *, capabilities: str = "", **settings: str) -> Ended:
        return self.start(script, capabilities=capabilities, **settings).end()

    def unharmed(self) -> bool:
        """Whether no injected command ran."""
        return not list(self.folder.rglob("pwned"))

    def close(self) -> None:
        """Stop what still runs and remove the folder."""
        for running in self._started:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGKILL)
                running.process.wait()
        shutil.rmtree(self.folder)


# Few processes, for hundreds of calls: one cat keeps the environment that it was given, and what stands on stdin.
_STUB = """#!/bin/sh
cd {folder}
n=1
while [ -e calls/$n.argv ]; do n=$((n + 1)); done
cat /proc/self/environ - >calls/$n.given
printf '%s\\0' {name} "$@" >calls/$n.argv
case " $* " in
{choices}
  *) exit 99 ;;
esac
turn=0
[ ! -e calls/{name}.$key ] || read -r turn <calls/{name}.$key
[ $turn -ge $last ] || turn=$((turn + 1))
echo $turn >calls/{name}.$key
for word; do
  [ "$previous" != --output ] || body=$word
  previous=$word
done
case $key.$turn in
{answers}
esac
"""


@pytest.fixture(scope="session")
def every_shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shell]:
    folder = tmp_path_factory.mktemp("shells")
    return {name: find_shell(name, folder) for name in SHELLS}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, every_shell: dict[str, Shell]) -> Shell:
    return every_shell[request.param]


@pytest.fixture
def bench(shell: Shell, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(shell, tmp_path / "bench")
    yield made
    made.close()
