"""Install Docker from Debian's own packages and start it, with or without systemd.

Standard library only, like tools/bootstrap/engine.py, which is the way in.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dayzero.core.release import release
from dayzero.docker.engine import EngineUnavailable, Lack
from tools.bootstrap import apt

LOG = Path("/var/log/dayzero-dockerd.log")
START_SECONDS = 60
"""How long a freshly started engine may take to answer."""

_SYSTEMD = Path("/run/systemd/system")
_LOCK = Path("/run/lock/dayzero-engine.lock")
# Debian's name, which before Debian 13 means Compose 1, Ubuntu's, and that of Docker's own archive.
_COMPOSE_PACKAGES = ("docker-compose", "docker-compose-v2", "docker-compose-plugin")
_BY_HAND = (
    "install docker.io, docker-cli, docker-compose (v2), docker-buildx and iptables, then run this again"
)


def supply(missing: EngineUnavailable, say: Callable[[str], None]) -> None:
    """Install and start what ``missing`` says is lacking; two runs at once do it once.

    Raises EngineUnavailable where this is not Debian, we are not root, or an installation or start fails.
    """
    if (reason := apt.why_not_usable()) is not None:
        raise EngineUnavailable(missing.lack, f"{missing} [not done for you: {reason}]")
    _LOCK.parent.mkdir(parents=True, exist_ok=True)
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answers() and shutil.which("dockerd") is None:
            _install(_packages, missing.lack, say)
        elif missing.lack is Lack.COMPOSE:
            _install(_compose_package, missing.lack, say)
        if not answers():
            start(say)


def answers() -> bool:
    """Whether a local engine answers right now."""
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(
            ["docker", "info"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def start(say: Callable[[str], None]) -> None:
    """Start the installed engine with its default data root and wait until it answers.

    Raises EngineUnavailable with the log's last line where it ends or is not there after START_SECONDS.
    """
    began = time.monotonic()
    daemon = None
    if _SYSTEMD.exists():
        say("starting docker.service")
        subprocess.run(["systemctl", "start", "docker"], capture_output=True, check=False)
    else:
        say(f"starting dockerd (log: {LOG})")
        # As many open files as the service that systemd would start may have, or as many as we may give.
        limit = 'ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -H -n)"'
        daemon = _detached(["/bin/sh", "-c", f"{limit}; exec dockerd"])
    while not answers():
        if daemon is not None and daemon.poll() is not None:
            raise EngineUnavailable(
                Lack.DAEMON, f"dockerd ended with {daemon.returncode}: {_last_line()} [{LOG}]"
            )
        if time.monotonic() - began > START_SECONDS:
            raise EngineUnavailable(
                Lack.DAEMON,
                f"the Docker engine does not answer {START_SECONDS} s after its start: {_last_line()} [{LOG}]",
            )
        time.sleep(0.2)
    say(f"answers after {time.monotonic() - began:.1f} s")


def _detached(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own and no pipe of ours: who waits for the end of our output must not wait for the engine's.
    with LOG.open("ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
        )


def _install(choose: Callable[[], list[str]], lack: Lack, say: Callable[[str], None]) -> None:
    try:
        apt.update()
        packages = choose()
        say(f"installing {' '.join(packages)}")
        apt.install(packages)
    except apt.AptUnusable as failed:
        raise EngineUnavailable(lack, f"Docker could not be installed ({failed}): {_BY_HAND}") from None


def _packages() -> list[str]:
    """The engine's packages, from this release where its Compose is v2, else from Debian 13's."""
    compose = _compose_package()
    suite = compose[0].partition("/")[2]
    if not suite:
        cli = ["docker-cli"] if apt.candidate("docker-cli") else []
        return ["docker.io", *cli, *compose, "docker-buildx", "iptables"]
    # All in one call: the newer docker-cli alone would remove the older docker.io. runc stays this release's own,
    # since the newer one wants a newer libc.
    return [
        *(f"{name}/{suite}" for name in ("docker.io", "containerd", "docker-cli", "docker-buildx")),
        *compose,
        "iptables",
    ]


def _compose_package() -> list[str]:
    """The package with the newest Compose plugin that apt has: its name differs among Debian's derivatives."""
    candidates = {name: apt.candidate(name) or "" for name in _COMPOSE_PACKAGES}
    newest = max(_COMPOSE_PACKAGES, key=lambda name: release(candidates[name]))
    if release(candidates[newest]) >= (2,):
        return [newest]
    if apt.codename() == "bookworm":
        apt.add_suite_below_everything("trixie")
        return ["docker-compose/trixie"]
    raise apt.AptUnusable("this release has no package with Compose v2 or later")


def _last_line() -> str:
    lines = LOG.read_text(errors="replace").splitlines() if LOG.exists() else []
    return lines[-1] if lines else "no log"
