"""
The coverage phase: every keyword, enumerated value, media type, credential and method once, within a budget.

Steps that should be accepted are tried many at once; where one of them fails, each is tried by itself.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from mock_server.contract.checks.acceptance import check_refused, check_supported
from mock_server.contract.checks.coherence import largest_page
from mock_server.contract.checks.table import follow_up
from mock_server.contract.drafting.echo import echo
from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.model import Exchanged, Incidents, Intent, Probe
from mock_server.contract.phases.resources import create_thing, find_thing, other_things, probe_thing, remember, repair
from mock_server.contract.plan import (
    Change,
    OperationPlan,
    has_json_body,
    in_rounds,
    make_plan,
    optional_sets,
    other_media,
    ranked,
)
from mock_server.contract.session import Session
from mock_server.document.document import template_names
from mock_server.document.model import Missing, ParameterLocation
from mock_server.errors import UndefinedSerialization
from mock_server.exchange.message import Request
from mock_server.exchange.router import Unmatched
from mock_server.generate.request import RequestDraft, credential_keys
from mock_server.json_values import JsonValue
from mock_server.judges.identity import Identity

_PAIRS = 8
_LEAST_LATE = 20  # requests for an operation that was not reached before
_AGAIN = 3  # tries to have the same without the step accepted, each with other values
_CONFLICT = 409
_REPAIRS = 3  # requests that mend a refused one
_ELSEWHERE = frozenset((401, 403, 404, 405, 410, 501))  # refusals of whatever is sent there
_MENDED = "what the refusal asks for"
_FAILS = "not_a_server_error"
_FOREIGN = ("PATCH", "PUT", "POST", "DELETE")
# Of these, what may be sent where the path names nothing of the run's own: an empty PATCH or POST changes least.
_FOREIGN_ANYWHERE = ("PATCH", "POST")


@dataclass(eq=False, repr=False)
class Covering:
    """The coverage of one operation."""

    session: Session
    left: int  # requests
    thing: KnownObject | None = None
    base: Exchanged | None = None  # a request with everything, or as much as is accepted
    salts: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    conflicts: bool = False  # whether new names are not enough for a new thing

    def cover(self) -> None:
        """Send everything that is planned."""
        session = self.session
        if session.draft().missing:
            return
        self.thing = (create_thing(session, next(self.salts)) if self._deletes else None) or find_thing(session)
        outer, tentative = session.ledger, Incidents()
        session.ledger = tentative
        self._find_base(self._bases())
        session.ledger = outer
        session.postponed = self.base is not None and self.base.status in _ELSEWHERE
        try:
            if not session.postponed:
                self._vary()
        finally:
            self._absorb(tentative, explained=outer.has(_FAILS))

    def cover_late(self) -> None:
        """Look once more for a request that is accepted, now that other operations have shown more; and go on."""
        for thing in other_things(self.session):
            self.thing = thing
            self._find_base(self._late_bases())
            if self.base is not None and self.base.accepted:
                break
        if self.base is not None and (self.base.accepted or self.session.postponed):
            self._vary()

    @property
    def _deletes(self) -> bool:
        """True where each request needs a thing of its own."""
        return self.session.subject.operation.method == "DELETE" and self.session.run.options.mutating

    def _vary(self) -> None:
        """Go on from the base, unless it fails whatever is asked."""
        session, modes = self.session, self.session.run.options.modes
        if self.base is None or self.base.probe.draft is None or self.base.status >= 500:  # noqa: PLR2004
            return
        base = self.base.probe.draft
        plan = make_plan(session.subject, self._whole(base), session.run.check_time)
        session.exercised.plan(session.subject, plan)
        if "positive" in modes:
            self._positive(plan, base)
            self._optional(base)
            self._media(base)
            self._page()
        if session.subject.operation.method == "GET" and self.base.accepted:
            follow_up(session, self.base)
        self._credentials()
        if "negative" in modes:
            self._negative(plan, base)
            self._malformed(base)
            self._method(base)
        if session.run.options.thorough and self.left > 0:
            self._further(plan, base)

    def _whole(self, base: RequestDraft) -> RequestDraft:
        """Return the accepted request, with the parameters that it lacks."""
        whole = self.session.fill_path(self.session.draft(full=True), self.thing)
        return replace(base, parameters={**whole.parameters, **base.parameters})

    def _find_base(self, bases: Iterator[tuple[RequestDraft, str]]) -> None:
        """Find a request that is accepted: each that is refused is mended as its refusal asks."""
        for draft, what in bases:
            first = self._send(self.session.fill_path(draft, self.thing), what)
            exchanged = repair(self.session, first, lambda mended: self._send(mended, _MENDED), _REPAIRS)
            if exchanged is None:
                continue
            self.base = exchanged
            for verdict in check_supported(self.session, exchanged):
                self.session.note(verdict, exchanged)
            if exchanged.accepted or exchanged.status in {401, 403, 404, 429}:
                return

    def _bases(self) -> Iterator[tuple[RequestDraft, str]]:
        """Yield good requests: with everything, as one that was accepted, with what is required, with other values."""
        session = self.session
        yield session.draft(full=True), "everything that is documented"
        known = session.recipe()
        if known is not None:
            yield known, "as it was accepted before"
        yield session.draft(minimal=True), "what is required"
        yield session.draft(next(self.salts), full=True), "other values"

    def _late_bases(self) -> Iterator[tuple[RequestDraft, str]]:
        """Yield good requests: with what is required, and with what other operations accepted and showed."""
        session, run = self.session, self.session.run
        least = session.draft(minimal=True)
        yield least, "what is required"

        def said(name: str) -> Iterator[JsonValue]:
            return run.memory.iter_shown(session.subject.entry, name)

        for turn, draft in enumerate((least, session.draft(full=True), least)):
            echoed = echo(session.subject, draft, run.learned.recipes, said, turn)
            if echoed is not None:
                yield echoed, "what others accept"

    def _fresh(self, base: RequestDraft) -> RequestDraft:
        """Return the same request for another use: a thing is created with values of its own, and deleted only once."""
        if self._deletes:
            self.thing = create_thing(self.session, next(self.salts)) or self.thing
            return self.session.fill_path(base, self.thing)
        if self.session.subject.operation.method != "POST" or isinstance(base.body, Missing) or base.media is None:
            return base
        if self.conflicts:
            body = self.session.subject.drafter.body(base.media, next(self.salts), full=True)
            if not isinstance(body, Missing):
                base = base.with_body(_renew(base.body, body))
        return self.session.settle(base)

    def _send(
        self,
        draft: RequestDraft,
        what: str,
        *,
        change: Change | None = None,
        intent: Intent | None = None,
        identity: Identity | None = None,
    ) -> Exchanged | None:
        if self.left <= 0:
            return None
        session = self.session

        def send(filled: RequestDraft, thing: KnownObject | None) -> Exchanged | None:
            return session.probe(
                filled,
                what,
                breaks=change is not None and not change.conforms,
                keyword=change.keyword if change is not None else "",
                where=change.where if change is not None else (),
                place=change.place if change is not None else None,
                known=session.knows(filled, thing),
                intent=intent,
                identity=identity,
            )

        if change is not None and change.where[:1] == ("path",):
            exchanged = send(draft, self.thing)
        else:
            exchanged, self.thing = probe_thing(session, draft, self.thing, send)
        if exchanged is not None:
            self.left -= 1
            if exchanged.accepted:
                remember(session, exchanged)
            elif exchanged.status == _CONFLICT and exchanged.probe.intent is Intent.CONFORMING:
                self.conflicts = True  # something else has to be new as well
        return exchanged

    def _positive(self, plan: OperationPlan, base: RequestDraft) -> None:
        for together in in_rounds(ranked(plan.positive)):
            draft = self._fresh(base)
            for change in together:
                draft = change.apply(draft, plan.whole)
            outer, tentative = self.session.ledger, Incidents()
            self.session.ledger = tentative
            what = "; ".join(change.what for change in together)
            exchanged = self._send(draft, what, change=together[0] if len(together) == 1 else None)
            self.session.ledger = outer
            if exchanged is not None and exchanged.accepted:
                for change in together:
                    self.session.exercised.took(self.session.subject, change)
            elif exchanged is None or (exchanged.status != _CONFLICT and len(together) > 1):
                self._singly(plan, base, together)
            elif len(together) == 1:
                self._judge(together[0], exchanged)
            self._absorb(tentative, explained=len(together) > 1 and outer.has(_FAILS))

    def _absorb(self, tentative: Incidents, *, explained: bool) -> None:
        """Take over what was found by many steps at once; a failure only where no single step explains it."""
        for incident in tentative.without(_FAILS) if explained else tentative.incidents():
            self.session.ledger.absorb(incident)

    def _singly(self, plan: OperationPlan, base: RequestDraft, changes: Sequence[Change]) -> None:
        for change in changes:
            exchanged = self._send(change.apply(self._fresh(base), plan.whole), change.what, change=change)
            if exchanged is not None:
                self.session.exercised.took(self.session.subject, change)
                self._judge(change, exchanged)

    def _judge(self, change: Change, exchanged: Exchanged) -> None:
        """Look closer at the refusal of one step: is the request without it still accepted?"""
        if exchanged.accepted or self.base is None or self.base.probe.draft is None or not self.base.accepted:
            return
        for verdict in check_refused(self.session, self.base, change, exchanged):
            if verdict.doubtful or self.session.ledger.knows(verdict):
                self.session.note(verdict, exchanged)
                continue
            for _ in range(_AGAIN):
                again = self._send(self._fresh(self.base.probe.draft), self.base.probe.what)
                if again is not None and again.accepted:
                    self.session.note(verdict, exchanged, (again,))
                    break

    def _optional(self, base: RequestDraft) -> None:
        for index, absent in enumerate(optional_sets(self.session.subject, base, _PAIRS)):
            if absent and index < _PAIRS:
                names = ", ".join(name for _, name in sorted(absent, key=lambda key: key[1]))
                self._send(self._fresh(base).without(*absent), f"without {names}")

    def _media(self, base: RequestDraft) -> None:
        for draft in other_media(self.session.subject, base):
            exchanged = self._send(
                self._fresh(draft) if draft.media is None else draft,
                f"the body as {draft.media.name if draft.media else ''}",
            )
            for verdict in check_supported(self.session, exchanged) if exchanged is not None else ():
                self.session.note(verdict, exchanged)  # type: ignore[arg-type]

    def _page(self) -> None:
        """Send a list request by the greatest page and without filters: then its total can be told."""
        largest = largest_page(self.session.subject)
        if largest is not None:
            key, size = largest
            draft = self.session.fill_path(self.session.draft(), self.thing)
            self._send(draft.with_parameter(key, size), f"the page of {size}")

    def _negative(self, plan: OperationPlan, base: RequestDraft) -> None:
        least = self.session.fill_path(self.session.draft(), self.thing)
        for change in ranked(plan.negative):
            exchanged = self._send(change.apply(base, plan.whole), change.what, change=change)
            if (
                exchanged is None and change.key is not None
            ):  # to another operation of the same path it may be a good request
                exchanged = self._send(change.apply(least, plan.whole), change.what, change=change)
            if exchanged is not None and exchanged.status == _CONFLICT:  # what it names is there: another one is not
                exchanged = self._send(change.apply(self._fresh(base), plan.whole), change.what, change=change)
            if exchanged is not None:
                self.session.exercised.took(self.session.subject, change)

    def _further(self, plan: OperationPlan, base: RequestDraft) -> None:
        """Send steps to what a full request does not hold, as long as requests are left."""
        for change in plan.further(self.session.run.options.modes):
            self.session.exercised.expect_step(self.session.subject, change)
            if change.conforms:
                self._singly(plan, base, (change,))
            elif self._send(change.apply(base, plan.whole), change.what, change=change) is not None:
                self.session.exercised.took(self.session.subject, change)
            if self.left <= 0:
                return

    def _malformed(self, base: RequestDraft) -> None:
        """Send a body that is no JSON, and one of a media type that is not documented."""
        if not has_json_body(base) or self.left <= 0:
            return
        try:
            request = self.session.subject.write(base)
        except UndefinedSerialization:
            return
        self._prepare_broken_type(request)
        other = _with_type(request, b"application/x-unheard-of")
        for changed, what in (
            (request._replace(body=request.body[:-1] + b","), "a body that is no JSON"),
            (other, "a media type that is not documented"),
        ):
            classified = self.session.subject.classify(changed)
            if classified.intent is Intent.VIOLATING:
                first = classified.findings[0]
                keyword = "body" if "JSON" in what else "content"
                probe = Probe(
                    self.session.subject.entry.id,
                    changed,
                    Intent.VIOLATING,
                    self.session.phase,
                    what,
                    keyword,
                    first.instance or (),
                    first.place,
                    base,
                )
                self.session.send(probe)
                self.left -= 1

    def _prepare_broken_type(self, request: Request) -> None:
        """Keep a body whose Content-Type is none: whatever comes of it, the provider must not fail."""
        session, broken = self.session, _with_type(request, b"; /=")
        what = "a Content-Type that is none"
        session.broken_type = Probe(session.subject.entry.id, broken, Intent.DOUBTFUL, session.phase, what)

    def _credentials(self) -> None:
        """Without credentials, with made-up ones, and with those of every alternative that is at hand."""
        subject, run, base = self.session.subject, self.session.run, self.base
        security = subject.operation.security
        if not security or () in security or base is None or not base.accepted or base.probe.draft is None:
            return
        if any(
            scheme.type == "mutualTLS"
            for requirement in security
            for name, _ in requirement
            if (scheme := run.api.document.schemes[name])
        ):
            return
        identity = run.api.identity.for_operation(subject.entry.id)
        anonymous = identity.without_credentials(subject.operation, run.api.document.schemes)
        named = credential_keys(subject.operation, security, run.api.document.schemes)
        nobody = self._fresh(base.probe.draft).with_security(()).without(*named)
        unknown = self._send(nobody, "no credentials", intent=Intent.UNAUTHENTICATED, identity=anonymous)
        if identity.is_known and (unknown is None or not unknown.accepted):  # who asks for none looks at none
            forged = Identity(dict.fromkeys(run.api.document.schemes, "forged-0000:forged"), anonymous.fields)
            self._send(self._fresh(base.probe.draft), "made-up credentials", intent=Intent.FORGED, identity=forged)
        for requirement in security:
            at_hand = all(identity.has(name, run.api.document.schemes[name]) for name, _ in requirement)
            if requirement != base.probe.draft.security and at_hand:
                self._send(
                    self._fresh(base.probe.draft).with_security(requirement),
                    f"credentials of {', '.join(name for name, _ in requirement)}",
                )

    def _method(self, base: RequestDraft) -> None:
        """Send a method that the path does not document, once for each path."""
        subject, run = self.session.subject, self.session.run
        siblings = [entry for entry in run.api.document.entries if entry.template == subject.entry.template]
        if siblings[0] is not subject.entry or self.left <= 0:
            return
        try:
            request = subject.write(base)
        except UndefinedSerialization:
            return
        path = request.path.decode("latin-1").removeprefix(subject.base_path)
        for method in self._foreign_methods(base):
            if isinstance(run.api.router.match(method, path), Unmatched):
                fields = tuple(pair for pair in request.fields if pair[0] not in {b"content-type", b"content-length"})
                foreign = request._replace(method=method, body=b"", fields=fields)
                self.session.send(
                    Probe(subject.entry.id, foreign, Intent.FOREIGN_METHOD, self.session.phase, f"the method {method}")
                )
                self.left -= 1
                return

    def _foreign_methods(self, base: RequestDraft) -> tuple[str, ...]:
        """
        Return the methods to try where the path does not document them.

        None that could change what is not this run's own.
        """
        run, template = self.session.run, self.session.subject.entry.template
        if not run.options.mutating:
            return ("TRACE",)
        if not template_names(template):
            return _FOREIGN_ANYWHERE
        variables = {
            name: value for (location, name), value in base.parameters.items() if location is ParameterLocation.PATH
        }
        if run.memory.is_created(template, variables):
            return _FOREIGN
        return ("TRACE",)


def _with_type(request: Request, media_type: bytes) -> Request:
    """Return a request whose body is said to be of another media type."""
    fields = {b"content-type": media_type}
    return request._replace(fields=tuple((name, fields.get(name, value)) for name, value in request.fields))


def _renew(known: JsonValue, drawn: JsonValue) -> JsonValue:
    """Return a body with other texts: what else was accepted, or mended, stays as it is."""
    if isinstance(known, dict) and isinstance(drawn, dict):
        return {name: _renew(value, drawn.get(name)) for name, value in known.items()}
    if isinstance(known, str) and isinstance(drawn, str):
        return drawn
    return known


def cover(session: Session) -> None:
    """Cover an operation."""
    Covering(session, session.run.options.max_cases).cover()


def cover_late(session: Session) -> None:
    """Cover an operation that was not reached, after all others."""
    if not session.draft().missing:
        Covering(session, max(session.run.options.max_cases - len(session.exchanges), _LEAST_LATE)).cover_late()
