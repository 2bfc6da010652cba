"""Every known-bad variant of our own stack is caught when it runs, and every odd but correct one let pass.

Each folder under fixtures/stacks/runtime is booted and judged once, by the command that a user would type, in a
process of its own; `dayzero.stack.variant` says what a folder may state. A statement is borne out, missed, a false
alarm, stale or an error: not judged at all.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from dayzero.core.verdict import Verdict
from dayzero.selftest.variant_run import Finding, VariantRun, run_variant
from dayzero.stack.variant import Statement, Variant, VariantUnreadable, read_variant

ROOT = Path(__file__).parents[2]
STACKS = ROOT / "fixtures" / "stacks" / "runtime"
FOLDERS = sorted(folder for folder in STACKS.iterdir() if folder.is_dir())


def _readable() -> list[Variant]:
    """What cannot be read is reported by its own test below, not as an error of collection."""
    found = []
    for folder in FOLDERS:
        try:
            found.append(read_variant(folder))
        except VariantUnreadable:
            continue
    return found


VARIANTS = _readable()


def _marks(variant: Variant) -> list[pytest.MarkDecorator]:
    """Boots take turns with each other and with the run's own stack: a busy machine is slow, and slow is a finding."""
    return [pytest.mark.xdist_group("stack"), *([pytest.mark.slow] if variant.slow else [])]


Judge = Callable[[Variant], VariantRun]


@pytest.fixture(scope="module")
def judge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Judges a variant, once. A slow one mostly waits: it is set off at once, and the others take turns beside it."""
    reports = tmp_path_factory.mktemp("reports")
    users = [item for item in request.session.items if "judge" in getattr(item, "fixturenames", ())]
    wanted = {
        variant
        for item in users
        for variant in ([item.callspec.params["variant"]] if hasattr(item, "callspec") else VARIANTS)
    }
    slow = [variant for variant in VARIANTS if variant.slow and variant in wanted]
    called_off = threading.Event()
    with ThreadPoolExecutor(len(slow) + 1) as pool:

        def begun(variant: Variant) -> Future[VariantRun]:
            return pool.submit(run_variant, variant, reports / variant.folder.name, called_off)

        runs = {variant: begun(variant) for variant in slow}

        def result(variant: Variant) -> VariantRun:
            if variant not in runs:
                runs[variant] = begun(variant)
            return runs[variant].result()

        try:
            yield result
        finally:
            called_off.set()


@pytest.mark.parametrize(
    ("variant", "statement"),
    [
        pytest.param(variant, one, marks=_marks(variant), id=f"{variant.folder.name}: {one.kind} {one}")
        for variant in VARIANTS
        for one in variant.statements
    ],
)
def test_a_variant_is_judged_as_it_says(variant: Variant, statement: Statement, judge: Judge) -> None:
    """What is broken is caught by its own criterion, and what conforms is let pass."""
    finding, seen = judge(variant).finding(statement)
    assert finding is Finding.AS_STATED, (
        f"{finding.value}: {statement.kind} {statement} because {statement.because}\nseen: {seen}"
    )


@pytest.mark.parametrize(
    "variant",
    [pytest.param(variant, marks=_marks(variant), id=variant.folder.name) for variant in VARIANTS],
)
def test_nothing_else_is_blamed_and_nothing_is_left(variant: Variant, judge: Judge) -> None:
    """Whatever a variant does not name passes or does not apply, and its run leaves nothing on the engine."""
    run = judge(variant)
    assert run.trouble == "", f"{Finding.ERROR.value}: {run.trouble}"
    assert run.unstated("fail") == [], Finding.FALSE_ALARM.value
    assert run.unstated("error") == [], Finding.ERROR.value
    assert run.left == [], "left behind"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_folder_says_what_it_is_about(folder: Path) -> None:
    """No orphan: a folder without a readable override proves nothing, nor does a file that no override mounts."""
    assert read_variant(folder)
    text = (folder / "override.yml").read_text(encoding="utf-8")
    for file in folder.iterdir():
        assert file.name in ("override.yml", "inventory.yml") or f"{folder.name}/{file.name}" in text, (
            f"{folder.name}/{file.name} is mounted by nothing"
        )


@pytest.mark.slow
@pytest.mark.xdist_group("stack")
@pytest.mark.criterion(
    "SUITE-1", subject="runtime catalogue"
)  # too much for `-m acceptance`, which takes a sample
def test_the_whole_catalogue_is_judged_as_it_says(judge: Judge, verdict: Verdict) -> None:
    """Given every variant of our own stack in the catalogue,
    when each is booted and judged,
    then all that it breaks is caught, all that conforms is let pass, and nothing else is blamed."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for variant in VARIANTS:
        run = judge(variant)
        for statement in variant.statements:
            finding, seen = run.finding(statement)
            found[finding.value] += 1
            if finding is not Finding.AS_STATED:
                wrong.append(f"{variant.folder.name}: {statement.kind} {statement}: {finding.value}: {seen}")
        blamed = [*run.unstated("fail"), *run.unstated("error")]
        found[Finding.FALSE_ALARM.value] += len(blamed)
        wrong += [f"{variant.folder.name}: {one}" for one in blamed]
    verdict.expected = "every statement as stated, nothing else blamed"
    verdict.observed = ", ".join(f"{number} {said}" for said, number in found.items() if number)
    verdict.look = "the tests of this file beside it, which say of each why"
    verdict.attach("wrong.txt", "\n".join(wrong) or "nothing")
    verdict.check(not wrong)
