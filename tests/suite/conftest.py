"""Runs of the suite, each in a process of its own, for the criteria about the suite itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import pytest

from dayzero.selftest.expectations import Expectation, expectations_of
from dayzero.selftest.static_catalogue import STACKS, judge_folder
from dayzero.selftest.suite_run import ROOT, SuiteRun, plugins_handed_on, run_suite
from dayzero.selftest.two_runs import TwoRuns, run_both
from fixtures.run_images import RunImages


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares runs is judged on one worker; boots take turns with the run's own stack."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "two_runs" in names:
            item.add_marker(pytest.mark.xdist_group("stack"))
        elif "sampled" in names:
            item.add_marker(pytest.mark.xdist_group("sample"))


class Judge(Protocol):
    """Runs the suite with these arguments and hands back what it left; `environment` is this process's by default."""

    def __call__(self, *arguments: str, environment: dict[str, str] | None = None) -> SuiteRun: ...


@pytest.fixture(scope="session")
def judge(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Runs the suite with the plugins of this run, the reports in a new folder each time."""

    def run(*arguments: str, environment: dict[str, str] | None = None) -> SuiteRun:
        folder = tmp_path_factory.mktemp("reports")
        return run_suite([*plugins_handed_on(pytestconfig), *arguments], folder, environment=environment)

    return run


SAMPLE = ("cfg-02-restarted-init", "cfg-09-uneven-cluster", "cfg-12-inventory-differs")
"""Known-bad stacks that stand for the whole catalogue: judged for each init, each cluster, and by an inventory."""


@dataclass(frozen=True)
class Sampled:
    """What one stack of the sample states, and the run that judged it."""

    expectations: list[Expectation]
    run: SuiteRun


@pytest.fixture(scope="session")
def sampled(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., dict[str, Sampled]]:
    """Judges the sample, with further `-p` options; the same ones once."""
    known: dict[tuple[str, ...], dict[str, Sampled]] = {}

    def judge_all(*plugins: str) -> dict[str, Sampled]:
        if plugins not in known:
            folder = tmp_path_factory.mktemp("sample")
            given = [*plugins_handed_on(pytestconfig), *plugins]
            with ThreadPoolExecutor(len(SAMPLE)) as pool:
                runs = pool.map(lambda name: judge_folder(STACKS / name, folder / name, given), SAMPLE)
                known[plugins] = {
                    name: Sampled(expectations_of(STACKS / name), run)
                    for name, run in zip(SAMPLE, runs, strict=True)
                }
        return known[plugins]

    return judge_all


KNOWN_BAD = ROOT / "fixtures" / "stacks" / "runtime" / "valkey-without-replicas"
"""A small variant of our own stack that breaks RUN-7."""


@pytest.fixture(scope="session")
def two_runs(
    pytestconfig: pytest.Config,
    probe_image: str,
    run_images: RunImages,
    tmp_path_factory: pytest.TempPathFactory,
) -> TwoRuns:
    """The smallest profile booted and judged twice at the same time: `sound` as it is, `bad` as a known-bad variant."""
    run_images.await_end()
    selection = [
        *plugins_handed_on(pytestconfig),
        *("tests/runtime", "-m", "acceptance", "-k", "test_run_02 or (test_run_07 and each_node)"),
        "--profile=valkey-cluster",
        *(f"--engine={name}" for name in pytestconfig.option.engine),
    ]
    bad = [*selection, f"--override={KNOWN_BAD / 'override.yml'}"]
    return run_both({"sound": selection, "bad": bad}, tmp_path_factory.mktemp("two-runs"))
