"""
Parameters, written by style and explode: the other way of `parameters`.

Source: OAS 3.1.1, "Style Values" and "Style Examples"; RFC 6570 for their expansion
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

import orjson

from mock_server.document.model import Parameter, ParameterLocation, Style
from mock_server.errors import UndefinedSerialization
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.parameters import DELIMITERS, lists_empty
from mock_server.json_values import JsonValue
from mock_server.tokens import is_token

# RFC 3986, section 2.2, without what would end the query or a pair of it
_RESERVED = ":/?@!$'()*,;"
# RFC 9110, section 5.6.2, and RFC 6265, section 4.1.1
_LATIN_1 = 0xFF
_COOKIE_OCTETS = re.compile(r"[!#-+\--:<-\[\]-~]*\Z")


def write_parameter(parameter: Parameter, value: JsonValue) -> str:
    """
    Write a parameter.

    Returns:
        What goes into the message: a path segment, a part of the query, the value of a header, a part of the
        Cookie field.

    Raises:
        UndefinedSerialization: OpenAPI leaves this style and value undefined.
    """
    if parameter.location is ParameterLocation.PATH:
        return _segment(_write(parameter, value), parameter)
    return _write(parameter, value)


def _segment(text: str, parameter: Parameter) -> str:
    """Return a value as a path segment; RFC 3986, section 5.2.4: clients remove segments of dots."""
    if not text and not lists_empty(parameter):
        raise UndefinedSerialization("an empty path segment names something else")
    if text and not unquote(text).strip("./"):
        raise UndefinedSerialization("a path segment of dots names something else")
    return text


def _write(parameter: Parameter, value: JsonValue) -> str:
    if parameter.content is not None:
        media_type = parse_media_type(parameter.content.name)
        if parameter.location is ParameterLocation.QUERYSTRING and isinstance(value, dict) and not is_json(media_type):
            return "&".join(f"{_quote(name)}={_quote(_scalar(member))}" for name, member in value.items())
        return _placed(parameter, orjson.dumps(value).decode() if is_json(media_type) else _scalar(value))
    if isinstance(value, list):
        return _write_list(parameter, [_scalar(item) for item in value])
    if isinstance(value, dict):
        return _write_object(parameter, {name: _scalar(member) for name, member in value.items()})
    if parameter.style in {Style.DEEP_OBJECT, Style.SPACE_DELIMITED, Style.PIPE_DELIMITED}:
        raise UndefinedSerialization(f"{parameter.style.value} is for lists and objects")
    return _placed(parameter, _scalar(value))


def _placed(parameter: Parameter, text: str) -> str:
    name = parameter.name
    if parameter.location is ParameterLocation.PATH:
        if parameter.style is Style.MATRIX:
            if text:
                return f";{_quote(name)}={_quote(text)}"
            return f";{_quote(name)}"
        return ("." if parameter.style is Style.LABEL else "") + _quote(text)
    if parameter.location is ParameterLocation.HEADER:
        return _plain(text)
    if parameter.location is ParameterLocation.COOKIE:
        return _cookie(parameter, [(name, text)])
    if parameter.location is ParameterLocation.QUERYSTRING:
        return _quote(text)
    return f"{_quote(name)}={quote(text, safe=_RESERVED if parameter.allow_reserved else '')}"


def _write_list(parameter: Parameter, items: list[str]) -> str:
    if not items or parameter.style is Style.DEEP_OBJECT:
        raise UndefinedSerialization(f"{parameter.style.value} can't write the list {items}")
    name = _quote(parameter.name)
    if parameter.location is ParameterLocation.HEADER:
        return _header_items(items)
    if parameter.style is Style.MATRIX:
        if parameter.explode:
            return "".join(f";{name}={_quote(item)}" for item in items)
        return f";{name}=" + ",".join(map(_quote, items))
    if parameter.style is Style.LABEL:
        return "." + ("." if parameter.explode else ",").join(_quote(item).replace(".", "%2E") for item in items)
    if parameter.location is ParameterLocation.PATH:
        return ",".join(map(_quote, items))
    if parameter.location is ParameterLocation.COOKIE:
        if not parameter.explode:
            return _cookie(parameter, [(parameter.name, items)])
        if parameter.style is not Style.COOKIE:
            raise UndefinedSerialization("an exploded list in a cookie")
        return _cookie(parameter, [(parameter.name, item) for item in items])
    if parameter.explode:
        return "&".join(f"{name}={_quote(item)}" for item in items)
    delimiter = DELIMITERS.get(parameter.style, ",")
    if delimiter != "," and any(delimiter in item for item in items):
        raise UndefinedSerialization(f"an item holds the delimiter {delimiter!r}")
    return f"{name}=" + (quote(delimiter, safe=",") if delimiter != "," else ",").join(map(_quote, items))


def _write_object(parameter: Parameter, members: dict[str, str]) -> str:
    if not members:
        if parameter.location is ParameterLocation.QUERY and parameter.explode and parameter.style is Style.FORM:
            return ""  # RFC 6570, section 3.2.1: nothing is written, and the reader takes nothing for it
        raise UndefinedSerialization("an empty object can't be told from nothing")
    name = _quote(parameter.name)
    pairs = [(_quote(key), _quote(value)) for key, value in members.items()]
    if parameter.style is Style.DEEP_OBJECT:
        if any(not key or "[" in key or "]" in key for key in members):
            raise UndefinedSerialization("a member's name is empty or holds a bracket")
        return "&".join(f"{name}%5B{key}%5D={value}" for key, value in pairs)
    if parameter.location is ParameterLocation.HEADER:
        return _header_members(members, "=" if parameter.explode else ",")
    if parameter.location is ParameterLocation.PATH:
        return _write_segment_object(parameter, pairs)
    if parameter.location is ParameterLocation.COOKIE:
        if parameter.explode:
            return _cookie(parameter, list(members.items()))
        return _cookie(parameter, [(parameter.name, [text for pair in members.items() for text in pair])])
    if parameter.explode:
        if parameter.style in DELIMITERS:
            raise UndefinedSerialization(f"an exploded object in the style {parameter.style.value}")
        return "&".join(f"{key}={value}" for key, value in pairs)
    delimiter = DELIMITERS.get(parameter.style, ",")
    if delimiter != "," and any(delimiter in text for pair in members.items() for text in pair):
        raise UndefinedSerialization(f"a member holds the delimiter {delimiter!r}")
    return f"{name}=" + (quote(delimiter, safe="") if delimiter != "," else ",").join(
        part for pair in pairs for part in pair
    )


def _write_segment_object(parameter: Parameter, pairs: list[tuple[str, str]]) -> str:
    """Write an object in a path; RFC 6570, sections 3.2.2, 3.2.5 and 3.2.7."""
    if not parameter.explode:
        lead = {Style.MATRIX: f";{_quote(parameter.name)}=", Style.LABEL: "."}.get(parameter.style, "")
        return lead + ",".join(f"{key},{value}" for key, value in pairs)
    if parameter.style is Style.MATRIX:
        return "".join(f";{key}={value}" for key, value in pairs)
    if parameter.style is Style.LABEL:
        return "".join(f".{key}={value}".replace(".", "%2E").replace("%2E", ".", 1) for key, value in pairs)
    return ",".join(f"{key}={value}" for key, value in pairs)


def write_header(value: JsonValue, *, explode: bool) -> str:
    """
    Write the value of a header field, in style `simple`.

    Raises:
        UndefinedSerialization: no header can hold it, or it would be read as another value.
    """
    if isinstance(value, list):
        return _header_items([_scalar(item) for item in value])
    if isinstance(value, dict):
        return _header_members({name: _scalar(member) for name, member in value.items()}, "=" if explode else ",")
    return _plain(_scalar(value))


def _header_items(items: list[str]) -> str:
    if any("," in item for item in items) or items == [""]:
        raise UndefinedSerialization("a comma separates the items of a header")
    return ",".join(map(_plain, items))


def _header_members(members: dict[str, str], between: str) -> str:
    if any("," in text or "=" in text for pair in members.items() for text in pair):
        raise UndefinedSerialization("a comma or equals sign separates the members of a header")
    return ",".join(f"{_plain(key)}{between}{_plain(value)}" for key, value in members.items())


def _cookie(parameter: Parameter, pairs: Sequence[tuple[str, str | list[str]]]) -> str:
    """
    Cookies: percent-encoded, or as they are in 3.2's own style.

    Source: RFC 6265, section 4.1.1; OAS 3.2.0, "Style Values": "no percent-encoding or decoding is applied"
    """
    plain = parameter.style is Style.COOKIE
    write = str if plain else _quote
    out = []
    for name, value in pairs:
        texts = value if isinstance(value, list) else [value]
        if plain and not (is_token(name) and all(_COOKIE_OCTETS.match(text) for text in texts)):
            raise UndefinedSerialization(f"the cookie {name!r} can't hold {texts}")
        out.append(f"{write(name)}={','.join(map(write, texts))}")
    return "; ".join(out)


def _quote(text: str) -> str:
    return quote(text, safe="")


def _plain(text: str) -> str:
    """Text of a header: visible characters of Latin-1 and inner spaces. RFC 9110, section 5.5."""
    if not text.isprintable() or text != text.strip() or any(ord(char) > _LATIN_1 for char in text):
        raise UndefinedSerialization(f"{text!r} can't stand in a header")
    return text


def _scalar(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        if value:
            return "true"
        return "false"
    if value is None:
        return "null"
    if isinstance(value, int | float):
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        return repr(value)
    raise UndefinedSerialization("a list or an object inside another")
