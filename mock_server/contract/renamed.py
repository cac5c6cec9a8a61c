"""Things that have another name after a change: they are read and deleted under the new one."""

from dataclasses import replace
from typing import Final

from mock_server.contract.knowledge.memory import path_values
from mock_server.contract.knowledge.observed import find_id
from mock_server.contract.knowledge.templates import shape_of
from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.model import Exchanged
from mock_server.contract.session import Session
from mock_server.document.document import template_names
from mock_server.document.model import Missing
from mock_server.errors import UndefinedSerialization

_GONE: Final = frozenset((401, 403, 404, 410))


def find_renamed(session: Session, thing: KnownObject, changed: Exchanged) -> KnownObject | None:
    """
    Find a thing of the run under the name that an accepted change gave it.

    It is the run's own only where the request named this very thing and sent the name, which nothing else was known
    by, and the thing is gone from where it was: an answer that speaks of something else proves nothing.

    Args:
        session: Of the operation that changed it.
        thing: As it was.
        changed: The change.

    Returns:
        The thing, which the run owns now; None where it has no new name.
    """
    run, names, draft = session.run, template_names(thing.template), changed.probe.draft
    if changed.probe.request.method not in {"PUT", "PATCH"}:
        return None
    if not names or draft is None or isinstance(draft.body, Missing) or not thing.created:
        return None
    sent, sought = find_id(draft.body, names[-1]), path_values(changed)
    own = thing.variables_of(session.subject.entry.template)
    if sent is None or str(sent) == str(thing.variables[names[-1]]) or {**sought, **own} != sought:
        return None
    if any(str(known.variables.get(names[-1])) == str(sent) for known in run.memory.things(thing.template)):
        return None
    there = replace(thing, variables={**thing.variables, names[-1]: sent})
    before, after = _status(session, thing), _status(session, there)
    if before not in _GONE or not 200 <= after < 300:  # noqa: PLR2004
        return None
    run.memory.forget(thing.template, thing.variables)
    run.memory.own(there.template, there.variables)
    run.created.append((there, run.api.identity))
    return there


def _status(session: Session, thing: KnownObject) -> int:
    """Return the status of reading a thing; 0 where it can't be read."""
    run, shape = session.run, shape_of(thing.template)
    entry = next((e for e in run.api.document.entries if e.method == "GET" and shape_of(e.template) == shape), None)
    reader = run.subject(entry) if entry is not None else None
    if reader is None:
        return 0
    own = Session(run, reader, session.phase)
    try:
        request = reader.write(own.fill_path(own.draft(), thing))
    except UndefinedSerialization:
        return 0
    response = run.exchange(request).response
    return response.status if response is not None else 0
