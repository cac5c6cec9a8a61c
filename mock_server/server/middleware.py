"""
Our middleware: the first of the application, so that a request for the API meets no other layer.

It reads the body, asks the responder, and sends. What the responder does not know it hands on: Swagger UI, the areas
beside the API, lifespan, web sockets.
"""

import contextlib
import time
from functools import partial
from typing import Final

from mock_server.errors import MalformedWorld
from mock_server.exchange import problem
from mock_server.exchange.message import Request
from mock_server.exchange.prefer import prefers_by_query
from mock_server.respond.answer import Answer, problem_answer
from mock_server.respond.blocking import run_blocking
from mock_server.respond.headers import NO_STORE
from mock_server.respond.links import origin_of
from mock_server.respond.worlds import World
from mock_server.server import swagger_ui
from mock_server.server.access_log import AccessLog
from mock_server.server.answer_fields import AnswerFields
from mock_server.server.backend import RESERVED, Asgi, AsgiCall, Backend, Mount, Receive, Scope, Send, Service, is_below
from mock_server.server.browser import (
    CONTENT_FIELDS,
    add_fields,
    changes_unasked,
    is_led_here,
    preflight,
    without_session,
)
from mock_server.server.guards import RequestGuards
from mock_server.server.ordinary import OrdinaryAnswers
from mock_server.server.read_request import ClientLeft, path_of, read_request
from mock_server.server.send import send_whole
from mock_server.server.upstream import pass_on

_READING: Final = frozenset(("GET", "HEAD"))
_LED_HERE: Final = (
    "preferences in the query are not obeyed where a page of another origin leads here: "
    "open the address by hand, or send Prefer"
)
_UNASKED: Final = (
    "a page of another origin may not change what is behind this proxy; --cors lets pages of any origin call"
)


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
        self._fields = AnswerFields(backend)
        self._log = AccessLog(backend)
        self._guards = RequestGuards(backend)
        self.ordinary = OrdinaryAnswers(backend, self._fields, self._log) if not through else None

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
        """Answer a request for the API, or for another page on its port."""
        started = time.perf_counter()
        path, backend = path_of(scope), self._backend
        elsewhere = self._elsewhere(scope["method"], path)
        if elsewhere is not None:
            await elsewhere(scope, receive, send)
            return
        scope["headers"] = without_session(scope["headers"])
        if scope["method"] == "OPTIONS" and self._fields.is_shared():
            allowed = preflight(scope["headers"])
            if allowed is not None:
                await self._send(allowed, scope, send)
                return
        service = backend.find_service(path) if backend.services else None
        if service is not None:
            await self._ask_service(service, scope, receive, send, path, started)
            return
        page = backend.find_page(scope["method"], path) if scope["method"] in _READING else None
        if page is not None and (backend.relay is None or path.startswith(RESERVED)):
            await self._send(await page(), scope, send, is_own=path.startswith(RESERVED))
            return
        if self._through:
            await self._app(scope, receive, add_fields(send, (*CONTENT_FIELDS, NO_STORE, *self._fields.vary(None))))
            return
        await self._exchange(scope, receive, send, path, started)

    async def _ask_service(
        self, service: Service, scope: Scope, receive: Receive, send: Send, path: bytes, started: float
    ) -> None:
        """Answer a request for a service that is not the API, and keep the exchange."""
        backend = self._backend
        request = await read_request(scope, receive, path, backend.settings.max_body)
        try:
            world = backend.worlds.of(scope["headers"])
        except MalformedWorld as error:
            await self._send(problem_answer(problem.MALFORMED_WORLD, str(error)), scope, send)
            return
        if isinstance(request, Answer):
            await self._send(request, scope, send)
            return
        settings = backend.settings
        origin = origin_of(scope["headers"], secure=settings.tls_cert is not None).decode("ascii")
        answer = await service(request, world, origin or f"http://{settings.host}:{settings.port}")
        await self._send(answer, scope, send)
        self._log.note(request, answer, world, started)

    async def _exchange(self, scope: Scope, receive: Receive, send: Send, path: bytes, started: float) -> None:
        """Answer a request of the API, and keep the exchange."""
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
        head = Request(scope["method"], path, scope["query_string"], scope["headers"], b"")
        mount = backend.mount_of(head)
        if backend.relay is not None:
            call = AsgiCall(scope, receive, send)
            respond = partial(self._respond, mount, world, scope, receive)
            passed = await pass_on(backend, mount, world, call, respond, self._fields.messages)
            self._log.note_passed(passed.request, passed.kept, world, started, passed.disturbance)
            return
        request = await read_request(scope, receive, path, self._backend.settings.max_body)
        disturbance = None
        disturber = backend.disturber
        if isinstance(request, Answer):
            answer, request = request, head
        elif disturber is not None and (disturbance := disturber.plan(request, mount.responder, world)) is not None:
            answer = await disturber.answer(disturbance, request, partial(self._respond, mount, world, scope, receive))
        else:
            answer = await self._respond(mount, world, scope, receive, request)
            if disturber is not None and (answer.delay is not None or answer.fault is not None):
                disturbance, answer = disturber.bring(answer, request, world)
        start, body = self._fields.messages(answer, scope)
        if disturber is not None and disturbance is not None:
            await disturber.deliver(disturbance, scope, send, start, body)
        else:
            await send_whole(scope, send, start, body)
        self._log.note(request, answer, world, started, disturbance)

    async def _respond(self, mount: Mount, world: World, scope: Scope, receive: Receive, request: Request) -> Answer:
        decide = partial(self._decide, mount, world, scope, receive)
        return await self._guards.answer(mount, world, scope, request, decide)

    async def _decide(self, mount: Mount, world: World, scope: Scope, receive: Receive, request: Request) -> Answer:
        answer = await run_blocking(partial(mount.responder.respond, request, world))
        if answer.later is None:
            return answer
        made = await answer.later(scope, receive)
        return made._replace(findings=(*answer.findings, *made.findings))

    def _refuse_page(self, scope: Scope) -> Answer | None:
        """Return the refusal of a request that no page of another origin may cause, or None."""
        fields, query = scope["headers"], scope["query_string"]
        if b"__" in query and is_led_here(fields) and prefers_by_query(query.decode("latin-1")):
            return problem_answer(problem.FOREIGN_PREFERENCE, _LED_HERE)
        is_private = (
            self._backend.relay is not None and self._backend.hosts.names is not None and not self._fields.is_shared()
        )
        if is_private and changes_unasked(scope["method"], fields):
            return problem_answer(problem.FOREIGN_ORIGIN, _UNASKED)
        return None

    def _is_for_admin(self, scope: Scope) -> bool:
        """Return whether a request came to the port that the admin side has for itself."""
        ports = self._backend.ports
        return ports is not None and scope["server"][1] == ports.admin

    async def _show_inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer on the port of the admin side: there is no API here."""
        path = path_of(scope)
        area = self._find_area(path)
        page = self._backend.find_page(scope["method"], path, is_ours=True) if path.startswith(RESERVED) else None
        if page is not None:
            await self._send(await page(), scope, send, is_own=True)
        elif area is not None:
            await area(scope, receive, send)
        else:
            detail = "here are the admin side, /__admin, and the console, /__console/; the API has a port of its own"
            await self._send(problem_answer(problem.NO_ADMIN_PATH, detail), scope, send, is_own=True)

    def _find_area(self, path: bytes) -> Asgi | None:
        """Find the application of a path that is not the API's."""
        return next((area for prefix, area in self._backend.areas.items() if is_below(path, prefix)), None)

    def _elsewhere(self, method: str, path: bytes) -> Asgi | None:
        """Find the application of a page that is no document's: Swagger UI or an area on the API's port."""
        backend = self._backend
        if path.startswith(RESERVED):
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
        start, body = self._fields.messages(answer, scope, is_own=is_own)
        await send_whole(scope, send, start, body)
