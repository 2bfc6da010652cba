"""What of a project could not be loaded, and which verdicts that leaves open: judged on a part is never green.

Which gap touches which criterion:

- A missing `include` may hold any service, network or dashboard. It touches what is said of the whole stack or of how
  its services stand to each other: CFG-3, 4, 9, 12, 13, 14, 15, 20 and 21. What an init states is complete without it.
- An unresolved `extends` leaves its service half known. It touches every criterion of that service, and those of the
  stack named above, but CFG-15, which is about files.
- A missing `env_file` that a service requires may set any variable of it: its CFG-5 and CFG-8, and its CFG-3 where the
  host that it talks to is one of them.
- An unset variable touches only what is decided by the value that it stands in: the restart policy (CFG-2), a mount's
  mode (CFG-6, CFG-7), memory (CFG-9), the program that is run (CFG-10, 16, 17, 19, 22), rights (CFG-11), the name of a
  network (CFG-14), the image's version (CFG-18), and the host where nothing else says whom an init talks to (CFG-3).
- Where Docker Compose has not made the model, it is made from the files by the same rules: every verdict is given, the
  report says it, and CFG-1, which asks Compose, is an error or a failure by itself.

A `pass` that a gap could change becomes an error where a part of the project is missing (`include`, `extends`), and a
skip where the project leaves something to its user (`env_file`, a variable). A `fail` stays one, unless it is the gap
that it rests on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from dayzero.analysis.clusters import clusters_of
from dayzero.compose.environment import missing_env_files
from dayzero.compose.facts import fact
from dayzero.compose.gap import Gap
from dayzero.compose.project import ComposeProject, Service
from dayzero.compose.yaml_source import Mapping, Scalar, walk
from dayzero.core.result import Place, Result
from dayzero.core.verdict import CannotJudge, NotApplicable, Source
from dayzero.report.coverage import NO_INIT, Missing

_OF_THE_STACK = {f"CFG-{number}" for number in (3, 4, 9, 12, 13, 14, 15, 20, 21)}
_OF_VARIABLES = {"CFG-5", "CFG-8"}
_BY_ABSENCE = {"CFG-3", "CFG-9", "CFG-11", "CFG-12"}
"""Criteria that blame a service for what it does not state, which the service that it extends may state."""

_PROGRAM = "program"
_MODE = "mount.mode"
_DECIDED_BY = {
    "CFG-2": ("deploy.restart_policy",),
    "CFG-6": (_MODE,),
    "CFG-7": (_MODE, "read_only"),
    "CFG-9": ("mem_reservation", "mem_limit", "deploy.resources", "x-memory-budget"),
    "CFG-11": ("user", "cap_add", "cap_drop", "privileged", "security_opt"),
    "CFG-14": ("networks",),
    **{f"CFG-{number}": (_PROGRAM,) for number in (10, 16, 17, 19, 22)},
}
_SAID_BY_THE_RULE = {
    "CFG-2": ("restart",),
    "CFG-3": ("environment", "command", "entrypoint"),
    "CFG-5": ("environment",),
    "CFG-18": ("image",),
}
"""Where a rule weighs itself whether the unset variable matters, and skips with its name if it does."""


class NotLoaded(CannotJudge):
    """A part of the project that the verdict needs could not be loaded. The text is one line: where, and what."""


@fact
def gaps_of(project: ComposeProject) -> list[Gap]:
    """Everything that the project names and that could not be had."""
    found = list(project.tree.gaps)
    if project.complaint and not project.model:
        made = "Docker Compose did not load the project, so its model is made from the files alone"
        found.append(Gap("compose", f"{made}: {project.complaint}"))
    for service in project.services.values():
        for missing in missing_env_files(service):
            what = f"env_file {missing.path} is not among the project's files"
            found.append(Gap("env_file", what, missing.place, service.name, file=missing.file))
        found += _variables(service)
    for section in ("networks", "x-memory-budget"):
        item = project.tree.top.get(section)
        for _, scalar in walk(item) if item is not None else ():
            found += [Gap("variable", _unset(name), scalar.place, "", section) for name in _names(scalar)]
    return found


def gap_behind(
    project: ComposeProject, criterion: str, subject: str, *, failed: bool = False, at: Source | None = None
) -> Gap | None:
    """The gap that could change a pass on `subject`, or that its failure `at` a place rests on; None without one."""
    touching = [gap for gap in gaps_of(project) if _touches(project, gap, criterion, subject)]
    if failed:
        touching = [gap for gap in touching if _carries(project, gap, criterion, subject, at)]
    return touching[0] if touching else None


def withdrawn(
    project: ComposeProject, criterion: str, subject: str, source: Source | None, *, failed: bool
) -> NotApplicable | NotLoaded | None:
    """What a verdict on `subject` turns into that a gap could change; None for one that stands.

    source: where a failure was found, if it was.
    """
    gap = gap_behind(project, criterion, subject, failed=failed, at=source if failed else None)
    if gap is None:
        return None
    reason = f"it cannot be told, for this could not be loaded: {told(project, gap)}"
    return NotApplicable(reason) if gap.kind in ("env_file", "variable") else NotLoaded(reason)


def told(project: ComposeProject, gap: Gap) -> str:
    """A gap in one line, its paths as they are seen from the project."""
    where = project.source(gap.place) if gap.place else None
    return f"{where.file}:{where.line}: {_shown(project, gap)}" if where else _shown(project, gap)


def coverage_of(project: ComposeProject, results: Iterable[Result]) -> list[Missing]:
    """The report's `coverage`: each gap once, with the verdicts among `results` that it left open."""
    open_ = [result for result in results if result["status"] in ("skip", "error")]
    found: dict[tuple[str, str], Missing] = {}
    for gap in gaps_of(project):
        where = project.source(gap.place) if gap.place else None
        source: Place | None = (
            {"file": where.file, "line": where.line, "column": where.column} if where else None
        )
        what = _shown(project, gap)
        entry = found.setdefault(
            (what, str(where)), {"kind": gap.kind, "what": what, "source": source, "touches": []}
        )
        for result in open_:
            verdict = {"criterion": result["criterion"], "subject": result["subject"]}
            if verdict not in entry["touches"] and _left_open(project, gap, result):
                entry["touches"].append(verdict)
    return list(found.values())


def not_loaded(problem: Exception, results: Iterable[Result]) -> list[Missing]:
    """The report's `coverage` for a project that could not be loaded at all."""
    touches = [
        {"criterion": result["criterion"], "subject": result["subject"]}
        for result in results
        if result["status"] == "error" and str(problem) in result["observed"]
    ]
    what = str(problem).replace(f"{Path.home()}{os.sep}", "~/")
    return [{"kind": "project", "what": what, "source": None, "touches": touches}]


def _touches(project: ComposeProject, gap: Gap, criterion: str, subject: str) -> bool:
    match gap.kind:
        case "include":
            return criterion in _OF_THE_STACK
        case "extends":
            return gap.service == subject or criterion in _OF_THE_STACK - {"CFG-15"}
        case "env_file":
            return gap.service == subject and criterion in _OF_VARIABLES
        case "variable":
            return _concerns(project, gap, criterion, subject) and _is_below(
                gap.key, _DECIDED_BY.get(criterion, ())
            )
    return False


def _concerns(project: ComposeProject, gap: Gap, criterion: str, subject: str) -> bool:
    if criterion == "CFG-9":
        members = {one.service.name for one in clusters_of(project).get(subject, [])}
        return not gap.service or gap.service in members
    return gap.service in ("", subject)


def _carries(project: ComposeProject, gap: Gap, criterion: str, subject: str, at: Source | None) -> bool:
    """Whether the failure would not stand without the gap."""
    match gap.kind, criterion:
        case "include", "CFG-12":
            return _lacks_services(project, subject)
        case "include", "CFG-14":
            on_it = [subject in (one.config.get("networks") or {}) for one in project.services.values()]
            return subject in project.networks and not any(on_it)
        case "include", "CFG-15":
            return (project.root / subject).is_file()
        case "extends", _:
            members = [one.service.name for one in clusters_of(project).get(subject, [])]
            return criterion in _BY_ABSENCE and gap.service in (subject, *members)
        case "variable", _:
            where = project.source(gap.place) if gap.place else None
            return where is not None and at is not None and (where.file, where.line) == (at.file, at.line)
    return False


def _lacks_services(project: ComposeProject, entry: str) -> bool:
    """Whether the inventory's entry names a service that no file defines."""
    promise = project.inventory.promise_of(entry) if project.inventory is not None else None
    known = project.tree.services()
    return promise is not None and any(name not in known for name in (*promise.services, *promise.targets))


def _left_open(project: ComposeProject, gap: Gap, result: Result) -> bool:
    """Whether a skip or an error is for the gap: it concerns it, and the reason names it."""
    criterion, subject = result["criterion"], result["subject"]
    if gap.kind == "compose":
        return criterion == "CFG-1"
    if gap.kind == "variable":
        keys = (*_DECIDED_BY.get(criterion, ()), *_SAID_BY_THE_RULE.get(criterion, ()))
        named = gap.what.split(" ", 1)[0]
        return (
            _concerns(project, gap, criterion, subject)
            and _is_below(gap.key, keys)
            and named in result["observed"]
        )
    if gap.kind == "env_file":
        named = gap.file.name if gap.file else gap.what
        return (
            gap.service == subject and criterion in _OF_VARIABLES | {"CFG-3"} and named in result["observed"]
        )
    return _touches(project, gap, criterion, subject) and _shown(project, gap) in result["observed"]


def _is_below(key: str, prefixes: Iterable[str]) -> bool:
    return any(key == prefix or key.startswith(f"{prefix}.") for prefix in prefixes)


def _variables(service: Service) -> Iterator[Gap]:
    for path, scalar in walk(service.item):
        if str(path[0]).startswith("x-"):
            continue
        for name in _names(scalar):
            key = _key(service.item, path, scalar, name)
            yield Gap("variable", _unset(name), scalar.place, service.name, key)


def _names(scalar: Scalar) -> list[str]:
    return list(dict.fromkeys(one.name for one in scalar.variables if not one.has_value))


def _unset(name: str) -> str:
    return f"{name} is nowhere set"


def _key(service: Mapping, path: tuple[str | int, ...], scalar: Scalar, name: str) -> str:
    """What the variable decides: the path of its value, or the mode of a mount, or the program that is run."""
    alone = re.fullmatch(rf"\s*[\"']?\$(?:{name}|\{{{name}[^}}]*\}})[\"']?\s*", scalar.written)
    if path[0] in ("command", "entrypoint") and alone:
        before = _before(service, path)
        if before is None or re.fullmatch(r"-\w*c", before):
            return _PROGRAM
    if path[0] == "volumes" and (
        path[-1] == "read_only" or re.search(rf":[^:/]*\$\{{?{name}\b[^:/]*$", scalar.written)
    ):
        return _MODE
    return ".".join(map(str, path))


def _before(service: Mapping, path: tuple[str | int, ...]) -> str | None:
    """The argument before the one at `path`; None where it is the first, or the whole command."""
    index = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
    earlier = [one for at, one in walk(service) if at == (path[0], index - 1)]
    return str(earlier[0].value) if earlier else None


def _shown(project: ComposeProject, gap: Gap) -> str:
    return gap.what.replace(f"{project.root}{os.sep}", "").replace(f"{Path.home()}{os.sep}", "~/")


def no_init(project: ComposeProject) -> str:
    """What was looked at in vain for an init, and how to name one, in one line."""
    files = ", ".join(os.path.relpath(file, project.root) for file in project.files[:3])
    files += f" and {len(project.files) - 3} more" if len(project.files) > 3 else ""
    names = list(project.services)
    services = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return (
        f"{NO_INIT}: none of the {len(names)} services in {files} ({services}) is a one-shot container that "
        "provisions something; name the inits in an inventory with --inventory FILE"
    )
