"""
The fuzzing phase: Hypothesis looks for a request that the provider gets wrong, and shrinks it.

Values come from the canonical forms of the document; half of the requests are taken one step beyond what is allowed.
Each cause is looked for once: what is known already is passed over.

Shrinking: the smallest request that shows a finding.

Coverage tries many steps at once and starts from requests that have everything. What it finds is shown again with as
little as still shows it: optional parameters and properties are left out, all at once, then one by one.
"""

from collections.abc import Iterator

from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.model import Exchanged, Incident, Incidents, Intent
from mock_server.contract.phases.resources import create_thing, find_thing, probe_thing, remember
from mock_server.contract.plan import Change, make_plan
from mock_server.contract.session import Session
from mock_server.document.model import MISSING, Missing, ParameterLocation
from mock_server.generate.edges.steps import apply_step
from mock_server.generate.fuzzing import draft_strategy, search
from mock_server.generate.request import RequestDraft
from mock_server.generate.seed import derive_seed
from mock_server.schema.dialect import Direction, Purpose

_SHRINKS = 60  # requests that shrinking may take
_FAILS = "not_a_server_error"
_CAUSES = 3  # of an operation


def fuzz(session: Session) -> None:
    """Fuzz an operation."""
    drafter, run = session.subject.drafter, session.run
    base = session.draft()
    if base.missing or (session.subject.operation.method == "DELETE" and not run.options.mutating):
        return
    if session.subject.operation.method == "DELETE":
        thing = create_thing(session, salt=700)
    else:
        thing = find_thing(session)
    base = session.fill_path(base, thing)
    drafts = draft_strategy(drafter, base)
    if drafts is None:
        return
    hunt = _SearchCondition(session, thing)
    modes = tuple(mode for mode in run.options.modes if mode == "positive" or _has_parts(session))
    share = max(run.options.max_examples // 2, 1)
    for mode in modes:
        negative = mode == "negative"
        for cause in range(_CAUSES):
            hunt.begin(share)
            seed = derive_seed(run.options.seed, "fuzzing", session.subject.entry.id, mode, cause)
            found = search(drafts, hunt.breaks if negative else hunt.tries, seed, share)
            if found is None:
                break


def _has_parts(session: Session) -> bool:
    """Return whether there is more than a path to break, which coverage has done in every way."""
    operation = session.subject.operation
    return operation.request_body is not None or any(
        p.location is not ParameterLocation.PATH for p in operation.parameters
    )


class _SearchCondition:
    """The condition that Hypothesis searches with."""

    def __init__(self, session: Session, thing: KnownObject | None) -> None:
        self._session = session
        self._thing = thing
        self._left = 0
        self._wanted: tuple[str, ...] | None = None
        self._count = 0
        self._told: dict[str, bool] = {}  # of what was sent already: Hypothesis asks again, and has to hear the same

    def begin(self, examples: int) -> None:
        """Look for another cause."""
        self._left = examples
        self._wanted = None
        self._told.clear()

    def tries(self, draft: RequestDraft) -> bool:
        """Return whether a good request shows something new."""
        return self._shows(draft, None)

    def breaks(self, draft: RequestDraft) -> bool:
        """Return whether a request that is taken one step beyond shows something new."""
        negative = make_plan(self._session.subject, draft, self._session.run.check_time).negative
        if not negative:
            return False
        if self._wanted is None:
            self._count += 1
        change = negative[self._count % len(negative)]
        outer, own = self._session.ledger, Incidents()
        self._session.ledger = own
        shows = self._shows(change.apply(draft), change)
        self._session.ledger = outer
        explained = own.has(_FAILS) and self._fails(draft)  # then the step is not why
        for incident in own.without(_FAILS) if explained else own.incidents():
            outer.absorb(incident)
        return shows and not explained

    def _fails(self, draft: RequestDraft) -> bool:
        """Return whether the provider fails without the step, too."""
        self._session.probe(draft, "a drawn request")
        return any(verdict.check == _FAILS for verdict in self._session.last)

    def _shows(self, draft: RequestDraft, change: Change | None) -> bool:
        key = repr((draft.parameters, draft.body, change))
        if key not in self._told:
            self._told[key] = self._asks(draft, change)
        return self._told[key]

    def _asks(self, draft: RequestDraft, change: Change | None) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        session = self._session

        def send(filled: RequestDraft, thing: KnownObject | None) -> Exchanged | None:
            return session.probe(
                filled,
                change.what if change is not None else "a drawn request",
                breaks=change is not None,
                keyword=change.keyword if change is not None else "",
                where=change.where if change is not None else (),
                place=change.place if change is not None else None,
            )

        if change is not None and change.where[:1] == ("path",):
            exchanged = send(draft, self._thing)
        else:
            exchanged, self._thing = probe_thing(session, draft, self._thing, send)
        if exchanged is None:
            return False
        remember(session, exchanged)
        red = [verdict.key for verdict in session.last if not verdict.doubtful]
        if self._wanted is None:
            fresh = [key for key in red if key not in session.run.known and key not in session.seen]
            session.seen.update(fresh)
            if not fresh:
                return False
            self._wanted, self._left = fresh[0], _SHRINKS
        return self._wanted in red


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


def _shows(session: Session, incident: Incident, current: Exchanged, draft: RequestDraft) -> Exchanged | None:
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


def _smaller(session: Session, exchanged: Exchanged) -> Iterator[RequestDraft]:
    """Yield requests that have less: all that is optional left out, then one thing at a time."""
    draft, where = exchanged.probe.draft, exchanged.probe.where
    if draft is None:
        return
    kept = where[:2]
    optional = [
        (p.location, p.name)
        for p in session.subject.operation.parameters
        if not p.required
        and p.location is not ParameterLocation.PATH
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


def _optional_members(session: Session, draft: RequestDraft, where: tuple[str, ...]) -> list[str]:
    if not isinstance(draft.body, dict) or draft.media is None or draft.media.schema is None:
        return []
    outline = session.run.api.kit.outline(draft.media.schema, Direction.REQUEST, Purpose.JUDGE)
    required: set[str] = set()
    for source in outline.sources:
        names = source.get("required")
        required.update(map(str, names) if isinstance(names, list) else ())
    return [name for name in draft.body if name not in required and where[:2] != ("body", name)]
