"""
Parameters: read from a request by style and explode; `serialization` writes them.

Source: OAS 3.1.1, "Style Values" and "Style Examples"; OAS 2.0, "collectionFormat"; RFC 6570 for their expansion
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_plus

from mock_server.document.model import MISSING, Missing, Parameter, ParameterLocation, Style
from mock_server.errors import MalformedContent
from mock_server.exchange.bounds import check_items, read_json_text
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import RawFields, find_field
from mock_server.exchange.wire_values import Raw, put_bracketed, read_all, settle
from mock_server.json_values import JsonValue
from mock_server.schema.sites import Site

QueryPairs = Sequence[tuple[str, str]]  # names decoded, values still percent-encoded
_BY_COMMA = frozenset((Style.FORM, Style.SIMPLE, Style.LABEL, Style.MATRIX))
_ENCODED_COMMA = re.compile("%2C", re.IGNORECASE)
_MAX_KEYS = 1000
_SHORT = 200  # characters of a query
# What stands between the items of these styles; a comma in the others.
DELIMITERS = {Style.SPACE_DELIMITED: " ", Style.PIPE_DELIMITED: "|", Style.TAB_DELIMITED: "\t"}


@dataclass(slots=True)
class Carrier:
    """The parts of one request that carry parameters."""

    path: Mapping[str, str]  # percent-encoded
    query: str  # percent-encoded
    fields: RawFields
    _pairs: QueryPairs | None = None

    @property
    def pairs(self) -> QueryPairs:
        """The query, split; at most 1,000 pairs of it."""
        if self._pairs is None:
            self._pairs = parse_query(self.query)
        return self._pairs

    def cookies(self) -> QueryPairs:
        """Return the cookies, as they are written. RFC 6265, section 4.2.1."""
        header = find_field(self.fields, b"cookie")
        pairs = (part.strip().partition("=") for part in (header or "").split(";") if "=" in part)
        return [(name, value.strip('"')) for name, _, value in pairs]

    def cookies_for(self, parameter: Parameter) -> QueryPairs:
        """
        Return the cookies with their names decoded, and their values as the style of a parameter has them.

        Percent-encoded.
        """
        if parameter.style is Style.COOKIE:
            return [(name, quote(value, safe=",")) for name, value in self.cookies()]
        return [(unquote(name), value) for name, value in self.cookies()]


Reader = Callable[[Carrier], "list[JsonValue] | Missing"]
Interpret = Callable[[Raw, Site], list[JsonValue]]


def parse_query(query: str) -> QueryPairs:
    """Split a query; a name without `=` has the empty value. Short ones, which come again and again, are split once."""
    if len(query) <= _SHORT:
        return _parse_short(query)
    return _parse(query)


def _parse(query: str) -> QueryPairs:
    pairs = []
    for part in query.split("&", _MAX_KEYS):
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name), value))
    return tuple(pairs)


_parse_short = lru_cache(maxsize=512)(_parse)


def compile_reader(parameter: Parameter, outline: Site, interpret: Interpret = read_all) -> Reader:
    """
    Compile the reading of a parameter.

    Args:
        parameter: How it is written.
        outline: Of its schema.
        interpret: Gives the values that what was split by its style may be.

    Returns:
        A function that gives the readings of a request's parameter, the likeliest first, or MISSING. It raises
        MalformedContent where the text can't be read in the documented style.
    """
    if parameter.location is ParameterLocation.QUERYSTRING and (
        parameter.content is None or not is_json(parse_media_type(parameter.content.name))
    ):
        return _querystring_reader(outline)
    if parameter.content is not None:
        return _content_reader(parameter)
    if parameter.location is ParameterLocation.PATH and parameter.style is Style.SIMPLE and outline.types == {"string"}:
        return _text_reader(parameter.name)
    split = _SPLITTERS[parameter.location]
    by_comma = (
        parameter.location is not ParameterLocation.HEADER and parameter.style in _BY_COMMA and not parameter.explode
    )

    def read(carrier: Carrier) -> list[JsonValue] | Missing:
        raw = split(parameter, outline, carrier)
        if isinstance(raw, Missing):
            return MISSING
        readings = interpret(raw, outline)
        if (by_comma or parameter.style is Style.SIMPLE) and isinstance(raw, list) and len(raw) == 1:
            readings += _split_encoded(raw[0], outline, interpret)
        return readings

    return read


def _split_encoded(item: Raw, outline: Site, interpret: Interpret) -> list[JsonValue]:
    """
    Return the items that the only item of a list may be.

    Many clients percent-encode the commas between items.
    """
    if isinstance(item, str) and "," in item:
        return interpret(list(item.split(",")), outline)
    return []


def _text_reader(name: str) -> Reader:
    """Return a text in the path: it is what it is."""

    def read(carrier: Carrier) -> list[JsonValue] | Missing:
        text = carrier.path.get(name)
        if text is None:
            return MISSING
        return [unquote(text)]

    return read


def _content_reader(parameter: Parameter) -> Reader:
    """Return a parameter with `content` is a text of that media type."""
    as_json = parameter.content is not None and is_json(parse_media_type(parameter.content.name))

    def read(carrier: Carrier) -> list[JsonValue] | Missing:
        text = carrier.query if parameter.location is ParameterLocation.QUERYSTRING else _single(parameter, carrier)
        if isinstance(text, Missing) or (parameter.location is ParameterLocation.QUERYSTRING and not text):
            return MISSING
        if parameter.location is not ParameterLocation.HEADER:
            text = (
                unquote_plus(text)
                if parameter.location in {ParameterLocation.QUERY, ParameterLocation.QUERYSTRING}
                else unquote(text)
            )
        if not as_json:
            return [text]
        return [read_json_text(text)]

    return read


def _querystring_reader(outline: Site) -> Reader:
    def read(carrier: Carrier) -> list[JsonValue] | Missing:
        if not carrier.query:
            return MISSING
        raw: Raw = {name: unquote_plus(value) for name, value in carrier.pairs}
        return read_all(raw, outline)

    return read


def _single(parameter: Parameter, carrier: Carrier) -> str | Missing:
    """Return the one text of a parameter, percent-encoded where its place is."""
    if parameter.location is ParameterLocation.PATH:
        return carrier.path.get(parameter.name, MISSING)
    if parameter.location is ParameterLocation.HEADER:
        value = find_field(carrier.fields, parameter.name.lower().encode("latin-1", "replace"))
        if value is None:
            return MISSING
        return value
    pairs = carrier.pairs if parameter.location is ParameterLocation.QUERY else carrier.cookies_for(parameter)
    return next((value for name, value in pairs if name == parameter.name), MISSING)


def _expects(outline: Site, type_: str) -> bool:
    """Return True if a structure rather than a scalar is to be read."""
    types = outline.types
    return type_ in types and len(types - {"null"}) < 6  # noqa: PLR2004 - where every type may be, a scalar is


def _split_path(parameter: Parameter, outline: Site, carrier: Carrier) -> Raw | Missing:
    text = carrier.path.get(parameter.name)
    if text is None:
        return MISSING
    style, name = parameter.style, parameter.name
    separator = ","
    if style is Style.LABEL:
        if not text.startswith("."):
            raise MalformedContent(f"the style 'label' starts with a dot: {unquote(text)!r}")
        text, separator = text[1:], "." if parameter.explode else ","
    elif style is Style.MATRIX:
        return _split_matrix(parameter, outline, text)
    elif style is not Style.SIMPLE:
        separator = DELIMITERS.get(style, ",")
    if _expects(outline, "array"):
        return [unquote(part) for part in text.split(separator)]
    if _expects(outline, "object"):
        return _members(text.split(separator), name, explode=parameter.explode)
    return unquote(text)


def _split_matrix(parameter: Parameter, outline: Site, text: str) -> Raw:
    if not text.startswith(";"):
        raise MalformedContent(f"the style 'matrix' starts with a semicolon: {unquote(text)!r}")
    pairs = [part.partition("=") for part in text[1:].split(";")]
    if _expects(outline, "object") and parameter.explode:
        return {unquote(name): unquote(value) for name, _, value in pairs}
    values = [value for name, _, value in pairs if unquote(name) == parameter.name]
    if not values:
        raise MalformedContent(f"the style 'matrix' names the parameter: ;{parameter.name}=…")
    if _expects(outline, "array"):
        parts = values if parameter.explode else values[0].split(",")
        return [unquote(part) for part in parts]
    if _expects(outline, "object"):
        return _members(values[0].split(","), parameter.name, explode=False)
    return unquote(values[0])


def _members(parts: list[str], name: str, *, explode: bool) -> Raw:
    """Return an object from `R=100,G=200` (explode) or `R,100,G,200`."""
    if explode:
        pairs = [part.partition("=") for part in parts]
        if not all(equals for _, equals, _ in pairs):
            raise MalformedContent(f"the members of {name!r} are written as name=value")
        return {unquote(key): unquote(value) for key, _, value in pairs}
    if len(parts) == 1:
        parts = _ENCODED_COMMA.split(parts[0])
    if len(parts) % 2:
        raise MalformedContent(f"the members of {name!r} are names and values in turn")
    return {unquote(key): unquote(value) for key, value in zip(parts[::2], parts[1::2], strict=True)}


def _split_query(parameter: Parameter, outline: Site, carrier: Carrier) -> Raw | Missing:
    name, pairs = parameter.name, carrier.pairs
    if parameter.style is Style.DEEP_OBJECT:
        return _split_deep(name, pairs, outline)
    values = [value for key, value in pairs if key == name]
    if _expects(outline, "array"):
        if not values:
            values = [value for key, value in pairs if key == f"{name}[]"]
        return _split_list(parameter, outline, values)
    if _expects(outline, "object"):
        if parameter.explode and parameter.style is Style.FORM:
            return _spread(outline, pairs, required=parameter.required)
        if not values:
            return MISSING
        delimiter = DELIMITERS.get(parameter.style, ",")
        return _members(_cut(values[0], delimiter), name, explode=False)
    if values:
        return unquote_plus(values[0])
    return MISSING


def _split_list(parameter: Parameter, outline: Site, values: list[str]) -> Raw | Missing:
    if not values:
        return MISSING
    delimiter = DELIMITERS.get(parameter.style, ",")
    if parameter.explode and parameter.style in {Style.FORM, Style.SPACE_DELIMITED, Style.PIPE_DELIMITED}:
        return [unquote_plus(value) for value in values]
    if values == [""]:
        if parameter.allow_empty or "string" in outline.item().types:
            return [""]
        return []
    return [unquote_plus(part) for value in values for part in _cut(value, delimiter)]


def _cut(value: str, delimiter: str) -> list[str]:
    """Split by a delimiter that may be written percent-encoded, since it is no comma."""
    check_items(value, ",")
    if delimiter == ",":
        return value.split(",")
    encoded = quote(delimiter, safe="")
    for form in (encoded, encoded.lower(), *(("+",) if delimiter == " " else ())):
        value = value.replace(form, delimiter)
    check_items(value, delimiter)
    return value.split(delimiter)


def _spread(outline: Site, pairs: QueryPairs, *, required: bool) -> Raw | Missing:
    """Return an exploded object: its members are parameters of their own, and lists among them repeat their name."""
    known = set(outline.names)
    found: dict[str, Raw] = {}
    for key, value in pairs:
        if key not in known and not outline.is_open:
            continue
        text = unquote_plus(value)
        items = found.get(key, [])
        found[key] = [*items, text] if _expects(outline.member(key), "array") and isinstance(items, list) else text
    if found or required:
        return found
    return MISSING


def _split_deep(name: str, pairs: QueryPairs, outline: Site) -> Raw | Missing:
    """`color[R]=100&color[G]=200`; deeper brackets and `[]` are read as people mean them."""
    found: dict[str, Raw] = {}
    for key, value in pairs:
        if key.startswith(name + "[") and key.endswith("]"):
            put_bracketed(found, key[len(name) :], unquote_plus(value))
    if found:
        return settle(found, outline)
    return MISSING


def _split_header(parameter: Parameter, outline: Site, carrier: Carrier) -> Raw | Missing:
    text = find_field(carrier.fields, parameter.name.lower().encode("latin-1", "replace"))
    if text is None:
        return MISSING
    return split_header(text, outline, explode=parameter.explode)


def split_header(text: str, outline: Site, *, explode: bool) -> Raw:
    """Split the value of a header: of style `simple`, without percent-encoding."""
    if _expects(outline, "array"):
        if text.strip():
            return [part.strip() for part in text.split(",")]
        return []
    if _expects(outline, "object"):
        parts = [part.strip() for part in text.split(",")]
        pairs = (
            [part.partition("=") for part in parts]
            if explode
            else [(k, "=", v) for k, v in zip(parts[::2], parts[1::2], strict=False)]
        )
        return {name: value for name, _, value in pairs}
    return text.strip()


def _split_cookie(parameter: Parameter, outline: Site, carrier: Carrier) -> Raw | Missing:
    cookies = carrier.cookies_for(parameter)
    values = [value for name, value in cookies if name == parameter.name]
    if _expects(outline, "object") and parameter.explode:
        known = set(outline.names)
        members: Raw = {name: unquote(value) for name, value in cookies if name in known or outline.is_open}
        return members or MISSING
    if not values:
        return MISSING
    if _expects(outline, "array"):
        parts = values if len(values) > 1 else values[0].split(",")
        return [unquote(part) for part in parts]
    if _expects(outline, "object"):
        return _members(values[0].split(","), parameter.name, explode=False)
    return unquote(values[0])


_SPLITTERS: dict[ParameterLocation, Callable[[Parameter, Site, Carrier], Raw | Missing]] = {
    ParameterLocation.PATH: _split_path,
    ParameterLocation.QUERY: _split_query,
    ParameterLocation.HEADER: _split_header,
    ParameterLocation.COOKIE: _split_cookie,
}


def lists_empty(parameter: Parameter) -> bool:
    """Return True if a parameter names the empty string among its values: only then may a path segment be empty."""
    schema = parameter.schema.value if parameter.schema is not None else None
    values = schema.get("enum") if isinstance(schema, dict) else None
    return isinstance(values, list) and "" in values
