"""
Parameters, as they are written on the wire.

A text in a query is read by the schema of the receiver: `5` is an integer, a string, or a list of one item. So what is
compared is the schema of what may be written; where two parameters are written in different ways, requests are written
and read.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from mock_server.diff.context import OperationPair, describe_difference
from mock_server.diff.messages import SchemaDifference
from mock_server.diff.model import ComparedPlace, DiffVerdict, Witness
from mock_server.diff.notes import iter_endings
from mock_server.diff.proof.wire import Writing
from mock_server.diff.readings import is_same_reading, writing_of
from mock_server.document.document import path_names
from mock_server.document.model import Operation, Parameter, ParameterLocation, Style
from mock_server.errors import SchemaError, UndefinedSerialization
from mock_server.exchange.media_type import is_same_media_type
from mock_server.exchange.message import Request
from mock_server.exchange.serialization import write_parameter
from mock_server.json_values import JsonValue
from mock_server.schema.dialect import Direction, Purpose

_MOST_TRIED: Final = 40
_DIGITS: Final = (1, 2, 3, 4, 6, 9, 12, 18)  # of long numbers
_SCALARS: Final = frozenset(("string", "number", "integer", "boolean", "null"))
_IN_ONE_WORD: Final = frozenset((Style.FORM, Style.SIMPLE, Style.SPACE_DELIMITED, Style.PIPE_DELIMITED))
_Key = tuple[ParameterLocation, str]


def compare_parameters(pair: OperationPair) -> None:
    """Compare the parameters of an operation."""
    sender, receiver = (pair.new, pair.old) if pair.is_sent else (pair.old, pair.new)
    accepted = _by_key(receiver)
    sent = _by_key(sender)
    for key, parameter in sent.items():
        pair.compared += 1
        other = accepted.get(key)
        place = pair.place(Direction.REQUEST, parameter.location.value, parameter.name)
        if other is None:
            message = f"the {parameter.location.value} parameter {parameter.name!r} is gone"
            pair.add("diff-parameter-removed", message, place, old=parameter.node, new=pair.new.entry.node)
            continue
        if other.required and not parameter.required:
            _require(pair, other, place, f"the {other.location.value} parameter {other.name!r} is required now")
        old, new = (other, parameter) if pair.is_sent else (parameter, other)
        what = f"{parameter.location.value} parameter {parameter.name!r}"
        for rule, message in iter_endings(old.node, new.node, what):
            pair.add(rule, message, place, old=old.node, new=new.node)
        _compare_values(pair, parameter, other, place)
    for key, parameter in accepted.items():
        if key not in sent:
            pair.compared += 1
            place = pair.place(Direction.REQUEST, parameter.location.value, parameter.name)
            if parameter.required and parameter.location is not ParameterLocation.PATH:
                message = f"the {parameter.location.value} parameter {parameter.name!r} is new and required"
                _require(pair, parameter, place, message)


def _by_key(operation: Operation) -> dict[_Key, Parameter]:
    """Return the parameters by what tells them apart: those of the path by their order in the template."""
    order = {name: str(index) for index, name in enumerate(path_names(operation.entry, operation.parameters))}
    found: dict[_Key, Parameter] = {}
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.location is ParameterLocation.PATH:
            name = order.get(name, name)
        elif parameter.location is ParameterLocation.HEADER:
            name = name.lower()
        found[parameter.location, name] = parameter
    return found


def _require(pair: OperationPair, parameter: Parameter, place: ComparedPlace, message: str) -> None:
    """Note a parameter that requests have to have now; shown by a request without it."""
    sender = pair.new if pair.is_sent else pair.old
    own = _by_key(sender).get((parameter.location, parameter.name))
    without = ((own.location, own.name),) if own is not None else ()
    request = pair.witness_request(without=without)
    if request is None:
        return
    reasons = tuple(finding.message for finding in pair.refusals(request))
    witness = Witness(request=request, origin=pair.origin, reasons=reasons or ("it is required",))
    rule = "diff-callback-widened" if pair.is_sent else "diff-parameter-required"
    old = own.node if own is not None else pair.old.entry.node
    pair.add(rule, message, place, old=old, new=parameter.node, witness=witness)


def _compare_values(pair: OperationPair, sent: Parameter, received: Parameter, place: ComparedPlace) -> None:
    comparer = pair.context.comparer(Direction.REQUEST, is_sent=pair.is_sent)
    one = sent.content.schema if sent.content is not None else sent.schema
    other = received.content.schema if received.content is not None else received.schema
    pair.note_schemas(one, other, Direction.REQUEST, place)
    same_way = _find_common_writing(pair, sent, received)
    if other is None and same_way is not None:
        return
    loses_empty = sent.allow_empty and not received.allow_empty
    differences: list[SchemaDifference] = []
    if same_way is not None and other is not None:
        try:
            differences = comparer.compare(one, other, same_way)
        except SchemaError as error:
            differences = [comparer.give_up(str(error))]
        if not differences and not loses_empty:
            return
    candidates = [each.refused.value for each in differences if each.refused is not None]
    candidates += [""] if loses_empty else []
    every = comparer.list_integers(one) if one is not None else None
    if every is not None:
        candidates += every
    elif one is not None:
        candidates += [*islice(comparer.iter_examples(one), _MOST_TRIED), *_long_numbers(pair, sent)]
    else:
        candidates += ["a", "1"]
    found = _find_refused(pair, sent, received, candidates, is_alike=same_way is not None)
    rule = "diff-callback-widened" if pair.is_sent else "diff-parameter-refused"
    where = f"the {sent.location.value} parameter {sent.name!r}"
    if found is not None:
        request, value, reasons = found
        witness = Witness(request=request, origin=pair.origin, value=value, reasons=reasons)
        shown = next((d for d in differences if d.refused is not None and d.refused.value == value), None)
        inside = shown.inside if shown is not None else ()
        message = f"{where}: {describe_difference(shown) if shown is not None else reasons[0]}"
        pair.add(rule, message, place, old=sent.node, new=received.node, witness=witness, inside=inside)
        return
    if same_way is not None and (every is not None or not differences):
        return  # all values were tried, or only the empty text was new
    reason = differences[0].reason if differences else "it is written in another way"
    pair.add(
        "diff-undecided",
        f"{where}: whether the change breaks somebody could not be decided",
        place,
        old=sent.node,
        new=received.node,
        verdict=DiffVerdict.UNKNOWN,
        reason=reason or "no request was found that shows it",
        tried=len(candidates),
    )


def _find_common_writing(pair: OperationPair, sent: Parameter, received: Parameter) -> Writing | None:
    """Return how the same value is written by both; None where they are written in different ways."""
    if (sent.content is None) is not (received.content is None):
        return None
    if sent.content is not None and received.content is not None:
        if is_same_media_type(sent.content.name, received.content.name):
            return writing_of(sent.content.name)
        return None
    mine, yours = _types(pair, sent), _types(pair, received)
    is_scalar = bool(mine) and mine <= _SCALARS
    if is_scalar and yours == {"array"} and received.style in _IN_ONE_WORD and sent.style in _IN_ONE_WORD:
        return Writing.ITEM
    if sent.style is received.style and sent.explode == received.explode:
        return Writing.SEGMENT if sent.location is ParameterLocation.PATH else Writing.TEXT
    if is_scalar and yours and yours <= _SCALARS and {sent.style, received.style} <= _IN_ONE_WORD:
        return Writing.TEXT
    if sent.style is received.style and is_scalar and yours and yours <= _SCALARS:
        return Writing.TEXT
    return None


def _types(pair: OperationPair, parameter: Parameter) -> set[str]:
    """Return the types of a parameter's values; nothing where they are not known."""
    if parameter.schema is None:
        return set()
    is_old = any(parameter is each for each in pair.old.parameters)
    side = pair.context.old if is_old else pair.context.new
    try:
        return set(side.kit.outline(parameter.schema, Direction.REQUEST, Purpose.JUDGE).types)
    except SchemaError:
        return set()


def _long_numbers(pair: OperationPair, parameter: Parameter) -> list[JsonValue]:
    """Return numbers of many digits, for a parameter that has numbers: a text may have to be short."""
    if not _types(pair, parameter) & {"integer", "number"}:
        return []
    return [sign * 10**digits for digits in _DIGITS for sign in (1, -1)]


def _is_confirmed(
    pair: OperationPair, sent: Parameter, received: Parameter, value: JsonValue, read: tuple[JsonValue] | None
) -> bool:
    """Return whether the second judge, too, accepts a value by the sender's schema and refuses what was read of it."""
    comparer = pair.context.comparer(Direction.REQUEST, is_sent=pair.is_sent)
    if read is None or sent.schema is None or received.schema is None:
        return True
    if comparer.confirm(comparer.receiver, received.schema, read[0]):
        return False
    return (value == "" and sent.allow_empty) or comparer.confirm(comparer.sender, sent.schema, value)


def _find_refused(
    pair: OperationPair, sent: Parameter, received: Parameter, values: list[JsonValue], *, is_alike: bool
) -> tuple[Request, JsonValue, tuple[str, ...]] | None:
    """Write requests with values until the receiver refuses one for this parameter, or reads it as another value."""
    key = (sent.location, sent.name)
    for value in values:
        request = pair.witness_request(replaced={key: value})
        if request is None:
            continue
        if not pair.sender_accepts(request, key):
            continue
        reasons = tuple(_refusals(pair, request, received))
        read = pair.read_parameter(request, received)
        if reasons and _is_confirmed(pair, sent, received, value, read):
            return request, value, reasons
        expected = pair.read_parameter(request, sent, of_sender=True)
        if read is not None and expected is not None and not is_same_reading(expected[0], read[0]):
            return request, value, (f"it is read as {read[0]!r}, not as {expected[0]!r}",)
        if not is_alike and (other := _written_otherwise(sent, received, value)):
            return request, value, (f"what stands for {value!r} is {other!r} now",)
    return None


def _written_otherwise(sent: Parameter, received: Parameter, value: JsonValue) -> str:
    """
    Return how the receiver's document writes a value, where that differs from the sender's.

    Some readers take both forms; the document allows one.
    """
    try:
        mine, yours = write_parameter(sent, value), write_parameter(received, value)
    except UndefinedSerialization:
        return ""
    return yours if mine != yours and sent.location is received.location else ""


def _refusals(pair: OperationPair, request: Request, received: Parameter) -> Iterator[str]:
    wanted = (received.location.value, received.name)
    for finding in pair.refusals(request):
        if finding.instance is not None and finding.instance[:2] == wanted:
            yield finding.message
