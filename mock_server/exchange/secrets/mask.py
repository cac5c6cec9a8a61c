"""
Secrets kept out of what is shown or stored: journal, exports, console, log, reports, curl lines and fixtures.

A value is a secret by the name above it (`secret_names`), by its place (credentials, cookies, the security schemes of
the document), by its shape (`secret_shapes`), or because the same exchange has it in such a place as well: an answer
that repeats the password of its request shows it no more than the request does. Bodies are read by their media types;
what can't be read is searched as text. Masking is for what is written and shown only: what is sent is never touched.

A mask replaces by a word; with `is_veiled` letters, digits and signs keep their places, for schemas that ask for
a form.
"""

import base64
import gzip
import html
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

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
    Covers,
    find_boundary,
    mask_lines,
    mask_markup,
    mask_parts,
    mask_table,
    mask_yaml,
)
from mock_server.exchange.secrets.names import OF_OAUTH, Secrecy, find_granting, hides, is_place_name, judge_name
from mock_server.exchange.secrets.shapes import cover_keys, cover_runs, decode_basic, is_opaque
from mock_server.json_values import JsonObject, JsonValue
from mock_server.printable import printable

MASKED: Final = "[masked]"
_ALWAYS: Final = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "authentication-info",
        "proxy-authentication-info",
        "cookie",
        "set-cookie",
        "x-api-key",
    )
)
# Header fields whose values identify a representation, a part or a request, and are random by their nature.
_IDENTIFYING: Final = frozenset(
    ("etag", "if-match", "if-none-match", "if-range", "content-type", "content-digest", "repr-digest", "digest",
     "content-md5", "date", "traceparent", "tracestate", "x-request-id", "x-correlation-id", "sec-websocket-key",
     "sec-websocket-accept", "user-agent", "accept", "x-mock-seed", "x-mock-payload", "preference-applied",
     "content-security-policy")
)  # fmt: skip
_DEEPEST: Final = 64
_MOST_DECODED: Final = 16 * 1024 * 1024  # bytes of a body whose coding is undone
# What turns the characters of a secret into others of their kind: hexadecimal digits stay such, letters keep their
# case.
_VEIL: Final = {
    **dict.fromkeys(map(ord, "0123456789"), "0"),
    **dict.fromkeys(map(ord, "abcdef"), "a"),
    **dict.fromkeys(map(ord, "ABCDEF"), "A"),
    **dict.fromkeys(range(ord("g"), ord("z") + 1), "x"),
    **dict.fromkeys(range(ord("G"), ord("Z") + 1), "X"),
}
_SHORT: Final = 12  # characters: no key is shorter, unless it is known or named
_SIGNS: Final = frozenset('=:<{["%@ ')  # without which a short text names nothing
_STRONG: Final = 8  # characters, of several kinds: it is looked for inside of words as well
_LONG: Final = 16  # characters: no word of a language
_DISTINCTIVE: Final = 4  # characters: a shorter one is only looked for in quotes
_HINTS: Final = re.compile(
    r"pass|pwd|psw|pswd|token|secret|sess|sid|sig|otp|cred|key|auth|csrf|xsrf|jwt|cookie|cv[vc]|pin|hmac|bearer|kennwort|contrase|senha"
    r"|parola|mdp|wachtwoord|ssn|social|national|card.?n|cc.?num|saml|assertion|client.?cert|magic|passport|verif"
    r"|(?:security|device|time|sms|login|reset|access).?code|code.?verifier",
    re.IGNORECASE,
)
# `name=value`, `name: value`, `"name": "value"`, `\"name\": \"value\"`: a name and what follows it.
_NAMED: Final = re.compile(
    r"""(?<![\w.%])(?P<name>[^\W\d][\w.\-\[\]%]{0,100}+)(?P<sign>\\{0,8}["']?[ \t]{0,8}(?:=>|[=:])[ \t\r\n]{0,8})"""
)
_VALUE: Final = re.compile(
    r"""\\{1,8}"(?:(?!\\{1,8}")[^\r\n])*|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|\[masked\]|\[?[^\s&;,"'<>(){}\[\]\\#]+(?:\[masked\])?"""
)
_LINE: Final = re.compile(
    r"""^(?P<head>[ \t]*(?:-[ \t]+)*["']?(?P<name>[^\W\d][\w.\-]{0,100}+)["']?[ \t]*:[ \t]+)(?P<value>\S[^\r\n]*)""",
    re.MULTILINE,
)
_FLAG: Final = re.compile(
    r"""(?<![^\s"'])(--?(?P<name>[A-Za-z][\w.\-]{0,100}+)[ \t]{1,8})(?P<value>[^\s"'-][^\s"']*)"""
)  # of a command line
_ENCODED: Final = re.compile(r"""[^\s"'<>&=?#;,%]{0,256}+%[0-9A-Fa-f]{2}[^\s"'<>&=?#;,]*""")
_WORD: Final = re.compile(r"""[^\s"'<>]+""")  # what may be a URL
_GRANTING: Final = tuple(f"{name}=" for name in sorted(OF_OAUTH))
_LONGEST_VALUE: Final = 65_536  # characters after a name in a text
_LONGEST_PIN: Final = 64
_PROSE: Final = re.compile(r"[^\W\d_]{1,20}\Z")  # a word of a sentence, as in "password: is required"
_CHARSETS: Final = {
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
    "iso-8859-1": "latin-1",
}


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
class Mask:
    """Takes secrets out of texts, values and messages; see the module."""

    secrets: tuple[str, ...] = ()  # replaced wherever they stand; the longest first
    names: frozenset[str] = (
        frozenset()
    )  # beyond those that say so themselves: of fields, parameters and cookies, in lower case
    words: tuple[str, ...] = ()  # secrets that are replaced only as whole words
    quoted: tuple[str, ...] = ()  # secrets so short or plain that they are replaced only in quotes
    members: frozenset[str] = frozenset()  # names of what documents call a password, anywhere, in lower case
    templates: tuple[str, ...] = ()  # of paths with variables that are secrets: `/reset/{token}`
    open_cookies: frozenset[str] = frozenset()  # names of cookies that are no secrets
    is_veiled: bool = False
    _found: set[str] | None = field(default=None, compare=False, repr=False)  # what was covered, where somebody asks

    # -- whole messages

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

    def knowing(self, values: Iterable[str]) -> "Mask":
        """Make a mask that knows more secrets: each is looked for as far as it can't be taken for something else."""
        strong, words, quoted = set(self.secrets), set(self.words), set(self.quoted)
        for value in values:
            if not value or value == MASKED:
                continue
            if _is_strong(value):
                strong |= forms_of(value)
            elif _is_distinctive(value):
                words.add(value)
            else:
                quoted.add(value)
        return replace(
            self,
            secrets=_longest_first(strong),
            words=_longest_first(words),
            quoted=_longest_first(quoted),
            _found=None,
        )

    def naming(self, names: Iterable[str]) -> "Mask":
        """Make a mask that takes what has some names for a secret as well."""
        return replace(self, names=self.names | {name.lower() for name in names})

    def veiled(self) -> "Mask":
        """Make a mask that keeps no more of a secret than its form."""
        return replace(self, is_veiled=True)

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

    # -- parts of messages

    def path(self, path: bytes) -> bytes:
        """
        Replace the secrets in a path.

        In variables that are called so, after a segment that is called so, by shape.
        """
        text = path.decode("latin-1")
        segments = (cover_keys(text, self._cover) if len(text) > _LONG else text).split("/")
        named = {index for template in self.templates for index in self._variables(template.split("/"), segments)}
        shown = []
        are_open = not self._has_known
        for index, segment in enumerate(segments):
            # Most segments are words and numbers, and shorter than a key.
            if are_open and len(segment) < _SHORT and (segment.isalpha() or segment.isdigit()) and index not in named:
                shown.append(segment)
                continue
            before = segments[index - 1] if index else ""
            is_named = index in named or (
                before and is_opaque(unquote(segment)) and judge_name(unquote(before)) is Secrecy.SECRET
            )
            shown.append(self._cover(segment) if segment and is_named else self._unquoted(segment))
        return "/".join(shown).encode("latin-1", "replace")

    def printable_path(self, path: bytes) -> str:
        """Write a path for the log."""
        return printable(self.path(path).decode("latin-1"))

    def _variables(self, template: list[str], segments: list[str]) -> Iterator[int]:
        """Find the segments of a path that a template has a secret variable for; a base path may precede it."""
        shift = len(segments) - len(template) + 1
        pairs = list(zip(template[1:], segments[shift:], strict=False))
        if shift > 0 and all("{" in part or part == segment for part, segment in pairs):
            yield from (shift + at for at, (part, _) in enumerate(pairs) if self._names_secret(part))

    def _names_secret(self, part: str) -> bool:
        names = re.findall(r"\{([^{}]+)\}", part)
        return any(judge_name(name) is Secrecy.SECRET or self._is_named(name) for name in names)

    def _is_named(self, name: str) -> bool:
        return name.lower() in self.names or name.lower() in self.members

    def query(self, query: bytes, path: bytes = b"") -> bytes:
        """
        Replace the secrets in a query, or in a form that is written like one.

        Args:
            query: Percent-encoded.
            path: That it is for; it may say what a query is about.
        """
        if not query:
            return query
        text = query.decode("latin-1")
        if "=" not in text:
            return self._unquoted(text).encode("latin-1", "replace")
        return self._parameters(text, path.decode("latin-1")).encode("latin-1", "replace")

    def _parameters(self, text: str, path: str) -> str:
        parts = re.split(r"([&;])", text)
        granting = find_granting(_read_pairs(parts[::2]), path)
        return "".join(self._pair(part, granting) for part in parts)

    def url(self, url: str) -> str:
        """Replace the secrets in a URL: in its userinfo, path, query and fragment."""
        scheme, sign, rest = cover_keys(url, self._cover).partition("://")
        host, slash, path = rest.partition("/") if sign else ("", "", scheme)
        target, hash_, fragment = path.partition("#")
        before, question, query = target.partition("?")
        head = self.text(f"{scheme}{sign}{host}") if sign else ""
        shown = self.path((slash + before).encode("utf-8")).decode("latin-1") if before else slash
        at = path.encode("utf-8")
        queried = self.query(query.encode("utf-8"), at).decode("latin-1")
        return head + shown + question + queried + hash_ + self.query(fragment.encode("utf-8"), at).decode("latin-1")

    def fields(self, fields: RawFields) -> tuple[tuple[bytes, bytes], ...]:
        """Replace the secrets in header fields."""
        return tuple((name, self.field(name, value)) for name, value in fields)

    def field(self, name: bytes, value: bytes) -> bytes:
        """Replace the secrets in a header field; of a cookie that is set, its value."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        if key == "set-cookie":
            return self._set_cookie(text).encode("latin-1")
        if key == "cookie":
            return self._cookies(text).encode("latin-1")
        if self._is_named(key) or is_secret_field(key, text):
            return self._credentials(text).encode("latin-1")
        return self.text(text, is_identifying=key in _IDENTIFYING).encode("latin-1", "replace")

    def cookies(self, fields: RawFields) -> dict[str, str]:
        """Read the cookies of a request, without their values: RFC 6265, section 4.2.1."""
        pairs = (
            part.strip().partition("=") for part in (find_field(fields, b"cookie") or "").split(";") if "=" in part
        )
        read = {name: value.strip('"') for name, _, value in pairs}
        return read | dict.fromkeys(read.keys() - self.open_cookies, MASKED)

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

    # -- texts and values

    def text(self, text: str, *, is_identifying: bool = False) -> str:
        """
        Replace the secrets in a text: those that are known, named, or show by their shape.

        Args:
            text: Any text; JSON and URLs in it are read as such.
            is_identifying: Whether random characters identify something here and are no secret.
        """
        if not text or text == MASKED or (len(text) < _SHORT and not self._has_known and _SIGNS.isdisjoint(text)):
            return text
        if (
            text[0] in ("{[" if is_identifying else '{["')
            and text[-1] in '}]"'
            and (shown := self._json(text)) is not None
        ):
            return shown
        if text[0] == "<" and text[-1:] == ">":
            return mask_markup(text, self._covers())
        text = self._known(text)
        if ("?" in text or "#" in text) and any(name in text for name in _GRANTING):
            text = _WORD.sub(self._granting, text)
        text = cover_keys(text, self._cover)
        if _may_name(text) and _HINTS.search(text):
            text = _LINE.sub(self._line, text)
            text = self._pairs(text)
        if "%" in text:
            text = _ENCODED.sub(self._encoded, text)
        if is_identifying:
            return text
        return cover_runs(text, self._cover, looks_inside=self._is_changed)

    def value(self, value: JsonValue) -> JsonValue:
        """Replace the secrets in JSON data."""
        return self._value(value, 0)

    def hides(self, name: str, value: JsonValue) -> bool:
        """Check whether a value is a secret, or holds one, below a name."""
        if self._is_named(name) and not isinstance(value, bool) and value is not None:
            return True
        return self.value({name: value}) != {name: value}

    def _value(self, value: JsonValue, depth: int) -> JsonValue:
        if depth > _DEEPEST:
            if isinstance(value, str | list | dict):
                return MASKED
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._value(item, depth + 1) for item in value]
        if isinstance(value, dict):
            granting: frozenset[str] = frozenset()
            if not value.keys().isdisjoint(OF_OAUTH):
                granting = find_granting(
                    {name: item for name, item in value.items() if isinstance(item, str)}, has_pairs=False
                )
            shown: dict[str, JsonValue] = {}
            for name, item in value.items():
                if name in granting:
                    shown[self.text(name)] = self._below(item, depth)
                else:
                    shown[self.text(name)] = self._member(name, item, depth + 1, value)
            return shown
        if isinstance(value, int | float) and not isinstance(value, bool) and self._knows(str(value)):
            return self._number(value)
        return value

    def _member(self, name: str, value: JsonValue, depth: int, around: JsonObject) -> JsonValue:
        if name.lower() in self.members:
            return self._below(value, depth)
        if name in {"value", "values", "content", "text", "data"} and _is_named_pair(around):
            return self._below(value, depth)  # HAR's headers, forms as lists: {"name": "token", "value": …}
        secrecy = judge_name(name)
        if secrecy is Secrecy.SECRET or (isinstance(value, str) and hides(name, value)):
            return self._below(value, depth)
        if (
            secrecy is Secrecy.PIN
            and isinstance(value, int)
            and not isinstance(value, bool)
            and hides(name, str(value))
        ):
            return self._below(value, depth)
        if isinstance(value, str):
            return self.text(value, is_identifying=is_place_name(name) or "etag" in name.lower())
        return self._value(value, depth)

    def _below(self, value: JsonValue, depth: int) -> JsonValue:
        """Cover all that is below a name; booleans and null reveal nothing."""
        if isinstance(value, str):
            if value:
                return self._cover(value)
            return value
        if isinstance(value, list):
            if depth <= _DEEPEST:
                return [self._below(item, depth + 1) for item in value]
            return MASKED
        if isinstance(value, dict):
            if depth <= _DEEPEST:
                return {name: self._below(item, depth + 1) for name, item in value.items()}
            return MASKED
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value)

    def _number(self, value: float) -> JsonValue:
        written = str(value)
        shown = self._cover(written)
        if not self.is_veiled or self._found is not None:
            return shown
        digits = len(str(abs(int(value)))) if abs(value) < 1e300 else 1  # noqa: PLR2004 - infinity has none
        ones = int("1" * digits) * (-1 if value < 0 else 1)
        if isinstance(value, int):
            return ones
        return float(ones)

    @property
    def _has_known(self) -> bool:
        return bool(self.secrets or self.words or self.quoted)

    def _cover(self, secret: str) -> str:
        if secret == MASKED:
            return secret
        if self._found is not None:
            self._found.add(secret)
            if "%" in secret:
                self._found.add(unquote(secret))
        if self.is_veiled:
            return secret.translate(_VEIL)
        return MASKED

    def _replace(self, found: re.Match[str]) -> str:
        return self._cover(found.group())

    def _is_changed(self, text: str) -> bool:
        return replace(self, _found=None).text(text) != text

    def _knows(self, text: str) -> bool:
        return text in self.words or text in self.secrets

    def _known(self, text: str) -> str:
        for secret in self.secrets:
            if secret in text:
                text = text.replace(secret, self._cover(secret))
        for word in self.words:
            if word in text:
                text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", self._replace, text)
        for short in self.quoted:
            if short in text and len(text) > len(short) + 2:
                text = re.sub(rf"""(?<=['"`]){re.escape(short)}(?=['"`])""", self._replace, text)
        return text

    # -- texts with a form

    def _json(self, text: str) -> str | None:
        try:
            value: JsonValue = orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
        shown = self._value(value, 0)
        if shown == value:
            return text
        return orjson.dumps(shown).decode()

    def _pairs(self, text: str) -> str:
        """Cover the values after names in a text; what is no secret may have names inside: `https://host/?token=…`."""
        out: list[str] = []
        done = 0
        for found in _NAMED.finditer(text):
            name, sign = found.group("name", "sign")
            if found.start() < done or not self._may_hide(unquote(name)):
                continue
            longest = _LONGEST_PIN if judge_name(unquote(name)) is Secrecy.PIN else _LONGEST_VALUE
            value = _VALUE.match(text, found.end(), found.end() + longest)
            shown = self._named(unquote(name), sign, value.group()) if value is not None else None
            if value is not None and shown is not None:
                out += [text[done : found.end()], shown]
                done = value.end()
        text = "".join((*out, text[done:]))
        if "-" in text:
            return _FLAG.sub(self._flag, text)
        return text

    def _may_hide(self, name: str) -> bool:
        return self._is_named(name) or judge_name(name) not in {Secrecy.OPEN, Secrecy.KIND}

    def _flag(self, found: re.Match[str]) -> str:
        name, value = found.group("name", "value")
        if hides(name, value) and not _PROSE.match(value):
            return found.group(1) + self._cover(value)
        return found.group()

    def _granting(self, found: re.Match[str]) -> str:
        """Cover parameters of OAuth 2.0 in a URL; what else is in it is looked at later."""
        if not any(name in found.group() for name in _GRANTING):
            return found.group()
        pieces = re.split(r"([?#&;])", found.group())
        granting = find_granting(_read_pairs(pieces), pieces[0])
        if not granting:
            return found.group()
        for index, piece in enumerate(pieces):
            name, _, value = piece.partition("=")
            if unquote_plus(name) in granting and value and value != MASKED:
                pieces[index] = f"{name}={self._cover_quoted(value)}"
        return "".join(pieces)

    def _encoded(self, found: re.Match[str]) -> str:
        """Mask what is percent-encoded in a text."""
        plain = unquote(found.group())
        shown = self.text(plain) if plain != found.group() else plain
        if shown == plain:
            return found.group()
        return quote(shown, safe="[]:@!$'()*,;")

    def _named(self, name: str, sign: str, value: str) -> str | None:
        """Cover the value after a name in a text; None where it is no secret."""
        bare = value.strip("\\\"'")
        if not bare or not (hides(name, bare) or self._is_named(name)):
            return None
        is_quoted = value[0] in "\\\"'"
        if ":" in sign and not is_quoted and _PROSE.match(bare) and sign.endswith((" ", "\n")):
            return None
        start = value.find(bare)
        return f"{value[:start]}{self._cover(bare)}{value[start + len(bare) :]}"

    def _line(self, found: re.Match[str]) -> str:
        """Cover a line such as `X-Auth-Token: …`, unless it is a sentence."""
        head, name, value = found.group("head", "name", "value")
        words = value.split()
        is_sentence = len(words) > 2 and any(word.isalpha() and word.islower() for word in words)  # noqa: PLR2004
        if not hides(name, value.strip()) or is_sentence or _PROSE.match(value) and len(value) < _DISTINCTIVE:  # noqa: RUF021
            return found.group()
        start = head.rstrip()
        if name.lower() == "set-cookie":
            return f"{start} {self._set_cookie(value)}"
        return f"{start} {self._credentials(value)}"

    def _credentials(self, text: str) -> str:
        """Cover a field whose whole value is secret; its parts are secrets of their own."""
        if not text:
            return text
        if self._found is not None:
            scheme, _, rest = text.partition(" ")
            basic = decode_basic(rest) if scheme.lower() == "basic" else None
            self._found.update(filter(None, (rest.strip(), (basic or "").partition(":")[2])))
            self._found.update(
                re.findall(r'(?:response|nonce|signature|token|key)\s*=\s*"([^"]{4,})"', rest, re.IGNORECASE)
            )
        return self._cover(text)

    def _cookies(self, text: str) -> str:
        if self._found is not None:
            pairs = (part.strip().partition("=") for part in text.split(";"))
            self._found.update(value.strip('"') for name, _, value in pairs if value and name not in self.open_cookies)
            return text
        if self.is_veiled:
            return text.translate(_VEIL)
        return MASKED

    def _set_cookie(self, text: str) -> str:
        head, semicolon, rest = text.partition(";")
        name, equals, value = head.partition("=")
        bare = value.strip('"')
        shown = self._cover(bare) if bare and name.strip() not in self.open_cookies else value
        return f"{self.text(name)}{equals}{shown}{semicolon}{self.text(rest)}"

    def _pair(self, part: str, granting: frozenset[str]) -> str:
        name, equals, value = part.partition("=")
        key = unquote_plus(name)
        if equals and value and (key in granting or self._is_named(key) or hides(key, unquote_plus(value))):
            return f"{name}={self._cover_quoted(value)}"
        if not equals:
            return self._unquoted(part)
        is_identifying = is_place_name(key) or "etag" in key.lower()
        return f"{self._unquoted(name)}={self._unquoted(value, is_identifying=is_identifying)}"

    def _cover_quoted(self, value: str) -> str:
        if self._found is not None:
            self._found.add(unquote_plus(value))
        return self._cover(value)

    def _unquoted(self, text: str, *, is_identifying: bool = False) -> str:
        """Mask a percent-encoded text; it stays as it is written where there is nothing to mask."""
        plain = unquote(text) if "%" in text else text
        shown = self.text(plain, is_identifying=is_identifying)
        if shown != plain:
            if "%" in text:
                return quote(shown, safe="[]:@!$'()*,;")
            return shown
        return self._known(text)

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

    def _covers(self) -> Covers:
        return Covers(
            self.text, self._cover, self._loose, lambda name, value: self._is_named(name) or hides(name, value)
        )

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
        if is_doubled and _HINTS.search(text):
            return self._loose(text)
        return text

    def _loose(self, text: str) -> str:
        """Mask a text of another form than its media type says."""
        return cover_runs(
            self._pairs(cover_keys(self._known(text), self._cover)), self._cover, looks_inside=self._is_changed
        )


def _read_pairs(parts: Iterable[str]) -> dict[str, str]:
    """Read the parameters of a query; of several with one name the longest value counts."""
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition("=")
        key, text = unquote_plus(name), unquote_plus(value)
        if len(text) > len(found.get(key, "")):
            found[key] = text
    return found


def _may_name(text: str) -> bool:
    """Return whether a text has a separator of names and values."""
    return "=" in text or ":" in text or " " in text or "\t" in text


_QUOTED: Final = re.compile(r"""(["'`])(?:\\.|(?!\1).)+\1""")


def put_back(value: JsonValue, before: JsonValue) -> JsonValue:
    """Put back into a value that was edited what a mask took out of the one before: where it still says so."""
    if value == MASKED and before is not None:
        return before
    if isinstance(value, dict) and isinstance(before, dict):
        return {name: put_back(item, before.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(before, list):
        return [put_back(item, old) for item, old in zip_longest(value, before[: len(value)])]
    return value


def names_of(schemes: Iterable[SecurityScheme]) -> frozenset[str]:
    """List the names under which the keys of security schemes are sent, in lower case."""
    return frozenset(scheme.name.lower() for scheme in schemes if scheme.type == "apiKey" and scheme.location in _KEYED)


_KEYED: Final = frozenset((ParameterLocation.HEADER, ParameterLocation.QUERY, ParameterLocation.COOKIE))
NO_MASK: Final = Mask()


def _is_strong(value: str) -> bool:
    """Check whether a secret is looked for inside of longer words: it is long, or no word."""
    kinds = (str.isdigit, str.isupper, str.islower, _is_sign)
    mixed = sum(any(map(kind, value)) for kind in kinds)
    return len(value) >= _LONG or (len(value) >= _STRONG and mixed > 1 and not value.istitle())


def _is_sign(char: str) -> bool:
    return not char.isalnum() and not char.isspace()


def _is_distinctive(value: str) -> bool:
    """Check whether a secret is looked for as a word: a shorter or plainer one may be there for something else."""
    return len(value) >= _STRONG or (len(value) >= _DISTINCTIVE and any(char.isdigit() for char in value))


def is_secret_field(name: str, value: str) -> bool:
    """Check whether a header field is secret by its name, which is in lower case."""
    return name in _ALWAYS or hides(name, value)


def forms_of(value: str) -> set[str]:
    """List the forms in which a secret may come back: encoded for URLs, JSON, markup, and in base64."""
    data = value.encode("utf-8", "replace")
    escaped = orjson.dumps(data.decode()).decode()[1:-1]
    encoded = base64.b64encode(data).decode()
    forms = {value, quote(value, safe=""), quote_plus(value), quote(value), escaped, html.escape(value)}
    return forms | {encoded, encoded.rstrip("="), base64.urlsafe_b64encode(data).decode(), data.hex()}


def _longest_first(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def _is_named_pair(around: JsonObject) -> bool:
    """Check for `{"name": "token", "value": …}`, as HAR and lists of settings have it."""
    names = (around.get(key) for key in ("name", "key", "field", "header"))
    return any(
        isinstance(name, str) and (judge_name(name) is Secrecy.SECRET or name.lower() in _ALWAYS) for name in names
    )


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
