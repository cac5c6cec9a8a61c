"""Bodies: of requests and of answers, by media type."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from mock_server.diff.context import OperationPair, describe_difference
from mock_server.diff.encodings import Rewritten, find_rewritten
from mock_server.diff.messages import SchemaDifference
from mock_server.diff.model import ComparedPlace, DiffVerdict, Witness
from mock_server.diff.readings import is_opaque, says_nothing, writing_of
from mock_server.document.model import MISSING, DocumentedResponse, MediaType, Missing
from mock_server.errors import SchemaError
from mock_server.exchange.body import content_type, write_body
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Request, Response
from mock_server.findings import Place
from mock_server.json_values import JsonValue
from mock_server.judges.body import find_content
from mock_server.schema.dialect import Direction, Purpose

_OF_ANY: Final = ("text/plain", "application/example")  # of any type, besides JSON


def compare_request_bodies(pair: OperationPair) -> None:
    """Compare what requests of an operation have for a body."""
    old, new = pair.old.request_body, pair.new.request_body
    sent, received = (new, old) if pair.is_sent else (old, new)
    place = pair.place(Direction.REQUEST, "body")
    if sent is None and received is None:
        return
    pair.compared += 1
    if received is None and sent is not None:
        rule = "diff-callback-widened" if pair.is_sent else "diff-request-body-removed"
        pair.add(rule, "the request has no body any more", place, old=sent.node, new=pair.new.entry.node,
                 verdict=DiffVerdict.CHANGED)  # fmt: skip
        return
    if received is not None and received.required and (sent is None or not sent.required):
        _require_body(pair, place)
    if sent is None or received is None:
        return
    for media in sent.content:
        taken = [find_content(received.content, name) for name in _stand_ins(media.name)]
        counterpart = next((each for each in taken if each is not None), None)
        where = pair.place(Direction.REQUEST, "body", media.name)
        pair.compared += 1
        if None in taken:
            rule = "diff-callback-widened" if pair.is_sent else "diff-media-type-removed"
            refused = replace(media, name=_stand_ins(media.name)[taken.index(None)])
            request = pair.witness_request(media=refused, body=_example_body(pair, media))
            if request is not None:
                witness = Witness(request=request, origin=pair.origin, reasons=_reasons(pair, request))
                message = f"a body of {refused.name} is not taken any more"
                pair.add(rule, message, where, old=media.node, new=received.node, witness=witness)
        if counterpart is not None:
            _compare_request_schema(pair, media, counterpart, where)


def _require_body(pair: OperationPair, place: ComparedPlace) -> None:
    request = pair.witness_request(is_bare=True)
    if request is None:
        return
    rule = "diff-callback-widened" if pair.is_sent else "diff-request-body-required"
    body = pair.new.request_body or pair.old.request_body
    witness = Witness(request=request, origin=pair.origin, reasons=_reasons(pair, request))
    node = body.node if body is not None else pair.new.entry.node
    pair.add(rule, "the body is required now", place, old=pair.old.entry.node, new=node, witness=witness)


def _reasons(pair: OperationPair, request: Request) -> tuple[str, ...]:
    return tuple(finding.message for finding in pair.refusals(request))


def _example_body(pair: OperationPair, media: MediaType) -> JsonValue | Missing:
    """Return a good body of a media type of the side that sends."""
    side, operation = (pair.context.new, pair.new) if pair.is_sent else (pair.context.old, pair.old)
    draft = side.draft(operation)
    if draft.media is media:
        return draft.body
    if media.schema is None:
        return "example"
    try:
        sender = pair.context.comparer(Direction.REQUEST, is_sent=pair.is_sent)
        return sender.make_example(media.schema)
    except SchemaError:
        return "example"


def _stand_ins(name: str) -> tuple[str, ...]:
    """Return the media types that a range stands for, as far as they matter, or the one that it is."""
    parsed = parse_media_type(name)
    if not parsed.is_range:
        return (name,)
    return (_concrete(name), *_OF_ANY) if parsed.type == "*" else (f"{parsed.type}/example",)


def _concrete(name: str) -> str:
    """Return a media type that a range stands for."""
    parsed = parse_media_type(name)
    if not parsed.is_range:
        return name
    return "application/json" if parsed.type == "*" else f"{parsed.type}/example"


def _compare_request_schema(pair: OperationPair, sent: MediaType, received: MediaType, place: ComparedPlace) -> None:
    rule = "diff-callback-widened" if pair.is_sent else "diff-request-refused"
    for difference in iter_differences(pair, sent, received, Direction.REQUEST, place):
        old, new = (received, sent) if pair.is_sent else (sent, received)
        if difference.refused is None:
            add_undecided(pair, difference, place, old, new)
            continue
        request = pair.witness_request(body=difference.refused.value, media=sent)
        if request is None or not (is_json(parse_media_type(sent.name)) or pair.refusals(request)):
            add_undecided(pair, difference, place, old, new)
            continue
        witness = Witness(
            request=request,
            origin=pair.origin,
            value=difference.refused.value,
            inside=difference.refused.violations[0].instance if difference.refused.violations else (),
            reasons=tuple(violation.message for violation in difference.refused.violations),
        )
        add_difference(pair, rule, difference, place, old, new, witness)
    rewritten = find_rewritten(pair, sent, received, _concrete(sent.name), Direction.REQUEST)
    if rewritten is not None and not any(change.is_red and change.place == place for change in pair.changes):
        request = pair.witness_request(body=rewritten.value, media=rewritten.media)
        witness = Witness(request=request, origin=pair.origin, value=rewritten.value, reasons=(rewritten.reason,))
        _add_rewritten(pair, rule, rewritten, place, (received, sent) if pair.is_sent else (sent, received), witness)


def _add_rewritten(
    pair: OperationPair,
    rule: str,
    rewritten: Rewritten,
    place: ComparedPlace,
    by_age: tuple[MediaType, MediaType],
    witness: Witness,
) -> None:
    old, new = by_age
    message = f"the body is written in another way: {rewritten.reason}"
    pair.add(rule, message, place, old=old.node, new=new.node, witness=witness)


def iter_differences(
    pair: OperationPair, sent: MediaType, received: MediaType, direction: Direction, place: ComparedPlace
) -> Iterator[SchemaDifference]:
    """Compare the schemas of two media types; nothing where everything that is sent is proven to be accepted."""
    comparer = pair.context.comparer(direction, is_sent=pair.is_sent)
    for one, other in ((sent.schema, received.schema), (sent.item_schema, received.item_schema)):
        if other is None or (is_opaque(sent.name) and says_nothing(one)):
            continue
        pair.note_schemas(one, other, direction, place)
        try:
            yield from comparer.compare(one, other, writing_of(sent.name))
        except SchemaError as error:
            yield comparer.give_up(str(error))


def add_difference(
    pair: OperationPair,
    rule: str,
    difference: SchemaDifference,
    place: ComparedPlace,
    old: MediaType,
    new: MediaType,
    witness: Witness,
) -> None:
    """Note a difference that a witness shows."""
    refused = difference.refused
    violation = refused.violations[0] if refused is not None and refused.violations else None
    at_receiver = violation.place if violation is not None else None
    receiver_is_new = place.sender == "client" if not pair.is_sent else place.direction is Direction.RESPONSE
    own_old, own_new = find_places(difference, old, new, receiver_is_new=receiver_is_new)
    if at_receiver is not None and receiver_is_new:
        own_new = at_receiver
    elif at_receiver is not None:
        own_old = at_receiver
    message = describe_difference(difference)
    pair.add(rule, message, place, old=own_old, new=own_new, witness=witness, inside=difference.inside)


def find_places(
    difference: SchemaDifference, old: MediaType, new: MediaType, *, receiver_is_new: bool
) -> tuple[Place, Place]:
    """Return where a difference is written in both documents: the definitions that many places share, or the bodies."""
    before, after = difference.received, difference.sent
    if receiver_is_new:
        before, after = after, before
    return (before or old.node).place, (after or new.node).place


def add_undecided(
    pair: OperationPair, difference: SchemaDifference, place: ComparedPlace, old: MediaType, new: MediaType
) -> None:
    """Note a difference of which nothing is known."""
    keyword = f" ({difference.gap.keyword})" if difference.gap.keyword else ""
    receiver_is_new = place.sender == "client" if not pair.is_sent else place.direction is Direction.RESPONSE
    own_old, own_new = find_places(difference, old, new, receiver_is_new=receiver_is_new)
    message = f"whether the change{keyword} breaks somebody could not be decided"
    pair.add(
        "diff-undecided",
        message,
        place,
        old=own_old,
        new=own_new,
        verdict=DiffVerdict.UNKNOWN,
        inside=difference.inside,
        reason=difference.reason,
        tried=difference.tried,
    )


def compare_answer_bodies(
    pair: OperationPair, sent: DocumentedResponse, received: DocumentedResponse, status: int
) -> None:
    """
    Compare the bodies of one status.

    Args:
        pair: The operation.
        sent: As the party that answers has it: the provider, but for callbacks.
        received: As the party that asked has it.
        status: An example of the statuses that are compared.
    """
    if not received.content:
        for media in sent.content:
            where = pair.place(Direction.RESPONSE, received.status, "body", media.name)
            message = f"the answer {received.status} has a body where none was documented"
            pair.add("diff-media-type-added", message, where, old=received.node, new=media.node)
        return
    matched: set[str] = set()
    for media in sent.content:
        counterpart = find_content(received.content, _concrete(media.name))
        where = pair.place(Direction.RESPONSE, received.status, "body", media.name)
        pair.compared += 1
        if counterpart is None:
            message = f"the answer {received.status} may have the media type {media.name}"
            pair.add("diff-media-type-added", message, where, old=received.node, new=media.node)
            continue
        matched.add(counterpart.name)
        _compare_answer_schema(pair, sent, media, counterpart, where, status)
    for media in received.content:
        if media.name not in matched and find_content(sent.content, _concrete(media.name)) is None:
            _remove_answer_type(pair, sent, media, status, received.status)


def _remove_answer_type(
    pair: OperationPair, sent: DocumentedResponse, media: MediaType, status: int, written: str
) -> None:
    where = pair.place(Direction.RESPONSE, written, "body", media.name)
    request = pair.witness_request()
    if pair.is_sent or request is None:
        return
    accepting = (*(field for field in request.fields if field[0] != b"accept"), (b"accept", media.name.encode()))
    offered = ", ".join(each.name for each in sent.content) or "no body"
    witness = Witness(
        request=request._replace(fields=accepting),
        response=write_answer(status, sent, None, MISSING),
        origin=pair.origin,
        reasons=(f"it is asked for {media.name}; documented is {offered}",),
    )
    message = f"the answer {written} can't be got as {media.name} any more"
    pair.add("diff-media-type-removed", message, where, old=media.node, new=sent.node, witness=witness)


def _compare_answer_schema(
    pair: OperationPair,
    response: DocumentedResponse,
    sent: MediaType,
    received: MediaType,
    place: ComparedPlace,
    status: int,
) -> None:
    rule = "diff-callback-answer-refused" if pair.is_sent else "diff-response-widened"
    for difference in iter_differences(pair, sent, received, Direction.RESPONSE, place):
        old, new = (sent, received) if pair.is_sent else (received, sent)
        if difference.refused is None:
            add_undecided(pair, difference, place, old, new)
            continue
        violations: Sequence[str] = [violation.message for violation in difference.refused.violations]
        witness = Witness(
            request=pair.witness_request(),
            response=_write_response(pair, sent, difference.refused.value, status),
            origin=pair.origin,
            value=difference.refused.value,
            inside=difference.refused.violations[0].instance if difference.refused.violations else (),
            reasons=tuple(violations),
        )
        add_difference(pair, rule, difference, place, old, new, witness)
    rewritten = find_rewritten(pair, sent, received, _concrete(sent.name), Direction.RESPONSE)
    if rewritten is not None and not any(change.is_red and change.place == place for change in pair.changes):
        witness = Witness(
            request=pair.witness_request(),
            response=_write_response(pair, rewritten.media, rewritten.value, status),
            origin=pair.origin,
            value=rewritten.value,
            reasons=(rewritten.reason,),
        )
        _add_rewritten(pair, rule, rewritten, place, (sent, received) if pair.is_sent else (received, sent), witness)


def _write_response(pair: OperationPair, media: MediaType, value: JsonValue, status: int) -> Response:
    """Write an answer with a body, as its sender does."""
    side = pair.context.old if pair.is_sent else pair.context.new
    name = _concrete(media.name)
    parsed = parse_media_type(name)
    body = b""
    if media.schema is not None:
        outline = side.kit.outline(media.schema, Direction.RESPONSE, Purpose.MAKE)
        body = write_body(value, parsed, outline, media.encoding, "root")
    field = (b"content-type", content_type(name, parsed).encode("latin-1", "replace"))
    return Response(status, (field,), body)


def write_answer(
    status: int, response: DocumentedResponse, media: MediaType | None, value: JsonValue | Missing
) -> Response:
    """Write an answer without a body, or with the type of one."""
    first = media or next(iter(response.content), None)
    if first is None or isinstance(value, Missing):
        fields: tuple[tuple[bytes, bytes], ...] = ()
        if first is not None:
            fields = ((b"content-type", _concrete(first.name).encode("latin-1", "replace")),)
        return Response(status, fields, b"")
    return Response(status, ((b"content-type", _concrete(first.name).encode("latin-1", "replace")),), b"")
