"""The form of an operation, made from its document, with examples and generated values to begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from mock_server.document.model import MISSING, DocumentedResponse, Entry, MediaType, Missing, Operation, Parameter
from mock_server.document.references import Node
from mock_server.errors import DocumentError, MockServerError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.generate.request import Drafter, RequestDraft, encode, request_outlines
from mock_server.json_values import JsonValue
from mock_server.respond.responder import Responder
from mock_server.settings.types import PROFILES

_MOST_DESCRIBED: Final = 300  # characters of a description
_BOUNDS: Final = ("minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems", "default")


@dataclass(frozen=True, slots=True)
class Control:
    """One field of the form."""

    name: str  # in the form
    label: str
    location: str
    required: bool
    kind: str  # of its schema: `string`, `integer or null`
    described: str = ""
    bounds: str = ""
    choices: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    value: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class BodyForm:
    """The body of the form."""

    required: bool
    media_types: tuple[str, ...]
    media_type: str
    text: str
    examples: tuple[str, ...]  # keys; documented
    note: str = ""


@dataclass(frozen=True, slots=True)
class CallForm:
    """The form of an operation."""

    controls: tuple[Control, ...]
    body: BodyForm | None
    securities: tuple[str, ...]  # alternatives, in words
    statuses: tuple[str, ...]  # documented ones that can be preferred
    examples: tuple[tuple[str, str], ...]  # status and key
    fixtures: tuple[str, ...]
    profiles: tuple[str, ...] = PROFILES
    problems: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)  # of the fields that every operation has

    def value(self, name: str) -> str:
        """Return the value of a field that every operation has."""
        return self.values.get(name, "")


def parameter_name(parameter: Parameter) -> str:
    """Return the name of a parameter's field in the form."""
    return f"{parameter.location.value}.{parameter.name}"


def make_form(responder: Responder, entry: Entry, given: Mapping[str, str], problems: Sequence[str] = ()) -> CallForm:
    """
    Make the form of an operation.

    Args:
        responder: Of its document.
        entry: The operation.
        given: The fields as filled in before; others get examples and generated values.
        problems: Of the filled-in fields.
    """
    operation = responder.document.operation(entry)
    drafter = Drafter(responder.kit, operation)
    fixtures = responder.fixtures.by_operation.get(operation.id, ())
    return CallForm(
        controls=tuple(_control(responder, drafter, parameter, given) for parameter in operation.parameters),
        body=_body(responder, drafter, operation, given),
        securities=tuple(" and ".join(name for name, _ in each) or "nothing" for each in operation.security),
        statuses=tuple(dict.fromkeys(filter(None, (preferable(response.status) for response in operation.responses)))),
        examples=tuple((response.status, key) for response in operation.responses for key in example_keys(response)),
        fixtures=tuple(fixture.name for fixture in fixtures),
        problems=tuple(problems),
        values=given,
    )


def example_keys(response: DocumentedResponse) -> tuple[str, ...]:
    """Return the keys of the examples of a response, over all of its media types."""
    keys = (example.key for media in response.content for example in media.examples)
    return tuple(dict.fromkeys(key for key in keys if key is not None))


def preferable(status: str) -> str | None:
    """Return the status that prefers a documented response; None for `default`."""
    if status.isdigit():
        return status
    if status[:1].isdigit():
        return f"{status[0]}00"
    return None


def body_text(responder: Responder, entry: Entry, media_name: str, example: str | None, salt: int) -> tuple[str, str]:
    """
    Make a body to begin with.

    Args:
        responder: Of the document.
        entry: The operation.
        media_name: The documented media type.
        example: The key of a documented example; None for a generated value.
        salt: Different ones give different values.

    Returns:
        The text, and a note if it is empty.
    """
    operation = responder.document.operation(entry)
    body = operation.request_body
    media = next((media for media in body.content if media.name == media_name), None) if body is not None else None
    if media is None:
        return "", f"the body of {entry.title} is not documented as {media_name!r}"
    drafter = Drafter(responder.kit, operation)
    if example is not None:
        shown = next((each.value for each in media.examples if each.key == example), MISSING)
    else:
        shown = drafter.body(media, salt, full=bool(salt))
    return _written(responder, operation, media, shown)


def _body(responder: Responder, drafter: Drafter, operation: Operation, given: Mapping[str, str]) -> BodyForm | None:
    body = operation.request_body
    if body is None or not body.content:
        return None
    names = tuple(media.name for media in body.content)
    best = drafter.media()
    name = given.get("media") or (best.name if best is not None else names[0])
    media = next((media for media in body.content if media.name == name), body.content[0])
    keys = tuple(example.key for example in media.examples if example.key is not None)
    if "body" in given:
        return BodyForm(body.required, names, media.name, given["body"], keys)
    text, note = body_text(responder, operation.entry, media.name, None, 0)
    return BodyForm(body.required, names, media.name, text, keys, note)


def _written(
    responder: Responder, operation: Operation, media: MediaType, value: JsonValue | Missing
) -> tuple[str, str]:
    if isinstance(value, Missing):
        return "", "no value could be made of its schema"
    if is_json(parse_media_type(media.name)) or parse_media_type(media.name).is_range:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(), ""
    draft = RequestDraft(operation, media=media, body=value)
    try:
        data = encode(draft, "", request_outlines(responder.kit), responder.document.schemes).body
        return data.decode(), ""
    except UnicodeDecodeError:
        return "", "its content is no text; send it with curl"
    except MockServerError as error:
        return "", str(error)


def _control(responder: Responder, drafter: Drafter, parameter: Parameter, given: Mapping[str, str]) -> Control:
    schema = _schema(responder, parameter.content.schema if parameter.content is not None else parameter.schema)
    name = parameter_name(parameter)
    choices = schema.get("enum")
    if schema.get("type") == "boolean":
        choices = [True, False]
    if not isinstance(choices, list):
        choices = []
    examples = [example.value for example in parameter.examples]
    value = given.get(name, "")
    drafted = drafter.parameter(parameter) if parameter.required and name not in given else MISSING
    if not isinstance(drafted, Missing):
        value = as_text(drafted)
    raw = parameter.node.value
    described = raw.get("description") if isinstance(raw, dict) else ""
    return Control(
        name=name,
        label=parameter.name,
        location=parameter.location.value,
        required=parameter.required,
        kind=_kind(schema),
        described=_short(described or schema.get("description")),
        bounds=", ".join(f"{key} {as_text(schema[key])}" for key in _BOUNDS if key in schema),
        choices=tuple(as_text(choice) for choice in choices if choice is not None),
        suggestions=tuple(dict.fromkeys(as_text(value) for value in examples if not isinstance(value, Missing))),
        value=value,
        deprecated=parameter.deprecated,
    )


def as_text(value: JsonValue) -> str:
    """Write a value into a field: a string as it is, any other as JSON."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _schema(responder: Responder, node: Node | None) -> dict[str, JsonValue]:
    if node is None:
        return {}
    try:
        value = responder.document.references.follow(node).value
    except DocumentError:
        return {}
    if isinstance(value, dict):
        return value
    return {}


def _kind(schema: Mapping[str, JsonValue]) -> str:
    types = schema.get("type")
    listed = types if isinstance(types, list) else [types]
    words = [word for word in listed if isinstance(word, str)]
    if schema.get("nullable") is True:
        words.append("null")
    kind = " or ".join(words)
    if isinstance(schema.get("format"), str):
        kind += f" ({schema['format']})"
    return kind


def _short(text: JsonValue) -> str:
    if not isinstance(text, str):
        return ""
    flat = " ".join(text.split())
    if len(flat) <= _MOST_DESCRIBED:
        return flat
    return flat[:_MOST_DESCRIBED] + "…"
