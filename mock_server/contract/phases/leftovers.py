"""Cleaning up: what a run created is deleted, where the document allows; the rest is listed."""

from dataclasses import dataclass

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.knowledge.templates import identify_path, iter_prefixes, shape_of
from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.run import Run
from mock_server.document.model import Entry, ParameterLocation
from mock_server.errors import UndefinedSerialization
from mock_server.exchange.message import Request
from mock_server.generate.request import RequestDraft

_GONE = frozenset((404, 410))
_PATIENT = 3  # deletions in a row that are not answered, before the rest is left


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that a run created, and that is still there."""

    path: str  # without the base path, filled in
    request: Request | None  # that would remove it; None where the document has none


def clean_up(run: Run) -> tuple[Leftover, ...]:
    """
    Delete what the run created, the last first, as who created it.

    Who interrupts it, and an API that no longer answers, ends it.

    Returns:
        What is left. What was inside of a deleted thing is not.
    """
    silent = 0
    gone: set[tuple[str, tuple[str, ...]]] = set()
    left: list[tuple[KnownObject, Request | None]] = []
    run.stopped.clear()
    for thing, identity in reversed(run.created):
        subject = _deleting(run, thing)
        request: Request | None = None
        try:
            if subject is not None:
                request = subject.write(_draft(run, subject, thing), identity)
        except UndefinedSerialization:
            pass  # said as left
        status = 0
        if request is not None and silent < _PATIENT and not run.stopped.is_set():
            status, silent = _send(run, request, silent)
        if 200 <= status < 300 or status in _GONE:  # noqa: PLR2004
            gone.add(identify_path(thing.template, thing.variables))
        else:
            left.append((thing, request))
    return tuple(Leftover(_path(thing), request) for thing, request in left if not _is_in(thing, gone))


def _send(run: Run, request: Request, silent: int) -> tuple[int, int]:
    """Return the status of a deletion, and how many in a row were not answered."""
    try:
        response = run.sender.send(request).response
    except KeyboardInterrupt:
        run.stopped.set()
        return 0, silent
    if response is None:
        return 0, silent + 1
    return response.status, 0


def _is_in(thing: KnownObject, gone: set[tuple[str, tuple[str, ...]]]) -> bool:
    """Return whether something around a thing is gone, and the thing with it."""
    return any(identify_path(prefix, thing.variables) in gone for prefix in iter_prefixes(thing.template))


def _path(thing: KnownObject) -> str:
    path = thing.template
    for name, value in thing.variables.items():
        path = path.replace("{" + name + "}", str(value))
    return path


def _deleting(run: Run, thing: KnownObject) -> OperationUnderTest | None:
    shape = shape_of(thing.template)
    entries = run.api.document.entries
    entry: Entry | None = next((e for e in entries if e.method == "DELETE" and shape_of(e.template) == shape), None)
    if entry is not None:
        return run.subject(entry)
    return None


def _draft(run: Run, subject: OperationUnderTest, thing: KnownObject) -> RequestDraft:
    draft = subject.drafter.draft()
    for name, value in run.memory.variables_for(thing, subject.entry).items():
        draft = draft.with_parameter((ParameterLocation.PATH, name), value)
    return draft
