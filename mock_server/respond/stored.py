"""
Stored answers: status, header fields and body, written down as they are or as a template.

Fixtures, scenarios and mappings hold them. Each is judged by the document: as it is when it is read, a template when it
is made.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mock_server.delay import Delay, parse_delay
from mock_server.document.model import MISSING, Entry, Missing, Operation
from mock_server.errors import ScriptError, UsageError
from mock_server.exchange import problem
from mock_server.exchange.body import content_type, write_body
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.exchange.negotiate import choose_success
from mock_server.faults import Fault, FaultKind, parse_fault
from mock_server.findings import Finding
from mock_server.generate.realism.pools import Pools
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judges.response import ResponseJudge
from mock_server.respond.answer import SOURCE, Answer, RawField, problem_answer
from mock_server.respond.match.functions import as_text
from mock_server.respond.match.request_pattern import PatternRequest
from mock_server.respond.match.template import Rendering, Template, compile_template
from mock_server.respond.represent.context import RequestContext
from mock_server.schema.sites import Site
from mock_server.tokens import is_token

# What an answer that is written down may have, besides what its holder knows.
KEYS: Final = frozenset(("status", "headers", "body", "template", "delay", "fault"))
# What goes wrong inside an answer can be written there.
_IN_ANSWER: Final = frozenset((FaultKind.ERROR, FaultKind.MEDIA_TYPE, FaultKind.SCHEMA))
_log = logging.getLogger("mock_server.access")


class Raw(NamedTuple):
    """A body that is sent as it is."""

    data: bytes
    typed: bool = True  # with the documented media type, where the answer names none


class WrittenAnswer(NamedTuple):
    """The header fields and the body of an answer."""

    fields: tuple[RawField, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Made:
    """The functions that make the header fields and the body of each answer."""

    headers: Template
    body: Template | None
    operation: Operation | None
    raw: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that is written down."""

    status: int
    written: WrittenAnswer  # of a template: as it stands there
    made: _Made | None = None  # of a template
    delay: Delay | None = None
    fault: Fault | None = None

    @property
    def is_template(self) -> bool:
        """True if it depends on the request."""
        return self.made is not None

    @property
    def depends(self) -> bool:
        """True if it can't be kept ready: it is a template, or has a delay or a fault."""
        return self.is_template or self.delay is not None or self.fault is not None

    def write(self, rendering: Rendering) -> WrittenAnswer:
        """
        Write it for a request.

        Raises:
            ScriptError: what is made can't be sent.
        """
        if self.made is None:
            return self.written
        fields = list(_fields(self.made.headers.render(rendering)))
        if self.made.body is None:
            return _write(MISSING, fields, self.made.operation, self.status)
        body = self.made.body.render(rendering)
        return _write(
            Raw(as_text(body).encode("utf-8", "replace")) if self.made.raw else body,
            fields,
            self.made.operation,
            self.status,
        )


def read_stored(
    envelope: JsonObject,
    operation: Operation | None,
    pools: Callable[[], Pools],
    *,
    template: bool = False,
    raw: Raw | None = None,
) -> Stored:
    """
    Read an answer.

    Args:
        envelope: Of `KEYS`; others are not looked at.
        operation: Whose answer it is; None of nothing that is documented.
        pools: Gives where templates take values from.
        template: Whether it is one where it does not say so.
        raw: The body, to be sent as it is, instead of the value of one.

    Raises:
        ScriptError: it has another shape.
    """
    default = choose_success(operation) if operation is not None else None
    status = envelope.get("status", default.status if default is not None else 200)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:  # noqa: PLR2004
        raise ScriptError(f"the status has to be a number from 200 to 599, not {status!r}", ("status",))
    template = _flag(envelope.get("template", template))
    headers, body = envelope.get("headers", {}), envelope.get("body", MISSING)
    made = None
    if template:
        text = raw.data.decode("utf-8", "replace") if raw is not None else body
        compiled = compile_template(text, pools(), ("body",)) if not isinstance(text, Missing) else None
        made = _Made(compile_template(headers, pools(), ("headers",)), compiled, operation, raw is not None)
        if made.headers.is_constant and (compiled is None or compiled.is_constant):
            made = None
    return Stored(
        status=status,
        written=_write(raw if raw is not None else body, list(_fields(headers)), operation, status),
        made=made,
        delay=read_delay(envelope.get("delay")),
        fault=read_fault(envelope.get("fault")),
    )


def judge_stored(stored: Stored, judge: ResponseJudge, head: Sequence[RawField] = ()) -> tuple[Finding, ...]:
    """
    Judge an answer by the document; of a template only what does not depend on the request: its status.

    Args:
        stored: The answer.
        judge: Of the operation.
        head: The documented header fields that are sent with it.
    """
    found = judge.judge(Response(stored.status, with_head(stored.written.fields, head), stored.written.body))
    return tuple(
        finding for finding in found if not stored.is_template or finding.rule == "response-status-undocumented"
    )


def with_head(fields: Sequence[RawField], head: Sequence[RawField]) -> list[RawField]:
    """Header fields, and those that the document has besides."""
    own = {name for name, _ in fields}
    return [*fields, *((name, value) for name, value in head if name not in own)]


@dataclass(frozen=True, slots=True)
class RenderContext:
    """The values that a stored answer needs besides the request."""

    source: str  # `fixture:NAME` and the like
    operation: Operation | None
    judge: ResponseJudge | None  # None: whatever is made is sent
    head: Sequence[RawField]  # the documented header fields
    pools: Callable[[], Pools]
    key: str = ""  # of the turns of a template; else its source


def render(stored: Stored, context: RenderContext, ask: RequestContext) -> Answer:
    """
    Answer with what is written down.

    What is made of a template is judged first, and one that breaks the document is said.
    """
    entry = context.operation.entry if context.operation is not None else None
    written = stored.written
    if stored.is_template:
        key = f"told:{context.key or context.source}"
        ask.world.turns[key] += 1
        turn, read = ask.world.turns[key], ask.understood
        seed = derive_seed(ask.seed, key, turn)
        rendering = Rendering(
            PatternRequest(ask.request),
            ask.variables,
            read.parameters,
            read.body,
            seed,
            context.pools(),
            turn,
            ask.world.clock,
        )
        try:
            written = stored.write(rendering)
        except ScriptError as error:
            return problem_answer(problem.INVALID_ANSWER, f"{context.source}: {error}", entry=entry)
    fields = [*with_head(written.fields, context.head), (SOURCE, context.source.encode("latin-1", "replace"))]
    if stored.is_template and context.judge is not None:
        findings = context.judge.judge(Response(stored.status, fields, written.body))
        if findings:
            return refused(context.source, entry, findings)
    return Answer(stored.status, fields, written.body, context.source, entry, delay=stored.delay, fault=stored.fault)


def refused(source: str, entry: Entry | None, findings: tuple[Finding, ...]) -> Answer:
    """Answer with a problem instead of an answer that breaks the document."""
    detail = f"{source}: " + "; ".join(dict.fromkeys(finding.message for finding in findings))
    _log.error("  %s", detail)
    return problem_answer(
        problem.INVALID_ANSWER, detail, entry=entry, findings=findings, violations=problem.describe(findings)
    )


def _flag(value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise ScriptError("'template' is true or false", ("template",))
    return value


def read_delay(value: JsonValue) -> Delay | None:
    """
    Read the delay that an answer meets, written as `Prefer` has it.

    Raises:
        ScriptError: it is none.
    """
    if value is None:
        return None
    try:
        return parse_delay(value)
    except UsageError as error:
        raise ScriptError(str(error), ("delay",)) from error


def read_fault(value: JsonValue) -> Fault | None:
    """
    Read the fault that an answer meets, written as `Prefer` has it.

    Raises:
        ScriptError: it is none, or one that an answer can say by itself.
    """
    if value is None:
        return None
    try:
        fault = parse_fault(value)
    except UsageError as error:
        raise ScriptError(str(error), ("fault",)) from error
    if fault.kind in _IN_ANSWER:
        raise ScriptError(
            f"{fault.name} is said by the status, the header fields or the body of the answer", ("fault",)
        )
    if fault.rate != 1 or fault.turn is not None:
        raise ScriptError("a fault of an answer meets it each time; answers one after another have turns", ("fault",))
    return fault


def _fields(headers: JsonValue) -> Iterator[RawField]:
    if not isinstance(headers, dict):
        raise ScriptError("headers have to be an object of names and texts", ("headers",))
    for name, value in headers.items():
        for item in value if isinstance(value, list) else [value]:
            if item is None:
                continue
            text = as_text(item)
            if not is_token(name) or not text.isprintable():
                raise ScriptError(f"{name!r} is no header field that can be sent", ("headers", name))
            yield name.lower().encode(), text.encode("latin-1", "replace")


def _write(
    body: JsonValue | Raw | Missing, fields: list[RawField], operation: Operation | None, status: int
) -> WrittenAnswer:
    """Write the body as the documented media type, unless the answer names another; a string is sent as it is."""
    if isinstance(body, Missing):
        return WrittenAnswer(tuple(fields), b"")
    if isinstance(body, Raw) and not body.typed:
        return WrittenAnswer(tuple(fields), body.data)
    named = find_field(fields, b"content-type")
    documented = operation.find_response(status) if operation is not None else None
    written = named or (
        documented.content[0].name if documented is not None and documented.content else "application/json"
    )
    media_type = parse_media_type(written)
    if media_type.is_range:
        written, media_type = "application/json", parse_media_type("application/json")
    if named is None:
        fields.append((b"content-type", content_type(written, media_type).encode("latin-1", "replace")))
    if isinstance(body, Raw):
        return WrittenAnswer(tuple(fields), body.data)
    if isinstance(body, str) and not is_json(media_type):
        return WrittenAnswer(tuple(fields), body.encode("utf-8", "surrogatepass"))
    return WrittenAnswer(tuple(fields), write_body(body, media_type, Site(), {}, "root"))
