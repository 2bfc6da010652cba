"""What is wrong with the reports of a run: the JSON by its schema, the JUnit XML by the JSON, the page by both."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema import Draft202012Validator

from dayzero.selftest.suite_run import SuiteRun

_LOADED = {
    "src",
    "srcset",
    "href",
    "action",
    "data",
    "poster",
    "background",
    "cite",
    "formaction",
    "xlink:href",
}
_OUTCOMES = {"fail": "failure", "error": "error", "skip": "skipped", "waived": "skipped"}
"""What a JUnit test case holds for a result's status; nothing for a pass."""


def json_faults(run: SuiteRun) -> Iterator[str]:
    """Where the report breaks the schema that was published beside it, and fields of which the schema says nothing."""
    schema = json.loads(run.page("acceptance.schema.json"))
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(run.report):
        yield f"acceptance.json: {error.json_path}: {error.message[:200]}"
    for path in dict.fromkeys(_undescribed(run.report, schema, schema, "$")):
        yield f"acceptance.schema.json says nothing of {path}"


def _undescribed(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    schema = _resolved(schema, root)
    for choice in schema.get("oneOf", ()):
        if isinstance(value, dict) and "properties" in _resolved(choice, root):
            schema = _resolved(choice, root)
    if isinstance(value, list):
        for item in value:
            yield from _undescribed(item, schema.get("items", {}), root, f"{path}[]")
    elif isinstance(value, dict):
        described = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for key, item in value.items():
            if key not in described and others is None:
                yield f"{path}.{key}"
            yield from _undescribed(item, described.get(key, others or {}), root, f"{path}.{key}")


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def junit_faults(run: SuiteRun) -> Iterator[str]:
    """Where the JUnit XML miscounts, or tells of other results than the JSON."""
    suites = list(run.junit.iter("testsuite"))
    if run.junit.tag != "testsuites" or not suites:
        yield "acceptance.xml: no testsuite within testsuites"
    told: Counter[tuple[str, str, str]] = Counter()
    for suite in suites:
        cases = list(suite.iter("testcase"))
        holds = {
            kind: sum(case.find(kind) is not None for case in cases)
            for kind in ("failure", "error", "skipped")
        }
        stated = {"tests": len(cases)} | {
            name: holds[kind]
            for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
        }
        for name, number in stated.items():
            if suite.get(name) != str(number):
                yield f"acceptance.xml: {name}={suite.get(name)} over {number} test cases of that kind"
        for case in cases:
            given = [(item.get("name"), str(item.get("value"))) for item in case.iter("property")]
            columns = [
                [value for name, value in given if name == key] for key in ("criterion", "subject", "status")
            ]
            for criterion, subject, status in zip(*columns, strict=True):
                told[criterion, subject, status] += 1
                outcome = _OUTCOMES.get(status)
                if outcome and case.find(outcome) is None:
                    yield f"acceptance.xml: {case.get('name')} is {status}, but holds no {outcome}"
    judged = Counter((one["criterion"], one["subject"], one["status"]) for one in run.judged)
    for result, number in ((judged - told) + (told - judged)).items():
        yield f"{number} of {' '.join(result)} stands in one of acceptance.json and acceptance.xml alone"


class _Page(HTMLParser):
    """What a page would load, where it leads, the matrix's head and rows, and the drawing's words and bars."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.anchors: set[str] = set()
        self.columns: list[str] = []
        self.rows: list[str] = []
        self.drawn: list[str] = []
        self.bars = 0
        self._within: list[str] = []
        self._styles: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag not in ("meta", "link", "img", "br", "input", "rect", "line", "path"):
            self._within.append(f"{tag} {given.get('scope', '')}".strip())
        self.bars += tag == "rect"
        self.anchors |= {given["id"]} if "id" in given else set()
        for name in _LOADED & given.keys():
            (self.leads if tag == "a" else self.loads).append(given[name])
        if tag in ("link", "iframe", "object", "embed"):
            self.loads.append(tag)
        self._styles.append(given.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop().partition(" ")[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        text = data.strip()
        if not text:
            return
        if "style" in self._within:
            self._styles.append(text)
        if "th col" in self._within:
            self.columns.append(text)
        if "th row" in self._within and "b" in self._within:
            self.rows.append(text)
        if "text" in self._within:
            self.drawn.append(text)

    @property
    def loaded_by_style(self) -> list[str]:
        return [
            word for word in ("@import", "url(", "image-set(") if any(word in one for one in self._styles)
        ]


def page_faults(run: SuiteRun, inits: Iterable[str]) -> Iterator[str]:
    """Where the page loads something, leads nowhere, or lacks a criterion, an init's column, a service of the boot."""
    report = run.report
    page = _Page()
    page.feed(run.page())
    for thing in [*page.loads, *page.loaded_by_style]:
        yield f"acceptance.html does not stand alone: it loads {thing}"
    for target in page.leads:
        if target.startswith("#"):
            if target[1:] not in page.anchors:
                yield f"acceptance.html: {target} is not on the page"
        elif urlsplit(target).scheme or not (run.folder / unquote(target)).is_file():
            yield f"acceptance.html leads to {target}, which is no file beside it"
    for criterion in report["judged"]:
        if page.rows.count(criterion) != 1:
            yield f"acceptance.html: {page.rows.count(criterion)} rows of the matrix are about {criterion}"
    for init in inits:
        if init not in page.columns:
            yield f"acceptance.html: the matrix has no column for {init}"
    started = [entry["service"] for entry in report["timeline"] if entry["started"]]
    for service in started:
        if service not in page.drawn:
            yield f"acceptance.html: the boot is drawn without {service}"
    if page.bars < len(started):
        yield f"acceptance.html: {page.bars} bars are drawn for {len(started)} services"


def report_faults(run: SuiteRun, inits: Iterable[str]) -> list[str]:
    """All of it, one line each; empty for reports that are sound."""
    missing = [
        name for name in ("acceptance.json", "acceptance.xml", "acceptance.html") if not _there(run, name)
    ]
    if missing:
        return [f"{name} is not there" for name in missing]
    return [*json_faults(run), *junit_faults(run), *page_faults(run, inits)]


def _there(run: SuiteRun, name: str) -> bool:
    file: Path = run.folder / name
    return file.is_file()
