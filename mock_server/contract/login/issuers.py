"""Issuers: who is asked for tokens. Only the API's own origin, and origins that the user named."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mock_server.contract.transport.http import Sender, origin_of
from mock_server.errors import LoginError, UsageError
from mock_server.exchange.message import RawFields, Request, Response
from mock_server.exchange.secrets.mask import Mask


@dataclass(eq=False, repr=False)
class Issuers:
    """Sends login requests."""

    own: Sender  # to the API
    base: str  # the URL of the API
    open: Callable[[str], Sender]  # a sender to another origin
    named: set[str] = field(default_factory=set)  # origins that the user named
    _senders: dict[str, Sender] = field(default_factory=dict)

    def resolve(self, url: str) -> str:
        """
        Return the whole URL of what the user named; a path is below the URL of the API.

        Raises:
            UsageError: it is no URL.
        """
        if "://" not in url:
            return f"{self.base.rstrip('/')}/{url.lstrip('/')}"
        self.named.add(origin_of(url))
        return url

    def allows(self, url: str) -> bool:
        """Return whether a URL that an answer or the document gave may be asked."""
        try:
            origin = origin_of(url)
        except UsageError:
            return False
        return origin == self.own.origin or origin in self.named

    def ask(self, method: str, url: str, fields: RawFields, body: bytes = b"") -> Response:
        """
        Send a request.

        Raises:
            LoginError: the origin was not named, or no answer came.
        """
        if not self.allows(url):
            raise LoginError(f"{origin_of(url)} is not the API, and you did not name it")
        parts = urlsplit(url)
        path, query = (parts.path or "/").encode("latin-1", "replace"), parts.query.encode("latin-1", "replace")
        received = self._sender(origin_of(url)).send(Request(method, path, query, fields, body))
        if received.response is None or received.fault is not None:
            why = received.detail or (received.fault.value if received.fault is not None else "no answer")
            raise LoginError(f"{method} {Mask().url(url)}: {why}")
        return received.response

    def _sender(self, origin: str) -> Sender:
        if origin == self.own.origin:
            return self.own
        if origin not in self._senders:
            self._senders[origin] = self.open(origin)
        return self._senders[origin]

    def close(self) -> None:
        """Let go of connections to others than the API."""
        for sender in self._senders.values():
            sender.close()
