"""
Why this answer: from a request to a response, without I/O.

Route, read, judge, choose, make. Each operation is compiled when it is first asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain
from typing import Final, NamedTuple
from urllib.parse import unquote

from mock_server.document.document import Document
from mock_server.document.free_servers import FreeBases
from mock_server.document.model import (
    MISSING,
    DocumentedResponse,
    Entry,
    MediaType,
    Missing,
    Operation,
    ParameterLocation,
    Server,
)
from mock_server.document.references import Node
from mock_server.errors import MalformedPreference, SchemaError, UsageError
from mock_server.exchange import problem
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.bounds import LARGE_BODY
from mock_server.exchange.content_coding import KNOWN_CODINGS
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.negotiate import ChosenResponse, choose_failure, choose_status, choose_success
from mock_server.exchange.parameters import lists_empty
from mock_server.exchange.prefer import EDGES, NONE, Preferences, format_applied, parse_preferences, without_own
from mock_server.exchange.problem import FIELD
from mock_server.exchange.router import Matched, Router, Unmatched, join_paths
from mock_server.exchange.security import challenges, credential_names
from mock_server.findings import RULES, Finding, Level
from mock_server.generate.echo import HERE
from mock_server.generate.engine import Engine
from mock_server.generate.realism.pools import check_locale
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue
from mock_server.judges.request import DecodedRequest, RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.respond.answer import (
    GENERATED,
    PREFERENCE_APPLIED,
    SOURCE,
    Answer,
    Foreseen,
    Passed,
    RawField,
    problem_answer,
    with_violations,
)
from mock_server.respond.blocking import wait_for
from mock_server.respond.compiled import CompiledOperation
from mock_server.respond.document_pages import DOCUMENT_JSON
from mock_server.respond.error_body import MESSAGE_WORDS, word_refusal
from mock_server.respond.fixtures import Fixture, Fixtures
from mock_server.respond.links import Links
from mock_server.respond.match.near_misses import DocumentedRoute, hint
from mock_server.respond.representation import NOBODY, Representation, RequestContext, accept_of
from mock_server.respond.source import AnswerSource
from mock_server.respond.stored import RenderContext, render
from mock_server.respond.worlds import World
from mock_server.schema.dialect import Direction, Purpose

_LOOKED_AT: Final = 50  # operations that errors are looked for in
_ERRORS: Final = frozenset(name for name, rule in RULES.items() if rule.level is Level.ERROR)
# What is said of a request in its answer: errors, and what was read or answered otherwise than it was meant.
_SAID: Final = _ERRORS | {"request-accept-unmet", "request-boolean-lenient", "request-path-spanning"}
_REFUSED: Final = (
    f"problem:{problem.INVALID_REQUEST.name}"  # quotes what was sent, and what the document wants, as they are
)
_ANOTHER_KIND: Final = Passed("a preference or profile asks for another kind of answer")
_REDIRECTIONS: Final = frozenset((301, 302, 303, 307, 308))


class Considered(NamedTuple):
    """What a source of answers, or at last the document itself, has for a request."""

    source: str  # its name; of the document, where its answer comes from
    outcome: Answer | Passed | Foreseen
    reason: str = ""  # why this response of the document answers
    chosen: ChosenResponse | None = None  # that response


Make = Callable[[Mapping[str, str], Mapping[str, JsonValue], Request, JsonValue | Missing, World], Answer]


@dataclass(eq=False, repr=False)
class Responder:
    """Answers for one document."""

    kit: Engine
    fixtures: Fixtures = field(default_factory=Fixtures)
    router: Router[Entry] = field(default_factory=Router)
    served: tuple[str, ...] = ()  # the base paths of all documents of the server, to be named where none fits
    sources: tuple[AnswerSource, ...] = ()  # who else may answer, in this order; replaced as a whole
    _compiled: dict[str, CompiledOperation] = field(default_factory=dict)
    _broken: dict[str, SchemaError] = field(default_factory=dict)
    _judges: dict[str, ResponseJudge] = field(default_factory=dict)
    _bases: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Build the routes; see `base_paths`."""
        settings = self.kit.settings
        self.links = Links(
            self.document,
            f"{settings.host}:{settings.port}",
            secure=settings.tls_cert is not None,
            keep=settings.keep_links,
        )
        for entry in self.document.entries:
            for base in self.base_paths(entry):
                self.router.add(base, entry.method, entry.template, entry)

    @property
    def document(self) -> Document:
        """What is answered for."""
        return self.kit.document

    def base_paths(self, entry: Entry | None = None) -> tuple[str, ...]:
        """Return the paths under which the document, or one operation with servers of its own, is served."""
        fixed = self.kit.settings.base_path
        if fixed:
            return ("/" + fixed[0].strip("/") if fixed[0].strip("/") else "",)
        own = self._own_servers(entry) if entry is not None else ()
        return tuple(dict.fromkeys(server.base_path for server in own or self.document.servers))

    def routes(self) -> Iterator[DocumentedRoute]:
        """Return the operations, with where they are served."""
        return (DocumentedRoute(entry, base) for entry in self.document.entries for base in self.base_paths(entry))

    def _own_servers(self, entry: Entry) -> Sequence[Server]:
        """
        Return an operation's own servers.

        Read only where some are written, since an operation is read when asked for.
        """
        written = any(
            isinstance(node.value, dict) and "servers" in node.value for node in (entry.node, entry.path_item)
        )
        if written:
            return self.document.operation(entry).servers or ()
        return ()

    @property
    def blocks(self) -> bool:
        """Whether answering may wait for something; then it is done in a thread."""
        return any(source.blocks for source in self.sources)

    def respond(self, request: Request, world: World = NOBODY) -> Answer:
        """Answer a request, in the world of who asks."""
        return self.lead(self.decide(request, world), request)

    def lead(self, answer: Answer, request: Request) -> Answer:
        """Return an answer whose links lead to this server, as the client addresses it."""
        entry = answer.entry
        if entry is None or answer.source == _REFUSED or not self.links.leads_away(answer):
            return answer
        if entry.id not in self._bases:
            self._bases[entry.id] = tuple(sorted(self.base_paths(entry), key=len, reverse=True))
        path = request.path.decode("latin-1")
        known = (base for base in self._bases[entry.id] if path == base or path.startswith(base + "/"))
        free = (base for _, base in self._under_free_bases(request.method, path, ""))
        base = next(chain(known, free), "")
        return self.links.localise(answer, request, base, self.judge_of(entry))

    def decide(self, request: Request, world: World = NOBODY) -> Answer:
        """Answer a request, with the document's own links; see `links`."""
        matched = self.find(request)
        if isinstance(matched, Unmatched):
            return self._unmatched(request, matched, world)
        return self.respond_to(matched, request, world)

    def find(self, request: Request) -> Matched[Entry] | Unmatched:
        """Find the operation that a request asks for."""
        path, query = request.path.decode("latin-1"), request.query.decode("latin-1")
        matched = self.router.match(request.method, path, query)
        if isinstance(matched, Unmatched):
            matched = self._with_empty(request, path) or self.router.find(request.method, path, query, self._may_span)
        if isinstance(matched, Unmatched) and not matched.allowed:
            matched = next(self._under_free_bases(request.method, path, query), (matched, ""))[0]
        if isinstance(matched, Matched) and matched.others:
            return self._pick(matched, request)
        return matched

    @cached_property
    def _free_bases(self) -> FreeBases:
        """The base paths with variables that take any value."""
        if self.kit.settings.base_path:
            return FreeBases(())
        own = (server for entry in self.document.entries for server in self._own_servers(entry))
        return FreeBases((*self.document.servers, *own))

    def _under_free_bases(self, method: str, path: str, query: str) -> Iterator[tuple[Matched[Entry] | Unmatched, str]]:
        """Yield what a path leads to under base paths that variables make, each with that base path."""
        for base, usual in self._free_bases.iter_ways(path):
            found = self.router.find(method, usual + path[len(base) :], query, self._may_span)
            if isinstance(found, Matched) or found.allowed:
                yield found, base

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
        answer = self._decide(self._compile(entry), ask)
        if ask.preferences is not NONE:
            return _applied(answer, ask.preferences)
        return answer

    def answer_understood(
        self, entry: Entry, request: Request, understood: DecodedRequest, variables: dict[str, str], world: World
    ) -> Answer:
        """Answer a request that prefers nothing, and was read and judged already."""
        compiled = self._compile(entry)
        return self.lead(
            self._decide(compiled, self._ask(compiled, request, understood, NONE, variables, world)), request
        )

    def read(self, matched: Matched[Entry], request: Request, world: World = NOBODY) -> RequestContext:
        """
        Read a request for an operation.

        Raises:
            SchemaError: the operation can't be compiled.
            MalformedPreference, UsageError: a preference can't be obeyed.
        """
        compiled = self._compile(matched.route.target)
        header = find_field(request.fields, b"prefer")
        if header or b"__" in request.query:
            preferences = parse_preferences(header, request.query.decode("latin-1"))
        else:
            preferences = NONE
        if preferences.locale is not None:
            check_locale(preferences.locale)
        judged = _as_judged(compiled.operation, request)
        judge = partial(
            compiled.judge.read, judged, matched.variables, security=self.kit.settings.security, lenient=True
        )
        understood = wait_for(judge) if len(request.body) > LARGE_BODY else judge()
        if matched.spanning is not None:
            understood = understood._replace(findings=(*understood.findings, *compiled.judge.note_spanning(matched)))
        return self._ask(compiled, request, understood, preferences, matched.variables, world)

    def _may_span(self, matched: Matched[Entry]) -> bool:
        try:
            return self._compile(matched.route.target).judge.may_span(matched)
        except SchemaError:
            return False

    def _with_empty(self, request: Request, path: str) -> Matched[Entry] | None:
        """`/files/` for `/files/{name}`, only where the document lists the empty string among the names."""
        matched = self.router.match(request.method, path, empty=True) if path.endswith("/") else None
        if not isinstance(matched, Matched):
            return None
        empty = {name for name, value in matched.variables.items() if not value}
        parameters = self.document.operation(matched.route.target).parameters
        if any(p.name in empty and p.location is ParameterLocation.PATH and lists_empty(p) for p in parameters):
            return matched
        return None

    def _pick(self, matched: Matched[Entry], request: Request) -> Matched[Entry]:
        """
        Of operations that can't be told apart by their paths: the first that the whole request fits, else the one that it breaks least.

        What stands outside of the body counts first: that is where such documents say which operation is meant.
        """
        best: tuple[int, int] | None = None
        picked = matched
        for candidate in (matched, *matched.others):
            try:
                judge = self._compile(candidate.route.target).judge
            except SchemaError:
                continue
            judged = _as_judged(self.document.operation(candidate.route.target), request)
            understood = judge.read(judged, candidate.variables, security=self.kit.settings.security, lenient=True)
            errors = [found for found in understood.findings if found.rule in _ERRORS]
            if not understood.unmet and not errors:
                return candidate
            broken = sum((found.instance or ())[:1] != ("body",) for found in errors), len(errors)
            if best is None or broken < best:
                best, picked = broken, candidate
        return picked

    def judge_of(self, entry: Entry) -> ResponseJudge:
        """Return the judge of an operation's responses."""
        if entry.id not in self._judges:
            schemas = self.kit.schemas.of(Direction.RESPONSE, Purpose.JUDGE)
            self._judges[entry.id] = ResponseJudge(self.document.operation(entry), schemas)
        return self._judges[entry.id]

    def maker(self, entry: Entry) -> Make | None:
        """
        Return what makes the answers of an operation to good requests that prefer nothing.

        Returns: A function of the path variables, decoded and read, of the request, its body as it was read, and the
            world who asks. It raises SchemaError where no answer can be made. None where answers are not made from a
            schema alone.
        """
        compiled = self._compile(entry)
        if compiled.success is None or self.kit.settings.profile is not None:
            return None
        reply = self._reply(compiled, compiled.success)
        make = reply.maker()
        if make is None:
            return None
        usual = str(self.kit.settings.seed)

        def answer(
            variables: Mapping[str, str],
            read: Mapping[str, JsonValue],
            request: Request,
            body: JsonValue | Missing,
            world: World,
        ) -> Answer:
            seed_text = world.seed or usual
            query = compiled.canonical_query(request.query)
            seed = derive_seed(seed_text, compiled.operation.id, "\0".join(variables.values()), query, request.body)
            return self.lead(make(seed, read, seed_text, request, body), request)

        return answer

    def is_usual(self, entry: Entry, accept: str) -> bool:
        """Return whether an Accept field gets what is answered without one."""
        compiled = self._compile(entry)
        return compiled.success is not None and self._reply(compiled, compiled.success).is_usual(accept)

    def judge_requests(self, entry: Entry) -> RequestJudge:
        """
        Return the judge of an operation's requests.

        Raises:
            SchemaError: the schema of a parameter can't be compiled.
        """
        return self._compile(entry).judge

    def broken_of(self, operation: Operation) -> tuple[Finding, ...]:
        """
        Return the references of an operation, and of what it refers to, that lead nowhere.

        Nothing is read where the document has none.
        """
        if not self.document.broken:
            return ()
        nodes = [operation.entry.node]
        for direction, schema in _iter_schemas(operation):
            try:
                nodes += self.kit.schemas.of(direction, Purpose.MAKE).bundle(schema).origins.values()
            except SchemaError:
                continue
            nodes.append(schema)
        nodes += [parameter.node for parameter in operation.parameters]
        nodes += [response.node for response in operation.responses]
        nodes += [operation.request_body.node] if operation.request_body is not None else []
        return tuple(finding for finding in self.document.broken if any(_holds(node, finding) for node in nodes))

    def reply(self, entry: Entry, chosen: ChosenResponse) -> Representation:
        """Return the reply of one documented response of an operation."""
        return self._reply(self._compile(entry), chosen)

    def _compile(self, entry: Entry) -> CompiledOperation:
        known = self._compiled.get(entry.id)
        if known is not None:
            return known
        if entry.id in self._broken:
            raise self._broken[entry.id]
        operation = self.document.operation(entry)
        own = self.kit.settings.for_operation(entry.id, entry.title).source
        try:
            schemas = self.kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)
            judge = RequestJudge(self.document, operation, schemas, self.kit.settings.max_body)
        except SchemaError as error:
            self._broken[entry.id] = error
            raise
        compiled = CompiledOperation(
            operation=operation,
            judge=judge,
            responses=self.judge_of(entry),
            credentials=credential_names(operation.security, self.document.schemes),
            sources=own or self.kit.settings.source,
            success=choose_success(operation),
            broken=self.broken_of(operation),
        )
        self._compiled[entry.id] = compiled
        return compiled

    def _reply(self, compiled: CompiledOperation, chosen: ChosenResponse) -> Representation:
        key = (chosen.status, chosen.response.status)
        reply = compiled.replies.get(key)
        if reply is None:
            references = self._references(compiled.operation, chosen.status)
            reply = compiled.replies[key] = Representation(
                self.kit, compiled.operation, chosen, compiled.responses, references
            )
        return reply

    def _references(self, operation: Operation, status: int) -> tuple[str, ...]:
        """
        Say where an answer may lead that documents a Location without an example.

        Returns: A path of this server, for a redirection one that has an answer; the same with scheme and host; the
            best first.
        """
        path = self.base_paths(operation.entry)[0] + operation.entry.template.partition("{")[0].rstrip("/")
        if status in _REDIRECTIONS:
            path = DOCUMENT_JSON.decode()  # which redirects to nothing else
        return path or "/", HERE + path

    def _decide(self, compiled: CompiledOperation, ask: RequestContext) -> Answer:
        outcomes = (considered.outcome for considered in self._consider(compiled, ask))
        return self._with_findings(compiled, ask, next(outcome for outcome in outcomes if isinstance(outcome, Answer)))

    def explain(self, matched: Matched[Entry], ask: RequestContext) -> list[Considered]:
        """List what all sources have for a request, with `ask.explains`; the last is the answer of the document."""
        compiled = self._compile(matched.route.target)
        *others, last = self._consider(compiled, ask)
        assert isinstance(last.outcome, Answer)  # noqa: S101 - the document always has one
        answer = _applied(self._with_findings(compiled, ask, last.outcome), ask.preferences)
        return [*others, last._replace(outcome=self.lead(answer, ask.request))]

    def _with_findings(self, compiled: CompiledOperation, ask: RequestContext, answer: Answer) -> Answer:
        """Return an answer with what was found in the request, and in what the document says of it."""
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
            yield self._unauthorized(compiled, ask)
            return
        errors = tuple([found for found in understood.findings if found.rule in _ERRORS]) if understood.findings else ()
        if errors and self.kit.settings.validate_requests:
            yield self._refuse(compiled, ask, errors)
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
            return _considered(stored, reason, chosen)
        if chosen is None:
            reason = f"{operation.entry.title} documents no response"
            answer = problem_answer(problem.NO_RESPONSE, reason, entry=operation.entry)
            return _considered(answer, "the operation documents no response")
        reply = self._reply(compiled, chosen)
        if reply.is_refused(ask):
            answer = self.refuse_accept(operation, reply, ask)
            return _considered(answer, reply.unacceptable(ask).message, choose_status(operation, answer.status))
        return _considered(reply.render(ask), reason, chosen)

    def refuse_accept(self, operation: Operation, reply: Representation, ask: RequestContext) -> Answer:
        """Answer 406: in the document's words where it has some for that status alone, else with problem details."""
        finding = reply.unacceptable(ask)
        chosen = choose_status(operation, problem.NOT_ACCEPTABLE.status)
        if chosen is not None and chosen.response.status == str(chosen.status):
            answer = self._documented(self._compile(operation.entry), chosen, ask, (finding,))
            if answer is not None:
                return answer._replace(findings=(finding,))
        return problem_answer(problem.NOT_ACCEPTABLE, finding.message, entry=operation.entry, findings=(finding,))

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
        return _considered(answer, f"the preference code={status} goes before all else", chosen)

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
        answer = self._reply(compiled, chosen).render(ask)
        if status == 401:  # noqa: PLR2004
            return self._challenged(compiled, answer)
        return answer

    def _stored(self, compiled: CompiledOperation, ask: RequestContext) -> Answer | None:
        """Return the fixture that answers, unless an example or a generated value is asked for."""
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
            self.telling(
                compiled.operation,
                fixture.status,
                f"fixture:{fixture.name}",
                f"fixture:{compiled.operation.id}/{fixture.name}",
            ),
            ask,
        )

    def telling(self, operation: Operation, status: int, source: str, key: str = "") -> RenderContext:
        """Return what an answer to an operation that somebody wrote down needs; see `RenderContext`."""
        compiled = self._compile(operation.entry)
        chosen = choose_status(operation, status)
        head = self._reply(compiled, chosen).head() if chosen is not None else ()
        return RenderContext(source, operation, compiled.responses, head, self.kit.pools, key)

    def _unauthorized(self, compiled: CompiledOperation, ask: RequestContext) -> Considered:
        """Answer 401, RFC 9110, section 15.5.2."""
        operation = compiled.operation
        detail = "; or ".join(f"missing is {lacking}" for lacking in ask.understood.unmet)
        finding = Finding(
            rule="request-security-unmet",
            message=detail,
            place=operation.entry.node.place,
            instance=("security",),
            operation=operation.id,
        )
        chosen = choose_failure(operation, (401,))
        answer = self._documented(compiled, chosen, ask, (finding,)) if chosen is not None else None
        if answer is None:
            advice = "any value will do; --no-security asks for none"
            answer = problem_answer(problem.UNAUTHORIZED, f"{detail}; {advice}", entry=operation.entry)
        reason = f"no security requirement is met: missing is {'; or '.join(ask.understood.unmet)}"
        return _considered(self._challenged(compiled, answer._replace(findings=(finding,))), reason, chosen)

    def _challenged(self, compiled: CompiledOperation, answer: Answer) -> Answer:
        """Return a 401 says how to authenticate. RFC 9110, section 15.5.2."""
        challenge = challenges(compiled.operation.security, self.document.schemes)
        if not challenge or any(name == b"www-authenticate" for name, _ in answer.fields):
            return answer
        return answer._replace(fields=[*answer.fields, (b"www-authenticate", challenge.encode("latin-1", "replace"))])

    def _refuse(self, compiled: CompiledOperation, ask: RequestContext, errors: tuple[Finding, ...]) -> Considered:
        """Answer a request that breaks the document: 400, 415 or 422."""
        rest = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        reason = f"the request breaks the document: {errors[0].message}{rest}"
        kind = problem.INVALID_REQUEST
        rules = {finding.rule for finding in errors}
        fields: list[RawField] = []
        if "request-coding-malformed" in rules:
            kind = problem.MALFORMED_CODING
            chosen = choose_failure(compiled.operation, (400,))
        elif ask.understood.unsupported:
            kind = problem.UNSUPPORTED_MEDIA_TYPE
            if "request-coding-unknown" in rules:  # RFC 9110, section 15.5.16: how a coding is told from a media type
                kind, fields = problem.UNKNOWN_CODING, [(b"accept-encoding", KNOWN_CODINGS.encode())]
            chosen = next(
                (c for c in [choose_status(compiled.operation, 415)] if c and c.response.status in {"415", "4XX"}), None
            )
        else:
            chosen = choose_failure(compiled.operation, (422, 400))
        answer = self._documented(compiled, chosen, ask, errors) if chosen is not None else None
        if answer is not None:
            if fields:
                answer = answer._replace(fields=[*answer.fields, *fields])
            return _considered(answer, reason, chosen)
        detail = "; ".join(dict.fromkeys(finding.message for finding in errors))
        answer = problem_answer(
            kind,
            detail,
            entry=compiled.operation.entry,
            findings=errors,
            fields=fields,
            violations=problem.describe(errors),
            operation=compiled.operation.id,
        )
        return _considered(answer, reason, chosen)

    def fail(
        self,
        operation: Operation,
        ask: RequestContext,
        statuses: Sequence[int],
        kind: problem.Problem,
        finding: Finding,
    ) -> Answer:
        """
        Answer that a good request can't be done: in the document's words, else with problem details.

        Args:
            operation: What was asked for.
            ask: The request.
            statuses: Of which the first that is documented is taken.
            kind: The problem where none is.
            finding: What keeps it from being done.
        """
        chosen = choose_failure(operation, statuses)
        answer = (
            self._documented(self._compile(operation.entry), chosen, ask, (finding,)) if chosen is not None else None
        )
        return answer or problem_answer(kind, finding.message, entry=operation.entry, operation=operation.id)

    def _documented(
        self, compiled: CompiledOperation, chosen: ChosenResponse, ask: RequestContext, findings: tuple[Finding, ...]
    ) -> Answer | None:
        """Return the documented error response, worded; None where it can't be made: a problem is said instead."""
        reply = self._reply(compiled, chosen)
        fixture = self._fixture(compiled, ask, chosen.status)
        if fixture is not None:
            return fixture
        try:
            made = reply.value(ask)
        except SchemaError:
            return None
        if made is None:
            answer = reply.render(ask)
            if answer.status == chosen.status:
                return answer
            return None
        value, media, name = made
        worded = word_refusal(value, findings, lambda changed: compiled.responses.is_valid(media, changed))
        fields: list[RawField] = [
            (b"content-type", name.encode("latin-1", "replace")),
            *reply.head(),
            (SOURCE, b"generated"),
        ]
        return Answer(chosen.status, fields, write_json(worded), GENERATED, compiled.operation.entry)

    def _unmatched(self, request: Request, unmatched: Unmatched, world: World) -> Answer:
        """Answer by a source, or HEAD as GET without a body, else without any."""
        for source in self.sources:
            outcome = source.consider(None, _stranger(request, world)) if source.before_validation else None
            if isinstance(outcome, Answer):
                return outcome
        if request.method == "HEAD" and "GET" in unmatched.allowed:
            return self.decide(request._replace(method="GET"), world)
        return self.answer_unmatched(request, unmatched)

    def answer_unmatched(self, request: Request, unmatched: Unmatched) -> Answer:
        """Answer OPTIONS from the routes, else 404 or 405."""
        path = request.path.decode("latin-1")
        allowed = tuple(sorted({*unmatched.allowed, *(("HEAD",) if "GET" in unmatched.allowed else ()), "OPTIONS"}))
        if request.method == "OPTIONS" and unmatched.allowed:
            return Answer(204, [(b"allow", ", ".join(allowed).encode()), (SOURCE, b"empty")], b"", "empty")
        if unmatched.allowed:
            detail = (
                f"{request.method} is not documented for {path}; documented are {', '.join(sorted(unmatched.allowed))}"
            )
            return self._in_words(
                problem_answer(problem.NO_METHOD, detail, fields=[(b"allow", ", ".join(allowed).encode())]),
                detail,
                request,
            )
        detail = f"no path template matches {unquote(path)!r}; the API is served under {join_paths(self.served or self.base_paths())}"
        detail += hint(self.routes(), request.method, path)
        return self._in_words(problem_answer(problem.NO_PATH, detail), detail, request)

    def _in_words(self, answer: Answer, detail: str, request: Request) -> Answer:
        """
        Return an answer to an undocumented request in the shape that the document has for other errors.

        Clients that insist on such a shape read the message of every error, and break on problem details.
        """
        if self._error_shape is None:
            return answer
        operation, response = self._error_shape
        reply = Representation(
            self.kit, operation, ChosenResponse(answer.status, response), self.judge_of(operation.entry)
        )
        try:
            made = reply.value(_stranger(request, NOBODY))
        except SchemaError:
            return answer
        if made is None:
            return answer
        value, media, name = made
        if reply.judge.is_valid(media, read_json(answer.body)):
            return answer  # problem details are of that shape
        finding = Finding(rule="traffic-path-undocumented", message=detail)
        worded = word_refusal(value, (finding,), lambda changed: reply.judge.is_valid(media, changed))
        body = write_json(worded)
        if write_json(detail)[1:-1] not in body:
            return answer
        fields = [
            (key, name.encode("latin-1", "replace") if key == b"content-type" else value)
            for key, value in answer.fields
        ]
        return answer._replace(fields=fields, body=body)

    @cached_property
    def _error_shape(self) -> tuple[Operation, DocumentedResponse] | None:
        """The response that documents errors, where it requires a message: looked for in the first operations only."""
        for entry in self.document.entries[:_LOOKED_AT]:
            operation = self.document.operation(entry)
            by_status = {response.status: response for response in operation.responses}
            for status in ("404", "4XX", "default", "405", "400"):
                response = by_status.get(status)
                if response is not None and any(self._requires_message(content) for content in response.content):
                    return operation, response
        return None

    def _requires_message(self, content: MediaType) -> bool:
        if content.schema is None or not is_json(parse_media_type(content.name)):
            return False
        try:
            outline = self.kit.outline(content.schema, Direction.RESPONSE, Purpose.JUDGE)
        except SchemaError:
            return False
        inner = [outline.member(name) for name in outline.required if name.lower() in {"error", "fault"}]
        return any(
            MESSAGE_WORDS & {word.lower() for word in each.required}
            for each in (outline, *inner)
            if "object" in each.types
        )


def _considered(answer: Answer, reason: str, chosen: ChosenResponse | None = None) -> Considered:
    return Considered(answer.source, answer, reason, chosen)


def _iter_schemas(operation: Operation) -> Iterator[tuple[Direction, Node]]:
    """Yield the schemas of an operation."""
    for parameter in operation.parameters:
        schema = parameter.content.schema if parameter.content is not None else parameter.schema
        if schema is not None:
            yield Direction.REQUEST, schema
    bodies = operation.request_body.content if operation.request_body is not None else ()
    for direction, contents in (
        (Direction.REQUEST, bodies),
        *((Direction.RESPONSE, each.content) for each in operation.responses),
    ):
        for content in contents:
            yield from ((direction, schema) for schema in (content.schema, content.item_schema) if schema is not None)


def _holds(node: Node, finding: Finding) -> bool:
    """Return whether what is found stands in a part of the document."""
    place = finding.place
    return place is not None and place.file == node.place.file and place.pointer[: len(node.pointer)] == node.pointer


def _as_judged(operation: Operation, request: Request) -> Request:
    """Return a request without the mock's own preferences, where the operation has some of its own in the same field."""
    header = find_field(request.fields, b"prefer")
    if header is None or not any(
        p.location is ParameterLocation.HEADER and p.name.lower() == "prefer" for p in operation.parameters
    ):
        return request
    own = without_own(header)
    fields = [pair for pair in request.fields if pair[0] != b"prefer"]
    return request._replace(fields=[*fields, (b"prefer", own.encode("latin-1"))] if own is not None else fields)


def _join(found: tuple[Finding, ...], others: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings of both, each of them once."""
    joined = others if others == found or not found else (*found, *others)
    has_other_words = len({finding.message for finding in joined}) == len(joined)
    if has_other_words:
        return joined
    return tuple(dict.fromkeys(joined))


def _stranger(request: Request, world: World) -> RequestContext:
    """Return a request for nothing that is documented."""
    seed = derive_seed(request.method, request.path.decode("latin-1"), request.query.decode("latin-1"), request.body)
    return RequestContext(
        request, DecodedRequest({}, MISSING), NONE, accept_of(request), lambda: seed, "", (), None, world
    )


def _applied(answer: Answer, preferences: Preferences) -> Answer:
    """Say which preferences were obeyed. RFC 7240, section 3."""
    if preferences is NONE or answer.source.startswith("problem:"):
        return answer
    text = format_applied(preferences, answer.source)
    if text:
        return answer._replace(fields=[*answer.fields, (PREFERENCE_APPLIED, text.encode("latin-1", "replace"))])
    return answer
