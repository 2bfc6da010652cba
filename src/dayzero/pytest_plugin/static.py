"""The compose project that the static criteria judge: fixtures `project` and `init`, one test item per init.

A project that cannot be read is an error of every test that asks for it (CFG-1 says why); one without an init is a skip
of every criterion that is judged per init. A verdict that what could not be loaded might change is none (see
`dayzero.analysis.coverage`).
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from dayzero.analysis.coverage import coverage_of, gaps_of, no_init, not_loaded, withdrawn
from dayzero.analysis.init_detection import InitService, inits_of
from dayzero.analysis.inventory import InventoryError
from dayzero.analysis.judged_project import load_judged
from dayzero.compose.project import ComposeProject, ComposeUnreadable
from dayzero.core.result import Result
from dayzero.core.verdict import NotApplicable, StackFailed
from dayzero.pytest_plugin.evaluation import judgement_of
from dayzero.report.coverage import Missing

_loaded = pytest.StashKey["ComposeProject | ComposeUnreadable | InventoryError"]()


def stack_path(config: pytest.Config) -> Path:
    """The project to judge: --stack, or the reference stack of this repository."""
    given = config.getoption("--stack")
    return Path(given) if given else config.rootpath


def is_own_stack(config: pytest.Config) -> bool:
    """Whether the reference stack of this repository is what is judged."""
    path = stack_path(config).resolve()
    return path in (config.rootpath, config.rootpath / "docker-compose.yml")


def loaded_project(config: pytest.Config) -> ComposeProject | None:
    """The project under judgement for collection; None if it cannot be loaded (its tests then say why)."""
    project = _project(config)
    return project if isinstance(project, ComposeProject) else None


def coverage(config: pytest.Config, results: list[Result]) -> list[Missing]:
    """What of the project under judgement could not be loaded, with the verdicts that this left open."""
    loaded = _project(config)
    return coverage_of(loaded, results) if isinstance(loaded, ComposeProject) else not_loaded(loaded, results)


def profiles_of_stack(config: pytest.Config) -> list[str]:
    """Every profile that a service of the stack names, sorted; none if it cannot be loaded."""
    project = loaded_project(config)
    services = project.services.values() if project is not None else ()
    return sorted({str(name) for service in services for name in service.config.get("profiles") or ()})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "init" not in metafunc.fixturenames:
        return
    project = _project(metafunc.config)
    names = [init.name for init in inits_of(project)] if isinstance(project, ComposeProject) else []
    metafunc.parametrize("init", names or [None], ids=names or ["no-init"], indirect=True)


@pytest.fixture(scope="session")
def project(pytestconfig: pytest.Config) -> ComposeProject:
    """The project under judgement, all profiles on."""
    loaded = _project(pytestconfig)
    if not isinstance(loaded, ComposeProject):
        raise type(loaded)(
            str(loaded)
        )  # afresh: an exception that is raised again grows by the frames it passes
    return loaded


@pytest.fixture
def init(request: pytest.FixtureRequest, project: ComposeProject) -> InitService:
    """One init of the project; the test that asks for it runs once per init."""
    if request.param is None:
        raise NotApplicable(no_init(project))
    return next(one for one in inits_of(project) if one.name == request.param)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Takes a verdict back that a gap in the loaded project could change."""
    project = getattr(item, "funcargs", {}).get("project")
    if not isinstance(project, ComposeProject) or not gaps_of(project):
        return (yield)
    failure: StackFailed | None = None
    try:
        yield
    except StackFailed as failed:
        failure = failed
    judgement = judgement_of(item)
    for criterion in judgement.criteria:
        verdict = judgement.verdict
        subject = verdict.subject or criterion.subject or ""
        reason = withdrawn(project, criterion.id, subject, verdict.source, failed=failure is not None)
        if reason is not None:
            raise reason
    if failure is not None:
        raise failure
    return None


def _project(config: pytest.Config) -> ComposeProject | ComposeUnreadable | InventoryError:
    if _loaded not in config.stash:
        config.stash[_loaded] = _load(config)
    return config.stash[_loaded]


def _load(config: pytest.Config) -> ComposeProject | ComposeUnreadable | InventoryError:
    given = config.getoption("--inventory")
    try:
        project = load_judged(
            stack_path(config),
            profiles=config.getoption("--profile"),
            overrides=config.getoption("--override"),
            inventory=Path(given) if given else None,
        )
        inits_of(project)
    except (ComposeUnreadable, InventoryError) as error:
        return error
    return project
