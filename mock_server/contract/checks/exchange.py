"""
What one exchange says about the provider: the checks that need nothing but it.

Each takes an exchange that was sent on purpose and gives verdicts. A refusal of a request that was wrong on purpose may
come from a framework, a gateway or a router, which know nothing of the document: about those, verdicts are doubtful.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.checks import CHECK_OF_RULE
from mock_server.contract.memory import json_of
from mock_server.contract.model import Exchanged, Intent, Verdict
from mock_server.contract.transport.http import TransportFault
from mock_server.document.model import MediaType, Operation
from mock_server.errors import SchemaError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonValue, Pointer
from mock_server.judges.request import find_content
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline

# What frameworks, gateways and routers answer by themselves to what they don't like.
_FRAMEWORK: Final = frozenset((400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 417, 422, 426, 428, 431, 501))
# What a field of the request asks for, documented or not. RFC 9110, sections 13.1 and 14.2.
_ASKED_BY: Final = {
    b"if-match": {412},
    b"if-unmodified-since": {412},
    b"if-none-match": {304, 412},
    b"if-modified-since": {304},
    b"range": {206, 416},
}
_LIMITED: Final = frozenset((429, 503))
_MOST_OBJECTS = 400


@dataclass(frozen=True, slots=True)
class Expectations:
    """What is expected beyond the document."""

    max_response_time: float | None = None  # seconds
    real_credentials: bool = False  # they were given, so that made-up ones can be told from them


def check_exchange(subject: OperationUnderTest, exchanged: Exchanged, expected: Expectations) -> Iterator[Verdict]:
    """Run the checks that look at one exchange."""
    received = exchanged.received
    if received.fault is not None:
        yield _fault(subject, exchanged)
    if received.response is None:
        return
    status = received.response.status
    if is_limited(received.response):
        return  # a limit was reached: nothing was tested
    if status >= 500:  # noqa: PLR2004
        yield _server_error(subject, exchanged)
    if expected.max_response_time is not None and received.seconds > expected.max_response_time and not received.cut:
        message = f"the answer took {received.seconds:.2f} s, more than {expected.max_response_time:g} s"
        yield Verdict("max_response_time", _finding(subject, "response-slow", message))
    yield from _intended(subject, exchanged, expected)
    if received.fault is None and exchanged.probe.intent is not Intent.FOREIGN_METHOD and status < 500:  # noqa: PLR2004
        yield from _conformance(subject, exchanged, received.response)


def is_limited(response: Response) -> bool:
    """Return whether the provider asks to come back later: 429, or 503 that says when."""
    return response.status == 429 or (  # noqa: PLR2004
        response.status in _LIMITED and find_field(response.fields, b"retry-after") is not None
    )


def _finding(
    subject: OperationUnderTest, rule: str, message: str, place: Place | None = None, instance: Pointer | None = None
) -> Finding:
    return Finding(
        rule=rule,
        message=message,
        place=place or subject.entry.node.place,
        instance=instance,
        operation=subject.entry.id,
    )


def _fault(subject: OperationUnderTest, exchanged: Exchanged) -> Verdict:
    received = exchanged.received
    fault = received.fault or TransportFault.MALFORMED
    if fault in {TransportFault.TIMEOUT, TransportFault.ENDLESS}:
        check = "max_response_time"
    else:
        check = "not_a_server_error"
    message = f"{fault.value}{': ' + received.detail if received.detail else ''}"
    return Verdict(check, _finding(subject, "response-transport-failed", message), cause=(fault.name,))


def _server_error(subject: OperationUnderTest, exchanged: Exchanged) -> Verdict:
    """Return the verdict on a status of 500 or more; a documented 501, 503 or 504 is doubtful."""
    status = exchanged.status
    documented = any(response.status == str(status) for response in subject.operation.responses)
    message = f"{status} to a request that is {exchanged.probe.intent.value} ({exchanged.probe.what})"
    where = exchanged.probe.where if exchanged.probe.intent in {Intent.CONFORMING, Intent.VIOLATING} else ()
    finding = _finding(subject, "response-server-error", message, instance=where or None)
    return Verdict(
        "not_a_server_error", finding, doubtful=documented and status in {501, 503, 504}, cause=(str(status),)
    )


def _intended(subject: OperationUnderTest, exchanged: Exchanged, expected: Expectations) -> Iterator[Verdict]:
    """Yield the verdicts on what should have been refused, and was accepted."""
    if not exchanged.accepted:
        return
    probe, status = exchanged.probe, exchanged.status
    if probe.intent is Intent.VIOLATING:
        is_header = probe.keyword == "required" and probe.where[:1] == ("header",)
        check, rule = (
            ("missing_required_header", "response-header-unneeded")
            if is_header
            else ("negative_data_rejection", "response-invalid-accepted")
        )
        message = f"{status} although the request breaks the document: {probe.what}"
        yield Verdict(check, _finding(subject, rule, message, probe.place, probe.where), cause=(probe.keyword,))
    elif probe.intent is Intent.DOUBTFUL and probe.keyword:
        message = f"{status} although the request may break the document: {probe.what}"
        yield Verdict(
            "negative_data_rejection",
            _finding(subject, "response-invalid-accepted", message, probe.place, probe.where),
            doubtful=True,
            cause=(probe.keyword,),
        )
    elif probe.intent is Intent.UNAUTHENTICATED:
        message = f"{status} without the required credentials"
        yield Verdict("ignored_auth", _finding(subject, "response-auth-ignored", message), cause=("missing",))
    elif probe.intent is Intent.FORGED:
        message = f"{status} with made-up credentials" + (
            "" if expected.real_credentials else "; give real ones, so that these can be told from them"
        )
        yield Verdict(
            "ignored_auth",
            _finding(subject, "response-auth-ignored", message),
            doubtful=not expected.real_credentials,
            cause=("forged",),
        )
    elif probe.intent is Intent.FOREIGN_METHOD:
        message = f"{status} to {probe.request.method}, which {subject.entry.template} does not document"
        finding = _finding(subject, "response-method-undocumented", message, subject.entry.path_item.place)
        yield Verdict("unsupported_method", finding, cause=(probe.request.method,))


def _conformance(subject: OperationUnderTest, exchanged: Exchanged, response: Response) -> Iterator[Verdict]:
    """Yield the findings of the judge of responses, and undocumented properties."""
    try:
        findings = subject.responses.judge(response, exchanged.probe.request.method)
    except SchemaError as error:
        subject.api.broken.setdefault(subject.entry.id, error)
        return
    for finding in findings:
        check = CHECK_OF_RULE[finding.rule]
        doubt = _doubt(subject, exchanged, finding)
        if doubt is None:
            continue
        cause = (
            (str(response.status),)
            if finding.rule.startswith(("response-status", "response-media", "response-charset"))
            else ()
        )
        yield Verdict(check, finding, doubtful=doubt, cause=cause)
    if exchanged.accepted:
        yield from _undocumented_properties(subject, response)


def _doubt(subject: OperationUnderTest, exchanged: Exchanged, finding: Finding) -> bool | None:
    """Return whether a finding of the judge may not be the provider's fault; None where it says nothing at all."""
    probe, status = exchanged.probe, exchanged.status
    if finding.rule == "response-status-undocumented":
        return _doubtful_status(subject, exchanged)
    if exchanged.accepted or status not in _FRAMEWORK:
        return False
    documented = subject.operation.find_response(status)
    only_default = documented is not None and documented.status == "default"
    if probe.intent is Intent.CONFORMING:
        return only_default and status in {401, 403, 404, 405, 406, 415}
    if finding.rule in {"response-media-type-undocumented", "response-body-missing", "response-header-missing"}:
        return True
    in_path = probe.where[:1] == ("path",) and status in {404, 405}
    return only_default or in_path or probe.intent is Intent.DOUBTFUL


def _doubtful_status(subject: OperationUnderTest, exchanged: Exchanged) -> bool | None:
    probe, status = exchanged.probe, exchanged.status
    if any(status in _ASKED_BY.get(name, ()) for name, _ in probe.request.fields):
        return True
    if probe.intent is Intent.CONFORMING:
        if status in {401, 403}:
            return bool(subject.operation.security)
        if subject.is_elsewhere and status in {404, 405}:
            return True
        return status in {404, 410} and bool(subject.operation.parameters) and not probe.known
    if exchanged.accepted:
        return None  # that it was accepted is said already
    if status in _FRAMEWORK or 300 <= status < 400:  # noqa: PLR2004
        return None
    return False


def _undocumented_properties(subject: OperationUnderTest, response: Response) -> Iterator[Verdict]:
    documented = subject.operation.find_response(response.status)
    written = find_field(response.fields, b"content-type")
    content = find_content(documented.content, written) if documented is not None and written is not None else None
    if content is None or content.schema is None or not is_json(parse_media_type(written or "")):
        return
    outline = outline_for(subject, content)
    for pointer, place_name in _unknown(outline, json_of(response)):
        message = f"the body at /{'/'.join(pointer)}: the property {place_name!r} is not documented"
        yield Verdict(
            "undocumented_property",
            _finding(subject, "response-property-undocumented", message, content.schema.place, ("body", *pointer)),
        )


def outline_for(subject: OperationUnderTest, content: MediaType) -> Outline:
    """Return the outline of what a media type documents."""
    if content.schema is None:
        return Outline((), {})
    return subject.api.kit.outline(content.schema, Direction.RESPONSE, Purpose.JUDGE)


def _unknown(outline: Outline, body: JsonValue) -> Iterator[tuple[Pointer, str]]:
    """Yield the properties of a value that its schema neither names nor lets through by a schema of their own."""
    todo: list[tuple[Pointer, Outline, JsonValue]] = [((), outline, body)]
    for _ in range(_MOST_OBJECTS):
        if not todo:
            return
        pointer, here, value = todo.pop()
        if isinstance(value, list):
            todo.extend(((*pointer, str(index)), here.item(index), item) for index, item in enumerate(value[:20]))
        elif isinstance(value, dict) and here.names:
            is_closed = not any(
                "patternProperties" in source or source.get("additionalProperties") not in (None, False)
                for source in here.sources
            )
            for name, member in value.items():
                if name in here.names:
                    todo.append(((*pointer, name), here.member(name), member))
                elif is_closed:
                    yield (*pointer, name), name


def documented_statuses(operation: Operation) -> tuple[str, ...]:
    """Return the statuses that an operation documents."""
    return tuple(response.status for response in operation.responses)
