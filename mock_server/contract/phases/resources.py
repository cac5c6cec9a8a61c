"""Provision: the things that requests need, known already or created for them."""

from collections.abc import Callable

from mock_server.contract.drafting.repair import REPAIRABLE, Repairer
from mock_server.contract.memory import KnownObject
from mock_server.contract.model import Exchanged, Incidents, Intent
from mock_server.contract.renamed import find_renamed
from mock_server.contract.run import Run
from mock_server.contract.session import Session
from mock_server.contract.templates import is_listing, shape_of
from mock_server.document.document import template_names
from mock_server.document.model import Entry
from mock_server.generate.request import RequestDraft
from mock_server.generate.seed import derive_seed
from mock_server.judges.identity import Identity

Send = Callable[[RequestDraft, KnownObject | None], Exchanged | None]

_GONE = frozenset((404, 410))
_KEPT_OUT = frozenset((401, 403))
_ANOTHER = 300  # the salt of what replaces a thing that is gone
_DEPTH = 3  # of things inside things
_SALTS = 2
_OTHER_VALUES = frozenset((400, 409, 422))  # other values may do


def find_creator(run: Run, template: str) -> Entry | None:
    """Find the operation that creates what a template names: POST to its collection."""
    for entry in run.api.document.entries:
        if entry.method != "POST" or is_listing(entry.template):
            continue
        item = run.memory.item_template(entry.template)
        if item is not None and shape_of(item) == shape_of(template):
            return entry
    return None


def thing_template(run: Run, template: str) -> str | None:
    """Return the longest part of a template that names a thing: `/pets/{petId}` of `/pets/{petId}/photos`."""
    segments = template.split("/")
    for size in range(len(segments), 1, -1):
        part = "/".join(segments[:size])
        if segments[size - 1].startswith("{") and find_creator(run, part) is not None:
            return part
    return None


def find_thing(session: Session) -> KnownObject | None:
    """Return a thing for the path of an operation: for one that changes things, only what this run created."""
    if session.run.memory.has_given(session.subject.operation):
        return None
    memory, entry = session.run.memory, session.subject.entry
    things = memory.things(entry.template, created_only=memory.changed_name(entry) is not None)
    if things:
        return things[0]
    made = create_thing(session, salt=0) if session.run.options.mutating else None
    return made or next(iter(memory.parents(entry.template)), None)


def probe_thing(
    session: Session, draft: RequestDraft, thing: KnownObject | None, send: Send
) -> tuple[Exchanged | None, KnownObject | None]:
    """
    Send a draft to a thing; to another one, where the first turns out to be gone.

    Not only DELETE takes things away: `POST /orders/{id}/archive` may, and what comes after it needs an order that is
    there.

    Returns:
        What came of it, and the thing that it was sent to.
    """
    outer, tentative = session.ledger, Incidents()
    session.ledger = tentative
    try:
        exchanged = send(session.fill_path(draft, thing), thing)
    finally:
        session.ledger = outer
    other = _replace_gone(session, thing, exchanged)
    if other is not None:
        return send(session.fill_path(draft, other), other), other
    for incident in tentative.incidents():
        outer.absorb(incident)
    if thing is not None and exchanged is not None and exchanged.accepted:
        thing = find_renamed(session, thing, exchanged) or thing
    return exchanged, thing


def _replace_gone(session: Session, thing: KnownObject | None, exchanged: Exchanged | None) -> KnownObject | None:
    if thing is None or not thing.created or exchanged is None or exchanged.status not in _GONE:
        return None
    if exchanged.probe.intent is not Intent.CONFORMING:
        return None
    session.run.memory.forget(thing.template, thing.variables)
    return create_thing(session, _ANOTHER)


def ask_with_made_up_credentials(session: Session, refused: Exchanged) -> Exchanged | None:
    """
    Send a request that was refused for want of credentials with made-up ones, where none were given.

    Where they are accepted, as a mock does, the run goes on with them; that they are is said by `ignored_auth`.
    """
    api, draft = session.run.api, refused.probe.draft
    names = {name for requirement in session.subject.operation.security for name, _ in requirement}
    if refused.status not in _KEPT_OUT or draft is None or api.identity.is_known or names <= api.tried:
        return None
    api.tried |= names
    api.invented |= names
    known = refused.probe.known
    exchanged = session.probe(draft, "made-up credentials", known=known, intent=Intent.FORGED)
    if exchanged is None or not exchanged.accepted:
        api.invented -= names
        return None
    session.accepted += 1  # it is reached
    return exchanged


def repair(
    session: Session, refused: Exchanged | None, send: Callable[[RequestDraft], Exchanged | None], most: int
) -> Exchanged | None:
    """
    Send a refused request again with what its refusal names mended, until it is accepted.

    Args:
        session: Of the operation.
        refused: What came of the request; None where it was not sent.
        send: Sends a draft.
        most: Requests.

    Returns:
        The last exchange.
    """
    repairer = Repairer(session.subject, derive_seed(session.run.options.seed, session.phase, session.turns))
    for _ in range(most):
        mended = repairer.repair(refused) if refused is not None and not refused.accepted else None
        again = send(mended) if mended is not None else None
        if again is None:
            return refused
        refused = again
    return refused


def reach(
    session: Session,
    send: Callable[[RequestDraft], Exchanged | None],
    salt: int = 0,
    refused: Exchanged | None = None,
) -> Exchanged | None:
    """
    Send good requests until one is accepted: as drawn, with what is required only, each mended by its refusals.

    Args:
        session: Of the operation.
        send: Sends a draft.
        salt: Another one gives other values.
        refused: What came of a first request, if one was sent.

    Returns:
        The accepted exchange, else the last one.
    """
    if refused is None:
        refused = send(session.recipe() or session.draft(salt))
    last = repair(session, refused, send, 3)
    if last is not None and (last.accepted or last.status not in REPAIRABLE):
        return last
    return repair(session, send(session.draft(salt, minimal=True)), send, 6) or last


def create_thing(session: Session, salt: int, identity: Identity | None = None) -> KnownObject | None:
    """Create a thing for the path of an operation."""
    template = thing_template(session.run, session.subject.entry.template)
    if template is None or not session.run.options.mutating:
        return None
    made = create(session.run, template, session.phase, salt, identity, into=session)
    if made is not None:
        return made[0]
    return None


def create(
    run: Run,
    template: str,
    phase: str,
    salt: int,
    identity: Identity | None = None,
    depth: int = 0,
    into: Session | None = None,
) -> tuple[KnownObject, Exchanged, Session] | None:
    """
    Create what a template names, and what is around it.

    Args:
        run: The run.
        template: `/pets/{petId}`.
        phase: In which it is needed.
        salt: Another one gives other values.
        identity: Who creates it.
        depth: How many things are inside each other already.
        into: The session that takes over what was found on the way.

    Returns:
        The thing, the exchange that created it, and its session; None where that did not work.
    """
    entry = find_creator(run, template)
    subject = run.subject(entry) if entry is not None and depth < _DEPTH else None
    if entry is None or subject is None:
        return None
    session = Session(run, subject, phase, owner=into)
    around: KnownObject | None = None
    if template_names(entry.template):
        around = _around(run, entry, phase, salt, identity, depth, into)
    learned = (into or session).learned
    if template in run.learned.barren or template in learned.barren:
        return None
    found: tuple[KnownObject, Exchanged] | None = None
    made: list[tuple[KnownObject, Exchanged]] = []

    def send(draft: RequestDraft) -> Exchanged | None:
        exchanged = session.probe(session.fill_path(draft, around), "creating", known=True, identity=identity)
        things = remember(session, exchanged, identity) if exchanged is not None else []
        made.extend((thing, exchanged) for thing in things[:1] if exchanged is not None)
        return exchanged

    for attempt in range(_SALTS):
        exchanged = reach(session, send, _salted(salt, attempt))
        found = next(iter(made), None)
        if found is not None or exchanged is None or exchanged.status not in _OTHER_VALUES:
            break
    if found is None:
        learned.barren.add(template)
    if into is not None:
        into.exchanges += session.exchanges
        into.exercised.add(session.exercised)
        for incident in session.ledger.incidents():
            into.ledger.absorb(incident)
    if found is not None:
        return (found[0], found[1], session)
    return None


def _around(
    run: Run, entry: Entry, phase: str, salt: int, identity: Identity | None, depth: int, into: Session | None
) -> KnownObject | None:
    """Return what a collection is in: something new, else something that is there."""
    outer = thing_template(run, entry.template)
    made = create(run, outer, phase, salt, identity, depth + 1, into) if outer is not None else None
    if made is not None:
        return made[0]
    return next(iter(run.memory.things(entry.template)), None)


def remember(session: Session, exchanged: Exchanged, identity: Identity | None = None) -> list[KnownObject]:
    """Remember what an answer names; what was created is deleted at the end."""
    things = session.run.memory.learn(session.subject.operation, exchanged)
    session.run.created.extend((thing, identity or session.run.api.identity) for thing in things if thing.created)
    return things


def _salted(salt: int, attempt: int) -> int:
    if not attempt:
        return salt
    return salt * 7 + 1000 + attempt
