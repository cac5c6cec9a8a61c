"""
The Starlette application of the console, with its login and its files.

The guard of the admin API decides on its requests too. Without the token a form asks for it instead of a page; the
token can't be derived from the session cookie, which only pages of this origin send.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from mock_server.admin.access import Guard
from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.admin.console.coverage import CoveragePages
from mock_server.admin.console.faults import FaultPages
from mock_server.admin.console.operations import OperationPages
from mock_server.admin.console.scenarios import ScenarioPages
from mock_server.admin.console.state import StatePages
from mock_server.admin.console.traffic import TrafficPages
from mock_server.admin.console.worlds import WorldPages
from mock_server.admin.coverage import Coverage
from mock_server.server.backend import Asgi, Backend, Receive, Scope, Send
from mock_server.server.browser import add_fields, page_fields

LOGIN: Final = f"{ROOT}/login"
FIELDS: Final = page_fields(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_TOKEN_NEEDED: Final = 401


class ConsoleAuth:
    """Decides on requests for the console, and logs in."""

    def __init__(self, context: ConsoleContext, guard: Guard) -> None:
        self._context = context
        self._guard = guard

    async def answer(self, request: Request) -> Response | None:
        """Return the answer to a request without access; None with access."""
        if request.url.path.startswith(f"{ROOT}/static/"):
            return None  # the login form needs them, and they are no secret
        refusal = self._guard.refuse(request.method, request.headers.raw)
        if refusal is None:
            if request.url.path == LOGIN:
                return RedirectResponse(f"{ROOT}/", 303)
            return None
        if refusal.status == _TOKEN_NEEDED and request.url.path == LOGIN and request.method == "POST":
            return await self._log_in(request)
        await self._guard.slow_down(request.headers.raw)
        if refusal.status != _TOKEN_NEEDED:
            return PlainTextResponse(refusal.body, refusal.status)
        return self._form(request, "")

    async def _log_in(self, request: Request) -> Response:
        form = await request.form()
        if not self._guard.accepts(str(form.get("token", "")).strip()):
            await self._guard.brake.wait()
            return self._form(request, "That is not the token.")
        response = RedirectResponse(_inside(str(form.get("to", ""))), 303)
        response.raw_headers.append(
            (b"set-cookie", self._guard.set_cookie(secure=self._context.backend.settings.tls_cert is not None).encode())
        )
        return response

    def _form(self, request: Request, problem: str) -> Response:
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return self._context.show(
            request, "login", page="", status=_TOKEN_NEEDED, problem=problem, to=to if request.method == "GET" else ""
        )


def _inside(to: str) -> str:
    """Return the URL to go to after the login, if it is one of the console."""
    parts = urlsplit(to)
    if not parts.netloc and not parts.scheme and to.startswith(f"{ROOT}/") and to != LOGIN:
        return to
    return f"{ROOT}/"


def open_console(backend: Backend, guard: Guard, coverage: Coverage) -> Asgi:
    """
    Make the console with its login.

    Args:
        backend: The running server.
        guard: Decides on requests.
        coverage: Counts used items.
    """
    context = ConsoleContext(backend, coverage)
    return _behind(ConsoleAuth(context, guard), create_console(context))


def create_console(context: ConsoleContext) -> Starlette:
    """Make the application; access to it is decided before, see `ConsoleAuth`."""

    async def static(request: Request) -> Response:
        found = context.templates.static.find(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        # the version is in the path: what is under it never changes
        return Response(found[0], media_type=found[1], headers={"cache-control": "public, max-age=31536000, immutable"})

    async def failed(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            status = error.status_code
        else:
            status = HTTPStatus.NOT_FOUND.value
        if status == HTTPStatus.NOT_FOUND:
            message = "There is no such page here."
        else:
            message = "This page does not do that."
        return context.show(request, "notice", page="", status=status, title=HTTPStatus(status).phrase, message=message)

    parts = (TrafficPages, OperationPages, WorldPages, StatePages, ScenarioPages, FaultPages, CoveragePages)
    pages = [route for part in parts for route in part(context).routes()] + [Route("/static/{version}/{name}", static)]
    return Starlette(routes=[Mount(ROOT, routes=pages)], exception_handlers={404: failed, 405: failed})


def _behind(auth: ConsoleAuth, site: Starlette) -> Asgi:
    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer: Asgi | None = await auth.answer(request)
        if answer is None:
            answer = RedirectResponse(f"{ROOT}/", 308) if request.url.path == ROOT else site
        await answer(scope, receive, add_fields(send, FIELDS))

    return enter
