"""
Examples of a response: which of them can be sent, and which requests they answer.

One that breaks its schema is left out. Examples in pairs, as Microcks has them, answer only requests that carry the one
under the same key of the request; see `exchange.negotiate.paired_keys`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson

from mock_server.document.model import (
    MISSING,
    DocumentedResponse,
    Example,
    MediaType,
    Missing,
    Operation,
    ParameterLocation,
)
from mock_server.errors import MalformedContent, UnusableSchema
from mock_server.exchange.body import (
    is_file,
    write_json,
)
from mock_server.exchange.media_type import (
    MediaRange,
    is_json,
    is_xml,
    parse_media_type,
)
from mock_server.exchange.negotiate import paired_keys
from mock_server.exchange.xml import read_xml
from mock_server.json_values import JsonValue, Pointer
from mock_server.judges.request import DecodedRequest
from mock_server.judges.response import ResponseJudge
from mock_server.schema.sites import Site

_SHOWN = 200  # characters of a value


@dataclass(frozen=True, slots=True)
class PairedExample:
    """The conditions of one example on a request: each parameter's value, and one of the bodies."""

    parameters: Mapping[tuple[ParameterLocation, str], JsonValue] = field(default_factory=dict)
    bodies: tuple[JsonValue, ...] = ()

    def lacking(self, understood: DecodedRequest) -> tuple[str, ...]:
        """Return what of it a request does not carry, in words; nothing where it carries all."""
        missing = [
            f"{location.value} {name} = {_shown(value)}"
            for (location, name), value in self.parameters.items()
            if (location, name) not in understood.parameters or understood.parameters[location, name] != value
        ]
        if self.bodies and (isinstance(understood.body, Missing) or understood.body not in self.bodies):
            missing.append(f"body = {' or '.join(map(_shown, self.bodies))}")
        return tuple(missing)

    def is_carried(self, understood: DecodedRequest) -> bool:
        """Return whether a request carries all of it."""
        if self.bodies and (isinstance(understood.body, Missing) or understood.body not in self.bodies):
            return False
        return all(
            key in understood.parameters and understood.parameters[key] == value
            for key, value in self.parameters.items()
        )


def find_pairs(operation: Operation, response: DocumentedResponse) -> dict[str, PairedExample]:
    """Return the other halves of a response's examples, by key; unpaired ones have none."""
    shown = {example.key for media in response.content for example in media.examples}
    keys = [key for key in paired_keys(operation) if key in shown]
    parameters: dict[str, dict[tuple[ParameterLocation, str], JsonValue]] = {key: {} for key in keys}
    bodies: dict[str, list[JsonValue]] = {key: [] for key in keys}
    for parameter in operation.parameters:
        for example in parameter.examples:
            if example.key in parameters and not isinstance(example.value, Missing):
                parameters[example.key][parameter.location, parameter.name] = example.value
    body = operation.request_body
    for example in [e for media in body.content for e in media.examples] if body is not None else []:
        if example.key in bodies and not isinstance(example.value, Missing):
            bodies[example.key].append(example.value)
    return {key: PairedExample(parameters[key], tuple(bodies[key])) for key in keys}


def _shown(value: JsonValue) -> str:
    text = write_json(value).decode()
    if len(text) <= _SHOWN:
        return text
    return f"{text[:_SHOWN]}…"


def usable_examples(
    media: MediaType, media_type: MediaRange, judge: ResponseJudge, *, keep_invalid: bool
) -> tuple[Example, ...]:
    """Return the examples that can be sent: those that conform, or all of them."""
    shown = [example for example in media.examples if example.value is not MISSING]
    if keep_invalid:
        return tuple(shown)
    if is_xml(media_type):
        return tuple(example for example in shown if malformed_xml(example) is None)
    if not is_json(media_type):
        return tuple(
            example for example in shown if not isinstance(example.value, dict | list) or not is_file(media_type)
        )
    try:
        return tuple(e for e in shown if judge.is_valid(media, unquoted(e.value, judge, media)))
    except UnusableSchema:
        return ()


def iter_wrong(media: MediaType, example: Example, judge: ResponseJudge) -> Iterator[tuple[str, Pointer]]:
    """Yield what is wrong with an example, and where in it."""
    media_type = parse_media_type(media.name)
    if is_json(media_type):
        for found in judge.judge_value(media, unquoted(example.value, judge, media)):
            yield found.message, found.instance or ()
    elif is_xml(media_type):
        reason = malformed_xml(example)
        if reason is not None:
            yield reason, ()


def why_not(
    example: Example,
    usable: Sequence[Example],
    pair: PairedExample | None,
    understood: DecodedRequest,
) -> str:
    """Say why an example does not answer."""
    if example.value is MISSING:
        return "its value is elsewhere: externalValue"
    if example not in usable:
        return "it breaks its schema"
    missing = pair.lacking(understood) if pair is not None else ()
    if missing:
        return f"it is one of a pair, and the request does not carry the other: {', '.join(missing)}"
    return "another one goes before it, or its words were changed to say what is wrong"


def unquoted(value: JsonValue | Missing, judge: ResponseJudge, media: MediaType) -> JsonValue:
    """Return an example of JSON that is given as text, where the schema wants no text, or says nothing of it."""
    if isinstance(value, Missing):
        return None
    if not isinstance(value, str) or (media.schema is not None and judge.is_valid(media, value)):
        return value
    try:
        read: JsonValue = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    if isinstance(read, dict | list) or (media.schema is not None and judge.is_valid(media, read)):
        return read
    return value


def malformed_xml(example: Example) -> str | None:
    """Why an example that is given as text is no XML; None for one that is, and for one that is given as a value."""
    text = example.serialized if example.serialized is not None else example.value
    if not isinstance(text, str):
        return None
    try:
        read_xml(text.encode(), Site())
    except MalformedContent as error:
        return str(error)
    return None


def iter_links(value: JsonValue) -> Iterator[str]:
    """Yield the texts in a value that may be links."""
    if isinstance(value, str) and ("://" in value or value.startswith("/")):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from iter_links(member)


def leads_back(link: str, follows: frozenset[str]) -> bool:
    """Return whether a link has no query parameter by which a request says that it follows."""
    return not follows & {name for name, _ in parse_qsl(link.partition("?")[2], keep_blank_values=True)}
