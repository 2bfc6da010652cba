"""CFG-1 tells a project that Compose is too old for from one that is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dayzero.report.exit_code import COULD_NOT_JUDGE
from tests.unit.conftest import ROOT

NEW = "services:\n  store:\n    image: minio/minio:1\n    pre_start: [{command: mc version}]\n"
WRONG = NEW.replace("pre_start", "pre_strat")


def _compose(folder: Path, refused: str) -> Path:
    """A Compose 2.26.1 that refuses one attribute of the service as that release does."""
    path = folder / "docker-compose"
    metadata = json.dumps({"SchemaVersion": "0.1.0", "Vendor": "a vendor", "Version": "v2.26.1"})
    complaint = f"validating compose.yaml: services.store Additional property {refused} is not allowed"
    path.write_text(
        f"""#!/bin/sh
case "$*" in
  docker-cli-plugin-metadata) echo '{metadata}' ;;
  *"version --short") echo 2.26.1 ;;
  *config*) echo '{complaint}' >&2; exit 15 ;;
esac
"""
    )
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "refused", "status", "observed"),
    [
        (
            NEW,
            "pre_start",
            "error",
            "Compose 2.26.1 does not know services.store.pre_start (5.3.0 and later do)",
        ),
        (WRONG, "pre_strat", "fail", "services.store Additional property pre_strat is not allowed"),
    ],
    ids=["too new", "misspelt"],
)
def test_an_old_compose_is_named_and_a_mistake_is_found(
    text: str, refused: str, status: str, observed: str, tmp_path: Path
) -> None:
    """Given a project with an attribute that a later Compose knows, and one with an attribute that none knows,
    when an older Compose refuses either,
    then the first is an error that names both versions, and the second a finding."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "compose.yaml").write_text(text)
    options = [f"--stack={tmp_path / 'project'}", f"--compose={_compose(tmp_path, refused)}", "-pno:xdist"]
    options += [f"--report={tmp_path / 'report'}", "-pno:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/static/test_cfg_01_config_valid.py", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    expected = COULD_NOT_JUDGE if status == "error" else pytest.ExitCode.TESTS_FAILED
    assert run.returncode == expected, run.stdout + run.stderr
    report = json.loads((tmp_path / "report" / "acceptance.json").read_text(encoding="utf-8"))
    (result,) = [one for one in report["results"] if one["criterion"] == "CFG-1"]
    assert result["status"] == status
    assert observed in result["observed"]
    assert report["versions"]["compose"] == "2.26.1"
