"""
Our middleware: the first of the application, so that an ordinary request meets no other layer.

It reads the body, asks the responder, and sends. What the responder does not know it hands on: Swagger UI, the areas
beside the API, lifespan, web sockets.

An exchange that a real server answers, with the delays and faults that answers here meet.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from mock_server.cache import BoundedCache
from mock_server.document.model import Entry
from mock_server.errors import MalformedContent, MalformedWorld
from mock_server.exchange import problem
from mock_server.exchange.content_coding import TooLarge, decode_request
from mock_server.exchange.message import RawFields, Request
from mock_server.exchange.prefer import prefers_by_query
from mock_server.pausing import OutOfTime, at_once
from mock_server.printable import printable
from mock_server.respond.answer import GENERATED, STATE, UPSTREAM, Answer, RawField, problem_answer
from mock_server.respond.blocking import run_blocking
from mock_server.respond.headers import CACHE_CONTROL, DEPRECATION, NO_STORE, VARY_ON_ORIGIN, vary_field
from mock_server.respond.worlds import World
from mock_server.server import swagger_ui
from mock_server.server.backend import (
    Asgi,
    AsgiCall,
    Backend,
    Disturbance,
    FaultInjector,
    Forwarder,
    Message,
    Mount,
    Receive,
    Respond,
    Scope,
    Send,
    UpstreamAnswer,
    is_below,
)
from mock_server.server.browser import (
    CONTENT_FIELDS,
    NOSNIFF,
    add_fields,
    changes_unasked,
    confine,
    is_browser,
    is_led_here,
    preflight,
    reaches_further,
    with_cors,
    without_cors,
    without_session,
)
from mock_server.server.connection.immediate import write_head
from mock_server.server.masker import Masker
from mock_server.server.send import send_whole

Write = Callable[[Answer, Scope], tuple[Message, Message]]


class FinishedExchange(NamedTuple):
    """The exchange, as it is kept."""

    request: Request
    kept: Answer
    disturbance: Disturbance | None


async def pass_on(
    backend: Backend, mount: Mount, world: World, call: AsgiCall, respond: Respond, write: Write
) -> FinishedExchange:
    """
    Let the real server answer.

    Args:
        backend: With its relay.
        mount: The document.
        world: Of who asks.
        call: The request.
        respond: Asks the mock.
        write: Gives the messages of an answer.
    """
    relay, disturber, scope = backend.relay, backend.disturber, call.scope
    if relay is None:
        raise RuntimeError("nobody passes requests on")
    path: bytes = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    head = Request(scope["method"], path, scope["query_string"], scope["headers"], b"")
    disturbance = disturber.plan(head, mount.responder, world) if disturber is not None else None
    if disturber is not None and disturbance is not None:
        relayed = await _disturbed(disturber, disturbance, relay, mount, call, head, respond)
    else:
        relayed = await relay.exchange(mount, call, respond)
        answer = relayed.answer
        if disturber is not None and not relayed.is_sent and (answer.delay is not None or answer.fault is not None):
            disturbance, answer = disturber.bring(answer, relayed.request, world)
            relayed = relayed._replace(answer=answer, kept=answer)
    if relayed.is_sent:
        return FinishedExchange(relayed.request, relayed.kept, disturbance)
    start, body = write(relayed.answer, scope)
    if disturber is not None and disturbance is not None:
        await disturber.deliver(disturbance, scope, call.send, start, body)
    else:
        await call.send(start)
        await call.send(body)
    return FinishedExchange(relayed.request, relayed.kept, disturbance)


async def _disturbed(
    disturber: FaultInjector[Any],
    disturbance: Disturbance,
    relay: Forwarder,
    mount: Mount,
    call: AsgiCall,
    head: Request,
    respond: Respond,
) -> UpstreamAnswer:
    """Ask the real server for the request of the client, and the mock for any other."""
    found: list[UpstreamAnswer] = []

    async def real(request: Request) -> Answer:
        if request is not head:
            return await respond(request)
        found.append(await relay.exchange(mount, call, respond, whole=True))
        return found[-1].answer

    answer = await disturber.answer(disturbance, head, real)
    if found and found[-1].is_sent:
        return found[-1]  # a stream can't be disturbed
    return UpstreamAnswer(found[-1].request if found else head, answer, is_sent=False, kept=answer)


_log = logging.getLogger("mock_server.access")
_AREA = b"/__"
_READING = frozenset(("GET", "HEAD"))
_WITHOUT_BODY = frozenset((204, 304))  # and without Content-Length, RFC 9110, section 8.6
_LED_HERE = (
    "preferences in the query are not obeyed where a page of another origin leads here: "
    "open the address by hand, or send Prefer"
)
_LONGEST_NUMBER = 18  # digits of a length
_UNASKED = "a page of another origin may not change what is behind this proxy; --cors lets pages of any origin call"
_MOST_READY = 4_096
_SMALL = 4_096  # bytes of an answer that may be out of date and is kept ready all the same, until there are too many


@dataclass(slots=True, eq=False)
class _HeadTemplate:
    """The head that answers with the same fields have in common."""

    own: Sequence[RawField]  # of the answers; the very object, so that its id stays its own
    status: int
    entry: Entry | None
    fields: list[RawField]  # with those that are said of all answers, but for the length
    reaches_further: bool  # whether a browser is not sent all of them
    first: Sequence[RawField] | None = None  # fields of the server that `head` begins with
    head: bytes | None = None  # without the length and the empty line; None where the server has to look at it


class ClientLeft(Exception):
    """The client closed the connection within its request."""


class MockMiddleware:
    """Answers the operations of the documents; see the module."""

    def __init__(self, app: Asgi, backend: Backend, *, through: bool = False) -> None:
        """
        Wrap the rest of the application.

        Args:
            app: What comes next.
            backend: Who answers.
            through: Hand API requests on instead of answering them: then Connexion's stack asks the same responder.
        """
        self._app = app
        self._backend = backend
        self._through = through
        self._swagger_ui = swagger_ui.open_swagger_ui(
            lambda: [mount.responder.document.title for mount in backend.mounts]
        )
        self._ready: BoundedCache[int, tuple[Answer, tuple[Message, Message]]] = BoundedCache(_MOST_READY)
        self._frames: BoundedCache[int, _HeadTemplate] = BoundedCache(_MOST_READY)
        self._varies: dict[
            int, tuple[Entry | None, Sequence[RawField]]
        ] = {}  # by the id of an operation, which stays its own
        self._generation = backend.generation  # that those are of
        self._masked: tuple[Mount, ...] = ()
        self._known_masker = Masker(())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on; nothing is done for a client that leaves within its request."""
        with contextlib.suppress(ClientLeft):
            await self._take(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and self._backend.relay is not None:
            await self._backend.relay.refuse(send, speaks_http="websocket.http.response" in scope.get("extensions", {}))
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        backend = self._backend
        if not backend.hosts.accepts(scope["headers"]):
            await self._send(backend.hosts.refuse(scope["headers"]), scope, send, is_own=True)
        elif self._is_for_admin(scope):
            await self._show_inside(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the API, or for a page beside it on its port."""
        started = time.perf_counter()
        path, backend = _path_of(scope), self._backend
        mount = self._find_mount(scope, path)
        if self._is_calm(path):
            request, everybody = (
                Request(scope["method"], path, scope["query_string"], scope["headers"], b""),
                backend.worlds.everybody,
            )
            read = None
            if request.method not in _READING and mount.express.awaits_body(request):
                scope["headers"] = without_session(scope["headers"])
                read = await read_request(scope, receive, path, backend.settings.max_body)
                request = read if isinstance(read, Request) else request
            found = await _find(mount, request, everybody)
            if found is not None:
                start, body = self._messages(found, scope)
                await send_whole(scope, send, start, body)
                self._note(request, found, everybody, started)
                return
            if read is not None:
                await self._exchange(mount, scope, receive, send, path, started, read)
                return
        elsewhere = self._elsewhere(scope["method"], path)
        if elsewhere is not None:
            await elsewhere(scope, receive, send)
            return
        scope["headers"] = without_session(scope["headers"])
        if scope["method"] == "OPTIONS" and self._is_shared():
            allowed = preflight(scope["headers"])
            if allowed is not None:
                await self._send(allowed, scope, send)
                return
        page = backend.find_page(scope["method"], path) if scope["method"] in _READING else None
        if page is not None and (backend.relay is None or path.startswith(_AREA)):
            await self._send(await page(), scope, send, is_own=path.startswith(_AREA))
            return
        if self._through:
            await self._app(scope, receive, add_fields(send, (*CONTENT_FIELDS, NO_STORE, *self._vary(None))))
            return
        await self._exchange(mount, scope, receive, send, path, started)

    def reads_first(self) -> bool:
        """Return whether requests are read whole before they are answered; see `server.connection.immediate`."""
        return self._is_calm(b"")

    def at_once(self, scope: Scope, body: bytes, first: Sequence[RawField]) -> bytes | None:
        """Answer an ordinary request that is read whole; see `server.connection.immediate`."""
        started, path, backend, fields = time.perf_counter(), _path_of(scope), self._backend, scope["headers"]
        if not self._is_calm(path) or len(body) > backend.settings.max_body or not backend.hosts.accepts(fields):
            return None
        if self._is_for_admin(scope):
            return None
        request, everybody = (
            Request(scope["method"], path, scope["query_string"], fields, body),
            backend.worlds.everybody,
        )
        try:
            found = at_once(partial(self._find_mount(scope, path).express.find, request, everybody))
        except OutOfTime:
            return None
        if found is None or found.status in _WITHOUT_BODY or found.status < 200:  # noqa: PLR2004
            return None
        head = self._head(found, first, fields)
        if head is None:
            return None
        self._note(request, found, everybody, started)
        return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(found.body), found.body)

    def _is_calm(self, path: bytes) -> bool:
        """Return whether nobody but the responder has a say in what is answered under a path."""
        backend = self._backend
        is_calm = backend.disturber is None or backend.disturber.is_calm
        return is_calm and backend.relay is None and not self._through and not path.startswith(_AREA)

    def _find_mount(self, scope: Scope, path: bytes) -> Mount:
        """Return the document that a request is for."""
        mounts = self._backend.mounts
        if len(mounts) == 1:
            return mounts[0]
        return self._backend.find_mount(
            scope["method"], path.decode("latin-1"), scope["query_string"].decode("latin-1")
        )

    async def _exchange(
        self,
        mount: Mount,
        scope: Scope,
        receive: Receive,
        send: Send,
        path: bytes,
        started: float,
        read: Request | Answer | None = None,
    ) -> None:
        """Answer a request of the API, which may be read already, and keep the exchange."""
        backend = self._backend
        try:
            world = backend.worlds.of(scope["headers"])
        except MalformedWorld as error:
            await self._send(problem_answer(problem.MALFORMED_WORLD, str(error)), scope, send)
            return
        refusal = self._refuse_page(scope)
        if refusal is not None:
            await self._send(refusal, scope, send)
            return
        if backend.relay is not None:
            call = AsgiCall(scope, receive, send)
            respond = partial(self._respond, mount, world, scope, receive)
            passed = await pass_on(backend, mount, world, call, respond, self._written)
            backend.record(passed.request, passed.kept, world, started, passed.disturbance)
            if _log.isEnabledFor(logging.INFO):  # what is found is logged by who judges
                kept = passed.kept._replace(findings=())
                self._log_answer(passed.request, kept, time.perf_counter() - started, passed.disturbance)
            return
        request = read or await read_request(scope, receive, path, self._backend.settings.max_body)
        disturbance = None
        disturber = backend.disturber
        if (
            read is None
            and not isinstance(request, Answer)
            and request.body
            and (disturber is None or disturber.is_calm)
        ):
            found = await _find(mount, request, world)
            if found is not None:
                start, body = self._messages(found, scope)
                await send_whole(scope, send, start, body)
                self._note(request, found, world, started)
                return
        if isinstance(request, Answer):
            answer, request = request, Request(scope["method"], path, scope["query_string"], scope["headers"], b"")
        elif disturber is not None and (disturbance := disturber.plan(request, mount.responder, world)) is not None:
            answer = await disturber.answer(disturbance, request, partial(self._respond, mount, world, scope, receive))
        else:
            answer = await self._respond(mount, world, scope, receive, request)
            if disturber is not None and (answer.delay is not None or answer.fault is not None):
                disturbance, answer = disturber.bring(answer, request, world)
        start, body = self._written(answer, scope)
        if disturber is not None and disturbance is not None:
            await disturber.deliver(disturbance, scope, send, start, body)
        else:
            await send_whole(scope, send, start, body)
        self._note(request, answer, world, started, disturbance)

    def _note(
        self, request: Request, answer: Answer, world: World, started: float, disturbance: Disturbance | None = None
    ) -> None:
        """Keep an exchange, and log it."""
        self._backend.record(request, answer, world, started, disturbance)
        if _log.isEnabledFor(logging.INFO):
            self._log_answer(request, answer, time.perf_counter() - started, disturbance)

    def _log_answer(self, request: Request, answer: Answer, seconds: float, disturbance: Disturbance | None) -> None:
        """Log an exchange, without its secrets."""
        met = disturbance.describe() if disturbance is not None else None
        path = self._masker.path(request)
        found = self._masker.findings(request, answer.findings)
        said = (
            request.method,
            path,
            answer.status,
            answer.source,
            seconds * 1000,
            f" ({met})" if met is not None else "",
        )
        record = logging.LogRecord(
            _log.name, logging.INFO, __file__, 0, "%s %s %d %s %.1f ms%s", said, None
        )  # who calls is known
        record.__dict__ |= {
            "method": request.method,
            "path": path,
            "status": answer.status,
            "source": answer.source,
            "operation": answer.entry.id if answer.entry is not None else None,
            "milliseconds": round(seconds * 1000, 2),
            "disturbance": met,
            "findings": found,
        }
        _log.handle(record)
        for finding, message in zip(answer.findings, found, strict=True):
            _log.warning("  %s: %s", finding.rule, printable(message))

    @property
    def _masker(self) -> Masker:
        """Takes secrets out, as the documents that are served now know them."""
        if self._masked is not self._backend.mounts:
            self._masked = self._backend.mounts
            self._known_masker = Masker(mount.responder.document for mount in self._masked)
        return self._known_masker

    async def _respond(self, mount: Mount, world: World, scope: Scope, receive: Receive, request: Request) -> Answer:
        answer = await run_blocking(partial(mount.responder.respond, request, world))
        if answer.later is None:
            return answer
        made = await answer.later(scope, receive)
        return made._replace(findings=(*answer.findings, *made.findings))

    def _messages(self, found: Answer, scope: Scope) -> tuple[Message, Message]:
        """
        Return the messages of an answer that there was nothing to decide about.

        Those of one that comes again are made once.
        """
        self._keep_up()
        if reaches_further(found.fields) and is_browser(scope["headers"]):
            return self._written(found, scope)
        ready = self._ready.get(id(found))
        if ready is not None:
            return ready[1]
        start: Message = {"type": "http.response.start", "status": found.status, "headers": self._framed(found)}
        messages = start, {"type": "http.response.body", "body": found.body}
        if _may_come_again(found):
            self._ready[id(found)] = found, messages  # with the answer, so that its id stays its own
        return messages

    def _head(self, found: Answer, first: Sequence[RawField], asked: RawFields) -> bytes | None:
        """
        Write the head of an answer without its length, once a second for all answers with the same fields.

        Args:
            found: The answer.
            first: Fields of the server that come first.
            asked: Fields of the request.

        Returns:
            None where the answer depends on who asks, or the server has to look at it.
        """
        self._keep_up()
        own = found.fields
        frame = self._frames.get(id(own))
        if frame is None or frame.status != found.status or frame.entry is not found.entry:
            fields = self._fields(found)
            frame = _HeadTemplate(own, found.status, found.entry, fields, reaches_further(fields))
            if isinstance(own, tuple) or _may_come_again(found):
                self._frames[id(own)] = frame
        if frame.reaches_further and is_browser(asked):
            return None
        if frame.first is not first:
            head = write_head(found.status, first, frame.fields)
            frame.first, frame.head = first, head[:-2] if head is not None else None
        return frame.head

    def _keep_up(self) -> None:
        """Forget what was compiled for replaced documents."""
        if self._generation != self._backend.generation:
            self._generation = self._backend.generation
            self._ready.clear()
            self._frames.clear()
            self._varies.clear()

    def _refuse_page(self, scope: Scope) -> Answer | None:
        """Return the refusal of a request that no page of another origin may cause, or None."""
        fields, query = scope["headers"], scope["query_string"]
        if b"__" in query and is_led_here(fields) and prefers_by_query(query.decode("latin-1")):
            return problem_answer(problem.FOREIGN_PREFERENCE, _LED_HERE)
        is_private = self._backend.relay is not None and self._backend.hosts.names is not None and not self._is_shared()
        if is_private and changes_unasked(scope["method"], fields):
            return problem_answer(problem.FOREIGN_ORIGIN, _UNASKED)
        return None

    def _is_for_admin(self, scope: Scope) -> bool:
        """Return whether a request came to the port that the admin side has for itself."""
        ports = self._backend.ports
        return ports is not None and scope["server"][1] == ports.admin

    async def _show_inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer on the port of the admin side: there is no API here."""
        path = _path_of(scope)
        area = self._find_area(path)
        page = self._backend.find_page(scope["method"], path, is_ours=True) if path.startswith(_AREA) else None
        if page is not None:
            await self._send(await page(), scope, send, is_own=True)
        elif area is not None:
            await area(scope, receive, send)
        else:
            detail = "here are the admin side, /__admin, and the console, /__console/; the API has a port of its own"
            await self._send(problem_answer(problem.NO_ADMIN_PATH, detail), scope, send, is_own=True)

    def _find_area(self, path: bytes) -> Asgi | None:
        """Return the application beside the API that has a path."""
        return next((area for prefix, area in self._backend.areas.items() if is_below(path, prefix)), None)

    def _elsewhere(self, method: str, path: bytes) -> Asgi | None:
        """Find the application of a page that is no document's: Swagger UI or an area on the API's port."""
        backend = self._backend
        if path.startswith(_AREA):
            area = self._find_area(path) if backend.ports is None else None
            if area is None or backend.find_page(method, path) is not None:
                return None
            return area
        if backend.relay is not None:
            return None  # such paths are the real server's
        area = backend.areas.get(path) if backend.ports is None else None
        found = area
        if path == swagger_ui.ROOT or path.startswith(swagger_ui.ROOT + b"/"):
            found = self._swagger_ui
        if found is None or backend.is_documented(method, path):
            return None
        return found

    async def _send(self, answer: Answer, scope: Scope, send: Send, *, is_own: bool = False) -> None:
        """Send an answer of this server's own, which no page of another origin may read."""
        start, body = self._written(answer, scope, is_own=is_own)
        await send_whole(scope, send, start, body)

    def _framed(self, answer: Answer) -> list[RawField]:
        """Return the fields of an answer with its length and the fields of all answers."""
        fields = self._fields(answer)
        if answer.status >= 200 and answer.status not in _WITHOUT_BODY:  # noqa: PLR2004
            fields.append((b"content-length", b"%d" % len(answer.body)))
        return fields

    def _fields(self, answer: Answer) -> list[RawField]:
        """Return the fields of an answer and those for browsers and caches."""
        names = {name for name, _ in answer.fields}
        own = answer.fields if NOSNIFF[0] not in names else [pair for pair in answer.fields if pair[0] != NOSNIFF[0]]
        fields = [*CONTENT_FIELDS, *own]
        if answer.source != UPSTREAM:
            fixed = self._fixed(names)
            fields += fixed
            if CACHE_CONTROL not in names and not any(name == CACHE_CONTROL for name, _ in fixed):
                fields.append(NO_STORE)
            fields += self._vary(answer.entry)
        elif self._is_shared():
            fields.append(VARY_ON_ORIGIN)
        if answer.entry is not None and answer.entry.deprecated and DEPRECATION[0] not in names:
            fields.append(DEPRECATION)
        return fields

    def _fixed(self, own: AbstractSet[bytes]) -> list[RawField]:
        """Return the fields that the settings add, except those that the answer has."""
        given = self._backend.settings.headers
        return [(name.encode(), value.encode()) for name, value in given.items() if name.encode() not in own]

    def _vary(self, entry: Entry | None) -> Sequence[RawField]:
        """
        Return the `Vary` field of the answers of an operation.

        Nothing where the document has another word for it, which has to be kept.
        """
        self._keep_up()
        known = self._varies.get(id(entry))
        if known is None:
            responders = (mount.responder for mount in self._backend.mounts)
            responder = next((each for each in responders if entry in each.document.entries), None)
            field = vary_field(responder.document if responder is not None else None, entry, shared=self._is_shared())
            refused = entry is not None and responder is not None and responder.judge_of(entry).refuses(*field)
            known = self._varies[id(entry)] = entry, () if refused else (field,)
        return known[1]

    def _is_shared(self) -> bool:
        """
        Return whether pages of any origin may read answers.

        Those of the mock, unless it is set; a real server decides itself.
        """
        cors = self._backend.settings.cors
        if cors is not None:
            return cors
        return self._backend.relay is None

    def _written(self, answer: Answer, scope: Scope, *, is_own: bool = False) -> tuple[Message, Message]:
        """Return the messages of an answer."""
        fields: Sequence[RawField] = self._framed(answer)
        if not is_own:
            fields = confine(fields, scope["headers"])
            if self._is_shared():
                fields = with_cors(fields, scope["headers"])
            elif self._backend.settings.cors is False and answer.source != UPSTREAM:
                fields = without_cors(fields, scope["headers"])
        start: Message = {"type": "http.response.start", "status": answer.status, "headers": fields}
        return start, {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body}


async def _find(mount: Mount, request: Request, world: World) -> Answer | None:
    """Find the answer to an ordinary request; one that takes long gives way to others."""
    find = partial(mount.express.find, request, world)
    try:
        return at_once(find)
    except OutOfTime:
        return await run_blocking(find)


def _path_of(scope: Scope) -> bytes:
    """Return the path of a request, percent-encoded."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0]


def _may_come_again(answer: Answer) -> bool:
    """
    Return whether an answer is the same object for the same request.

    For ever, or, from state, until something changes.
    """
    if answer.source.startswith(STATE):
        return len(answer.body) <= _SMALL
    return answer.source != GENERATED and not answer.findings and not answer.source.startswith("problem:")


async def read_request(scope: Scope, receive: Receive, path: bytes, limit: int) -> Request | Answer:
    """
    Read a request.

    Args:
        scope: ASGI's, of a request.
        receive: Where its body comes from.
        path: Percent-encoded.
        limit: How many bytes the body may have.

    Returns:
        The request, its content coding undone where that can be done, or 413 where the body is too large.

    Raises:
        ClientLeft: the client closed the connection before all of it came.
    """
    fields: list[RawField] = scope["headers"]
    has_body = False
    for name, value in fields:
        if name == b"content-length":
            has_body = True
            if value.isdigit() and (len(value) > _LONGEST_NUMBER or int(value) > limit):
                return _too_large(limit)
        elif name == b"transfer-encoding":
            has_body = True
    body: bytes | None = b""
    if has_body:
        message = await _receive_body(receive)
        body = message.get("body", b"")
        if message.get("more_body", False) or len(body) > limit:
            body = await _read_rest(body, receive, limit)
    if body is None:
        return _too_large(limit)
    request = Request(scope["method"], path, scope["query_string"], fields, body)
    try:
        return decode_request(request, limit)
    except TooLarge:
        return _too_large(limit)
    except MalformedContent:
        return request  # the operation that it is for says what is wrong, in the document's words


async def _receive_body(receive: Receive) -> Message:
    """Receive a part of a body. A half of one must not pass for all of it."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    return message


async def _read_rest(first: bytes, receive: Receive, limit: int) -> bytes | None:
    """Read the rest of a body; None where it is too large."""
    chunks = bytearray(first)
    more = True
    while more and len(chunks) <= limit:
        message = await _receive_body(receive)
        chunks += message.get("body", b"")
        more = message.get("more_body", False)
    if len(chunks) <= limit:
        return bytes(chunks)
    return None


def _too_large(limit: int) -> Answer:
    detail = f"the body has more than {limit:,} bytes; --max-body sets the limit"
    return problem_answer(problem.CONTENT_TOO_LARGE, detail, fields=[(b"connection", b"close")])
