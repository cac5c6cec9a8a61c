"""
Answers to ordinary requests, with nothing left to choose.

Where an operation answers with a fixture or an example, they are ready to send: route, look the variable up, check the
credentials, send. Where it answers with generated values, they only have to be made. What the answers are is not decided
here: the responder is asked once for each stored one, and for what makes the others. Every other request goes to the
responder itself. Where an operation answers from state, its answers are kept until the state changes.

An ordinary request has no preference, no field that decides anything, nothing in its query but credentials, and either no
body or one that conforms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from mock_server.contract.request import RequestJudge
from mock_server.errors import SchemaError
from mock_server.exchange.message import RawFields, Request
from mock_server.exchange.negotiate import paired_keys
from mock_server.exchange.path import Matched
from mock_server.serve.answer import GENERATED, STATE, Answer
from mock_server.serve.ready import Ready
from mock_server.serve.reply import NOBODY
from mock_server.serve.respond import Make, Responder
from mock_server.serve.source import Source, Steady
from mock_server.serve.world import HEADER, World
from mock_server.spec.document import template_names
from mock_server.spec.model import Entry, Location, Operation, Parameter
from mock_server.typing import JsonValue

# Fields that the responder looks at, whatever the document says.
_DECIDING = frozenset((b"prefer", b"origin", b"content-type", b"content-length", b"transfer-encoding", b"authorization", b"cookie", HEADER))
_DECIDING_POSTED = _DECIDING - {b"content-type", b"content-length"}
_POSTED = frozenset(("POST", "PUT", "PATCH"))
_ACCEPT = b"accept"
_REMEMBERED = 64  # Accept fields
_STRANGER = "nobody-asked-for-this"


@dataclass(slots=True)
class _Plan:
    """The answers of one operation."""

    entry: Entry
    variable: str | None  # the path variable that the answers go by
    by_value: Mapping[str, Answer]
    otherwise: Answer | None
    keys: frozenset[bytes]  # of the query
    fields: frozenset[bytes]  # header fields that hold keys
    make: Make | None  # makes those that are not stored
    accepts: dict[bytes, bool]  # whether an Accept field gets what is answered without one
    judge: RequestJudge | None = None  # of an operation with a body, whose answers are found out by the first good request


@dataclass(frozen=True, slots=True)
class _Live:
    """The answers of one operation that has state."""

    entry: Entry
    source: Steady
    accepts: dict[bytes, bool]
    ready: Ready  # by path and query; good for a pulse of the state, and a host where one is named


class Express:
    """Finds or makes the answers to ordinary requests; see the module."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._sources = responder.sources
        self._plans: dict[str, _Plan | _Live | None] = {}

    def find(self, method: str, path: str, query: bytes, fields: RawFields, world: World = NOBODY) -> Answer | None:
        """
        Find or make the answer of an ordinary request.

        Args:
            method: In upper case.
            path: Percent-encoded.
            query: Percent-encoded, without `?`.
            fields: Header fields, their names in lower case.
            world: Of who names none.

        Returns:
            The answer of the responder, the same object for the same request where it is stored; None where it has to be asked.
        """
        if method != "GET" or "%" in path:
            return None
        found = self._find(method, path)
        if found is None or not self._is_ordinary(found[0], fields, _DECIDING):
            return None
        plan, variables = found
        if isinstance(plan, _Live):
            return self._living(plan, path, query, fields, world)
        return _answer(plan, variables, query, b"", world) if plan.judge is None and _has_keys(plan, query, fields) else None

    def find_posted(self, request: Request, world: World) -> Answer | None:
        """
        Find or make the answer of an ordinary request with a JSON body that conforms.

        Args:
            request: With its body.
            world: Of who asks.

        Returns:
            See `find`.
        """
        if request.method not in _POSTED or b"%" in request.path:
            return None
        found = self._find(request.method, request.path.decode("latin-1"))
        if found is None:
            return None
        plan, variables = found
        if isinstance(plan, _Live) or plan.judge is None or not _has_keys(plan, request.query, request.fields):
            return None
        if not self._is_ordinary(plan, request.fields, _DECIDING_POSTED) or not plan.judge.accepts_json(request):
            return None
        if plan.otherwise is None and plan.make is None:
            self._learn(plan, request)
        return _answer(plan, variables, request.query, request.body, world)

    def _learn(self, plan: _Plan, request: Request) -> None:
        """Ask the responder once what it answers to whatever conforms."""
        answer = self._responder.respond(request)
        if answer.entry is plan.entry and not answer.findings:
            plan.otherwise = answer if _is_stored(answer) else None
            plan.make = self._responder.maker(plan.entry) if answer.source == GENERATED else None
        if plan.otherwise is None and plan.make is None:
            self._plans[plan.entry.id] = None

    def _find(self, method: str, path: str) -> tuple[_Plan | _Live, dict[str, str]] | None:
        """The plan of a request's operation and the path variables."""
        matched = self._responder.router.match(method, path)
        if not isinstance(matched, Matched) or matched.others:
            return None
        entry = matched.route.target
        if self._sources is not self._responder.sources:
            self._sources = self._responder.sources
            self._plans.clear()
        try:
            plan = self._plans[entry.id]
        except KeyError:
            plan = self._plans[entry.id] = self._compile(entry)
        return (plan, matched.variables) if plan is not None else None

    def _living(self, plan: _Live, path: str, query: bytes, fields: RawFields, world: World) -> Answer | None:
        """The answer from state, kept as long as nothing changes."""
        pulse = plan.source.pulse()
        if pulse is None or b"__" in query:
            return None
        key = path, query
        known = plan.ready.get(key)
        if known is not None and (known[0] == pulse or known[0] == (pulse, _host(fields))):
            return known[1]
        answer = self._responder.respond(Request("GET", path.partition("?")[0].encode("latin-1"), query, fields, b""), world)
        if answer.source.startswith(STATE) and not answer.findings:
            host = _host(fields)
            named = host and (host in answer.body or any(host in value for _, value in answer.fields))
            plan.ready.keep(key, (pulse, host) if named else pulse, answer)
        return answer

    def _is_ordinary(self, plan: _Plan | _Live, fields: RawFields, deciding: frozenset[bytes]) -> bool:
        """Whether no header field decides anything; of one Accept field, whether it gets what is answered without it."""
        accept = None
        for name, value in fields:
            if name == _ACCEPT and accept is None:
                accept = value
            elif name in deciding or name == _ACCEPT:
                return False
        if accept is None:
            return True
        is_usual = plan.accepts.get(accept)
        if is_usual is None:
            if len(plan.accepts) >= _REMEMBERED:
                plan.accepts.clear()
            is_usual = plan.accepts[accept] = self._responder.is_usual(plan.entry, accept.decode("latin-1"))
        return is_usual

    def _compile(self, entry: Entry) -> _Plan | _Live | None:
        """The plan of an operation; None where its answers depend on more than one path variable and its keys."""
        operation = self._responder.document.operation(entry)
        touching = [source for source in self._responder.sources if source.touches(entry)]
        if touching:
            return self._compile_live(entry, operation, touching)
        if not all(map(_is_plain, operation.parameters)):
            return None
        credentials = self._keys_of(operation)
        if credentials is None:
            return None
        keys, fields = credentials
        asked = self._responder.values_asked_for(entry)
        if asked is None or len(asked) > 1:
            return None
        if operation.request_body is not None:
            if asked or paired_keys(operation) or not _declares_all(operation):
                return None  # answers may go by what the body says
            return _Plan(entry, None, {}, None, keys, fields, None, {}, self._responder.judge_requests(entry))
        variable, values = next(iter(asked.items()), (None, ()))
        names = [parameter.name for parameter in operation.parameters]

        def answer(value: str) -> Answer | None:
            variables = dict.fromkeys(names, _STRANGER) | ({variable: value} if variable is not None else {})
            return self._ask(entry, variables, keys, fields)

        by_value = {value: found for value in values if (found := answer(value)) is not None}
        otherwise = answer(_STRANGER) if self._responder.stores_for_anybody(entry) else None
        make = self._maker(entry, names, keys, fields) if otherwise is None and _declares_all(operation) else None
        return _Plan(entry, variable, by_value, otherwise, keys, fields, make, {}) if len(by_value) == len(values) else None

    def _compile_live(self, entry: Entry, operation: Operation, touching: list[Source]) -> _Live | None:
        """The plan of an operation with state; None where header fields decide, or another source may answer."""
        credentials = self._keys_of(operation)
        decides = any(p.location in {Location.HEADER, Location.COOKIE} for p in operation.parameters) or operation.request_body is not None
        if len(touching) > 1 or not isinstance(touching[0], Steady) or decides or credentials is None or credentials[1]:
            return None
        return _Live(entry, touching[0], {}, Ready())

    def _maker(self, entry: Entry, names: list[str], keys: frozenset[bytes], fields: frozenset[bytes]) -> Make | None:
        """What makes answers, where the responder makes one for who asks for nothing that is stored."""
        answer = self._responder.respond(self._request(entry, dict.fromkeys(names, _STRANGER), keys, fields))
        is_made = answer.source == GENERATED and answer.entry is entry and not answer.findings
        return self._responder.maker(entry) if is_made else None

    def _keys_of(self, operation: Operation) -> tuple[frozenset[bytes], frozenset[bytes]] | None:
        """Where the keys of the only security requirement stand; None for other kinds of credentials."""
        if not operation.security or not self._responder.kit.settings.security:
            return frozenset(), frozenset()
        schemes = [self._responder.document.schemes[name] for name, _ in operation.security[0]]
        if len(operation.security) > 1 or any(s.type != "apiKey" or s.location is Location.COOKIE for s in schemes):
            return None
        in_query = (scheme.name for scheme in schemes if scheme.location is Location.QUERY)
        in_header = (scheme.name.lower() for scheme in schemes if scheme.location is Location.HEADER)
        found = frozenset(name.encode() for name in in_query), frozenset(name.encode() for name in in_header)
        is_plain = not found[1] & (_DECIDING | {_ACCEPT}) and not any(name.startswith(b"__") for name in found[0])
        return found if is_plain else None

    def _ask(self, entry: Entry, variables: dict[str, str], keys: frozenset[bytes], fields: frozenset[bytes]) -> Answer | None:
        """The stored answer of the responder; None where it makes one."""
        answer = self._responder.respond(self._request(entry, variables, keys, fields))
        return answer if _is_stored(answer) and not answer.findings and answer.entry is entry else None

    def _request(self, entry: Entry, variables: dict[str, str], keys: frozenset[bytes], fields: frozenset[bytes]) -> Request:
        """An ordinary request."""
        path = self._responder.base_paths(entry)[0] + entry.template
        for name, value in variables.items():
            path = path.replace("{" + name + "}", quote(value, safe=""))
        query = b"&".join(sorted(key + b"=key" for key in keys))
        return Request(entry.method, path.encode(), query, [(name, b"key") for name in sorted(fields)], b"")


def _host(fields: RawFields) -> bytes:
    return next((value for name, value in fields if name == b"host"), b"")


def _has_keys(plan: _Plan, query: bytes, fields: RawFields) -> bool:
    """Whether a request has its credentials, and nothing else in its query."""
    if plan.fields and not plan.fields <= {name for name, value in fields if value}:
        return False
    return _keys(query, plan.keys) == len(plan.keys) if plan.keys else not query


def _answer(plan: _Plan, variables: dict[str, str], query: bytes, body: bytes, world: World) -> Answer | None:
    stored = plan.otherwise if plan.variable is None else plan.by_value.get(variables[plan.variable], plan.otherwise)
    if stored is not None or plan.make is None:
        return stored
    try:
        return plan.make(variables, query, body, world)
    except SchemaError:
        return None


def _is_stored(answer: Answer) -> bool:
    return answer.source.startswith(("fixture:", "example:", "empty"))


def _declares_all(operation: Operation) -> bool:
    """Whether all variables of the template are declared; another one may be read as a number."""
    return sorted(parameter.name for parameter in operation.parameters) == sorted(template_names(operation.entry.template))


def _keys(query: bytes, known: frozenset[bytes]) -> int:
    """How many different keys a query holds, each with a value; -1 where there is anything else in it."""
    given = set()
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name not in known or not value:
            return -1
        given.add(name)
    return len(given)


def _is_plain(parameter: Parameter) -> bool:
    """Whether a parameter stands in the path and takes any text."""
    schema: JsonValue = parameter.schema.value if parameter.schema is not None else None
    known = {"type", "description", "example", "examples", "title", "default"}
    return (
        parameter.location is Location.PATH
        and parameter.content is None
        and parameter.style.value == "simple"
        and isinstance(schema, dict)
        and schema.get("type") == "string"
        and all(keyword in known or keyword.startswith("x-") for keyword in schema)
    )
