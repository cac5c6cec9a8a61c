"""
Answers to ordinary requests, with nothing left to choose.

Where an operation answers with a fixture or an example, they are ready to send: route, look the variables up, check
the credentials, send. Where it answers with generated values, they only have to be made. What the answers are is not
decided here: the responder is asked by the first request for each stored one, and for what makes the others. Every
other request goes to the responder itself. Where an operation answers from state, its answers are kept until the state
changes.

An ordinary request has no preference, no field that decides anything, nothing in its query but credentials, path
variables that conform, as they are usually written, and either no body or one of JSON. Where that is all that is
wrong, the responder is asked with what was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mock_server.cache import BoundedCache, make_text_cache
from mock_server.document.model import MISSING, Entry, Missing, Operation, Parameter, ParameterLocation
from mock_server.errors import SchemaError
from mock_server.exchange.bounds import LARGE_BODY
from mock_server.exchange.message import RawFields, Request
from mock_server.exchange.negotiate import has_choice_of_stream, paired_keys
from mock_server.exchange.router import Matched
from mock_server.json_values import JsonValue
from mock_server.judges.body import JsonBody
from mock_server.judges.request import DecodedRequest, RequestJudge
from mock_server.respond.answer import GENERATED, STATE, Answer
from mock_server.respond.answer_cache import ready_answers
from mock_server.respond.guards.conditions import FIELD as CONDITION
from mock_server.respond.guards.conditions import documents_not_modified
from mock_server.respond.links import FORWARDED
from mock_server.respond.represent.context import NOBODY
from mock_server.respond.responder import Make, Responder
from mock_server.respond.source import AnswerSource, Versioned
from mock_server.respond.worlds import HEADER, World

# Fields that the responder looks at, whatever the document says.
_DECIDING = (
    frozenset(
        (
            b"prefer",
            b"origin",
            b"content-type",
            b"content-length",
            b"content-encoding",
            b"transfer-encoding",
            b"cookie",
            b"idempotency-key",
            HEADER,
        ),
    )
    | FORWARDED
)
_DESCRIBING_BODY = frozenset((b"content-type", b"content-length"))
_READING = frozenset(("GET",))
_POSTED = frozenset(("POST", "PUT", "PATCH"))
_ACCEPT = b"accept"
_MOST = 1_024  # methods and paths that are at hand
_LONGEST = 512  # bytes of such a path
_NO_BODY = JsonBody(None)


@dataclass(slots=True)
class _OperationAnswers:
    """The answers of one operation."""

    entry: Entry
    judge: RequestJudge
    is_posted: bool  # whether it has a body
    may_refuse: bool  # whether there is no fixture for refusals: it may take time, or turns
    refuses_plainly: bool  # whether nothing but the findings decides on a refusal
    variable: str | None  # the path variable that the answers go by
    values: frozenset[str]  # of it that are asked for
    keys: frozenset[bytes]  # of the query
    fields: (
        frozenset[bytes] | None
    )  # header fields that hold keys, all of them; None: there are other kinds of credentials
    deciding: frozenset[bytes]  # header fields that make a request an extraordinary one
    known: dict[
        str | None, Answer | Make | None
    ]  # by value, None for all others: the answer or what makes it; None: none of them
    accepts: BoundedCache[bytes, bool]  # whether an Accept field gets what is answered without one
    queries: BoundedCache[bytes, bool]  # whether a query has all keys, and nothing else


@dataclass(frozen=True, slots=True)
class _Live:
    """The answers of one operation that has state."""

    entry: Entry
    source: Versioned
    judge: RequestJudge | None  # where credentials are asked for
    deciding: frozenset[bytes]
    accepts: BoundedCache[bytes, bool]


_AtHand = tuple[
    _OperationAnswers, Answer | None, dict[str, str]
]  # the stored answer, if there is one, and the path variables


class FastPath:
    """Finds or makes the answers to ordinary requests; see the module."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._sources = responder.sources
        self._plans: dict[str, _OperationAnswers | _Live | None] = {}
        # By operation, path and query; each is good for a version of the state, and for a host where it names one.
        self._ready = ready_answers()
        self._at_hand: BoundedCache[tuple[str, bytes], _AtHand | _Live] = BoundedCache(
            _MOST
        )  # by method and path, what was asked for last

    def find(self, request: Request, world: World = NOBODY) -> Answer | None:
        """
        Find or make the answer of an ordinary request.

        Args:
            request: With its body, if it has one.
            world: Of the client.

        Returns:
            The answer of the responder, the same object for the same request where it is stored; None where the
            responder has to be asked.
        """
        try:
            return self._find_answer(request, world)
        except SchemaError:
            return None  # the responder says what can't be worked with

    def _find_answer(self, request: Request, world: World) -> Answer | None:
        is_posted = bool(request.body)
        if len(request.body) > LARGE_BODY:
            return None  # it is not read here: others would wait
        known = self._at_hand.get((request.method, request.path)) if self._sources is self._responder.sources else None
        if isinstance(known, _Live):
            if not is_posted:
                return self._living(known, request, world)
            return None
        if known is not None:
            return self._answer_read(known, request, world)
        if request.method not in (_POSTED if is_posted else _READING) or b"%" in request.path:
            return None
        found = self._find(request)
        if found is None:
            return None
        plan, variables = found
        if isinstance(plan, _Live):
            self._keep(request, plan)
            if not is_posted:
                return self._living(plan, request, world)
            return None
        if plan.is_posted:
            self._keep(request, (plan, None, variables))
        return self._answer_read((plan, None, variables), request, world)

    def _answer_read(self, known: _AtHand, request: Request, world: World) -> Answer | None:
        """Answer a request after its path is read."""
        plan, answer, variables = known
        body = self._read(plan, request) if plan.is_posted is bool(request.body) else None
        if body is None:
            return None
        if body.findings:
            return self._refuse(plan, variables, request, body, world)
        if answer is not None:
            return answer
        return self._answer(plan, variables, request, body.value if plan.is_posted else MISSING, world)

    def _keep(self, request: Request, known: _AtHand | _Live) -> None:
        """Have at hand what requests with the same method and path get, if the rest of them is ordinary."""
        if len(request.path) <= _LONGEST:
            self._at_hand[request.method, request.path] = known

    def _read(self, plan: _OperationAnswers, request: Request) -> JsonBody | None:
        """Return the body of a request that is an ordinary one otherwise, its path aside; None where it is not."""
        if not self._is_ordinary(plan, request.fields) or not _has_keys(plan, request.query, request.fields):
            return None
        if plan.is_posted:
            return plan.judge.read_json(request)
        return _NO_BODY

    def _find(self, request: Request) -> tuple[_OperationAnswers | _Live, dict[str, str]] | None:
        """Return the plan of a request's operation and the path variables."""
        matched = self._responder.router.match(request.method, request.path.decode("latin-1"))
        if not isinstance(matched, Matched) or matched.others:
            return None
        entry = matched.route.target
        if self._sources is not self._responder.sources:
            self._sources = self._responder.sources
            self._plans.clear()
            self._at_hand.clear()
        try:
            plan = self._plans[entry.id]
        except KeyError:
            plan = self._plans[entry.id] = self._compile(entry)
        if plan is not None:
            return (plan, matched.variables)
        return None

    def _answer(
        self,
        plan: _OperationAnswers,
        variables: dict[str, str],
        request: Request,
        body: JsonValue | Missing,
        world: World,
    ) -> Answer | None:
        """Return the answer that is stored or made."""
        read = plan.judge.read_path(variables)
        if read is None:
            return None
        value = variables[plan.variable] if plan.variable is not None else None
        if value not in plan.values:
            value = None
        try:
            known = plan.known[value]
        except KeyError:
            known = plan.known[value] = self._learn(plan, request)
        if isinstance(known, Answer):
            self._keep(request, (plan, known, variables))
            return known
        if known is None:
            return None
        try:
            return known(variables, read, request, body, world)
        except SchemaError:
            return None

    def _refuse(
        self, plan: _OperationAnswers, variables: dict[str, str], request: Request, body: JsonBody, world: World
    ) -> Answer | None:
        """Answer a request with a body that breaks the document, where nothing else does."""
        read = plan.judge.read_path(variables) if plan.may_refuse else None
        if read is None:
            return None
        if plan.refuses_plainly:
            return self._responder.refuse_plainly(plan.entry, body.findings)
        understood = DecodedRequest(
            {(ParameterLocation.PATH, name): value for name, value in read.items()}, body.value, body.findings
        )
        return self._responder.answer_understood(plan.entry, request, understood, variables, world)

    def _learn(self, plan: _OperationAnswers, request: Request) -> Answer | Make | None:
        """Ask the responder once for the answer to all requests like one, in no world, so that no turn is counted."""
        responder = self._responder
        answer = responder.decide(request, NOBODY)
        if answer.entry is not plan.entry or answer.findings:
            return None
        if answer.source == GENERATED:
            return responder.maker(plan.entry)
        if not answer.source.startswith(("fixture:", "example:", "empty")):
            return None
        if not responder.links.leads_away(answer):
            return answer
        return lambda variables, read, asked, body, world: responder.lead(
            answer, asked
        )  # its links depend on the client

    def _living(self, plan: _Live, request: Request, world: World) -> Answer | None:
        """Return the answer from state, kept as long as nothing changes."""
        query, fields = request.query, request.fields
        version = plan.source.version()
        if version is None or b"__" in query or not self._is_ordinary(plan, fields):
            return None
        if plan.judge is not None and not plan.judge.admits(query, fields):
            return None
        key = plan.entry.id, request.path, query
        known = self._ready.get(key)
        if known is not None and (known[0] == version or known[0] == (version, _host(fields))):
            return known[1]
        answer = self._responder.respond(request, world)
        if answer.source.startswith(STATE) and not answer.findings:
            host = _host(fields)
            named = host and (host in answer.body or any(host in value for _, value in answer.fields))
            self._ready[key] = ((version, host) if named else version), answer
        return answer

    def _is_ordinary(self, plan: _OperationAnswers | _Live, fields: RawFields) -> bool:
        """
        Return whether no header field decides anything.

        Of one Accept field, whether it gets what is answered without it.
        """
        accept = None
        for name, value in fields:
            if name == _ACCEPT and accept is None:
                accept = value
            elif name in plan.deciding:
                return False
        if accept is None:
            return True
        is_usual = plan.accepts.get(accept)
        if is_usual is None:
            is_usual = plan.accepts[accept] = self._responder.is_usual(plan.entry, accept.decode("latin-1"))
        return is_usual

    def _compile(self, entry: Entry) -> _OperationAnswers | _Live | None:
        """
        Return the plan of an operation.

        None where its answers depend on more than one path variable and its keys.
        """
        operation = self._responder.document.operation(entry)
        if self._responder.operations.broken_of(operation):
            return None  # each answer says so
        if self._responder.verifies(operation):
            return None  # a token is good for a while, and for some operations
        touching = [source for source in self._responder.sources if source.touches(entry)]
        if touching:
            return self._compile_live(entry, operation, touching)
        keys, fields = self._keys_of(operation)
        asked = _values_asked_for(self._responder, operation)
        if asked is None or len(asked) > 1 or not _may_be_alone(operation.parameters, keys):
            return None
        is_posted = operation.request_body is not None
        if is_posted and (asked or paired_keys(operation)):
            return None  # answers may go by what the body says
        if is_posted and any(map(has_choice_of_stream, operation.responses)):
            return None  # the body says whether a stream is wanted
        named = frozenset(
            p.name.lower().encode() for p in operation.parameters if p.location is ParameterLocation.HEADER
        )
        deciding = (_DECIDING - _DESCRIBING_BODY if is_posted else _DECIDING) | named | {_ACCEPT}
        deciding |= _conditions_of(operation)
        variable, values = next(iter(asked.items()), (None, ()))
        judge = self._responder.judge_requests(entry)
        may_refuse = operation.id not in self._responder.fixtures.by_operation
        return _OperationAnswers(
            entry,
            judge,
            is_posted,
            may_refuse,
            may_refuse and self._responder.refuses_plainly(entry),
            variable,
            frozenset(values),
            keys,
            fields,
            deciding,
            {},
            make_text_cache(),
            make_text_cache(),
        )

    def _compile_live(self, entry: Entry, operation: Operation, touching: list[AnswerSource]) -> _Live | None:
        """Return the plan of an operation with state; None where header fields decide, or another source may answer."""
        decides = (
            any(p.location in {ParameterLocation.HEADER, ParameterLocation.COOKIE} for p in operation.parameters)
            or operation.request_body is not None
        )
        if len(touching) > 1 or not isinstance(touching[0], Versioned) or decides:
            return None
        judge = (
            self._responder.judge_requests(entry)
            if operation.security and self._responder.kit.settings.security
            else None
        )
        deciding = _DECIDING | {_ACCEPT} | _conditions_of(operation)
        return _Live(entry, touching[0], judge, deciding, make_text_cache())

    def _keys_of(self, operation: Operation) -> tuple[frozenset[bytes], frozenset[bytes] | None]:
        """
        Return the keys of the query, and the header fields that hold keys.

        None where those are not all there is to be said.
        """
        if not operation.security or not self._responder.kit.settings.security:
            return frozenset(), frozenset()
        schemes = [
            self._responder.document.schemes[name] for requirement in operation.security for name, _ in requirement
        ]
        is_simple = len(operation.security) == 1 and all(
            s.type == "apiKey" and s.location is not ParameterLocation.COOKIE for s in schemes
        )
        keys = frozenset(
            s.name.encode()
            for s in schemes
            if s.type == "apiKey" and s.location is ParameterLocation.QUERY and "__" not in s.name
        )
        return keys, frozenset(
            s.name.lower().encode() for s in schemes if s.location is ParameterLocation.HEADER
        ) if is_simple else None


def _values_asked_for(responder: Responder, operation: Operation) -> dict[str, tuple[str, ...]] | None:
    """
    List the values of path parameters that stored answers of an operation ask for.

    Returns:
        By parameter, as text; None where an answer asks for something else.
    """
    found: dict[str, dict[str, None]] = {}
    for fixture in responder.fixtures.by_operation.get(operation.id, ()):
        if fixture.stored.depends or fixture.series:
            return None
        for condition in fixture.conditions:
            if (
                condition.location is not ParameterLocation.PATH
                or not condition.values
                or not all(map(_is_text, condition.values))
            ):
                return None
            found.setdefault(condition.name, {}).update(dict.fromkeys(map(str, condition.values)))
    keys = paired_keys(operation)
    for parameter in operation.parameters:
        for example in parameter.examples:
            if example.key in keys:
                if parameter.location is not ParameterLocation.PATH or not _is_text(example.value):
                    return None
                found.setdefault(parameter.name, {})[str(example.value)] = None
    return {name: tuple(values) for name, values in found.items()}


def _is_text(value: JsonValue | Missing) -> bool:
    """Return whether a value of a parameter is written in one way only."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def _host(fields: RawFields) -> bytes:
    return next((value for name, value in fields if name == b"host"), b"")


def _has_keys(plan: _OperationAnswers, query: bytes, fields: RawFields) -> bool:
    """Return whether a request has its credentials, and nothing else in its query."""
    if plan.fields is None:
        return (not query or _keys(query, plan.keys) > 0) and plan.judge.admits(query, fields)
    if plan.fields and not plan.fields <= {name for name, value in fields if value}:
        return False
    if not plan.keys:
        return not query
    has_keys = plan.queries.get(query)
    if has_keys is None:
        has_keys = plan.queries[query] = _keys(query, plan.keys) == len(plan.keys)
    return has_keys


def _keys(query: bytes, known: frozenset[bytes]) -> int:
    """Return how many different keys a query holds, each with a value; -1 where there is anything else in it."""
    given = set()
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name not in known or not value:
            return -1
        given.add(name)
    return len(given)


def _may_be_alone(parameters: Sequence[Parameter], keys: frozenset[bytes]) -> bool:
    """Return True if path variables are all that a request needs, and credentials are no parameters besides."""
    return all(
        p.location is ParameterLocation.PATH
        or not (p.required or (p.location is ParameterLocation.QUERY and p.name.encode() in keys))
        for p in parameters
    )


def _conditions_of(operation: Operation) -> frozenset[bytes]:
    """Return the header fields that may turn an answer into 304."""
    return frozenset((CONDITION,)) if documents_not_modified(operation) else frozenset()
