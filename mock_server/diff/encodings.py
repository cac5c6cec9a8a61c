"""
Bodies that are written in another way: forms by their Encoding Objects, XML by its XML Objects.

Both documents may allow the same values and still not mean the same bytes by them. Values are written as the sender's
document says, and read as the receiver's does.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple
from xml.etree.ElementTree import ParseError, canonicalize

from mock_server.diff.context import OperationPair
from mock_server.diff.messages import SchemaComparer
from mock_server.diff.readings import is_same_reading
from mock_server.document.model import Encoding, MediaType
from mock_server.document.references import Node
from mock_server.errors import MalformedContent, SchemaError, UndefinedSerialization
from mock_server.exchange.body import read_body, write_body
from mock_server.exchange.media_type import FORM, MULTIPART_FORM, MediaRange, is_xml, parse_media_type
from mock_server.json_values import JsonValue
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.formats import find_format
from mock_server.schema.sites import Site
from mock_server.schema.validate import Validator

_MOST_TRIED: Final = 24  # values that are written
_ROOT: Final = "root"  # the name of an XML element that has none of its own


class Rewritten(NamedTuple):
    """A body that its receiver takes for another value, or not at all."""

    value: JsonValue
    media: MediaType  # how it is written
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class _Party:
    """The encoding of bodies of a media type, as one party writes and reads them."""

    media: MediaType
    name: MediaRange
    outline: Site

    def write(self, value: JsonValue) -> bytes | None:
        """Write a value; None where OpenAPI does not say how."""
        try:
            return write_body(value, self.name, self.outline, self.media.encoding, _ROOT)
        except UndefinedSerialization:
            return None

    def takes_for(self, data: bytes) -> list[JsonValue]:
        """Read a body; nothing where it can't be read."""
        try:
            return read_body(data, self.name, self.outline, self.media.encoding)
        except MalformedContent:
            return []

    def is_read_back(self, value: JsonValue) -> bool:
        """Return whether the party reads what it writes itself."""
        data = self.write(value)
        return data is not None and _is_among(value, self.takes_for(data))


def find_rewritten(
    pair: OperationPair, sent: MediaType, received: MediaType, name: str, direction: Direction
) -> Rewritten | None:
    """
    Find a body that is written in another way than its receiver knows.

    Args:
        pair: The operation.
        sent: As the sender has it.
        received: As the receiver has it.
        name: The media type that is sent.
        direction: Of the message.
    """
    parsed = parse_media_type(name)
    is_form = parsed.essence in {FORM, MULTIPART_FORM}
    if sent.schema is None or received.schema is None or not (is_form or is_xml(parsed)):
        return None
    sides = (pair.context.new, pair.context.old)
    sender, receiver = sides if (direction is Direction.RESPONSE) is not pair.is_sent else sides[::-1]
    comparer = pair.context.comparer(direction, is_sent=pair.is_sent)
    try:
        examples = _Examples(comparer, sent.schema)
        mine = _Party(sent, parsed, sender.kit.outline(sent.schema, direction, Purpose.JUDGE))
        yours = _Party(received, parsed, receiver.kit.outline(received.schema, direction, Purpose.JUDGE))
        return _compare(mine, yours, examples.iter)
    except SchemaError:
        return None


@dataclass(frozen=True, eq=False, slots=True)
class _Examples:
    """Values that a sender may send."""

    comparer: SchemaComparer
    schema: Node

    def iter(self) -> Iterator[JsonValue]:
        """
        Yield values, and those with longer lists in them, since a list of one is written in any style alike.

        Raises:
            SchemaError: the schema can't be read.
        """
        judge = Validator(self.comparer.sender.bundle(self.schema))
        for value in islice(self.comparer.iter_examples(self.schema), _MOST_TRIED):
            yield value
            if isinstance(value, dict) and any(isinstance(member, list) for member in value.values()):
                longer: JsonValue = {name: _lengthen(member) for name, member in value.items()}
                if judge.is_valid(longer):
                    yield longer


def _lengthen(member: JsonValue) -> JsonValue:
    if isinstance(member, list) and len(member) < 2:  # noqa: PLR2004 - two items show how lists are written
        return [*member, *(member or ["a"]), "b"]
    return member


def _compare(mine: _Party, yours: _Party, values: Callable[[], Iterator[JsonValue]]) -> Rewritten | None:
    if mine.name.essence == MULTIPART_FORM:
        for property_, type_, accepted in _refused_parts(mine, yours):
            for value in values():
                if isinstance(value, dict) and property_ in value:
                    own = mine.media.encoding.get(property_, Encoding())
                    encoding = {**mine.media.encoding, property_: replace(own, content_type=(type_,))}
                    reason = f"its part {property_!r} may be {type_}; taken are {', '.join(accepted)}"
                    return Rewritten(value, replace(mine.media, encoding=encoding), reason)
        return None
    for value in values():
        data, other = mine.write(value), yours.write(value)
        if data is None or other is None or _is_same_text(data, other):
            continue
        if mine.is_read_back(value) and yours.is_read_back(value):
            shown = other.decode("utf-8", "replace")
            return Rewritten(value, mine.media, f"what stands for this value is {shown[:200]} now")
    return None


def _is_same_text(one: bytes, other: bytes) -> bool:
    """Return whether two texts are the same; XML whatever its prefixes are called."""
    if one == other:
        return True
    try:
        return canonicalize(one.decode(), rewrite_prefixes=True) == canonicalize(other.decode(), rewrite_prefixes=True)
    except (ParseError, UnicodeDecodeError):
        return False


def _refused_parts(mine: _Party, yours: _Party) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield properties of a multipart form with a type of their parts that is not taken, and those that are."""
    for name in dict.fromkeys((*mine.media.encoding, *yours.media.encoding)):
        offered, accepted = (_types_of_part(party, name) for party in (mine, yours))
        ranges = [parse_media_type(each) for each in accepted]
        for each in offered:
            if ranges and not any(taken.covers(parse_media_type(each)) for taken in ranges):
                yield name, each, accepted


def _types_of_part(party: _Party, name: str) -> tuple[str, ...]:
    """Return the media types of a part; those by default where none are named. OAS 3.1.1, "Encoding Object"."""
    encoding = party.media.encoding.get(name)
    if encoding is not None and encoding.content_type:
        return tuple(each.strip() for text in encoding.content_type for each in text.split(","))
    outline = party.outline.member(name)
    outline = outline.item() if outline.types == {"array"} else outline
    if "object" in outline.types and "string" not in outline.types:
        return ("application/json",)
    is_file = any(find_format(each).meaning == "bytes" for each in outline.formats) or not outline.sources
    if is_file:
        return ("application/octet-stream",)
    return ("text/plain",)


def _is_among(value: JsonValue, readings: list[JsonValue]) -> bool:
    return any(is_same_reading(value, each) for each in readings)
