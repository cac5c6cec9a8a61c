"""Provision: the things that requests need, known already or created for them."""

from collections.abc import Callable

from mock_server.contract.drafting.repair import REPAIRABLE, Repairer
from mock_server.contract.knowledge.memory import path_values
from mock_server.contract.knowledge.templates import is_listing, names_item, shape_of
from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.model import Exchanged, Incidents, Intent
from mock_server.contract.renamed import find_renamed
from mock_server.contract.run import Run
from mock_server.contract.session import Session, keep_name
from mock_server.document.document import template_names
from mock_server.document.model import Entry, Missing
from mock_server.generate.request import RequestDraft
from mock_server.generate.seed import derive_seed
from mock_server.judges.identity import Identity

Send = Callable[[RequestDraft, KnownObject | None], Exchanged | None]

_GONE = frozenset((404, 410))
_NOT_CALLED = frozenset((400, 404, 410, 422))
_KEPT_OUT = frozenset((401, 403))
_ANOTHER = 300  # the salt of what replaces a thing that is gone
_LEAST_OTHERS = 2
_MOST_OTHERS = 3  # things of which an operation is asked that was not reached
_DEPTH = 3  # of things inside things
_SALTS = 2
_NOT_FOUND = 404
_OTHER_VALUES = frozenset((400, 409, 422))  # other values may do


def find_creator(run: Run, template: str) -> Entry | None:
    """Find the operation that creates what a template names, the likeliest one."""
    return next(iter(_find_creators(run, template)), None)


def _find_creators(run: Run, template: str) -> list[Entry]:
    """
    Find the operations that create what a template names: POST to its collection.

    Then PUT or POST to the path of the thing itself, where its body or a documented 201 shows that this creates.
    """
    found: list[Entry] = []
    for entry in run.api.document.entries:
        if is_listing(entry.template):
            continue
        item = run.memory.item_template(entry.template) if entry.method == "POST" else None
        itself = shape_of(entry.template) == shape_of(template) and _creates_itself(run, entry)
        if itself or (item is not None and shape_of(item) == shape_of(template)):
            found.append(entry)
    return sorted(found, key=lambda entry: names_item(entry.template))


def _creates_itself(run: Run, entry: Entry) -> bool:
    """Return whether a PUT or POST to the path of a thing may create it."""
    if entry.method not in {"PUT", "POST"} or not names_item(entry.template):
        return False
    operation = run.api.document.operation(entry)
    documents_creation = any(response.status == "201" for response in operation.responses)
    return documents_creation or (entry.method == "PUT" and operation.request_body is not None)


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


def other_things(session: Session) -> list[KnownObject | None]:
    """Return what an operation may be asked of, the newest of its own first; nothing in particular comes last."""
    memory, entry = session.run.memory, session.subject.entry
    if memory.has_given(session.subject.operation) or not template_names(entry.template):
        return [None]
    things = memory.things(entry.template, created_only=memory.changed_name(entry) is not None)
    own = [thing for thing in things if thing.created]
    found = [*reversed(own), *(thing for thing in things if not thing.created)][:_MOST_OTHERS]
    if len(found) < _LEAST_OTHERS and session.run.options.mutating:
        made = create_thing(session, salt=_ANOTHER + 1, minimal=True)
        found += [made] if made is not None else []
    return [*(found or memory.parents(entry.template)[:1])] or [None]


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
    renamed = _call_otherwise(session, draft, thing, exchanged, send)
    if renamed is not None:
        return renamed, thing
    other = _replace_gone(session, thing, exchanged)
    if other is not None:
        return send(session.fill_path(draft, other), other), other
    for incident in tentative.incidents():
        outer.absorb(incident)
    if thing is not None and exchanged is not None and exchanged.accepted:
        thing = find_renamed(session, thing, exchanged) or thing
    return exchanged, thing


def _call_otherwise(
    session: Session, draft: RequestDraft, thing: KnownObject | None, exchanged: Exchanged | None, send: Send
) -> Exchanged | None:
    """Send a draft to a thing by what else it is called, where nothing is found by its id; None if that is no use."""
    if thing is None or exchanged is None or exchanged.status not in _NOT_CALLED or session.accepted:
        return None
    if exchanged.probe.intent is not Intent.CONFORMING:
        return None
    return call_otherwise(session, thing, lambda: send(session.fill_path(draft, thing), thing))


def call_otherwise(session: Session, thing: KnownObject, send: Callable[[], Exchanged | None]) -> Exchanged | None:
    """
    Have an operation call its things by another of their names, if it finds this one by it.

    Args:
        session: Of the operation.
        thing: That it does not find by its id.
        send: Asks for it.

    Returns:
        The accepted exchange; None where no other name will do.
    """
    called, id_ = session.run.memory.called, session.subject.entry.id
    for name in thing.also if id_ not in called else ():
        called[id_] = name
        again = send()
        if again is not None and again.accepted:
            return again
        del called[id_]
    return None


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


def may_be_mended(refused: Exchanged) -> bool:
    """
    Return whether the words of a refusal may say what is wrong with the request.

    A 404 speaks of something in the body, where the path names nothing, or what is there.
    """
    draft = refused.probe.draft
    if refused.status != _NOT_FOUND or draft is None or isinstance(draft.body, Missing):
        return refused.status in REPAIRABLE
    return refused.probe.known or not template_names(draft.operation.entry.template)


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
    memory, entry = session.run.memory, session.subject.entry
    repairer = Repairer(
        session.subject,
        derive_seed(session.run.options.seed, session.phase, session.turns),
        lambda name: memory.iter_shown(entry, name),
        memory.drawn.add,
    )
    for _ in range(most):
        mended = repairer.repair(refused) if refused is not None and may_be_mended(refused) else None
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
    if last is not None and (last.accepted or not may_be_mended(last)):
        return last
    return repair(session, send(session.draft(salt, minimal=True)), send, 6) or last


def create_thing(
    session: Session, salt: int, identity: Identity | None = None, *, minimal: bool = False
) -> KnownObject | None:
    """Create a thing for the path of an operation; if it is minimal, with nothing but what is required."""
    template = thing_template(session.run, session.subject.entry.template)
    if template is None or not session.run.options.mutating:
        return None
    made = create(
        session.run, template, session.phase, salt, identity, owner=session, keep=session.absorb, minimal=minimal
    )
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
    owner: Session | None = None,
    *,
    keep: Callable[[Session], object],
    minimal: bool = False,
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
        owner: The session that needs the thing.
        keep: Takes each session that was opened on the way, whether it created anything or not.
        minimal: Whether with nothing but what is required.

    Returns:
        The thing, the exchange that created it, and its session; None where that did not work.
    """
    learned = owner.learned if owner is not None else None
    for entry in _find_creators(run, template) if depth < _DEPTH else ():
        subject = run.subject(entry)
        if subject is None or not run.may_send(entry):
            continue
        session = Session(run, subject, phase, owner=owner)
        learned = learned or session.learned
        around = None
        if template_names(entry.template):
            around = _around(run, entry, phase, salt, identity, depth, owner, keep)
        if template in run.learned.barren or template in learned.barren:
            return None
        try:
            found = _make(session, around, salt, identity, minimal=minimal)
        finally:
            keep(session)
        if found is not None:
            return (*found, session)
    if learned is not None:
        learned.barren.add(template)
    return None


def _make(
    session: Session, around: KnownObject | None, salt: int, identity: Identity | None, *, minimal: bool
) -> tuple[KnownObject, Exchanged] | None:
    """Have an operation create something; gives it with the exchange that created it; None if that fails."""
    run, entry = session.run, session.subject.entry
    names_itself = names_item(entry.template)
    made: list[tuple[KnownObject, Exchanged]] = []

    def send(draft: RequestDraft) -> Exchanged | None:
        draft = session.fill_path(draft, around)
        if names_itself:
            draft = keep_name(draft, template_names(entry.template)[-1])
        exchanged = session.probe(draft, "creating", known=not names_itself, identity=identity)
        if exchanged is None:
            return None
        things = remember(session, exchanged, identity) or run.memory.find_named(session.subject.operation, exchanged)
        if exchanged.accepted and names_itself:
            things = [KnownObject(entry.template, path_values(exchanged), created=True)]
        made.extend((thing, exchanged) for thing in things[:1])
        return exchanged

    for attempt in range(_SALTS):
        first = send(session.draft(salt, minimal=True)) if minimal and not attempt else None
        exchanged = reach(session, send, _salted(salt, attempt), first)
        if made or exchanged is None or exchanged.status not in _OTHER_VALUES:
            break
    return next(iter(made), None)


def _around(
    run: Run,
    entry: Entry,
    phase: str,
    salt: int,
    identity: Identity | None,
    depth: int,
    owner: Session | None,
    keep: Callable[[Session], object],
) -> KnownObject | None:
    """Return what a collection is in: something new, else something that is there."""
    collection = entry.template.rpartition("/")[0] if names_item(entry.template) else entry.template
    outer = thing_template(run, collection)
    made = create(run, outer, phase, salt, identity, depth + 1, owner, keep=keep) if outer is not None else None
    if made is not None:
        return made[0]
    return next(iter(run.memory.things(collection)), None)


def remember(session: Session, exchanged: Exchanged, identity: Identity | None = None) -> list[KnownObject]:
    """Remember what an answer names; what was created is deleted at the end."""
    things = session.run.memory.learn(session.subject.operation, exchanged)
    session.run.created.extend((thing, identity or session.run.api.identity) for thing in things if thing.created)
    return things


def _salted(salt: int, attempt: int) -> int:
    if not attempt:
        return salt
    return salt * 7 + 1000 + attempt
