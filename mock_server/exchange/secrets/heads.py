"""Secrets in the heads of messages: paths, queries, URLs, header fields and cookies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from mock_server.exchange.message import RawFields, find_field
from mock_server.exchange.secrets.known import LONG, MASKED, VEIL
from mock_server.exchange.secrets.names import ALWAYS, Secrecy, find_granting, hides, is_place_name, judge_name
from mock_server.exchange.secrets.shapes import cover_keys, cover_runs, has_marker, is_opaque
from mock_server.exchange.secrets.texts import SHORT, TextMask, read_pairs
from mock_server.printable import printable

# Header fields whose values identify a representation, a part or a request, and are random by their nature.
_IDENTIFYING: Final = frozenset(
    ("etag", "if-match", "if-none-match", "if-range", "content-type", "content-digest", "repr-digest", "digest",
     "content-md5", "date", "traceparent", "tracestate", "x-request-id", "x-correlation-id", "sec-websocket-key",
     "sec-websocket-accept", "user-agent", "accept", "x-mock-seed", "x-mock-payload", "preference-applied",
     "content-security-policy")
)  # fmt: skip
_PLAIN_PATH: Final = re.compile(r"[0-9A-Za-z._~/-]*")  # in which nothing is encoded, and nothing has a name


@dataclass(frozen=True, slots=True)
class HeadMask(TextMask):
    """Takes secrets out of targets and header fields."""

    def path(self, path: bytes) -> bytes:
        """
        Replace the secrets in a path.

        In variables that are called so, after a segment that is called so, by shape.
        """
        text = path.decode("latin-1")
        if self._is_plain_path(text):
            return self._plain_path(text).encode("latin-1")
        segments = (cover_keys(text, self._cover) if len(text) > LONG else text).split("/")
        named = {index for template in self.templates for index in self._variables(template.split("/"), segments)}
        shown = []
        are_open = not self._has_known
        for index, segment in enumerate(segments):
            # Most segments are words and numbers, and shorter than a key.
            if are_open and len(segment) < SHORT and (segment.isalpha() or segment.isdigit()) and index not in named:
                shown.append(segment)
                continue
            before = segments[index - 1] if index else ""
            is_named = index in named or (
                before and is_opaque(unquote(segment)) and judge_name(unquote(before)) is Secrecy.SECRET
            )
            shown.append(self._cover(segment) if segment and is_named else self._unquoted(segment))
        return "/".join(shown).encode("latin-1", "replace")

    def _is_plain_path(self, text: str) -> bool:
        """Check that each segment of a path can be judged by itself and the one before it, as those of most can."""
        return (
            not self._has_known
            and not self.templates
            and _PLAIN_PATH.fullmatch(text) is not None
            and not has_marker(text)
        )

    def _plain_path(self, text: str) -> str:
        """Mask a plain path, in less time than it takes to read what others may hold."""
        shown = []
        before = ""
        for segment in text.split("/"):
            if is_opaque(segment) and judge_name(before) is Secrecy.SECRET:
                shown.append(self._cover(segment))
            elif len(segment) < SHORT:
                shown.append(segment)
            else:
                shown.append(cover_runs(segment, self._cover, looks_inside=self._is_changed))
            before = segment
        return "/".join(shown)

    def printable_path(self, path: bytes) -> str:
        """Write a path for the log."""
        return printable(self.path(path).decode("latin-1"))

    def _variables(self, template: list[str], segments: list[str]) -> Iterator[int]:
        """Find the segments of a path that a template has a secret variable for; a base path may precede it."""
        shift = len(segments) - len(template) + 1
        pairs = list(zip(template[1:], segments[shift:], strict=False))
        if shift > 0 and all("{" in part or part == segment for part, segment in pairs):
            yield from (shift + at for at, (part, _) in enumerate(pairs) if self._names_secret(part))

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
        granting = find_granting(read_pairs(parts[::2]), path)
        return "".join(self._pair(part, granting) for part in parts)

    def _pair(self, part: str, granting: frozenset[str]) -> str:
        name, equals, value = part.partition("=")
        key = unquote_plus(name)
        if equals and value and (key in granting or self._is_named(key) or hides(key, unquote_plus(value))):
            return f"{name}={self._cover_quoted(value)}"
        if not equals:
            return self._unquoted(part)
        is_identifying = is_place_name(key) or "etag" in key.lower()
        return f"{self._unquoted(name)}={self._unquoted(value, is_identifying=is_identifying)}"

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

    def _unquoted(self, text: str, *, is_identifying: bool = False) -> str:
        """Mask a percent-encoded text; it stays as it is written where there is nothing to mask."""
        plain = unquote(text) if "%" in text else text
        shown = self.text(plain, is_identifying=is_identifying)
        if shown != plain:
            if "%" in text:
                return quote(shown, safe="[]:@!$'()*,;")
            return shown
        return self._known(text)

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

    def _cookies(self, text: str) -> str:
        if self._found is not None:
            pairs = (part.strip().partition("=") for part in text.split(";"))
            self._found.update(value.strip('"') for name, _, value in pairs if value and name not in self.open_cookies)
            return text
        if self.is_veiled:
            return text.translate(VEIL)
        return MASKED


def is_secret_field(name: str, value: str) -> bool:
    """Check whether a header field is secret by its name, which is in lower case."""
    return name in ALWAYS or hides(name, value)
