"""
The answer to a request, without I/O: route, read, judge, choose, make.

`Responder._consider` has the order in which sources and the document are asked.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Final
from urllib.parse import unquote

from mock_server.cache import BoundedCache, make_text_cache
from mock_server.document.document import Document
from mock_server.document.model import Entry, Missing, Operation
from mock_server.errors import MalformedPreference, SchemaError, UsageError
from mock_server.exchange import problem
from mock_server.exchange.bounds import LARGE_BODY
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.negotiate import ChosenResponse, choose_failure, choose_status
from mock_server.exchange.prefer import EDGES, NONE, Preferences, parse_preferences
from mock_server.exchange.problem import FIELD
from mock_server.exchange.router import Matched, Router, Unmatched
from mock_server.findings import RULES, Finding, Level
from mock_server.generate.engine import Engine
from mock_server.generate.realism.pools import check_locale
from mock_server.generate.seed import derive_seed, mark, seed_of
from mock_server.json_values import JsonValue
from mock_server.judges.request import DecodedRequest, RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.respond.answer import Answer, Passed, problem_answer, with_applied, with_violations
from mock_server.respond.blocking import wait_for
from mock_server.respond.compiled import CompiledOperation, CompiledOperations, base_paths
from mock_server.respond.error_answers import (
    REFUSING,
    Considered,
    ErrorAnswers,
    RequestRefusal,
    considered,
    context_of_unmatched,
)
from mock_server.respond.fixtures import Fixture, Fixtures
from mock_server.respond.guards.conditions import add_accept_query, answer_condition
from mock_server.respond.guards.tokens import TokenVerifier, asks_for_token, find_refusal
from mock_server.respond.links import Links
from mock_server.respond.match.near_misses import DocumentedRoute
from mock_server.respond.represent.context import NOBODY, RequestContext, accept_of
from mock_server.respond.represent.representation import Representation
from mock_server.respond.routes import Routes, as_judged
from mock_server.respond.source import AnswerSource
from mock_server.respond.stored import render
from mock_server.respond.worlds import World

_ERRORS: Final = frozenset(name for name, rule in RULES.items() if rule.level is Level.ERROR)
# What is said of a request in its answer: errors, and what was read or answered otherwise than it was meant.
_SAID: Final = _ERRORS | {"request-accept-unmet", "request-boolean-lenient", "request-path-spanning"}
_REFUSED: Final = (
    f"problem:{problem.INVALID_REQUEST.name}"  # quotes what was sent, and what the document wants, as they are
)
_ANOTHER_KIND: Final = Passed("a preference or profile asks for another kind of answer")


Make = Callable[[Mapping[str, str], Mapping[str, JsonValue], Request, JsonValue | Missing, World], Answer]


@dataclass(eq=False, repr=False)
class Responder:
    """Answers for one document."""

    kit: Engine
    fixtures: Fixtures = field(default_factory=Fixtures)
    served: tuple[str, ...] = ()  # the base paths of all documents of the server, named where none fits
    sources: tuple[AnswerSource, ...] = ()  # that are asked before the document, in this order; replaced as a whole
    verifier: TokenVerifier | None = None  # of bearer tokens; None: any will do
    _bases: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the parts."""
        settings = self.kit.settings
        self.operations = CompiledOperations(self.kit)
        self.errors = ErrorAnswers(self.kit, self.operations, self._fixture)
        self._routes = Routes(self.kit, self.operations)
        self.router: Router[Entry] = self._routes.router
        self.links = Links(
            self.document,
            f"{settings.host}:{settings.port}",
            secure=settings.tls_cert is not None,
            keep=settings.keep_links,
        )

    @property
    def document(self) -> Document:
        """The document that is answered for."""
        return self.kit.document

    def base_paths(self, entry: Entry | None = None) -> tuple[str, ...]:
        """Return the paths under which the document, or one operation with servers of its own, is served."""
        return base_paths(self.kit, entry)

    def routes(self) -> Iterator[DocumentedRoute]:
        """Return the operations, with where they are served."""
        return self._routes.documented()

    def find(self, request: Request) -> Matched[Entry] | Unmatched:
        """Find the operation that a request asks for."""
        return self._routes.find(request)

    def verifies(self, operation: Operation) -> bool:
        """Check whether the tokens of requests for an operation are verified."""
        return (
            self.verifier is not None
            and self.kit.settings.security
            and asks_for_token(operation.security, self.document.schemes)
        )

    def judge_of(self, entry: Entry) -> ResponseJudge:
        """Return the judge of an operation's responses."""
        return self.operations.judge_of(entry)

    @property
    def blocks(self) -> bool:
        """True if answering may wait for something; then it is done in a thread."""
        return any(source.blocks for source in self.sources)

    def respond(self, request: Request, world: World = NOBODY) -> Answer:
        """Answer a request in a world."""
        return self.lead(self.decide(request, world), request)

    def lead(self, answer: Answer, request: Request) -> Answer:
        """Rewrite the links of an answer to this server, as the client addresses it."""
        entry = answer.entry
        if entry is None or answer.source == _REFUSED or not self.links.leads_away(answer):
            return answer
        if entry.id not in self._bases:
            self._bases[entry.id] = tuple(sorted(self.base_paths(entry), key=len, reverse=True))
        path = request.path.decode("latin-1")
        known = (base for base in self._bases[entry.id] if path == base or path.startswith(base + "/"))
        free = (base for _, base in self._routes.under_free_bases(request.method, path, ""))
        base = next(chain(known, free), "")
        return self.links.localise(answer, request, base, self.judge_of(entry))

    def decide(self, request: Request, world: World = NOBODY) -> Answer:
        """Answer a request, with the document's own links; see `links`."""
        matched = self.find(request)
        if isinstance(matched, Unmatched):
            return self._unmatched(request, matched, world)
        return self.respond_to(matched, request, world)

    def respond_to(self, matched: Matched[Entry], request: Request, world: World = NOBODY) -> Answer:
        """Answer a request for an operation."""
        entry = matched.route.target
        try:
            ask = self.read(matched, request, world)
        except SchemaError as error:
            return problem_answer(
                problem.UNSERVABLE, str(error), entry=entry, place=str(error.place), operation=entry.id
            )
        except (MalformedPreference, UsageError) as error:
            return problem_answer(problem.MALFORMED_PREFERENCE, str(error), entry=entry)
        answer = self._decide(self.operations.compile(entry), ask)
        if ask.preferences is not NONE:
            return with_applied(answer, ask.preferences)
        return answer

    def answer_understood(
        self, entry: Entry, request: Request, understood: DecodedRequest, variables: dict[str, str], world: World
    ) -> Answer:
        """Answer a request that prefers nothing, and was read and judged already."""
        compiled = self.operations.compile(entry)
        return self.lead(
            self._decide(compiled, self._ask(compiled, request, understood, NONE, variables, world)), request
        )

    def refuses_plainly(self, entry: Entry) -> bool:
        """Return whether what a request breaks in its body decides its answer, as far as no source has one."""
        compiled = self.operations.compile(entry)
        is_judged = self.kit.settings.validate_requests and not compiled.broken
        return is_judged and choose_failure(compiled.operation, REFUSING) is None

    def refuse_plainly(self, entry: Entry, findings: tuple[Finding, ...]) -> Answer:
        """
        Answer a request of which nothing but the body breaks the document; see `refuses_plainly`.

        The same as `respond` answers, without what an explanation and a documented failure need.
        """
        answer = self.errors.refuse_plainly(self.operations.compile(entry), findings)
        joined = _join(findings, findings)
        if joined is not findings:
            answer = answer._replace(findings=joined)
        return with_violations(answer, joined)

    def read(self, matched: Matched[Entry], request: Request, world: World = NOBODY) -> RequestContext:
        """
        Read a request for an operation.

        Raises:
            SchemaError: the operation can't be compiled.
            MalformedPreference, UsageError: a preference can't be obeyed.
        """
        compiled = self.operations.compile(matched.route.target)
        header = find_field(request.fields, b"prefer")
        if header or b"__" in request.query:
            preferences = parse_preferences(header, request.query.decode("latin-1"))
        else:
            preferences = NONE
        if preferences.locale is not None:
            check_locale(preferences.locale)
        judged = as_judged(compiled.operation, request)
        judge = partial(
            compiled.judge.read, judged, matched.variables, security=self.kit.settings.security, lenient=True
        )
        understood = wait_for(judge) if len(request.body) > LARGE_BODY else judge()
        if matched.spanning is not None:
            understood = understood._replace(findings=(*understood.findings, *compiled.judge.note_spanning(matched)))
        return self._ask(compiled, request, understood, preferences, matched.variables, world)

    def refuse(self, matched: Matched[Entry], request: Request, world: World, refusal: RequestRefusal) -> Answer:
        """Refuse a request: in the document's words, else with problem details."""
        entry, finding = matched.route.target, refusal.finding
        try:
            ask = self.read(matched, request, world)
            answer = self.errors.fail(self.document.operation(entry), ask, *refusal)
        except (SchemaError, MalformedPreference, UsageError):
            answer = problem_answer(refusal.kind, finding.message, entry=entry)
        return self.lead(answer._replace(findings=(finding,)), request)

    def maker(self, entry: Entry) -> Make | None:
        """
        Return what makes the answers of an operation to good requests that prefer nothing.

        Returns:
            A function of the path variables, decoded and read, of the request, its body as it was read, and the world.
            It raises SchemaError where no answer can be made. None where answers are not made from a schema alone.
        """
        compiled = self.operations.compile(entry)
        if compiled.success is None or self.kit.settings.profile is not None:
            return None
        reply = self.operations.reply(compiled, compiled.success)
        make = reply.maker()
        if make is None:
            return None
        usual = str(self.kit.settings.seed)
        id_, marked_usual = compiled.operation.id, mark(usual, compiled.operation.id)
        marked_queries: BoundedCache[bytes, bytes] = make_text_cache()

        def answer(
            variables: Mapping[str, str],
            read: Mapping[str, JsonValue],
            request: Request,
            body: JsonValue | Missing,
            world: World,
        ) -> Answer:
            seed_text = world.seed or usual
            marked = marked_usual if seed_text is usual else mark(seed_text, id_)
            query = marked_queries.get(request.query)
            if query is None:
                query = marked_queries[request.query] = mark(compiled.canonical_query(request.query))
            seed = seed_of(marked + mark("\0".join(variables.values())) + query + mark(request.body))
            return self.lead(make(seed, read, seed_text, request, body), request)

        return answer

    def is_usual(self, entry: Entry, accept: str) -> bool:
        """Return whether an Accept field gets what is answered without one."""
        compiled = self.operations.compile(entry)
        return compiled.success is not None and self.operations.reply(compiled, compiled.success).is_usual(accept)

    def judge_requests(self, entry: Entry) -> RequestJudge:
        """
        Return the judge of an operation's requests.

        Raises:
            SchemaError: the schema of a parameter can't be compiled.
        """
        return self.operations.compile(entry).judge

    def reply(self, entry: Entry, chosen: ChosenResponse) -> Representation:
        """Return the reply of one documented response of an operation."""
        return self.operations.reply(self.operations.compile(entry), chosen)

    def _decide(self, compiled: CompiledOperation, ask: RequestContext) -> Answer:
        outcomes = (considered.outcome for considered in self._consider(compiled, ask))
        return self._with_findings(compiled, ask, next(outcome for outcome in outcomes if isinstance(outcome, Answer)))

    def explain(self, matched: Matched[Entry], ask: RequestContext) -> list[Considered]:
        """List what all sources have for a request, with `ask.explains`; the last is the answer of the document."""
        compiled = self.operations.compile(matched.route.target)
        *others, last = self._consider(compiled, ask)
        assert isinstance(last.outcome, Answer)  # noqa: S101 - the document always has one
        answer = with_applied(self._with_findings(compiled, ask, last.outcome), ask.preferences)
        return [*others, last._replace(outcome=self.lead(answer, ask.request))]

    def _with_findings(self, compiled: CompiledOperation, ask: RequestContext, answer: Answer) -> Answer:
        """Return an answer with what was found in the request, and in what the document says of it."""
        if ask.preferences.code is None:
            answer = answer_condition(compiled.operation, ask.request, answer)
        found = ask.understood.findings
        if compiled.broken:
            found = (*compiled.broken, *found)
        if not found and not answer.findings:
            return answer
        findings = _join(found, answer.findings)
        if findings is not answer.findings:
            answer = answer._replace(findings=findings)
        if ask.preferences.code is not None or any(name == FIELD for name, _ in answer.fields):
            return answer
        return with_violations(answer, [finding for finding in findings if finding.rule in _SAID])

    def _consider(self, compiled: CompiledOperation, ask: RequestContext) -> Iterator[Considered]:
        """Yield what each source has for a request, in their order, and at last the answer of the document."""
        operation, understood, code = compiled.operation, ask.understood, ask.preferences.code
        if code is not None:
            yield self._preferred(compiled, ask, code)
            return
        yield from self._ask_sources(operation, ask, before_validation=True)
        if understood.unmet and self.kit.settings.security:
            yield self.errors.refuse_credentials(compiled, ask)
            return
        if self.verifier is not None and self.verifies(operation):
            refusal = find_refusal(
                self.verifier, operation.security, self.document.schemes, ask.request, ask.world.clock.now()
            )
            if refusal is not None:
                yield self.errors.refuse_token(compiled, ask, refusal)
                return
        errors = tuple([found for found in understood.findings if found.rule in _ERRORS]) if understood.findings else ()
        if errors and self.kit.settings.validate_requests:
            yield self.errors.refuse_request(compiled, ask, errors)
            return
        yield from self._ask_sources(operation, ask, before_validation=False)
        yield self._succeed(
            compiled,
            ask,
            "the request breaks the document, which the server was told not to mind"
            if errors
            else "the request is good",
        )

    def _ask_sources(
        self, operation: Operation, ask: RequestContext, *, before_validation: bool
    ) -> Iterator[Considered]:
        """Yield what the sources have, unless another kind of answer is preferred."""
        if not self.sources:
            return
        is_passed = ask.preferences.asks_for_something or ask.profile in EDGES
        for source in self.sources:
            if source.before_validation is before_validation and source.touches(operation.entry):
                yield Considered(source.name, _ANOTHER_KIND if is_passed else source.consider(operation, ask))

    def _succeed(self, compiled: CompiledOperation, ask: RequestContext, reason: str) -> Considered:
        """Answer a request that is not refused: by a fixture, else with the response of the lowest success."""
        operation, chosen = compiled.operation, compiled.success
        if chosen is not None:
            reason = f"{reason}; {chosen.response.status} is the lowest success"
        stored = self._stored(compiled, ask)
        if stored is not None:
            return considered(stored, reason, chosen)
        if chosen is None:
            reason = f"{operation.entry.title} documents no response"
            answer = problem_answer(problem.NO_RESPONSE, reason, entry=operation.entry)
            return considered(answer, "the operation documents no response")
        reply = self.operations.reply(compiled, chosen)
        if reply.is_refused(ask):
            answer = self.errors.refuse_accept(operation, reply, ask)
            return considered(answer, reply.unacceptable(ask).message, choose_status(operation, answer.status))
        return considered(reply.render(ask), reason, chosen)

    def _ask(
        self,
        compiled: CompiledOperation,
        request: Request,
        understood: DecodedRequest,
        preferences: Preferences,
        variables: dict[str, str],
        world: World,
    ) -> RequestContext:
        seed_text = preferences.seed or world.seed or str(self.kit.settings.seed)
        operation = compiled.operation

        def derive() -> int:
            path = unquote("\0".join(variables.values())) if variables else ""
            whole = preferences.size is not None
            if whole:
                query = compiled.query_of_whole(request.query)
            else:
                query = compiled.canonical_query(request.query)
            return derive_seed(seed_text, operation.id, path, query, request.body)

        profile = preferences.profile or (self.kit.settings.profile if not preferences.asks_for_something else None)
        return RequestContext(
            request,
            understood,
            preferences,
            accept_of(request),
            derive,
            seed_text,
            compiled.sources,
            profile,
            world,
            variables,
        )

    def _preferred(self, compiled: CompiledOperation, ask: RequestContext, status: int) -> Considered:
        """Answer with the status that is preferred."""
        chosen = choose_status(compiled.operation, status)
        answer = self._preferred_answer(compiled, ask, status, chosen)
        return considered(answer, f"the preference code={status} goes before all else", chosen)

    def _preferred_answer(
        self, compiled: CompiledOperation, ask: RequestContext, status: int, chosen: ChosenResponse | None
    ) -> Answer:
        if chosen is None and status == problem.NOT_ACCEPTABLE.status:
            detail = f"{compiled.operation.entry.title} was asked to accept nothing of what it documents"
            return problem_answer(problem.NOT_ACCEPTABLE, detail, entry=compiled.operation.entry)
        if chosen is None:
            known = ", ".join(response.status for response in compiled.operation.responses) or "none"
            detail = f"the status {status} is not documented; documented are {known}"
            return problem_answer(problem.NOT_FOUND, detail, entry=compiled.operation.entry)
        fixture = self._fixture(compiled, ask, status)
        if fixture is not None:
            return fixture
        answer = self.operations.reply(compiled, chosen).render(ask)
        if status == 401:  # noqa: PLR2004
            return self.errors.with_challenge(compiled, answer)
        return answer

    def _stored(self, compiled: CompiledOperation, ask: RequestContext) -> Answer | None:
        """Find the fixture that answers, unless an example or a generated value is preferred."""
        preferences = ask.preferences
        if preferences.fixture is not None:
            named = self.fixtures.named(compiled.operation.id, preferences.fixture)
            if named is None:
                known = ", ".join(f.name for f in self.fixtures.by_operation.get(compiled.operation.id, ())) or "none"
                detail = f"{compiled.operation.id} has no fixture {preferences.fixture!r}; there are: {known}"
                return problem_answer(problem.NOT_FOUND, detail, entry=compiled.operation.entry)
            return self._from_fixture(compiled, named, ask)
        if preferences.example is not None or ask.profile in EDGES:
            return None
        return self._fixture(compiled, ask, None)

    def _fixture(self, compiled: CompiledOperation, ask: RequestContext, status: int | None) -> Answer | None:
        if (
            "fixture" not in ask.sources
            or ask.preferences.asks_for_generated
            or compiled.operation.id not in self.fixtures.by_operation
        ):
            return None
        found = self.fixtures.find(compiled.operation.id, ask.request, ask.understood, status, ask.world.turns)
        if found is not None:
            return self._from_fixture(compiled, found, ask)
        return None

    def _from_fixture(self, compiled: CompiledOperation, fixture: Fixture, ask: RequestContext) -> Answer:
        """Return a stored answer, with the documented header fields that it does not set itself."""
        return render(
            fixture.stored,
            self.operations.render_context(
                compiled.operation,
                fixture.status,
                f"fixture:{fixture.name}",
                f"fixture:{compiled.operation.id}/{fixture.name}",
            ),
            ask,
        )

    def _unmatched(self, request: Request, unmatched: Unmatched, world: World) -> Answer:
        """Answer by a source, or HEAD as GET without a body, else without any."""
        for source in self.sources:
            outcome = source.consider(None, context_of_unmatched(request, world)) if source.before_validation else None
            if isinstance(outcome, Answer):
                return outcome
        if request.method == "HEAD" and "GET" in unmatched.allowed:
            return self.decide(request._replace(method="GET"), world)
        return self.refuse_path(request, unmatched)

    def refuse_path(self, request: Request, unmatched: Unmatched) -> Answer:
        """Answer OPTIONS from the routes, else 404 or 405."""
        refused = self.errors.refuse_path(request, unmatched, self.routes(), self.served)
        if request.method == "OPTIONS" and "QUERY" in unmatched.allowed:
            matched = self.find(request._replace(method="QUERY"))
            if isinstance(matched, Matched):
                return add_accept_query(refused, self.document.operation(matched.route.target))
        return refused


def _join(found: tuple[Finding, ...], others: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings of both, each of them once."""
    joined = others if others == found or not found else (*found, *others)
    has_other_words = len({finding.message for finding in joined}) == len(joined)
    if has_other_words:
        return joined
    return tuple(dict.fromkeys(joined))
