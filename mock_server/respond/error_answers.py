"""
Refusing a request: in the document's own words where it has some, else with problem details, RFC 9457.

A documented error response is filled with what is wrong: the message goes where the schema has a place for one, the
rule where it has a code, and a list of errors gets an item for each violation. Every change is judged; one that would
break the schema is taken back.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import unquote

from mock_server.document.model import MISSING, DocumentedResponse, MediaType, Operation
from mock_server.errors import SchemaError
from mock_server.exchange import problem
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.content_coding import KNOWN_CODINGS
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Request
from mock_server.exchange.negotiate import ChosenResponse, choose_failure, choose_status
from mock_server.exchange.prefer import NONE
from mock_server.exchange.router import Unmatched, join_paths
from mock_server.exchange.security import challenges
from mock_server.findings import Finding
from mock_server.generate.engine import Engine
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue, format_pointer
from mock_server.judges.request import DecodedRequest
from mock_server.names import split_words
from mock_server.respond.answer import GENERATED, SOURCE, Answer, Foreseen, Passed, RawField, problem_answer
from mock_server.respond.compiled import CompiledOperation, CompiledOperations, base_paths
from mock_server.respond.guards.conditions import accept_query
from mock_server.respond.guards.tokens import INSUFFICIENT, INVALID, TokenRefusal
from mock_server.respond.match.near_misses import DocumentedRoute, hint
from mock_server.respond.represent.context import NOBODY, RequestContext, accept_of
from mock_server.respond.represent.representation import Representation
from mock_server.respond.worlds import World
from mock_server.schema.dialect import Direction, Purpose

_LOOKED_AT: Final = 50  # operations that errors are looked for in


class RequestRefusal(NamedTuple):
    """Why a request that is read is not answered as usual."""

    statuses: tuple[int, ...]  # of which the first that is documented is taken
    kind: problem.Problem  # that is said where none is
    finding: Finding


class Considered(NamedTuple):
    """The offer of a source of answers, or at last of the document itself, for a request."""

    source: str  # its name; of the document, where its answer comes from
    outcome: Answer | Passed | Foreseen
    reason: str = ""  # why this response of the document answers
    chosen: ChosenResponse | None = None  # that response


_TOKEN_PROBLEMS: Final = {INVALID: problem.INVALID_TOKEN, INSUFFICIENT: problem.INSUFFICIENT_SCOPE}

FindFixture = Callable[[CompiledOperation, RequestContext, int | None], Answer | None]


class ErrorAnswers:
    """The answers of a document to requests that it refuses."""

    def __init__(self, kit: Engine, operations: CompiledOperations, find_fixture: FindFixture) -> None:
        """
        Take what answers are made of.

        Args:
            kit: Of the document.
            operations: Of the document, compiled.
            find_fixture: Finds the fixture that answers with a status.
        """
        self._kit = kit
        self._document = kit.document
        self._operations = operations
        self._find_fixture = find_fixture

    def refuse_accept(self, operation: Operation, reply: Representation, ask: RequestContext) -> Answer:
        """Answer 406: in the document's words where it has some for that status alone, else with problem details."""
        finding = reply.unacceptable(ask)
        chosen = choose_status(operation, problem.NOT_ACCEPTABLE.status)
        if chosen is not None and chosen.response.status == str(chosen.status):
            answer = self._documented(self._operations.compile(operation.entry), chosen, ask, (finding,))
            if answer is not None:
                return answer._replace(findings=(finding,))
        return problem_answer(problem.NOT_ACCEPTABLE, finding.message, entry=operation.entry, findings=(finding,))

    def refuse_credentials(self, compiled: CompiledOperation, ask: RequestContext) -> Considered:
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
        return considered(self.with_challenge(compiled, answer._replace(findings=(finding,))), reason, chosen)

    def refuse_token(self, compiled: CompiledOperation, ask: RequestContext, refusal: TokenRefusal) -> Considered:
        """Answer 401 or 403 to a request without a good token. RFC 6750, section 3."""
        operation = compiled.operation
        finding = Finding(
            rule="request-security-unmet",
            message=refusal.reason,
            place=operation.entry.node.place,
            instance=("security",),
            operation=operation.id,
        )
        chosen = choose_failure(operation, (refusal.status,))
        answer = self._documented(compiled, chosen, ask, (finding,)) if chosen is not None else None
        if answer is None:
            answer = problem_answer(_TOKEN_PROBLEMS[refusal.error], refusal.reason, entry=operation.entry)
        challenge = refusal.challenge().encode("latin-1", "replace")
        others = [pair for pair in answer.fields if pair[0] != b"www-authenticate"]
        answer = answer._replace(fields=[*others, (b"www-authenticate", challenge)], findings=(finding,))
        return considered(answer, f"the token is not good: {refusal.reason}", chosen)

    def with_challenge(self, compiled: CompiledOperation, answer: Answer) -> Answer:
        """Return a 401 says how to authenticate. RFC 9110, section 15.5.2."""
        challenge = challenges(compiled.operation.security, self._document.schemes)
        if not challenge or any(name == b"www-authenticate" for name, _ in answer.fields):
            return answer
        return answer._replace(fields=[*answer.fields, (b"www-authenticate", challenge.encode("latin-1", "replace"))])

    def refuse_request(
        self, compiled: CompiledOperation, ask: RequestContext, errors: tuple[Finding, ...]
    ) -> Considered:
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
            elif (accepted := accept_query(compiled.operation)) is not None:
                fields = [accepted]
            chosen = next(
                (c for c in [choose_status(compiled.operation, 415)] if c and c.response.status in {"415", "4XX"}), None
            )
        else:
            chosen = choose_failure(compiled.operation, REFUSING)
        answer = self._documented(compiled, chosen, ask, errors) if chosen is not None else None
        if answer is not None:
            if fields:
                answer = answer._replace(fields=[*answer.fields, *fields])
            return considered(answer, reason, chosen)
        return considered(_problem_of(compiled.operation, kind, errors, fields), reason, chosen)

    def refuse_plainly(self, compiled: CompiledOperation, errors: tuple[Finding, ...]) -> Answer:
        """Answer a request that breaks the document, and nothing but that, where no documented failure fits."""
        return _problem_of(compiled.operation, problem.INVALID_REQUEST, errors, ())

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
            self._documented(self._operations.compile(operation.entry), chosen, ask, (finding,))
            if chosen is not None
            else None
        )
        return answer or problem_answer(kind, finding.message, entry=operation.entry, operation=operation.id)

    def _documented(
        self, compiled: CompiledOperation, chosen: ChosenResponse, ask: RequestContext, findings: tuple[Finding, ...]
    ) -> Answer | None:
        """Make the documented error response; None where it can't be made, and a problem is answered instead."""
        reply = self._operations.reply(compiled, chosen)
        fixture = self._find_fixture(compiled, ask, chosen.status)
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

    def refuse_path(
        self, request: Request, unmatched: Unmatched, routes: Iterable[DocumentedRoute], served: Sequence[str]
    ) -> Answer:
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
        bases = join_paths(served or base_paths(self._kit))
        detail = f"no path template matches {unquote(path)!r}; the API is served under {bases}"
        detail += hint(routes, request.method, path)
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
            self._kit, operation, ChosenResponse(answer.status, response), self._operations.judge_of(operation.entry)
        )
        try:
            made = reply.value(context_of_unmatched(request, NOBODY))
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
        others = [pair for pair in answer.fields if pair[0] != b"content-type"]
        content_type = (b"content-type", name.encode("latin-1", "replace"))
        return answer._replace(fields=[content_type, *others], body=body)

    @cached_property
    def _error_shape(self) -> tuple[Operation, DocumentedResponse] | None:
        """The response that documents errors, where it requires a message: looked for in the first operations only."""
        for entry in self._document.entries[:_LOOKED_AT]:
            operation = self._document.operation(entry)
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
            outline = self._kit.outline(content.schema, Direction.RESPONSE, Purpose.JUDGE)
        except SchemaError:
            return False
        inner = [outline.member(name) for name in outline.required if name.lower() in {"error", "fault"}]
        return any(
            MESSAGE_WORDS & {word.lower() for word in each.required}
            for each in (outline, *inner)
            if "object" in each.types
        )


def _problem_of(
    operation: Operation, kind: problem.Problem, errors: tuple[Finding, ...], fields: Sequence[RawField]
) -> Answer:
    """Return the problem of a request that breaks the document."""
    return problem_answer(
        kind,
        "; ".join(dict.fromkeys([finding.message for finding in errors])),
        entry=operation.entry,
        findings=errors,
        fields=fields,
        violations=problem.describe(errors),
        operation=operation.id,
    )


def considered(answer: Answer, reason: str, chosen: ChosenResponse | None = None) -> Considered:
    """Return the answer of the document as the last thing that is considered."""
    return Considered(answer.source, answer, reason, chosen)


def context_of_unmatched(request: Request, world: World) -> RequestContext:
    """Return a request for nothing that is documented."""
    seed = derive_seed(request.method, request.path.decode("latin-1"), request.query.decode("latin-1"), request.body)
    return RequestContext(
        request, DecodedRequest({}, MISSING), NONE, accept_of(request), lambda: seed, "", (), None, world
    )


REFUSING: Final = (422, 400)  # the status of a request that breaks the document
MESSAGE_WORDS = frozenset(
    ("message", "detail", "details", "description", "error", "msg", "reason", "text", "title", "explanation", "info")
)
_CODE_WORDS = frozenset(("code", "type", "rule", "key", "kind"))
_PLACE_WORDS = frozenset(
    (
        "field",
        "path",
        "pointer",
        "location",
        "param",
        "parameter",
        "property",
        "name",
        "target",
        "source",
        "attribute",
        "loc",
    )
)
_LIST_WORDS = frozenset(("errors", "violations", "details", "issues", "problems", "messages", "failures", "causes"))

_Accept = Callable[[JsonValue], bool]


def word_refusal(value: JsonValue, findings: Sequence[Finding], accept: _Accept) -> JsonValue:
    """
    Say what is wrong in a value of a documented error response.

    Args:
        value: A conforming value: an example, or generated.
        findings: What is wrong with the request.
        accept: Judges a value by the schema of the response.

    Returns:
        The value, changed where the schema lets it be; always one that is accepted, if the given one was.
    """
    if not findings:
        return value
    value = copy.deepcopy(value)
    targets = [value] if isinstance(value, dict) else []
    if isinstance(value, list) and value and isinstance(value[0], dict):
        targets = [value[0]]
    for target in targets:
        inner = [
            member
            for name, member in target.items()
            if isinstance(member, dict) and _is(name, frozenset(("error", "fault", "problem")))
        ]
        for holder in (target, *inner):
            if isinstance(holder, dict):
                _fill(value, holder, findings, accept)
    return value


def _fill(whole: JsonValue, holder: JsonObject, findings: Sequence[Finding], accept: _Accept) -> None:
    text = "; ".join(dict.fromkeys(finding.message for finding in findings))
    for name, member in list(holder.items()):
        if isinstance(member, str) and _is(name, MESSAGE_WORDS):
            _change(whole, holder, name, text, accept)
        elif isinstance(member, str) and _is(name, _CODE_WORDS):
            _change(whole, holder, name, findings[0].rule, accept)
        elif isinstance(member, list) and name.lower() in _LIST_WORDS:
            _change(whole, holder, name, _listed(member, findings), accept)


def _listed(items: list[JsonValue], findings: Sequence[Finding]) -> list[JsonValue]:
    """Return one item for each finding, shaped like the items that are there."""
    shape = items[0] if items else None
    if isinstance(shape, dict):
        return [_item(shape, finding) for finding in findings]
    return [finding.message for finding in findings]


def _item(shape: JsonObject, finding: Finding) -> JsonValue:
    item = dict(shape)
    for name, member in shape.items():
        if not isinstance(member, str):
            continue
        if _is(name, MESSAGE_WORDS):
            item[name] = finding.message
        elif _is(name, _PLACE_WORDS):
            item[name] = format_pointer(finding.instance or ())
        elif _is(name, _CODE_WORDS):
            item[name] = finding.rule
    return item


def _change(whole: JsonValue, holder: JsonObject, name: str, value: JsonValue, accept: _Accept) -> None:
    before = holder[name]
    holder[name] = value
    if not accept(whole):
        holder[name] = before


def _is(name: str, words: frozenset[str]) -> bool:
    return bool(words & set(split_words(name)[-1:]))
