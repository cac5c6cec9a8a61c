"""
The checks of safe methods: equal repeats, HEAD like GET, conditions that are obeyed.

RFC 9110, sections 9.2 and 13.
"""

from dataclasses import replace
from typing import Final

from mock_server.contract.checks import Asking, Check
from mock_server.contract.knowledge.observed import json_of
from mock_server.contract.model import Exchanged, Intent, Probe, Verdict
from mock_server.errors import MalformedContent
from mock_server.exchange.content_coding import decode_content
from mock_server.exchange.media_type import is_same_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.json_values import JsonValue

_REDIRECTS: Final = frozenset((301, 302, 307, 308))
_CONDITIONS: Final = 2  # tags that are tried: a thing may change between two readings
_ACCEPTED: Final = b"accept-encoding"
_MOST_DECODED: Final = 50_000_000  # bytes
# Header fields whose condition would be asked beside that of If-None-Match. RFC 9110, section 13.1.
_CONDITIONAL: Final = frozenset(
    (b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range", b"range")
)
_COMPARED = (b"content-type",)


def ask_again(session: Asking, base: Exchanged, what: str = "the same again") -> Exchanged:
    """Send an accepted request again."""
    return session.send(replace(base.probe, what=what, keyword=""))


def _same(session: Asking, base: Exchanged, again: Exchanged) -> None:
    """Check that the status is the same; and no list that grows or shrinks with each reading."""
    if again.received.response is None or again.status in {429, 503}:
        return
    session.look("idempotency")
    if not again.accepted:
        message = f"{base.status}, and {again.status} to the same request right after it"
        session.note(Verdict("idempotency", session.finding("response-safe-changing", message)), again, (base,))
        return
    sizes = [_size(base), _size(again)]
    if sizes[0] != sizes[1] and None not in sizes:
        third = ask_again(session, base, "the same once more")
        sizes.append(_size(third))
        known = [size for size in sizes if size is not None]
        if len(known) == len(sizes) and (known[0] < known[1] < known[2] or known[0] > known[1] > known[2]):
            message = f"three times the same request gave {known[0]}, {known[1]} and {known[2]} items"
            finding = session.finding("response-safe-changing", message)
            session.note(Verdict("idempotency", finding, doubtful=not session.is_alone), third, (base, again))


def _size(exchanged: Exchanged) -> int | None:
    """Return how many items an answer has."""
    body: JsonValue = json_of(exchanged.received.response) if exchanged.received.response is not None else None
    if isinstance(body, list):
        return len(body)
    lists = [value for value in body.values() if isinstance(value, list)] if isinstance(body, dict) else []
    if len(lists) == 1:
        return len(lists[0])
    return None


def _head(session: Asking, base: Exchanged, again: Exchanged) -> None:
    """HEAD is GET without the content. RFC 9110, section 9.3.2; who doesn't know it at all says so."""
    template = session.subject.entry.template
    documented = any(
        entry.template == template and entry.method == "HEAD" for entry in session.subject.api.document.entries
    )
    probe = replace(
        base.probe,
        request=base.probe.request._replace(method="HEAD"),
        what="HEAD instead of GET",
        intent=Intent.DOUBTFUL,
        keyword="",
    )
    exchanged = session.ask(probe)
    got, asked = exchanged.received.response, again.received.response
    if got is None or asked is None or (not documented and got.status in {400, 401, 403, 404, 405, 415, 429, 501, 503}):
        return
    session.look("head_matches_get")
    if got.status in _REDIRECTS and session.subject.operation.find_response(got.status) is None:
        return  # the GET was led on
    differences = _differences(
        got, asked, same_body=base.received.response is not None and base.received.response.body == asked.body
    )
    if differences and _is_settled(session, base, asked):
        finding = session.finding("response-head-differs", f"HEAD and GET differ: {'; '.join(differences)}")
        session.note(Verdict("head_matches_get", finding), exchanged, (again,))


def _is_settled(session: Asking, base: Exchanged, asked: Response) -> bool:
    """Return whether a GET still gives what it gave before HEAD was asked: some providers change their mind late."""
    after = session.ask(replace(base.probe, what="the same after HEAD", keyword="")).received.response
    return after is not None and (after.status, after.body) == (asked.status, asked.body)


def _differences(head: Response, get: Response, *, same_body: bool) -> list[str]:
    found = []
    if head.status != get.status:
        return [f"the status is {head.status} and {get.status}"]
    if head.body:
        found.append(f"HEAD has a body of {len(head.body)} bytes")
    for name in _COMPARED:
        one, other = find_field(head.fields, name), find_field(get.fields, name)
        if one is not None and other is not None and not is_same_media_type(one, other):
            found.append(f"{name.decode()} is {one!r} and {other!r}")
    length = find_field(head.fields, b"content-length")
    if same_body and length is not None and length.isdigit() and int(length) != len(get.body):
        found.append(f"content-length is {length}, and {len(get.body)} bytes come")
    return found


def _condition(session: Asking, base: Exchanged, again: Exchanged) -> None:
    """Check that a documented ETag is obeyed where 304 is documented as well. RFC 9110, section 13.1.2."""
    operation, response = session.subject.operation, again.received.response
    documented = operation.find_response(response.status) if response is not None else None
    if documented is None or not any(header.name.lower() == "etag" for header in documented.headers):
        return
    if not any(known.status == "304" for known in operation.responses):
        return
    last = again
    for _ in range(_CONDITIONS):
        tag = _tag_of(last)
        if tag is None:
            return
        drawn = (field for field in base.probe.request.fields if field[0].lower() not in _CONDITIONAL)
        fields = (*drawn, (b"if-none-match", tag.encode("latin-1", "replace")))
        conditional = base.probe.request._replace(fields=fields)
        what = "If-None-Match with the ETag that came"
        probe = Probe(base.probe.operation, conditional, Intent.CONFORMING, session.phase, what, known=True)
        last = session.send(probe)
        session.look("conditional_requests")
        if not last.accepted:
            return
        if _tag_of(last) == tag:
            message = f"{last.status} with the ETag {tag} although If-None-Match names it; 304 is documented"
            finding = session.finding("response-condition-ignored", message)
            session.note(Verdict("conditional_requests", finding), last, (base,))
            return


def _tag_of(exchanged: Exchanged) -> str | None:
    response = exchanged.received.response
    return find_field(response.fields, b"etag") if response is not None else None


def check_coding(session: Asking, base: Exchanged, _again: Exchanged) -> None:
    """Check that what comes as gzip can be read, to its end. RFC 9110, section 8.4."""
    request = base.probe.request
    fields = (*(field for field in request.fields if field[0].lower() != _ACCEPTED), (_ACCEPTED, b"gzip"))
    asked = replace(
        base.probe, request=request._replace(fields=fields), what="gzip is accepted", intent=Intent.DOUBTFUL, keyword=""
    )
    exchanged = session.ask(asked)
    response = exchanged.received.response
    if response is None or not exchanged.accepted or find_field(response.fields, b"content-encoding") != "gzip":
        return
    try:
        decode_content(response.body, response.fields, _MOST_DECODED)
    except MalformedContent as error:
        message = f"the body as gzip, which was accepted: {error}"
        finding = session.finding("response-body-malformed", message, instance=("body",))
        session.note(Verdict("not_a_server_error", finding, cause=("gzip",)), exchanged, (base,))


_NO_GET: Final = "no GET was answered with success"
CHECKS: Final = (
    Check("idempotency", "safe methods give the same again", follow=_same, needs=_NO_GET, needs_state=True),
    Check("head_matches_get", "HEAD has the header of GET", follow=_head, needs=_NO_GET, needs_state=True),
    Check(
        "conditional_requests",
        "a documented ETag is obeyed",
        follow=_condition,
        needs="no documented ETag came where 304 is documented",
        needs_state=True,
    ),
)
