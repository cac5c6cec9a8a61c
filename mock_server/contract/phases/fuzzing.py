"""
The fuzzing phase: Hypothesis looks for a request that the provider gets wrong, and shrinks it.

Values come from the canonical forms of the document; half of the requests are taken one step beyond what is allowed. Each
cause is looked for once: what is known already is passed over.
"""

from mock_server.contract.incident import Ledger
from mock_server.contract.memory import Thing
from mock_server.contract.phases.provision import create_thing, find_thing, probe_thing, remember
from mock_server.contract.plan import Change, make_plan
from mock_server.contract.probe import Exchanged
from mock_server.contract.session import Session
from mock_server.generate.draft import Draft
from mock_server.generate.seed import derive_seed
from mock_server.generate.strategy import draft_strategy, search
from mock_server.spec.model import Location

_SHRINKS = 60  # requests that shrinking may take
_FAILS = "not_a_server_error"
_CAUSES = 3  # of an operation


def fuzz(session: Session) -> None:
    """Fuzz an operation."""
    drafter, run = session.subject.drafter, session.run
    base = drafter.draft()
    if base.missing or (session.subject.operation.method == "DELETE" and not run.options.mutating):
        return
    thing = create_thing(session, salt=700) if session.subject.operation.method == "DELETE" else find_thing(session)
    base = session.fill_path(base, thing)
    drafts = draft_strategy(drafter, base)
    if drafts is None:
        return
    hunt = _Hunt(session, thing)
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
    """Whether there is more than a path to break, which coverage has done in every way."""
    operation = session.subject.operation
    return operation.request_body is not None or any(p.location is not Location.PATH for p in operation.parameters)


class _Hunt:
    """The condition that Hypothesis searches with."""

    def __init__(self, session: Session, thing: Thing | None) -> None:
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

    def tries(self, draft: Draft) -> bool:
        """Whether a good request shows something new."""
        return self._shows(draft, None)

    def breaks(self, draft: Draft) -> bool:
        """Whether a request that is taken one step beyond shows something new."""
        negative = make_plan(self._session.subject, draft, self._session.run.check_time).negative
        if not negative:
            return False
        if self._wanted is None:
            self._count += 1
        change = negative[self._count % len(negative)]
        outer, own = self._session.ledger, Ledger()
        self._session.ledger = own
        shows = self._shows(change.apply(draft), change)
        self._session.ledger = outer
        explained = own.has(_FAILS) and self._fails(draft)  # then the step is not why
        for incident in own.without(_FAILS) if explained else own.incidents():
            outer.absorb(incident)
        return shows and not explained

    def _fails(self, draft: Draft) -> bool:
        """Whether the provider fails without the step, too."""
        self._session.probe(draft, "a drawn request")
        return any(verdict.check == _FAILS for verdict in self._session.last)

    def _shows(self, draft: Draft, change: Change | None) -> bool:
        key = repr((draft.parameters, draft.body, change))
        if key not in self._told:
            self._told[key] = self._asks(draft, change)
        return self._told[key]

    def _asks(self, draft: Draft, change: Change | None) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        session = self._session

        def send(filled: Draft, thing: Thing | None) -> Exchanged | None:
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
