"""
Shrinking: the smallest request that shows a finding.

Coverage tries many steps at once and starts from requests that have everything. What it finds is shown again with as little
as still shows it: optional parameters and properties are left out, all at once, then one by one.
"""

from collections.abc import Iterator

from mock_server.contract.incident import Incident
from mock_server.contract.probe import Exchanged, Intent
from mock_server.contract.session import Session
from mock_server.generate.draft import Draft
from mock_server.generate.variants import apply_step
from mock_server.schema.dialect import Direction, Purpose
from mock_server.spec.model import MISSING, Location, Missing

_MOST = 24  # requests for one finding
_FINDINGS = 6  # of an operation
_SENT = frozenset((Intent.CONFORMING, Intent.VIOLATING))


def shrink(session: Session) -> None:
    """Shrink what the session found, where it can be shown by one request."""
    if session.subject.operation.method == "DELETE":
        return  # each request would need a thing of its own
    red = [i for i in session.ledger.incidents() if i.is_red and not i.related and i.exchanged.probe.intent in _SENT]
    for incident in red[:_FINDINGS]:
        _shrink(session, incident)


def _shrink(session: Session, incident: Incident) -> None:
    current, left = incident.exchanged, _MOST
    smaller = True
    while smaller and left > 0:
        smaller = False
        for draft in _smaller(session, current):
            left -= 1
            again = _shows(session, incident, current, draft)
            if again is not None:
                current, smaller = again, True
                break
            if left <= 0:
                return


def _shows(session: Session, incident: Incident, current: Exchanged, draft: Draft) -> Exchanged | None:
    probe = current.probe
    exchanged = session.probe(
        draft,
        probe.what,
        breaks=probe.intent is Intent.VIOLATING,
        keyword=probe.keyword,
        where=probe.where,
        place=probe.place,
        known=probe.known,
    )
    wanted = (incident.check, incident.finding.rule)
    if exchanged is not None and any((v.check, v.finding.rule) == wanted and not v.doubtful for v in session.last):
        return exchanged
    return None


def _smaller(session: Session, exchanged: Exchanged) -> Iterator[Draft]:
    """Requests that have less: all that is optional left out, then one thing at a time."""
    draft, where = exchanged.probe.draft, exchanged.probe.where
    if draft is None:
        return
    kept = where[:2]
    optional = [
        (p.location, p.name)
        for p in session.subject.operation.parameters
        if not p.required
        and p.location is not Location.PATH
        and (p.location, p.name) in draft.parameters
        and (p.location.value, p.name) != kept
    ]
    members = _optional_members(session, draft, where)
    bare = draft.without(*optional)
    for name in members:
        bare = bare.with_body(apply_step(None if isinstance(bare.body, Missing) else bare.body, (name,), MISSING))
    if optional or members:
        yield bare
    if len(optional) + len(members) > 1:
        for key in optional:
            yield draft.without(key)
        for name in members:
            yield draft.with_body(apply_step(None if isinstance(draft.body, Missing) else draft.body, (name,), MISSING))


def _optional_members(session: Session, draft: Draft, where: tuple[str, ...]) -> list[str]:
    if not isinstance(draft.body, dict) or draft.media is None or draft.media.schema is None:
        return []
    outline = session.run.api.kit.outline(draft.media.schema, Direction.REQUEST, Purpose.JUDGE)
    required: set[str] = set()
    for source in outline.sources:
        names = source.get("required")
        required.update(map(str, names) if isinstance(names, list) else ())
    return [name for name in draft.body if name not in required and where[:2] != ("body", name)]
