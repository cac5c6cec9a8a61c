"""
The checks that need a single exchange.

Each takes an exchange that was sent on purpose and gives verdicts. A refusal of a request that was wrong on purpose may
come from a framework, a gateway or a router, which know nothing of the document: about those, verdicts are doubtful.
"""

from collections.abc import Callable, Iterator
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.checks import Check, ExchangeUnderCheck
from mock_server.contract.checks.safe_methods import check_coding
from mock_server.contract.knowledge.observed import json_of
from mock_server.contract.model import Intent, Verdict
from mock_server.contract.transport.http import TransportFault
from mock_server.document.model import DocumentedResponse, MediaType
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import find_field
from mock_server.findings import Finding
from mock_server.json_values import JsonValue, Pointer
from mock_server.judges.body import find_content
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site

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
_LATE: Final = frozenset((TransportFault.TIMEOUT, TransportFault.ENDLESS))
_NOT_IMPLEMENTED: Final = 501
# What may come of naming a thing that nobody vouched for: it is not there, was there, or is somebody else's.
_ABSENT: Final = frozenset((401, 403, 404, 410))
_MOST_OBJECTS = 400


def _answer(context: ExchangeUnderCheck) -> Iterator[Verdict]:
    """
    Check that an answer came, and none of 500 or more.

    A documented 501 is an answer like any other, as is a 501 to a method that is not documented (RFC 9110, section
    15.6.2); a documented 503 or 504 is doubtful.
    """
    received, probe, status = context.exchanged.received, context.probe, context.status
    if received.fault is not None and received.fault not in _LATE:
        yield _transport_fault(context, "not_a_server_error", received.fault)
    if context.response is None or status < 500:  # noqa: PLR2004
        return
    documented = any(response.status == str(status) for response in context.subject.operation.responses)
    if status == _NOT_IMPLEMENTED and (documented or probe.intent is Intent.FOREIGN_METHOD):
        return
    message = f"{status} to a request that is {probe.intent.value} ({probe.what})"
    where: Pointer = ()
    if probe.intent in {Intent.CONFORMING, Intent.VIOLATING}:
        where = probe.where
    finding = context.finding("response-server-error", message, instance=where or None)
    yield Verdict("not_a_server_error", finding, doubtful=documented and status in {503, 504}, cause=(str(status),))


def _time(context: ExchangeUnderCheck) -> Iterator[Verdict] | None:
    """Check that the answer comes in time."""
    received, most = context.exchanged.received, context.expected.max_response_time
    if received.fault is not None and received.fault in _LATE:
        return iter((_transport_fault(context, "max_response_time", received.fault),))
    if most is None or context.response is None:
        return None
    if received.seconds <= most or received.cut:
        return iter(())
    message = f"the answer took {received.seconds:.2f} s, more than {most:g} s"
    return iter((Verdict("max_response_time", context.finding("response-slow", message)),))


def _transport_fault(context: ExchangeUnderCheck, check: str, fault: TransportFault) -> Verdict:
    detail = context.exchanged.received.detail
    message = f"{fault.value}{': ' + detail if detail else ''}"
    return Verdict(check, context.finding("response-transport-failed", message), cause=(fault.name,))


def _invalid(context: ExchangeUnderCheck) -> Iterator[Verdict] | None:
    """Check that a request that breaks the document is refused."""
    probe = context.probe
    is_doubtful = probe.intent is Intent.DOUBTFUL and bool(probe.keyword)
    if context.response is None or _lacks_header(context):
        return None
    if probe.intent is not Intent.VIOLATING and not is_doubtful:
        return None
    if not context.exchanged.accepted:
        return iter(())
    verb = "breaks"
    if is_doubtful:
        verb = "may break"
    message = f"{context.status} although the request {verb} the document: {probe.what}"
    finding = context.finding("response-invalid-accepted", message, probe.place, probe.where)
    return iter((Verdict("negative_data_rejection", finding, doubtful=is_doubtful, cause=(probe.keyword,)),))


def _header(context: ExchangeUnderCheck) -> Iterator[Verdict] | None:
    """Check that a request without a required header is refused."""
    probe = context.probe
    if context.response is None or not _lacks_header(context):
        return None
    if not context.exchanged.accepted:
        return iter(())
    message = f"{context.status} although the request breaks the document: {probe.what}"
    finding = context.finding("response-header-unneeded", message, probe.place, probe.where)
    return iter((Verdict("missing_required_header", finding, cause=(probe.keyword,)),))


def _lacks_header(context: ExchangeUnderCheck) -> bool:
    probe = context.probe
    return probe.intent is Intent.VIOLATING and probe.keyword == "required" and probe.where[:1] == ("header",)


def _credentials(context: ExchangeUnderCheck) -> Iterator[Verdict] | None:
    """Check that credentials are asked for, and looked at."""
    intent, status, real = context.probe.intent, context.status, context.expected.real_credentials
    if context.response is None or intent not in {Intent.UNAUTHENTICATED, Intent.FORGED}:
        return None
    if not context.exchanged.accepted:
        return iter(())
    if intent is Intent.UNAUTHENTICATED:
        finding = context.finding("response-auth-ignored", f"{status} without the required credentials")
        return iter((Verdict("ignored_auth", finding, cause=("missing",)),))
    message = f"{status} with made-up credentials"
    if not real:
        message += "; give real ones, so that these can be told from them"
    finding = context.finding("response-auth-ignored", message)
    return iter((Verdict("ignored_auth", finding, doubtful=not real, cause=("forged",)),))


def _method(context: ExchangeUnderCheck) -> Iterator[Verdict] | None:
    """Check that a method that is not documented is refused."""
    if context.response is None or context.probe.intent is not Intent.FOREIGN_METHOD:
        return None
    if not context.exchanged.accepted:
        return iter(())
    entry, method = context.subject.entry, context.probe.request.method
    message = f"{context.status} to {method}, which {entry.template} does not document"
    finding = context.finding("response-method-undocumented", message, entry.path_item.place)
    return iter((Verdict("unsupported_method", finding, cause=(method,)),))


def _judged(
    check: str, rules: tuple[str, ...], concerns: Callable[[DocumentedResponse], object] | None = None
) -> Callable[[ExchangeUnderCheck], Iterator[Verdict] | None]:
    """
    Make the function of a check that the judge of responses does.

    Args:
        check: Its name.
        rules: What the judge reports for it.
        concerns: Whether a documented response gives it something to look at; any answer does, if left out.
    """

    def run(context: ExchangeUnderCheck) -> Iterator[Verdict] | None:
        findings = context.conformance
        if findings is None:
            return None
        own = [finding for finding in findings if finding.rule in rules]
        documented = context.subject.operation.find_response(context.status)
        if not own and concerns is not None and (documented is None or not concerns(documented)):
            return None
        return _conformance(context, check, own)

    return run


def _conformance(context: ExchangeUnderCheck, check: str, findings: list[Finding]) -> Iterator[Verdict]:
    for finding in findings:
        doubt = _doubt(context, finding)
        if doubt is None:
            continue
        cause: tuple[str, ...] = ()
        if finding.rule.startswith(("response-status", "response-media", "response-charset")):
            cause = (str(context.status),)
        yield Verdict(check, finding, doubtful=doubt, cause=cause)


def _doubt(context: ExchangeUnderCheck, finding: Finding) -> bool | None:
    """Return whether a finding of the judge may not be the provider's fault; None where it says nothing at all."""
    probe, status = context.probe, context.status
    if finding.rule == "response-status-undocumented":
        return _doubtful_status(context)
    if context.exchanged.accepted or status not in _FRAMEWORK:
        # what is stored although it is wrong comes back as it was sent: that it was accepted is said already
        return probe.intent is Intent.VIOLATING and finding.rule == "response-body-schema"
    documented = context.subject.operation.find_response(status)
    only_default = documented is not None and documented.status == "default"
    if probe.intent is Intent.CONFORMING:
        return only_default and status in {401, 403, 404, 405, 406, 415}
    if finding.rule in {"response-media-type-undocumented", "response-body-missing", "response-header-missing"}:
        return True
    in_path = probe.where[:1] == ("path",) and status in {404, 405}
    return only_default or in_path or probe.intent is Intent.DOUBTFUL


def _doubtful_status(context: ExchangeUnderCheck) -> bool | None:
    probe, status, subject = context.probe, context.status, context.subject
    if any(status in _ASKED_BY.get(name, ()) for name, _ in probe.request.fields):
        return True
    if probe.intent is Intent.CONFORMING:
        if status in {401, 403} and subject.operation.security:
            if not subject.requests.admits(probe.request.query, tuple(probe.request.fields)):
                return None  # it was sent without credentials: to be refused is what the document's security says
            return True
        if subject.is_elsewhere and status in {404, 405}:
            return True
        return status in _ABSENT and _names_something(context) and not probe.known
    if context.exchanged.accepted:
        return None  # that it was accepted is said already
    if status in _FRAMEWORK or 300 <= status < 400:  # noqa: PLR2004
        return None
    return False


def _names_something(context: ExchangeUnderCheck) -> bool:
    """Return whether a request may name a thing that is not there: by a parameter or in its body."""
    operation = context.subject.operation
    return bool(operation.parameters) or operation.request_body is not None


def _undocumented_properties(context: ExchangeUnderCheck) -> Iterator[Verdict] | None:
    """Check that the body has documented properties only."""
    response = context.response
    if context.conformance is None or response is None or not context.exchanged.accepted:
        return None
    documented = context.subject.operation.find_response(response.status)
    written = find_field(response.fields, b"content-type")
    content = find_content(documented.content, written) if documented is not None and written is not None else None
    if content is None or content.schema is None or not is_json(parse_media_type(written or "")):
        return None
    return _unknown_properties(context, content, json_of(response))


def _unknown_properties(context: ExchangeUnderCheck, content: MediaType, body: JsonValue) -> Iterator[Verdict]:
    place = content.schema.place if content.schema is not None else None
    for pointer, place_name in iter_unknown_properties(outline_for(context.subject, content), body):
        message = f"the body at /{'/'.join(pointer)}: the property {place_name!r} is not documented"
        finding = context.finding("response-property-undocumented", message, place, ("body", *pointer))
        yield Verdict("undocumented_property", finding)


def outline_for(subject: OperationUnderTest, content: MediaType) -> Site:
    """Return the outline of what a media type documents."""
    if content.schema is None:
        return Site()
    return subject.api.kit.outline(content.schema, Direction.RESPONSE, Purpose.JUDGE)


def iter_unknown_properties(outline: Site, body: JsonValue) -> Iterator[tuple[Pointer, str]]:
    """Yield the properties of a value that its schema neither names nor lets through by a schema of their own."""
    todo: list[tuple[Pointer, Site, JsonValue]] = [((), outline, body)]
    for _ in range(_MOST_OBJECTS):
        if not todo:
            return
        pointer, here, value = todo.pop()
        if isinstance(value, list):
            todo.extend(((*pointer, str(index)), here.item(index), item) for index, item in enumerate(value[:20]))
        elif isinstance(value, dict) and here.names:
            todo.extend(((*pointer, name), here.member(name), value[name]) for name in value if name in here.names)
            if not _is_open(here):
                yield from (((*pointer, name), name) for name in value if name not in here.names)


def _is_open(outline: Site) -> bool:
    """Return whether an object lets other properties through by a schema of their own."""
    return any(
        "patternProperties" in source or source.get("additionalProperties") not in (None, False)
        for source in outline.sources
    )


_STATUS: Final = ("response-status-undocumented",)
_MEDIA: Final = ("response-media-type-undocumented", "response-charset-undocumented")
_FIELDS: Final = ("response-header-missing", "response-header-schema")
_BODY: Final = (
    "response-content-undocumented",
    "response-body-missing",
    "response-body-unexpected",
    "response-body-malformed",
    "response-body-schema",
)

CHECKS: Final = (
    Check(
        "not_a_server_error",
        "no status of 500 or more, no broken or missing answer",
        run=_answer,
        follow=check_coding,
        replayable=True,
    ),
    Check(
        "status_code_conformance",
        "the status is documented",
        run=_judged("status_code_conformance", _STATUS),
        rules=_STATUS,
        needs="no answer could be compared with the document",
        replayable=True,
    ),
    Check(
        "content_type_conformance",
        "the media type is documented",
        run=_judged("content_type_conformance", _MEDIA, lambda documented: documented.content),
        rules=_MEDIA,
        needs="no answer came that has documented content",
        replayable=True,
    ),
    Check(
        "response_headers_conformance",
        "header fields keep to the document",
        run=_judged("response_headers_conformance", _FIELDS, lambda documented: documented.headers),
        rules=_FIELDS,
        needs="no answer came that has documented header fields",
        replayable=True,
    ),
    Check(
        "response_schema_conformance",
        "the body keeps to its schema",
        run=_judged("response_schema_conformance", _BODY, lambda documented: documented.content),
        rules=_BODY,
        needs="no answer came that has documented content",
        replayable=True,
    ),
    Check(
        "negative_data_rejection",
        "a request that breaks the document is refused",
        run=_invalid,
        needs="no request could be made that breaks the document",
        replayable=True,
    ),
    Check(
        "missing_required_header",
        "a request without a required header is refused",
        run=_header,
        needs="no header was left out: none is required, or no request was accepted",
        replayable=True,
    ),
    Check(
        "unsupported_method",
        "a method that is not documented is refused",
        run=_method,
        needs="no undocumented method was sent: that is done once for each path",
        replayable=True,
    ),
    Check(
        "ignored_auth",
        "credentials are asked for, and looked at",
        run=_credentials,
        needs="no request without its credentials was sent: none are documented, or none was accepted with them",
    ),
    Check("max_response_time", "the answer comes in time", run=_time, needs="there is no limit: --max-response-time"),
    Check(
        "undocumented_property",
        "the body has documented properties only",
        run=_undocumented_properties,
        needs="no JSON body of a documented schema came",
        replayable=True,
    ),
)
