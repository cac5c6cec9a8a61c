"""
Secrets kept out of what is shown or stored: journal, exports, console, log, reports, curl lines and fixtures.

A value is a secret by the name above it (`secret_names`), by its place (credentials, cookies, the security schemes of
the document), by its shape (`secret_shapes`), or because the same exchange has it in such a place as well: an answer
that repeats the password of its request shows it no more than the request does. Bodies are read by their media types;
what can't be read is searched as text. Masking is for what is written and shown only: what is sent is never touched.

A mask replaces by a word; with `is_veiled` letters, digits and signs keep their places, for schemas that ask for
a form.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import orjson

from mock_server.document.model import ParameterLocation, SecurityScheme
from mock_server.errors import MalformedContent
from mock_server.exchange.content_coding import TooLarge, UnknownCoding, decode_content, is_coded
from mock_server.exchange.media_type import (
    FORM,
    MediaRange,
    is_event_stream,
    is_json,
    is_json_lines,
    is_xml,
    parse_media_type,
)
from mock_server.exchange.message import RawFields, Request, Response, find_field
from mock_server.exchange.packed import is_packed, read_packed, write_packed
from mock_server.exchange.secrets.bodies import (
    find_boundary,
    mask_lines,
    mask_markup,
    mask_parts,
    mask_table,
    mask_yaml,
)
from mock_server.exchange.secrets.heads import HeadMask
from mock_server.exchange.secrets.known import MASKED
from mock_server.exchange.secrets.names import Secrecy, judge_name
from mock_server.exchange.secrets.shapes import cover_keys
from mock_server.exchange.secrets.texts import HINTS
from mock_server.json_values import JsonValue

_MOST_DECODED: Final = 16 * 1024 * 1024  # bytes of a body whose coding is undone
_CHARSETS: Final = {
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
    "iso-8859-1": "latin-1",
}
_QUOTED: Final = re.compile(r"""(["'`])(?:\\.|(?!\1).)+\1""")


class MaskedExchange(NamedTuple):
    """An exchange without its secrets."""

    request: Request
    response: Response | None
    mask: "Mask"  # for messages about it

    @property
    def answered(self) -> Response:
        """The response; an empty one where there was none."""
        return self.response or Response(0, (), b"")


@dataclass(frozen=True, slots=True)
class Mask(HeadMask):
    """Takes secrets out of whole messages, bodies and findings; see the package for its parts."""

    def exchange(self, request: Request, response: Response | None = None) -> MaskedExchange:
        """
        Take the secrets out of an exchange, on both sides those of the other one as well.

        Args:
            request: As it travelled.
            response: The same; None where there was none.
        """
        mask = self.seen_in(request, response)
        return MaskedExchange(mask.request(request), mask.response(response) if response is not None else None, mask)

    def seen_in(self, request: Request, response: Response | None = None) -> "Mask":
        """Make a mask that knows the secrets of an exchange as well."""
        found: set[str] = set()
        gathering = replace(self, _found=found)
        gathering.request(request)
        if response is not None:
            gathering.response(response)
        return self.knowing(found)

    def request(self, request: Request) -> Request:
        """Replace the secrets in a request."""
        return request._replace(
            path=self.path(request.path),
            query=self.query(request.query, request.path),
            fields=self.fields(request.fields),
            body=self.body(request.fields, request.body),
        )

    def response(self, response: Response) -> Response:
        """Replace the secrets in a response."""
        return response._replace(fields=self.fields(response.fields), body=self.body(response.fields, response.body))

    def body(self, fields: RawFields, data: bytes) -> bytes:
        """Replace the secrets in a body, by its media type; its coding is kept where it is one that can be undone."""
        if not data:
            return data
        written = find_field(fields, b"content-type") or ""
        if not is_coded(fields):
            return self._content(written, data)
        try:
            plain = decode_content(data, fields, _MOST_DECODED)
        except (TooLarge, UnknownCoding):
            return MASKED.encode()  # what can't be looked into is not shown
        except MalformedContent:
            plain = data  # it was decoded already
        shown = self._content(written, plain)
        if shown == plain:
            return data
        return _coded(shown, find_field(fields, b"content-encoding") or "")

    def data(self, data: bytes) -> bytes:
        """Replace the secrets in bytes of no known kind."""
        return self._content("", data)

    def finding(self, message: str, instance: Sequence[str] | None) -> str:
        """
        Replace the secrets in the message of a finding.

        Of a secret one, whatever is quoted from there.
        """
        if instance and any(judge_name(name) is Secrecy.SECRET or name.lower() in self.names for name in instance):
            message = _QUOTED.sub(lambda found: f"{found.group(1)}{MASKED}{found.group(1)}", message)
            for value in (value for value in self.quoted if value in message):
                message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", lambda _: MASKED, message)
        return self.text(message)

    def _content(self, written: str, data: bytes) -> bytes:
        media_type = parse_media_type(written)
        if is_packed(media_type) and (packed := self._packed(media_type, data)) is not None:
            return packed
        text, charset = _read_text(data, media_type)
        if text is None:
            binary = data.decode("latin-1")
            shown = cover_keys(self._known(binary), self._cover)
            if shown == binary:
                return data
            return shown.encode("latin-1", "replace")
        shown = self._by_kind(written, text)
        if shown == text:
            return data
        return shown.encode(charset, "surrogatepass" if charset.startswith("utf") else "replace")

    def _packed(self, media_type: MediaRange, data: bytes) -> bytes | None:
        """
        Mask JSON data in binary; None where it can't be read.

        What is not secret stays byte for byte where nothing is.
        """
        try:
            value = read_packed(data, media_type)
        except MalformedContent:
            return None
        shown = self._value(value, 0)
        if shown == value:
            return data
        return write_packed(shown, media_type)

    def _by_kind(self, written: str, text: str) -> str:
        """Mask a body by its media type; one of another form as text."""
        media_type = parse_media_type(written)
        essence = media_type.essence
        if is_json(media_type):
            return self._json_body(text)
        if essence == FORM:
            return self.query(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
        covers = self._covers()
        if is_json_lines(media_type) or is_event_stream(media_type):
            return mask_lines(text, covers)
        if media_type.type == "multipart" and (boundary := find_boundary(written)):
            return mask_parts(text, boundary, covers, self._by_kind)
        if is_xml(media_type) or essence in {"text/html", "image/svg+xml"}:
            return mask_markup(text, covers)
        if "yaml" in essence:
            return mask_yaml(text, covers)
        if essence in {"text/csv", "text/tab-separated-values", "application/csv"}:
            return mask_table(text, "\t" if "tab" in essence else ",", covers)
        return self.text(text)

    def _json_body(self, text: str) -> str:
        try:
            value: JsonValue = orjson.loads(text)
        except orjson.JSONDecodeError:
            try:
                value = json.loads(text)  # numbers and characters that the other one refuses
            except (ValueError, RecursionError):
                return self._loose(text)
        shown = self._value(value, 0)
        if shown != value:
            return orjson.dumps(shown, option=orjson.OPT_INDENT_2 if text.startswith(("{\n", "[\n")) else 0).decode()
        is_doubled = text.count('":') + text.count('" :') > _count_members(
            value
        )  # a member that another one of its name hides
        if is_doubled and HINTS.search(text):
            return self._loose(text)
        return text


def _count_members(value: JsonValue) -> int:
    todo, count = [value], 0
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            count += len(item)
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return count


def _read_text(data: bytes, media_type: MediaRange) -> tuple[str | None, str]:
    """Read bytes as text; None for what is none. The charset comes from a list."""
    charset = _CHARSETS.get((media_type.parameter("charset") or "").lower(), "utf-8")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        charset = "utf-16"
    try:
        text = data.decode(charset)
    except UnicodeDecodeError:
        if media_type.type in {"text", "multipart"} or is_json(media_type):
            return (data.decode("latin-1"), "latin-1")
        return (None, "")
    if "\0" not in text or charset != "utf-8":
        return (text, charset)
    return (None, "")


def _coded(data: bytes, coding: str) -> bytes:
    """Code a body again as it was, where that is a coding that is written here; else it is shown as it is."""
    if coding.strip().lower() in {"gzip", "x-gzip"}:
        return gzip.compress(data, mtime=0)
    if coding.strip().lower() == "deflate":
        return zlib.compress(data)
    return data


def names_of(schemes: Iterable[SecurityScheme]) -> frozenset[str]:
    """List the names under which the keys of security schemes are sent, in lower case."""
    return frozenset(scheme.name.lower() for scheme in schemes if scheme.type == "apiKey" and scheme.location in _KEYED)


_KEYED: Final = frozenset((ParameterLocation.HEADER, ParameterLocation.QUERY, ParameterLocation.COOKIE))
NO_MASK: Final = Mask()
