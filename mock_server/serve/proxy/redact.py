"""
What is secret in an exchange, and taking it out.

Secret are credentials as the document places them, cookies, and members that are called so (`accessToken`, `password`) or
that the document calls so (`format: password`). A secret is covered wherever it appears; see `contract.identity`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from mock_server.contract.identity import MASKED, Identity, Mask, make_mask
from mock_server.contract.request import find_content
from mock_server.errors import MalformedContent, SchemaError
from mock_server.exchange.body import read_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import RawFields, Request, Response, find_field
from mock_server.exchange.parameter import Carrier, parse_query
from mock_server.exchange.path import Matched
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline
from mock_server.serve.respond import Responder
from mock_server.spec.model import Entry, Location, MediaType, SecurityScheme
from mock_server.typing import JsonValue

_SECRET: Final = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|token|api_?key|access_key|private_key|credentials?|jwt|otp|cvv|cvc|authorization)$"
)
# Tokens that are no secrets, but places in a list.
_PLACES: Final = re.compile(r"(?:^|_)(?:page|next|prev|previous|continuation|cursor|sync|resume|start)(?:_|$)")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-|\.|\s")
_SHORTEST: Final = 6  # characters: what is shorter is found everywhere
_SHORTEST_INSIDE: Final = 8  # of a longer text
_TELLING: Final = 16  # characters: no word of a language
_DEEPEST: Final = 64
# What a veil turns characters into: hexadecimal digits stay such, and so do letters of either case.
_VEIL: Final = {
    **dict.fromkeys(map(ord, "0123456789"), "0"),
    **dict.fromkeys(map(ord, "abcdef"), "a"),
    **dict.fromkeys(map(ord, "ABCDEF"), "A"),
    **dict.fromkeys(range(ord("g"), ord("z") + 1), "x"),
    **dict.fromkeys(range(ord("G"), ord("Z") + 1), "X"),
}

Cover = Callable[[str], str]


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether something is secret by what it is called."""
    snake = _HUMP.sub("_", name).lower()
    return _SECRET.search(snake) is not None and _PLACES.search(snake) is None


def hide(secret: str) -> str:
    """Put a word in the place of a secret."""
    return MASKED


def veil(secret: str) -> str:
    """Keep no more of a secret than its form, for schemas that ask for one: letters, digits and signs stand where they stood."""
    return secret.translate(_VEIL)


def secrets_of(responder: Responder, matched: Matched[Entry] | None, request: Request, response: Response | None) -> Mask:
    """Gather what is secret in an exchange."""
    schemes = responder.document.schemes
    mask = make_mask((Identity({}, tuple(request.fields)),), schemes)
    found = {*mask.secrets, *_in_request(request, schemes)}
    found |= {value.decode("latin-1") for name, value in request.fields if name in mask.names}
    if response is not None:
        found |= {value for name, text in response.fields if name == b"set-cookie" for value in [_cookie_value(text)] if value}
    entry = matched.route.target if matched is not None else None
    for value, outline in _bodies(responder, entry, request, response):
        found |= {secret for secret in _named(value, outline) if _is_telling(secret)}
    ordered = sorted((secret for secret in found if len(secret) >= _SHORTEST), key=lambda secret: (-len(secret), secret))
    return Mask(tuple(ordered), mask.names)


def cover_value(value: JsonValue, mask: Mask, cover: Cover, outline: Outline | None = None, depth: int = 0) -> JsonValue:
    """Cover the secrets in JSON data."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, str):
        return cover_text(value, mask, cover)
    if isinstance(value, list):
        return [cover_value(item, mask, cover, outline.item(index) if outline else None, depth + 1) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: _cover_member(name, item, mask, cover, outline, depth) for name, item in value.items()}
    return value


def cover_text(text: str, mask: Mask, cover: Cover) -> str:
    """Cover the secrets in a text."""
    if text in mask.secrets:
        return cover(text)
    for secret in mask.secrets:
        if len(secret) >= _SHORTEST_INSIDE:
            text = text.replace(secret, cover(secret))
    return text


def cover_field(name: bytes, value: bytes, mask: Mask, cover: Cover) -> bytes:
    """Cover the secrets in a header field; of a cookie that is set, the value."""
    text = value.decode("latin-1")
    if name == b"set-cookie":
        head, semicolon, rest = text.partition(";")
        cookie, equals, secret = head.partition("=")
        return f"{cookie}{equals}{cover(secret) if secret else ''}{semicolon}{rest}".encode("latin-1")
    return cover(text).encode("latin-1") if name in mask.names else cover_text(text, mask, cover).encode("latin-1")


def _cover_member(name: str, value: JsonValue, mask: Mask, cover: Cover, outline: Outline | None, depth: int) -> JsonValue:
    member = outline.member(name) if outline is not None else None
    if isinstance(value, str) and value and (is_secret_name(name) or _is_password(member)):
        return cover(value)
    return cover_value(value, mask, cover, member, depth + 1)


def _in_request(request: Request, schemes: Mapping[str, SecurityScheme]) -> Iterator[str]:
    carrier = Carrier({}, "", request.fields)
    yield from (value for _, value in carrier.cookies())
    keys = {scheme.name for scheme in schemes.values() if scheme.type == "apiKey" and scheme.location is Location.QUERY}
    for name, value in parse_query(request.query.decode("latin-1")):
        if name in keys or is_secret_name(name):
            yield value


def _is_telling(secret: str) -> bool:
    """Whether a text is looked for elsewhere, too: a plain word may stand there for something else."""
    mixed = any(char.isdigit() for char in secret) and any(char.isalpha() for char in secret)
    return len(secret) >= _TELLING or (mixed and len(secret) >= _SHORTEST_INSIDE)


def _cookie_value(text: bytes) -> str:
    return text.decode("latin-1").partition(";")[0].partition("=")[2].strip('"')


def _bodies(
    responder: Responder, entry: Entry | None, request: Request, response: Response | None
) -> Iterator[tuple[JsonValue, Outline | None]]:
    """The JSON bodies of an exchange, with what is documented of them."""
    operation = responder.document.operation(entry) if entry is not None and _speaks_of_passwords(responder) else None
    documented = operation.request_body.content if operation is not None and operation.request_body is not None else ()
    yield from _body(responder, documented, request.fields, request.body, Direction.REQUEST)
    if response is not None:
        answered = operation.find_response(response.status) if operation is not None else None
        yield from _body(responder, answered.content if answered is not None else (), response.fields, response.body, Direction.RESPONSE)


def _body(
    responder: Responder, documented: tuple[MediaType, ...], fields: RawFields, data: bytes, direction: Direction
) -> Iterator[tuple[JsonValue, Outline | None]]:
    written = find_field(fields, b"content-type") or ""
    if not data or not is_json(parse_media_type(written)):
        return
    try:
        value = read_json(data)
    except MalformedContent:
        return
    yield value, outline_for(responder, find_content(documented, written), direction)


def outline_for(responder: Responder, content: MediaType | None, direction: Direction) -> Outline | None:
    """What is documented of a body; None where nothing is, or nothing that can be used."""
    if content is None or content.schema is None:
        return None
    try:
        return responder.kit.outline(content.schema, direction, Purpose.JUDGE)
    except SchemaError:
        return None


def _named(value: JsonValue, outline: Outline | None, depth: int = 0) -> Iterator[str]:
    """The members that are secret by their names, or by the document."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _named(item, outline.item(index) if outline is not None else None, depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            member = outline.member(name) if outline is not None else None
            if isinstance(item, str) and (is_secret_name(name) or _is_password(member)):
                yield item
            else:
                yield from _named(item, member, depth + 1)


@lru_cache(maxsize=16)
def _speaks_of_passwords(responder: Responder) -> bool:
    """Whether the document may call something a password; if not, nobody needs to look every member up."""
    return any(b"password" in resource.data for resource in responder.document.library.loaded())


def _is_password(outline: Outline | None) -> bool:
    return outline is not None and any(source.get("format") == "password" for source in outline.sources)
