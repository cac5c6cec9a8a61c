"""
A listener for callbacks and webhooks: it keeps what is sent to it, and thanks for everything.

It listens on this machine only, unless another address is asked for.
"""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from mock_server.errors import ListenError
from mock_server.exchange.message import Request

_MOST_BODY = 1024 * 1024  # bytes
_MOST_KEPT = 1000  # requests
_SECONDS = 5.0  # for one request


class Listener:
    """Listens while it is entered."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, url: str | None = None) -> None:
        """
        Take an address.

        Args:
            host: To listen on.
            port: To listen on; 0 takes a free one.
            url: Under which the API reaches it; None where that is the address itself.

        Raises:
            ListenError: the address can't be had.
        """
        self._url = url.rstrip("/") if url is not None else None
        self._arrived: list[Request] = []
        self._news = threading.Condition()
        try:
            self._server = ThreadingHTTPServer((host, port), self._handler())
        except (OSError, OverflowError) as error:
            raise ListenError(
                f"can't listen for callbacks on {host}:{port}: {getattr(error, 'strerror', None) or error}"
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="callbacks")

    @property
    def url(self) -> str:
        """The address that it listens on."""
        host, port = self._server.server_address[:2]
        return self._url or f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_SECONDS)

    def arrived(self) -> list[Request]:
        """Return all requests that came until now."""
        with self._news:
            return list(self._arrived)

    def wait(self, path: str, seconds: float) -> list[Request]:
        """
        Wait for requests.

        Args:
            path: That they are sent to, or below.
            seconds: How long to wait for the first one.

        Returns:
            What came until the first one was there; nothing if none came.
        """
        ends = time.monotonic() + seconds
        with self._news:
            while True:
                found = [request for request in self._arrived if request.path.decode("latin-1").startswith(path)]
                left = ends - time.monotonic()
                if found or left <= 0:
                    return found
                self._news.wait(left)

    def _keep(self, request: Request) -> None:
        with self._news:
            if len(self._arrived) < _MOST_KEPT:
                self._arrived.append(request)
            self._news.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        keep = self._keep

        class Handler(BaseHTTPRequestHandler):
            """Takes any request."""

            timeout = _SECONDS

            def handle_any(self) -> None:
                length = self.headers.get("content-length", "0")
                if length.isdigit():
                    size = min(int(length), _MOST_BODY)
                else:
                    size = 0
                parts = urlsplit(self.path)
                fields = tuple(
                    (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                    for name, value in self.headers.items()
                )
                keep(
                    Request(
                        self.command,
                        parts.path.encode("latin-1"),
                        parts.query.encode("latin-1"),
                        fields,
                        self.rfile.read(size),
                    )
                )
                self.send_response(204)
                self.end_headers()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                """Say nothing."""

        return Handler
