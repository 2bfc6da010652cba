"""pytest plugin: gathers the results of a run, from every worker, and writes the reports when it ends."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import tomllib
from collections.abc import Generator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from dayzero.compose.lifecycle_hooks import notes_on
from dayzero.core import redaction
from dayzero.core.atomic_file import write_text
from dayzero.core.catalogue import load_catalogue
from dayzero.core.result import STATUSES
from dayzero.core.waivers import WaiverRefused, Waivers, load_waivers
from dayzero.docker.engine import compose_version
from dayzero.pytest_plugin.evaluation import BEGUN, JUDGED, SHOWN_AS, WITHHELD, judgement_of, results_of
from dayzero.pytest_plugin.exit_status import REPORT
from dayzero.pytest_plugin.settings import RunSettings, settings_of, settle
from dayzero.pytest_plugin.stack_metadata import describe_stack, shown_path, stack_name
from dayzero.pytest_plugin.static import coverage, loaded_project
from dayzero.report.criterion_index import index_of
from dayzero.report.evidence import EvidenceFolder, remove_evidence
from dayzero.report.extent import Extent
from dayzero.report.html import render
from dayzero.report.junit_errors import PHASE_STATUS, tell_errors_apart
from dayzero.report.loki import send_run
from dayzero.report.otlp import NotSent
from dayzero.report.run_record import RunRecord, counts

RECORDED = "dayzero.recorded"
SCHEMA = "dayzero/1"

SCHEMA_FILE = Path(__file__).parents[1] / "report" / "acceptance.schema.json"
_PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"

_recorded: list[tuple[str, Any]] = []
"""What fixtures of this process have recorded and no report has carried away yet."""


def record_timeline(entries: list[dict[str, Any]]) -> None:
    """Hand the boot's timeline to the report: service, created, started, healthy, finished, exit_code each.

    Times are RFC 3339 or None. Call it once for the boot that the run shares: the first entry of a service stays.
    """
    _recorded.append(("timeline", entries))


def record_versions(versions: dict[str, Any]) -> None:
    """Hand versions to the report: engine, compose, and images as a dict of service to name:tag@id."""
    _recorded.append(("versions", versions))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    options = config.option
    folder: Path = (config.invocation_params.dir / options.report).absolute()
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    run = worker.get("dayzero_run") or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder = Path(worker.get("dayzero_reports") or folder)
    try:
        waivers = _waivers(config)
    except WaiverRefused as refused:
        raise pytest.UsageError(str(refused)) from None
    redaction.register_folder(Path(os.environ.get("SECRETS_DIR") or config.rootpath / "secrets"))
    settle(
        config,
        RunSettings(
            run=run,
            reports=folder,
            reports_shown=shown_path(folder, config.invocation_params.dir),
            stack_name=stack_name(_stack_path(config)),
            evidence=EvidenceFolder(folder, run),
            waivers=waivers,
        ),
    )
    if not worker:
        own_junit = not options.xmlpath
        if own_junit:
            options.xmlpath = str(folder / f".acceptance-{run}.xml")
        config.pluginmanager.register(Reporter(config, folder, own_junit), "dayzero-reporter")


def _waivers(config: pytest.Config) -> Waivers:
    """Waivers are about our own stack; another one is judged without them."""
    if config.option.stack:
        return Waivers([])
    return load_waivers(config.rootpath / "waivers.yml", load_catalogue(), datetime.now(UTC).date())


def _stack_path(config: pytest.Config) -> Path:
    stack: Path | None = config.option.stack
    return config.invocation_params.dir / stack if stack else config.rootpath


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    while _recorded:
        report.user_properties.append((RECORDED, redaction.redact_tree(_recorded.pop(0))))
    return report


class Reporter:
    """The controller's side: one per run, wherever the tests themselves run."""

    def __init__(self, config: pytest.Config, folder: Path, own_junit: bool) -> None:
        self._config = config
        self._folder = folder
        self._own_junit = own_junit
        self._record = RunRecord()
        self._started = datetime.now(UTC)
        self._clock = monotonic()
        self._summary: list[str] = []
        self._phase_status: dict[str, str] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker which run it belongs to and where evidence goes."""
        node.workerinput["dayzero_run"] = settings_of(self._config).run
        node.workerinput["dayzero_reports"] = str(self._folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With xdist, the workers alone collect."""
        self._record.select(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._record.select(item.nodeid for item in session.items)
        for item in session.items:
            judgement = judgement_of(item)
            if judgement.criteria:
                self._record.plan(item.nodeid, results_of(item, judgement, settings_of(self._config)))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._record.begin(nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take our data out of a report; what JUnit prints of it is short and readable."""
        kept: list[tuple[str, Any]] = []
        properties: list[tuple[str, Any]] = report.user_properties
        for name, value in properties:
            if name == BEGUN:
                self._record.plan(report.nodeid, value)
            elif name == JUDGED:
                self._record.judge(report.nodeid, value)
                for result in value:
                    kept += [(key, result[key]) for key in ("criterion", "subject", "status")]
            elif name == WITHHELD:
                self._record.withhold(report.nodeid, value)
            elif name == RECORDED:
                self._record.record(*value)
            else:
                kept.append((name, value))
        report.user_properties = [*kept, *self._status_of_phase(report)]

    def _status_of_phase(self, report: pytest.TestReport) -> list[tuple[str, Any]]:
        """For JUnit, which keeps the properties of a test's last report, and of a failed call before a broken end."""
        before = self._phase_status.pop(report.nodeid, None)
        status = getattr(report, SHOWN_AS, None if report.failed else before)
        if status is None:
            return []
        if report.when != "teardown":
            self._phase_status[report.nodeid] = status
        return [(PHASE_STATUS, status)]

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Also after an interrupt. The innermost wrapper: after JUnit is written, before the terminal sums up."""
        outcome = yield
        if self._record.concerns_criteria and not self._config.option.collectonly:
            report = redaction.redact_tree(self._report())
            self._config.stash[REPORT] = report
            self._write(report)
            if not self._sent(report):
                session.exitstatus = session.exitstatus or pytest.ExitCode.INTERNAL_ERROR
        self._place_junit()
        return outcome

    def _write(self, report: dict[str, Any]) -> None:
        page = render(report)
        self._forget_previous_evidence()
        write_text(self._folder / "acceptance.json", json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        write_text(self._folder / "acceptance.html", page)
        write_text(self._folder / SCHEMA_FILE.name, SCHEMA_FILE.read_text(encoding="utf-8"))
        found = counts(result for result in report["results"] if result["criterion"] in report["judged"])
        self._summary = [
            " · ".join(f"{found[status]} {status}" for status in STATUSES if status in found),
            *Extent.of(report).lines(),
            *settings_of(self._config).waivers.notes(
                (result["criterion"], result["subject"], result["status"])
                for result in report["results"]
                if result["given"]
            ),
            *(f"note: {note['text']}" for note in report["notes"]),
            f"report: {shown_path(self._folder, self._config.invocation_params.dir)}/acceptance.html",
        ]

    def _sent(self, report: dict[str, Any]) -> bool:
        """Whether the verdicts are where `--loki` wants them."""
        url = self._config.option.loki
        try:
            if url:
                name = settings_of(self._config).stack_name
                send_run(url, report["run"]["id"], name, report["results"], report["timeline"])
        except NotSent as refused:
            self._summary.append(str(refused))
            return False
        return True

    def _report(self) -> dict[str, Any]:
        config, settings = self._config, settings_of(self._config)
        options, catalogue = config.option, load_catalogue()
        extent = self._record.extent(catalogue, index_of(config.rootpath))
        overrides = [config.invocation_params.dir / path for path in options.override]
        versions, project = _versions(self._record.versions), loaded_project(config)
        results = self._record.results(catalogue, settings.stack_name, extent)
        return {
            "schema": SCHEMA,
            "stack": describe_stack(_stack_path(config), options.profile, overrides, config.rootpath),
            "versions": versions,
            "run": {
                "id": settings.run,
                "started": self._started.isoformat(timespec="seconds"),
                "seconds": round(monotonic() - self._clock, 3),
                "command": _command(config),
                "workers": getattr(options, "numprocesses", None) or 1,
            },
            **asdict(extent),
            "notes": notes_on(project, versions["compose"]) if project is not None else [],
            "coverage": coverage(config, results),
            "timeline": self._record.timeline,
            "results": results,
        }

    def _forget_previous_evidence(self) -> None:
        previous = self._folder / "acceptance.json"
        if previous.is_file():
            run = json.loads(previous.read_text(encoding="utf-8"))["run"]["id"]
            if run != settings_of(self._config).run:
                remove_evidence(self._folder, run)

    def _place_junit(self) -> None:
        """Move our JUnit file to its name, or drop it after a run that judged nothing."""
        logxml = self._config.stash.get(xml_key, None)
        if logxml is None:
            return
        written = Path(logxml.logfile)
        if self._own_junit and not self._record.concerns_criteria:
            written.unlink(missing_ok=True)
            del self._config.stash[xml_key]
            self._config.pluginmanager.unregister(logxml)
            return
        text = tell_errors_apart(written.read_text(encoding="utf-8"))
        if self._own_junit:
            written.unlink()
            written = self._folder / "acceptance.xml"
            logxml.logfile = str(written)
        write_text(written, text)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._summary:
            terminalreporter.section("acceptance")
            for line in self._summary:
                terminalreporter.write_line(line)


def _versions(recorded: dict[str, Any]) -> dict[str, Any]:
    """What the run recorded, and what can be known without an engine; None for what nobody could tell."""
    project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]
    return {
        "dayzero": project["version"],
        "engine": recorded.get("engine"),
        "compose": recorded.get("compose") or compose_version(),
        "images": recorded.get("images", {}),
    }


def _command(config: pytest.Config) -> str:
    """The command line that started the run, with this machine's folders left out where they can be."""
    command = f"pytest {shlex.join(str(argument) for argument in config.invocation_params.args)}"
    for folder, short in ((config.invocation_params.dir, "."), (config.rootpath, "."), (Path.home(), "~")):
        command = command.replace(str(folder), short)
    return command
