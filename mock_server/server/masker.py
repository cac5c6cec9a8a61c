"""The mask of a server, which knows the secrets that its documents declare."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from mock_server.document.document import Document
from mock_server.exchange.bounds import LARGE_BODY
from mock_server.exchange.message import Request, Response
from mock_server.exchange.secrets.document import mask_of
from mock_server.exchange.secrets.mask import Mask, MaskedExchange
from mock_server.findings import Finding
from mock_server.respond.journal import Recorded
from mock_server.respond.worlds import COOKIE

_MOST_PATHS: Final = 4_096  # that are at hand
_LONGEST_PATH: Final = 256  # bytes of one
_WORD: Final = 8  # bytes
_DIGIT: Final = re.compile(rb"[0-9]")
_TELLING: Final = 4  # bytes: a shorter piece of a target is found everywhere


class Masker:
    """Takes the secrets out of exchanges with some documents."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.mask: Mask = mask_of(documents, frozenset((COOKIE,)))
        self._read_short_path = lru_cache(_MOST_PATHS)(self._read_path)

    def conceal(self, recorded: Recorded) -> MaskedExchange:
        """Mask the secrets of an exchange of the journal."""
        answer = recorded.answer
        return self.mask.exchange(recorded.request, Response(answer.status, answer.fields, answer.body))

    def head(self, recorded: Recorded) -> Request:
        """Take the secrets out of the target of a request: for lists of many."""
        request, answer = recorded.request, recorded.answer
        mask = self._for_target(request, Response(answer.status, answer.fields, answer.body))
        return request._replace(path=mask.path(request.path), query=mask.query(request.query), fields=(), body=b"")

    def path(self, request: Request) -> str:
        """Write the path of a request for the log; those that come again and again are written once."""
        path = request.path
        shown, pieces = self._read_short_path(path) if len(path) <= _LONGEST_PATH else self._read_path(path)
        if not pieces:
            return shown
        request = _shortened(request)
        if _has_any(pieces, request):
            return self.mask.seen_in(request).printable_path(request.path)
        return shown

    def _read_path(self, path: bytes) -> tuple[str, tuple[bytes, ...]]:
        """Return a path without secrets, and the pieces that are secrets if the request has them again."""
        pieces = [
            piece
            for piece in path.split(b"/")
            if len(piece) >= _WORD or (len(piece) >= _TELLING and not piece.isalpha() and _has_digit(piece))
        ]
        if b"%" in path:
            pieces += [unquote_to_bytes(piece) for piece in pieces]
        return self.mask.printable_path(path), tuple(pieces)

    def findings(self, request: Request, findings: Sequence[Finding]) -> list[str]:
        """Write the messages of findings in a request, without its secrets."""
        if not findings:
            return []
        mask = self.mask.seen_in(_shortened(request))
        return [mask.finding(finding.message, finding.instance) for finding in findings]

    def _for_target(self, request: Request, response: Response | None) -> Mask:
        """Make the mask of a target; pieces that occur elsewhere in the exchange may be secrets."""
        if _is_repeated(request, response):
            return self.mask.seen_in(request, response)
        return self.mask


def _shortened(request: Request) -> Request:
    """Cut a body to the part that is searched for the log: megabytes would hold the loop for seconds."""
    if len(request.body) > LARGE_BODY:
        return request._replace(body=request.body[:LARGE_BODY])
    return request


def _has_digit(piece: bytes) -> bool:
    return _DIGIT.search(piece) is not None


def _has_any(pieces: tuple[bytes, ...], request: Request) -> bool:
    """Check whether a piece of the path occurs elsewhere in the request."""
    places = b"\0".join([request.query, *[value for _, value in request.fields]])
    return any(piece in places or piece in request.body for piece in pieces)


def _is_repeated(request: Request, response: Response | None) -> bool:
    pieces = {
        piece
        for piece in (*request.path.split(b"/"), *request.query.replace(b"=", b"&").split(b"&"))
        if len(piece) >= _TELLING
    }
    words = pieces | {unquote_to_bytes(piece) for piece in pieces if b"%" in piece}
    if not words:
        return False
    places = [request.body, *(value for _, value in request.fields)]
    if response is not None:
        places += [response.body, *(value for _, value in response.fields)]
    return any(word in place for place in places for word in words)
