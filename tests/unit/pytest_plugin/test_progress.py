"""Progress shows while a test still runs, captured or not."""

from __future__ import annotations

import subprocess
import sys

from tests.unit.conftest import ROOT, SmallSuite

WAITING = """
from dayzero.pytest_plugin import progress

@pytest.fixture
def stack():
    redaction.register(['hunter2'])
    progress.say('booting: 5/10 healthy')
    progress.say('booting: 5/10 healthy')
    progress.say('password hunter2')

def test_it(stack):
    print('captured')
"""


def test_progress_passes_the_capture(suite: SmallSuite) -> None:
    """Given a fixture that says twice what it waits for, and then a secret,
    when its test runs with its output captured,
    then the line stands in the output once, with the seconds so far, and the secret does not."""
    run = suite.run(WAITING, apart=True)
    run.outcome.stdout.re_match_lines(
        [r" +\d+ s  booting: 5/10 healthy$", r" +\d+ s  password \[redacted\]$"]
    )
    assert run.output.count("booting") == 1
    assert "captured" not in run.output


def test_a_worker_shows_its_progress_too(suite: SmallSuite) -> None:
    """Given the same on a worker of xdist,
    when it runs,
    then the line names the worker."""
    run = suite.run(WAITING, "-n1", apart=True)
    run.outcome.stderr.re_match_lines([r" +\d+ s  \[gw0\] booting: 5/10 healthy$"])
    assert run.outcome.ret == 0


def test_quiet_is_quiet(suite: SmallSuite) -> None:
    """Given the same with -q,
    when it runs,
    then nothing is said."""
    assert "booting" not in suite.run(WAITING, "-q").output


def test_outside_of_pytest_it_goes_to_stderr() -> None:
    """Given a program that is no test,
    when it says what it does,
    then that is one line on stderr."""
    program = [sys.executable, "-c", "from dayzero.pytest_plugin.progress import say; say('pulling')"]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "pulling\n")
