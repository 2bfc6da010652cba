"""What a variant of the stack states is read strictly, and each thing that can come of it has a name of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dayzero.selftest.variant_run import Finding, VariantRun
from dayzero.stack.variant import DEFAULT_SELECT, Statement, Variant, VariantUnreadable, read_variant


def _variant(folder: Path, text: str) -> Variant:
    (folder / "override.yml").write_text(text, encoding="utf-8")
    return read_variant(folder)


def test_statements_and_settings_are_read(tmp_path: Path) -> None:
    """A subject may have blanks and may be left out of `conforms`; the rest of the file is compose's."""
    variant = _variant(
        tmp_path,
        "# breaks: RUN-1 step: put the template because: nobody puts it\n"
        "# breaks: RUN-13 os-init named: a fixed pause because: it is\n"
        "# conforms: RUN-3 because: it may\n# drags: RUN-9 os-init because: so it goes\n"
        "# select: run_01\n# profiles: data, messaging\n# slow: it waits\n# anything else\nservices: {}\n",
    )
    assert variant.statements == (
        Statement("breaks", "RUN-1", "step: put the template", "nobody puts it"),
        Statement("breaks", "RUN-13", "os-init", "it is", "a fixed pause"),
        Statement("conforms", "RUN-3", "", "it may"),
        Statement("drags", "RUN-9", "os-init", "so it goes"),
    )
    assert (variant.select, variant.profiles, variant.slow) == ("run_01", ("data", "messaging"), "it waits")


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    """Without further settings the provisioned planes are booted, and all is judged that needs one boot alone."""
    variant = _variant(tmp_path, "# conforms: RUN-3 because: it may\n")
    report = tmp_path / "report"
    assert variant.arguments(report) == [
        *("-m", "runtime and acceptance", "-k", DEFAULT_SELECT),
        *("--override", str(tmp_path / "override.yml"), "--profile", "data", "--profile", "messaging"),
        *("--report", str(report)),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("services: {}\n", "neither what it breaks nor what conforms"),
        ("# drags: RUN-3 kafka-init because: x\n", "neither what it breaks nor what conforms"),
        ("# breaks: RUN-3 kafka-init\n", "cannot read"),
        ("# breaks RUN-3 kafka-init because: x\n", "cannot read"),
        ("# breaks: RUN-3 because: x\n", "names no subject"),
        ("# conforms: RUN-3 os-init named: bad because: x\n", "no fault to be named"),
        ("# breaks: RUN-99 kafka-init because: x\n", "no criterion RUN-99"),
    ],
)
def test_a_statement_that_cannot_be_checked_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """A typing error must not turn a statement into a comment that nobody checks."""
    with pytest.raises(VariantUnreadable, match=complaint):
        _variant(tmp_path, text)


def test_a_folder_without_an_override_is_refused(tmp_path: Path) -> None:
    """An empty folder would pass for a stack that is judged."""
    with pytest.raises(VariantUnreadable, match=r"no override\.yml"):
        read_variant(tmp_path)


def _result(status: str, subject: str = "kafka-init", given: str = "a cluster") -> dict[str, Any]:
    return {
        "criterion": "RUN-3",
        "subject": subject,
        "status": status,
        "given": given,
        "observed": "this and that",
    }


@pytest.mark.parametrize(
    ("kind", "statuses", "finding"),
    [
        ("breaks", ["pass", "fail"], Finding.AS_STATED),
        ("breaks", ["pass", "pass"], Finding.MISSED),
        ("breaks", ["fail", "error"], Finding.ERROR),
        ("breaks", ["skip"], Finding.ERROR),
        ("breaks", [], Finding.ERROR),
        ("conforms", ["pass", "pass"], Finding.AS_STATED),
        ("conforms", ["pass", "fail"], Finding.FALSE_ALARM),
        ("conforms", ["pass", "error"], Finding.ERROR),
        ("conforms", ["skip"], Finding.ERROR),
        ("drags", ["error"], Finding.AS_STATED),
        ("drags", ["pass", "fail"], Finding.AS_STATED),
        ("drags", ["pass"], Finding.STALE),
    ],
)
def test_what_can_come_of_a_statement_is_told_apart(kind: str, statuses: list[str], finding: Finding) -> None:
    """Caught, missed, false alarm, stale and error are five different things."""
    statement = Statement(kind, "RUN-3", "kafka-init", "it is so")
    variant = Variant(Path(), (statement,), "", (), "")
    results = [*map(_result, statuses), _result("fail", "another")]
    assert VariantRun(variant, results, [], "").finding(statement)[0] is finding


def test_a_fault_must_be_called_by_its_name() -> None:
    """Given a statement that names the fault, when a failure calls it otherwise, then it is misnamed, not caught."""
    for named, finding in (("this", Finding.AS_STATED), ("something else", Finding.MISNAMED)):
        statement = Statement("breaks", "RUN-3", "kafka-init", "it is so", named)
        run = VariantRun(Variant(Path(), (statement,), "", (), ""), [_result("fail")], [], "")
        assert run.finding(statement)[0] is finding


def test_what_no_test_judged_counts_for_nothing() -> None:
    """The report names every criterion; one that was only listed has not let anything pass."""
    statement = Statement("conforms", "RUN-3", "", "it is so")
    run = VariantRun(Variant(Path(), (statement,), "", (), ""), [_result("pass", given="")], [], "")
    assert run.finding(statement)[0] is Finding.ERROR


def test_a_failure_that_nobody_stated_is_found() -> None:
    """What breaks or drags is expected to fail; a failure of what conforms, or of another subject, is not."""
    statements = (
        Statement("breaks", "RUN-3", "kafka-init", "x"),
        Statement("conforms", "RUN-3", "other", "x"),
    )
    results = [_result("fail"), _result("fail", "other"), _result("error", "third")]
    run = VariantRun(Variant(Path(), statements, "", (), ""), results, [], "")
    assert run.unstated("fail") == ["RUN-3 of other: this and that"]
    assert run.unstated("error") == ["RUN-3 of third: this and that"]
