"""Sending requests to an ASGI or WSGI application in this process: no socket, no port."""

import asyncio
import importlib
import inspect
import io
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from mock_server.contract.transport.http import AnswerLimits, BufferedBody, Received, Sender, TransportFault
from mock_server.errors import UsageError
from mock_server.exchange.message import Request, Response

_ORIGIN = "http://app.invalid"
_log = logging.getLogger("mock_server.contract")


def load_app(where: str, flag: str = "--app") -> Any:  # noqa: ANN401 - an application of somebody else
    """
    Import an application, or a function of the user's.

    Args:
        where: `module:attribute`; a factory without parameters is called. The working folder is importable.
        flag: That names it, for messages.

    Raises:
        UsageError: there is no such module or attribute, or it raises.
    """
    module_name, colon, path = where.partition(":")
    if not colon or not module_name or not path:
        raise UsageError(f"{flag} is module:attribute, not {where!r}")
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:
        looked = ""
        if isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}."):
            looked = f" in {folder}, nor among the packages of {sys.prefix}"
        raise UsageError(f"{flag} {where}: {_said(error)}{looked}") from error
    for name in path.removesuffix("()").split("."):
        if not hasattr(found, name):
            raise UsageError(f"{flag} {where}: {module_name} has no {path.removesuffix('()')}")
        found = getattr(found, name)
    try:
        return found() if path.endswith("()") else found
    except Exception as error:
        raise UsageError(f"{flag} {where}: {_said(error)}") from error


def _said(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def open_app(app: Any, limits: AnswerLimits) -> Sender:  # noqa: ANN401 - see `load_app`
    """Make the sender of an application: ASGI where its call is a coroutine or takes three arguments, else WSGI."""
    if _is_asgi(app):
        return AsgiSender(app, limits)
    return WsgiSender(app, limits)


def _is_asgi(app: Any) -> bool:  # noqa: ANN401 - see `load_app`
    call = app if inspect.isfunction(app) or inspect.ismethod(app) else type(app).__call__
    if inspect.iscoroutinefunction(call):
        return True
    try:
        parameters = [p for p in inspect.signature(app).parameters.values() if p.default is p.empty]
    except (TypeError, ValueError):
        return False
    return len(parameters) == 3  # noqa: PLR2004 - scope, receive, send


class AsgiSender:
    """Calls an ASGI application, one request after the other; its lifespan is kept open."""

    origin = _ORIGIN

    def __init__(self, app: Any, limits: AnswerLimits) -> None:  # noqa: ANN401 - see `load_app`
        """Start the application."""
        self._app = app
        self._limits = limits
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._ends: asyncio.Event | None = None
        self._lifespan = self._loop.run_until_complete(self._start())

    def send(self, request: Request) -> Received:
        """Send a request; never raises for what the API does."""
        with self._lock:
            return self._loop.run_until_complete(self._exchange(request))

    def break_off(self) -> None:
        """Nothing: an application in this process is waited for."""

    def go_on(self) -> None:
        """Nothing was broken off."""

    def close(self) -> None:
        """Stop the application."""
        with self._lock:
            self._loop.run_until_complete(self._stop())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _start(self) -> "asyncio.Task[None] | None":
        """Run the lifespan's start-up; an application without one refuses the scope, which is its right."""
        started, ends = asyncio.Event(), asyncio.Event()
        self._ends = ends
        messages = iter(({"type": "lifespan.startup"},))

        async def receive() -> MutableMapping[str, Any]:
            message = next(messages, None)
            if message is None:
                await ends.wait()
                return {"type": "lifespan.shutdown"}
            return message

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"].startswith("lifespan.startup"):
                started.set()

        async def run() -> None:
            try:
                await self._app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
            except Exception as error:  # noqa: BLE001 - it has no lifespan: applications say so in many ways
                _log.debug("no lifespan: %r", error)
            started.set()

        task = asyncio.ensure_future(run())
        try:
            await asyncio.wait_for(started.wait(), self._limits.seconds)
        except TimeoutError:
            task.cancel()
            return None
        return task

    async def _stop(self) -> None:
        if self._lifespan is not None and self._ends is not None:
            self._ends.set()
            await asyncio.wait({self._lifespan}, timeout=self._limits.seconds)
            self._lifespan.cancel()

    async def _exchange(self, request: Request) -> Received:
        exchange = _Exchange(request, self._limits)
        task = asyncio.ensure_future(self._called(exchange))
        finished = asyncio.ensure_future(exchange.enough.wait())
        while not task.done() and not exchange.enough.is_set():
            left = exchange.seconds_left
            await asyncio.wait({task, finished}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not exchange.seconds_left:
                break
        finished.cancel()
        if not task.done():
            exchange.gone.set()
            if exchange.complete:
                await asyncio.wait({task}, timeout=min(1.0, self._limits.seconds))  # what it does after the answer
            task.cancel()
            await asyncio.wait({task}, timeout=1.0)
        error = task.exception() if task.done() and not task.cancelled() else None
        return exchange.received(error)

    async def _called(self, exchange: "_Exchange") -> None:
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except SystemExit as stop:  # which would end this process
            raise RuntimeError(f"SystemExit: {stop}") from stop


class _Exchange:
    """One call of an ASGI application."""

    def __init__(self, request: Request, limits: AnswerLimits) -> None:
        fields = list(request.fields)
        names = {name for name, _ in fields}
        if b"host" not in names:
            fields.insert(0, (b"host", b"app.invalid"))
        if request.body and b"content-length" not in names:
            fields.append((b"content-length", b"%d" % len(request.body)))
        self.scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
            "method": request.method,
            "scheme": "http", "path": unquote_to_bytes(request.path).decode("utf-8", "replace"),
            "raw_path": request.path,
            "query_string": request.query, "root_path": "", "headers": fields, "client": ("127.0.0.1", 1),
            "server": ("app.invalid", 80),
            "extensions": {}, "state": {},
        }  # fmt: skip
        self.enough = asyncio.Event()
        self.gone = asyncio.Event()
        self.complete = False
        self._limits = limits
        self._method = request.method
        self._body: bytes | None = request.body
        self._started = time.perf_counter()
        self._status = 0
        self._gathered: BufferedBody | None = None

    @property
    def seconds_left(self) -> float:
        if self._gathered is not None:
            return self._gathered.seconds_left
        return max(self._limits.seconds - (time.perf_counter() - self._started), 0.0)

    async def receive(self) -> MutableMapping[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            fields = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]
            self._gathered = BufferedBody(self._limits, fields, self._started)
        elif message["type"] == "http.response.body" and self._gathered is not None and not self.enough.is_set():
            more = message.get("more_body", False)
            if self._gathered.add(message.get("body", b"")) or not more:
                self.complete = not more
                self.enough.set()
            elif more:
                await asyncio.sleep(0)

    def received(self, error: BaseException | None) -> Received:
        seconds = time.perf_counter() - self._started
        if self._gathered is None:
            if error is not None:
                return Received(
                    Response(500, ((b"content-type", b"text/plain"),), f"{type(error).__name__}: {error}".encode()),
                    seconds=seconds,
                )
            return Received(None, TransportFault.TIMEOUT, f"within {self._limits.seconds:g} s", seconds)
        if self.enough.is_set():
            return _as_sent(self._method, self._gathered.received(self._status))
        if self._gathered.is_stream:
            self._gathered.cut = True
            return self._gathered.received(self._status)
        if error is not None or self.seconds_left:
            fault = TransportFault.DISCONNECTED
        else:
            fault = TransportFault.ENDLESS
        return self._gathered.received(
            self._status, fault, f"{type(error).__name__}: {error}" if error is not None else ""
        )


class WsgiSender:
    """Calls a WSGI application, PEP 3333; several threads may call at once."""

    origin = _ORIGIN

    def __init__(self, app: Callable[..., Iterable[bytes]], limits: AnswerLimits) -> None:
        self._app = app
        self._limits = limits

    def send(self, request: Request) -> Received:
        """Send a request; never raises for what the API does."""
        started = time.perf_counter()
        answered: list[tuple[int, list[tuple[bytes, bytes]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            answered[:] = [(int(status.split(" ", 1)[0]), fields)]
            return lambda data: None

        chunks: Iterable[bytes] = ()
        try:
            chunks = self._app(_environ(request), start_response)
            gathered: BufferedBody | None = None
            for chunk in chunks:
                gathered = gathered or BufferedBody(self._limits, answered[0][1] if answered else (), started)
                if gathered.add(chunk):
                    break
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what a server would make a 500 of
            body = f"{type(error).__name__}: {error}".encode()
            return Received(
                Response(500, ((b"content-type", b"text/plain"),), body), seconds=time.perf_counter() - started
            )
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        if not answered:
            return Received(
                None, TransportFault.MALFORMED, "start_response was not called", time.perf_counter() - started
            )
        status, fields = answered[0]
        return _as_sent(request.method, (gathered or BufferedBody(self._limits, fields, started)).received(status))

    def break_off(self) -> None:
        """Nothing: an application in this process is waited for."""

    def go_on(self) -> None:
        """Nothing was broken off."""

    def close(self) -> None:
        """Nothing is held."""


def _as_sent(method: str, received: Received) -> Received:
    """
    Return an answer as a server sends it: to HEAD without a body. RFC 9110, section 9.3.2.

    Their field Content-Length stays: it is that of the answer to GET.
    """
    if method != "HEAD" or received.response is None:
        return received
    return replace(received, response=received.response._replace(body=b""))


def _environ(request: Request) -> dict[str, Any]:
    path = unquote_to_bytes(request.path).decode("latin-1")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "PATH_INFO": path,
        "QUERY_STRING": request.query.decode("latin-1"),
        "RAW_URI": request.path.decode("latin-1"), "SERVER_NAME": "app.invalid", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "app.invalid",
        "CONTENT_LENGTH": str(len(request.body)) if request.body else "",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in request.fields:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else "HTTP_" + key
        text = value.decode("latin-1")
        environ[key] = (
            f"{environ[key]}, {text}" if environ.get(key) and key.startswith("HTTP_") and key != "HTTP_HOST" else text
        )
    return environ
