"""Cleaning up: what a run created is deleted, where the document allows."""

from mock_server.contract.memory import Thing
from mock_server.contract.session import Run
from mock_server.contract.subject import Subject
from mock_server.errors import UndefinedSerialization
from mock_server.exchange.message import Request
from mock_server.generate.draft import Draft
from mock_server.spec.model import Entry, Location

_PATIENT = 3  # deletions in a row that are not answered, before the rest is left
_GONE = frozenset((404, 410))


def clean_up(run: Run) -> int:
    """
    Delete what the run created, the last first, as who created it.

    Who interrupts it, and an API that no longer answers, ends it.

    Returns:
        How many things were deleted, or are gone.
    """
    deleted = silent = 0
    run.stopped.clear()
    try:
        for thing, identity in reversed(run.created):
            subject = _deleting(run, thing)
            if subject is None or silent >= _PATIENT:
                continue
            try:
                request: Request = subject.write(_draft(subject, thing), identity)
            except UndefinedSerialization:
                continue
            response = run.sender.send(request).response
            silent = silent + 1 if response is None else 0
            deleted += response is not None and (200 <= response.status < 300 or response.status in _GONE)  # noqa: PLR2004
    except KeyboardInterrupt:
        run.stopped.set()
    return deleted


def _deleting(run: Run, thing: Thing) -> Subject | None:
    entry: Entry | None = next((e for e in run.api.document.entries if e.method == "DELETE" and e.template == thing.template), None)
    return run.subject(entry) if entry is not None else None


def _draft(subject: Subject, thing: Thing) -> Draft:
    draft = subject.drafter.draft()
    for name, value in thing.variables.items():
        draft = draft.with_parameter((Location.PATH, name), value)
    return draft
