"""One operation in one phase: drafts become probes, probes are sent, answers are judged and remembered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mock_server.contract.api import ClassifiedRequest, OperationUnderTest
from mock_server.contract.checks import ExchangeUnderCheck, check_exchange
from mock_server.contract.checks.coherence import check_coherence, count_items, next_page
from mock_server.contract.drafting.plausible import Plausible
from mock_server.contract.knowledge.memory import path_values
from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.model import Exchanged, Incidents, Intent, Probe, Verdict
from mock_server.contract.plan import Exercised
from mock_server.contract.redirects import follow_redirect
from mock_server.contract.run import Learned, Run, refusal_key
from mock_server.contract.transport.http import Received, TransportFault
from mock_server.contract.tuning import UNTUNED, OperationTuning
from mock_server.document.document import template_names
from mock_server.document.model import MISSING, Missing, ParameterLocation
from mock_server.errors import UndefinedSerialization
from mock_server.exchange.message import find_field
from mock_server.findings import Finding, Place
from mock_server.generate.request import RequestDraft
from mock_server.json_values import JsonValue, Pointer
from mock_server.judges.identity import Identity
from mock_server.names import joined

_REDIRECTS = 8
_NOT_FOUND = 404
# Seconds between readings, where a provider may need a moment to agree with itself.
PATIENCE = (0.05, 0.15, 0.3, 0.5)
_PATIENT = 3  # answers that never came or never ended, before an operation is left alone
_ONE_BY_ONE = frozenset(("examples", "stateful"))  # phases
# Refusals that say something of the request alone: the same one need not be sent again.
_REFUSING = frozenset((400, 413, 415, 422))


@dataclass(eq=False, repr=False)
class Session:
    """One operation in one phase. Used by one thread."""

    run: Run
    subject: OperationUnderTest
    phase: str
    ledger: Incidents = field(default_factory=Incidents)
    exercised: Exercised = field(default_factory=Exercised)
    exchanges: list[Exchanged] = field(default_factory=list)
    accepted: int = 0  # good requests that were answered with success
    refusals: dict[int, int] = field(default_factory=dict)  # of good requests, by status
    looked: Counter[str] = field(default_factory=Counter)  # exchanges that a check had something to say of, by check
    last: list[Verdict] = field(default_factory=list)  # of the last exchange
    seen: set[tuple[str, ...]] = field(default_factory=set)  # causes that were looked into in this phase
    owner: "Session | None" = None  # which needs what this one creates
    own: Learned = field(default_factory=Learned)  # in this phase
    turns: int = 0  # drafts that were made, so that each has names of its own
    postponed: bool = False  # whether what is refused wherever it is sent waits until other operations have shown more
    broken_type: Probe | None = None  # with a Content-Type that is none: one session of a run sends it

    def absorb(self, other: "Session") -> None:
        """Take over what another session sent and found; not whether its operation was reached."""
        self.exchanges += other.exchanges
        self.exercised.add(other.exercised)
        for incident in other.ledger.incidents():
            self.ledger.absorb(incident)

    def draft(self, salt: int = 0, *, full: bool = False, minimal: bool = False) -> RequestDraft:
        """
        Draft a request that the provider should accept, with what is known of its data.

        Args:
            salt: Another one gives other values, where they are made.
            full: Whether with everything that may be left out.
            minimal: Whether with a body that has only what is required.
        """
        return self.settle(self.subject.drafter.draft(salt, full=full, minimal=minimal))

    def settle(self, draft: RequestDraft) -> RequestDraft:
        """Put plausible values into a draft, with new names."""
        outer = self.owner or self
        outer.turns += 1
        maker = Plausible(self.subject, self.run.memory)
        return maker.settle(draft, self.phase, outer.subject.entry.id, outer.turns)

    def fill_path(self, draft: RequestDraft, thing: KnownObject | None) -> RequestDraft:
        """
        Return the draft with the variables of a thing in its path.

        Given ones stay, but not beside a thing that is to be changed.
        """
        if thing is None:
            return draft
        entry, given = self.subject.entry, self.run.memory.given
        if self.run.memory.changed_name(entry) is None:
            find = given.find
        else:
            find = given.find_for
        names = set(template_names(entry.template))
        for name, value in self.run.memory.variables_for(thing, entry).items():
            if name in names and not find(entry.id, name):
                draft = draft.with_parameter((ParameterLocation.PATH, name), value)
        if entry.method in {"PUT", "PATCH"} and names:
            return keep_name(draft, template_names(entry.template)[-1])
        return draft

    def knows(self, draft: RequestDraft, thing: KnownObject | None) -> bool:
        """
        Return whether what the path of a draft names exists.

        It is given, or is that thing; a step may have led elsewhere.
        """
        names, memory = template_names(self.subject.entry.template), self.run.memory
        variables: Mapping[str, JsonValue] = {}
        if thing is not None:
            variables = memory.variables_for(thing, self.subject.entry)
        for name in names:
            value = draft.parameters.get((ParameterLocation.PATH, name), MISSING)
            given = value in memory.given.find(self.subject.entry.id, name)
            if not given and variables.get(name, MISSING) != value:
                return False
        return bool(names)

    def probe(
        self,
        draft: RequestDraft,
        what: str,
        *,
        breaks: bool = False,
        keyword: str = "",
        where: Pointer = (),
        place: Place | None = None,
        known: bool = False,
        identity: Identity | None = None,
        intent: Intent | None = None,
    ) -> Exchanged | None:
        """
        Send a draft and judge what comes.

        Args:
            draft: What to send.
            what: Why, in words.
            breaks: Whether it is meant to break the document.
            keyword: That is tried or broken.
            where: In the request.
            place: Of the keyword, in the document.
            known: Whether the things that its path names exist.
            identity: Who asks, where it is not the first identity.
            intent: What it is, where its credentials or its method make it something else.

        Returns: The exchange; None where the request can't be written, is not what it was meant to be, or could change
            what is not this run's own; and for an operation that hangs: what is known of it is enough.
        """
        if self.run.hung[self.subject.entry.id] >= _PATIENT:
            return None
        try:
            request = self.subject.write(draft, identity)
        except UndefinedSerialization:
            return None
        # a credential may be a required parameter as well
        if intent is not Intent.UNAUTHENTICATED:
            classified = self.subject.classify(request)
        else:
            classified = ClassifiedRequest(Intent.CONFORMING)
        if breaks == (classified.intent is Intent.CONFORMING) or (
            not breaks and classified.intent is not Intent.CONFORMING
        ):
            return None
        if classified.intent is Intent.DOUBTFUL and keyword != "format":
            return None  # nothing could be said of the answer
        if breaks and classified.findings:
            first = classified.findings[0]
            place, where = first.place, first.instance or where
        meant = intent if intent is not None else classified.intent
        learned = self.learned
        key = refusal_key(self.subject.entry, request, meant)
        refused = learned.refused.get(key) or self.run.learned.refused.get(key)
        if refused is not None:
            self.last = []
            return refused  # it would be again
        if not self.run.is_harmless(self.subject, draft):
            return None
        exchanged = self.send(
            Probe(self.subject.entry.id, request, meant, self.phase, what, keyword, where, place, draft, known)
        )
        if exchanged.status in _REFUSING:
            learned.refused[key] = exchanged
        elif exchanged.accepted and meant is Intent.CONFORMING and not isinstance(draft.body, Missing):
            learned.recipes.setdefault(self.subject.entry.id, draft)
            learned.barren.discard(self.run.items_of(self.subject.entry.id))
        return exchanged

    @property
    def learned(self) -> Learned:
        """
        The lessons from the requests so far.

        The run's own, where operations are tested one after another whatever the number of workers; else this
        session's, so that what others do at the same time makes no difference.
        """
        if self.phase in _ONE_BY_ONE:
            return self.run.learned
        return (self.owner or self).own

    def recipe(self) -> RequestDraft | None:
        """Return a request that was accepted, with new names; None where none was."""
        id_ = self.subject.entry.id
        known = self.run.learned.recipes.get(id_) or self.learned.recipes.get(id_)
        if known is None:
            return None
        return self.settle(known)

    def send(self, probe: Probe) -> Exchanged:
        """Send a probe and judge what comes."""
        return self.take(probe, self._redirected(probe))

    def take(self, probe: Probe, received: Received) -> Exchanged:
        """Judge what came of a probe."""
        if received.sent is not None:
            probe = replace(probe, request=received.sent)
        exchanged = Exchanged(probe, received, moment=self.run.sent)
        self.run.hung[self.subject.entry.id] += received.fault in {
            TransportFault.TIMEOUT,
            TransportFault.ENDLESS,
            TransportFault.TOO_LARGE,
        }
        self.exchanges.append(exchanged)
        self.exercised.answered(self.subject, exchanged)
        if exchanged.accepted and self.subject.operation.method == "DELETE":
            self.run.memory.forget(self.subject.entry.template, path_values(exchanged))
        elif exchanged.accepted and self.subject.operation.method in {"PUT", "POST"}:
            self.run.created.extend(
                (thing, self.run.api.identity) for thing in self.run.memory.learn_named(self.subject.entry, exchanged)
            )
        if probe.intent is Intent.CONFORMING:
            if exchanged.accepted:
                self.accepted += 1
            else:
                self.refusals[exchanged.status] = self.refusals.get(exchanged.status, 0) + 1
            if exchanged.status == _NOT_FOUND and self._should_be_found:
                self.run.not_found.add(self.subject.entry.id)
        context = ExchangeUnderCheck(self.subject, exchanged, self.run.expected)
        found = [*check_exchange(self.run.checks, context, self.look), *self._tuning.iter_expired(self.subject.entry)]
        tuned = (self._tuning.judge(verdict, exchanged) for verdict in found)
        self.last = [verdict for verdict in tuned if verdict is not None and self._persists(verdict, probe)]
        for verdict in self.last:
            self.note(verdict, exchanged)
        return exchanged

    @property
    def _should_be_found(self) -> bool:
        """True where the operation is there whatever exists, and nobody expects that it is not."""
        entry, options = self.subject.entry, self.run.options
        expected = entry.id in options.allow_unreached or self._tuning.expects(_NOT_FOUND)
        return not expected and not template_names(entry.template)

    @property
    def is_alone(self) -> bool:
        """True where no other operation is tested at the same time."""
        return self.run.options.workers == 1

    def ask(self, probe: Probe) -> Exchanged:
        """Send a probe and leave the answer unjudged."""
        exchanged = Exchanged(probe, self.run.exchange(probe.request))
        self.exchanges.append(exchanged)
        return exchanged

    def look(self, check: str) -> None:
        """Note that a check had something to look at."""
        self.looked[check] += 1

    def note(self, verdict: Verdict, exchanged: Exchanged, related: tuple[Exchanged, ...] = ()) -> bool:
        """Note a verdict, if its check is asked for; gives whether it is new."""
        checks = self.run.options.checks
        self.look(verdict.check)
        is_forged = verdict.check == "ignored_auth" and exchanged.probe.intent is Intent.FORGED
        is_missing = verdict.finding.rule == "response-status-undocumented" and exchanged.status in {404, 410}
        if is_mocked(exchanged) and (self.run.checks[verdict.check].needs_state or is_missing):
            verdict = replace(verdict, doubtful=True)
        if is_forged and is_ours(exchanged.received):
            verdict = replace(verdict, doubtful=True)  # a mock knows no users
        tuned = self._tuning.judge(verdict, exchanged)
        return (
            (not checks or verdict.check in checks) and tuned is not None and self.ledger.add(tuned, exchanged, related)
        )

    @property
    def _tuning(self) -> OperationTuning:
        """The settings of the operation."""
        return self.run.options.tuning.get(self.subject.entry.id, UNTUNED)

    def finding(self, rule: str, message: str, place: Place | None = None, instance: Pointer | None = None) -> Finding:
        """Return a finding about this operation."""
        where = place or self.subject.entry.node.place
        return Finding(rule=rule, message=message, place=where, instance=instance, operation=self.subject.entry.id)

    def _persists(self, verdict: Verdict, probe: Probe) -> bool:
        """
        Return whether a total is still wrong after a while, and nothing is on the next page.

        Some providers count later than they store, or hand out fewer items than were asked for.
        """
        if verdict.cause[:1] != ("total",) or not self.subject.is_safe or verdict.key in self.run.lasting:
            return True
        if verdict.cause == ("total",) and self._goes_on(probe):
            return False
        for pause in PATIENCE:
            self.run.sleep(pause)
            again = Exchanged(probe, self.run.exchange(probe.request))
            if is_mocked(again):
                break
            if not any(other.cause == verdict.cause for other in check_coherence(self.subject, again)):
                return False
        self.run.lasting.add(verdict.key)
        return True

    def _goes_on(self, probe: Probe) -> bool:
        """Return whether the next page has items."""
        if probe.draft is None:
            return False
        first = Exchanged(probe, self.run.exchange(probe.request))
        following = next_page(self.subject, probe.draft, count_items(first) or 0)
        if following is None:
            return False
        try:
            request = self.subject.write(following)
        except UndefinedSerialization:
            return False
        return bool(count_items(Exchanged(probe, self.run.exchange(request))))

    def _redirected(self, probe: Probe) -> Received:
        """Follow redirects that the operation does not document, to the same template within the base path."""
        received = self.run.exchange(probe.request)
        request, seen = probe.request, {(probe.request.path, probe.request.query)}
        origin = self.run.sender.origin
        while following := follow_redirect(self.subject, request, received.response, origin):
            request = following
            if (request.path, request.query) in seen or len(seen) > _REDIRECTS:
                finding = self.finding(
                    "response-redirect-circular",
                    f"the redirect to {request.path.decode('latin-1')} leads in a circle, or never ends",
                )
                self.note(Verdict("not_a_server_error", finding), Exchanged(probe, received))
                return received
            seen.add((request.path, request.query))
            received = self.run.exchange(request)
        return received


def keep_name(draft: RequestDraft, name: str) -> RequestDraft:
    """Return the draft of a change with the name of its path in its body as well, where the body has that property."""
    value = draft.parameters.get((ParameterLocation.PATH, name))
    if not isinstance(draft.body, dict) or not isinstance(value, str | int):
        return draft
    same = [key for key, known in draft.body.items() if joined(key) == joined(name) and type(known) is type(value)]
    return draft.with_body({**draft.body, same[0]: value}) if same else draft


def is_ours(received: Received) -> bool:
    """Return whether our own mock answered, whatever stands behind the answer."""
    return received.response is not None and find_field(received.response.fields, b"x-mock-source") is not None


def is_mocked(exchanged: Exchanged) -> bool:
    """
    Return whether an answer says that nothing stands behind it.

    Our own mock's do, unless they come from its state.
    """
    response = exchanged.received.response
    return response is not None and find_field(response.fields, b"x-mock-source") not in {None, "state"}


def renumbered(exchanges: list[Exchanged], start: int) -> list[Exchanged]:
    """Return the exchanges, numbered in their order."""
    return [replace(exchanged, number=start + index) for index, exchanged in enumerate(exchanges)]
