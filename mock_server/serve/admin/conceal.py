"""
Taking secrets out of what is shown: credentials, cookies, and whatever repeats them.

Where credentials stand is known from the security schemes of the documents; the values found there are replaced wherever
the same exchange has them again: in an echo of the request, in a message of a finding.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from mock_server.contract.identity import MASKED, Mask
from mock_server.exchange.message import Request, Response, find_field
from mock_server.serve.journal import Recorded
from mock_server.serve.world import COOKIE as WORLD
from mock_server.spec.document import Document
from mock_server.spec.model import Location

_ALWAYS: Final = frozenset(("access_token", "api_key", "apikey", "client_secret", "password"))  # RFC 6750, section 2.3, and its like
_TELLING: Final = 8  # characters: a shorter value is found in texts that have nothing to do with it


@dataclass(frozen=True, slots=True)
class Concealed:
    """An exchange without its secrets."""

    request: Request
    response: Response
    cookies: dict[str, str]
    mask: Mask  # for messages about it


class Concealer:
    """Takes the secrets out of exchanges with some documents."""

    def __init__(self, documents: Iterable[Document]) -> None:
        keys = [scheme for document in documents for scheme in document.schemes.values() if scheme.type == "apiKey"]
        by_header = {scheme.name.lower().encode("latin-1", "replace") for scheme in keys if scheme.location is Location.HEADER}
        self._headers = Mask().names | by_header
        self._query = _ALWAYS | {scheme.name for scheme in keys if scheme.location is Location.QUERY}

    def conceal(self, recorded: Recorded) -> Concealed:
        """Take the secrets out of an exchange; what it says besides stays as it was."""
        request, answer = recorded.request, recorded.answer
        cookies = _cookies(request)
        mask = Mask(self._secrets(request, cookies), self._headers)
        shown = mask.request(request._replace(query=self._without_keys(request.query)))
        response = mask.response(Response(answer.status, answer.fields, answer.body))
        return Concealed(shown, response, {name: value if name == WORLD else MASKED for name, value in cookies.items()}, mask)

    def conceal_url(self, url: str) -> str:
        """Take the secrets out of the query of a URL."""
        base, sign, query = url.partition("?")
        return base + sign + self._without_keys(query.encode()).decode()

    def _secrets(self, request: Request, cookies: dict[str, str]) -> tuple[str, ...]:
        """What was sent as a secret, in the forms in which it may come back; the longest first."""
        found = {value for name, value in cookies.items() if name != WORLD}
        for name, value in request.fields:
            if name in self._headers and name != b"cookie":
                text = value.decode("latin-1")
                found |= {text, text.partition(" ")[2], *_basic(text)}
        for part in request.query.split(b"&"):
            key, _, raw = part.decode("latin-1").partition("=")
            if unquote_plus(key) in self._query:
                found |= {raw, unquote_plus(raw)}
        return tuple(sorted((text for text in found if len(text) >= _TELLING), key=lambda text: (-len(text), text)))

    def _without_keys(self, query: bytes) -> bytes:
        if not query:
            return query
        parts = (part.partition(b"=") for part in query.split(b"&"))
        return b"&".join(
            name + b"=" + MASKED.encode() if unquote_plus(name.decode("latin-1")) in self._query else name + sign + value
            for name, sign, value in parts
        )


def _cookies(request: Request) -> dict[str, str]:
    """The cookies of a request. RFC 6265, section 4.2.1."""
    pairs = (part.strip().partition("=") for part in (find_field(request.fields, b"cookie") or "").split(";") if "=" in part)
    return {name: value.strip('"') for name, _, value in pairs}


def _basic(field: str) -> tuple[str, ...]:
    """The password in an Authorization field of the scheme Basic. RFC 7617."""
    scheme, _, encoded = field.partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        return (base64.b64decode(encoded).decode("utf-8", "replace").partition(":")[2],)
    except binascii.Error:
        return ()
