"""Answers: the statuses of an operation as sets, header fields and links."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from mock_server.diff.bodies import compare_answer_bodies
from mock_server.diff.context import OperationPair, describe_difference
from mock_server.diff.messages import SchemaComparer
from mock_server.diff.model import ComparedPlace, DiffVerdict, Witness
from mock_server.diff.notes import iter_endings
from mock_server.diff.proof.wire import Writing
from mock_server.document.model import DocumentedResponse, Header, Link, Missing, Operation
from mock_server.document.references import Node
from mock_server.errors import SchemaError, UndefinedSerialization
from mock_server.exchange.body import write_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response
from mock_server.exchange.serialization import write_header
from mock_server.json_values import JsonObject, JsonValue, same_json
from mock_server.schema.dialect import Direction

_CLASSES: Final = (200, 400, 500, 300, 100)  # the first status of each, the likeliest first
_FIRST_ERROR: Final = 400
_MOST_TRIED: Final = 40  # values of a header field that are written


def compare_answers(pair: OperationPair) -> None:
    """Compare the answers of an operation, status by status; statuses that are documented together are one."""
    sender, receiver = (pair.old, pair.new) if pair.is_sent else (pair.new, pair.old)
    for status, sent, received in iter_statuses(sender, receiver):
        if not receiver.responses:
            continue  # nothing was promised
        if received is None:
            _add_status(pair, status, sent)
            continue
        if _names(sent) == _names(received) and pair.context.unchanged.holds(*_by_age(pair, sent, received)):
            continue
        compare_answer_bodies(pair, sent, received, status)
        _compare_headers(pair, sent, received, status)
        _compare_links(pair, sent, received)
    if not pair.is_sent:
        _compare_removed(pair)


def _names(response: DocumentedResponse) -> list[str]:
    """Return the media types of a response, which Swagger writes elsewhere."""
    return [media.name for media in response.content]


def _by_age(
    pair: OperationPair, sent: DocumentedResponse | Header, received: DocumentedResponse | Header
) -> tuple[Node, Node]:
    """Return the places of both, the old document's first."""
    if pair.is_sent:
        return sent.node, received.node
    return received.node, sent.node


def iter_statuses(
    sender: Operation, receiver: Operation
) -> Iterator[tuple[int, DocumentedResponse, DocumentedResponse | None]]:
    """
    Yield what a sender documents with what its receiver has for the same statuses, each pair once.

    Returns:
        A status for which the pair holds, preferably one that somebody names; what the sender documents; what the
        receiver does, if anything.
    """
    named = [
        int(response.status) for side in (sender, receiver) for response in side.responses if response.status.isdigit()
    ]
    seen: set[tuple[str, str]] = set()
    others = [next(each for each in range(first, 1_000) if each not in named) for first in _CLASSES]
    for status in dict.fromkeys((*named, *others)):
        sent, received = sender.find_response(status), receiver.find_response(status)
        if sent is None:
            continue
        key = (sent.status, received.status if received is not None else "")
        if key not in seen:
            seen.add(key)
            yield status, sent, received


def _add_status(pair: OperationPair, status: int, sent: DocumentedResponse) -> None:
    place = pair.place(Direction.RESPONSE, sent.status)
    pair.compared += 1
    known = ", ".join(response.status for response in pair.receiver_of_answers.responses) or "none"
    is_error = status >= _FIRST_ERROR or (not sent.status.isdigit() and sent.status == "default")
    if is_error or status < 200:  # noqa: PLR2004 - interim answers are passed over by clients
        message = f"the status {sent.status} is new; documented were {known}"
        pair.add("diff-error-status-added", message, place, old=pair.old.entry.node, new=sent.node)
        return
    witness = Witness(
        request=pair.witness_request(),
        response=Response(status, (), b""),
        origin=pair.origin,
        reasons=(f"the status {status} is not documented; documented are {known}",),
    )
    rule = "diff-callback-answer-refused" if pair.is_sent else "diff-status-added"
    message = f"the status {sent.status} is new; documented were {known}"
    pair.add(rule, message, place, old=pair.old.entry.node, new=sent.node, witness=witness)


def _compare_removed(pair: OperationPair) -> None:
    kept = {response.status.upper() for response in pair.new.responses}
    for response in pair.old.responses:
        covered = response.status.isdigit() and pair.new.find_response(int(response.status)) is not None
        if response.status.upper() not in kept and not covered:
            place = pair.place(Direction.RESPONSE, response.status)
            message = f"the status {response.status} is documented no more"
            pair.add("diff-status-removed", message, place, old=response.node, new=pair.new.entry.node)


def _compare_headers(pair: OperationPair, sent: DocumentedResponse, received: DocumentedResponse, status: int) -> None:
    offered = {header.name.lower(): header for header in sent.headers}
    for header in received.headers:
        place = pair.place(Direction.RESPONSE, received.status, "headers", header.name)
        pair.compared += 1
        own = offered.get(header.name.lower())
        if own is None and not header.required:
            message = f"the header {header.name!r} of the answer {received.status} is documented no more"
            pair.add("diff-property-dropped", message, place, old=header.node, new=sent.node)
        elif header.required and (own is None or not own.required):
            witness = Witness(
                request=pair.witness_request(),
                response=Response(status, (), b""),
                origin=pair.origin,
                reasons=(f"the header {header.name!r} is required",),
            )
            message = f"the header {header.name!r} of the answer {received.status} may be left out"
            node = own.node if own is not None else sent.node
            pair.add("diff-header-removed", message, place, old=header.node, new=node, witness=witness)
        if own is not None:
            old, new = _by_age(pair, own, header)
            for rule, message in iter_endings(old, new, f"header {header.name!r}"):
                pair.add(rule, message, place, old=old, new=new)
            _compare_header_schema(pair, own, header, place, status)


def _compare_header_schema(
    pair: OperationPair, sent: Header, received: Header, place: ComparedPlace, status: int
) -> None:
    one = sent.content.schema if sent.content is not None else sent.schema
    other = received.content.schema if received.content is not None else received.schema
    if other is None:
        return
    pair.note_schemas(one, other, Direction.RESPONSE, place)
    comparer = pair.context.comparer(Direction.RESPONSE, is_sent=pair.is_sent)
    rewritten = _find_rewritten_header(comparer, sent, received, one)
    if rewritten is not None:
        value, mine, yours = rewritten
        witness = Witness(
            request=pair.witness_request(),
            response=_write_header_answer(sent, mine, status),
            origin=pair.origin,
            value=value,
            reasons=(f"what stands for this value is {mine} now; it was {yours}",),
        )
        message = f"the header {received.name!r} is written in another way: {mine} now, not {yours}"
        pair.add("diff-header-widened", message, place, old=received.node, new=sent.node, witness=witness)
        return
    try:
        differences = comparer.compare(one, other, Writing.JSON if received.content is not None else Writing.TEXT)
    except SchemaError as error:
        differences = [comparer.give_up(str(error))]
    for difference in differences:
        if difference.refused is None:
            pair.add(
                "diff-undecided",
                f"the header {received.name!r}: whether the change breaks somebody could not be decided",
                place,
                old=received.node,
                new=sent.node,
                verdict=DiffVerdict.UNKNOWN,
                inside=difference.inside,
                reason=difference.reason,
                tried=difference.tried,
            )
            continue
        text = _write_header_text(sent, difference.refused.value) or ""
        witness = Witness(
            request=pair.witness_request(),
            response=_write_header_answer(sent, text, status),
            origin=pair.origin,
            value=difference.refused.value,
            reasons=tuple(violation.message for violation in difference.refused.violations),
        )
        message = f"the header {received.name!r}: {describe_difference(difference)}"
        pair.add(
            "diff-header-widened", message, place, old=received.node, new=sent.node, witness=witness,
            inside=difference.inside,
        )  # fmt: skip


def _write_header_answer(header: Header, text: str, status: int) -> Response:
    field = (header.name.lower().encode("latin-1", "replace"), text.encode("latin-1", "replace"))
    return Response(status, (field,), b"")


def _find_rewritten_header(
    comparer: SchemaComparer, sent: Header, received: Header, schema: Node | None
) -> tuple[JsonValue, str, str] | None:
    """Find a value of a header field that is written in another way than its receiver knows, with both texts."""
    is_alike = (sent.content is None) is (received.content is None) and sent.explode == received.explode
    if schema is None or is_alike:
        return None
    try:
        for value in islice(comparer.iter_examples(schema), _MOST_TRIED):
            mine, yours = _write_header_text(sent, value), _write_header_text(received, value)
            if mine is not None and yours is not None and mine != yours:
                return value, mine, yours
    except SchemaError:
        return None
    return None


def _write_header_text(header: Header, value: JsonValue) -> str | None:
    """Write the value of a header field; None where no header can hold it."""
    try:
        if header.content is not None and is_json(parse_media_type(header.content.name)):
            return write_json(value).decode()
        return write_header(value, explode=header.explode)
    except UndefinedSerialization:
        return None


def _compare_links(pair: OperationPair, sent: DocumentedResponse, received: DocumentedResponse) -> None:
    kept = {link.name: link for link in sent.links}
    for link in received.links:
        place = pair.place(Direction.RESPONSE, received.status, "links", link.name)
        other = kept.get(link.name)
        if other is None:
            pair.add("diff-link-removed", f"the link {link.name!r} is gone", place, old=link.node, new=sent.node)
            continue
        before, after = _members_of(link), _members_of(other)
        if pair.is_sent:
            before, after = after, before
        changed = [name for name in before if not same_json(before[name], after[name])]
        if changed:
            message = f"the link {link.name!r} has another {' and '.join(changed)} now"
            pair.add("diff-link-changed", message, place, old=link.node, new=other.node)


def _members_of(link: Link) -> JsonObject:
    """Return what a link says, by the names of the Link Object."""
    body = None if isinstance(link.request_body, Missing) else link.request_body
    return {
        "operationId": link.operation_id,
        "operationRef": link.operation_ref,
        "parameters": link.parameters,
        "requestBody": body,
    }
