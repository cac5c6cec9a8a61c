"""The console as a Starlette application: the door, the files, the pages."""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from mock_server.serve.admin.coverage import Coverage
from mock_server.serve.admin.guard import Guard
from mock_server.serve.backend import Asgi, Backend, Receive, Scope, Send
from mock_server.serve.browser import add_fields
from mock_server.serve.console.context import ROOT, Context
from mock_server.serve.console.door import FIELDS, Door
from mock_server.serve.console.page_coverage import CoveragePages
from mock_server.serve.console.page_disturbances import DisturbancePages
from mock_server.serve.console.page_operations import OperationPages
from mock_server.serve.console.page_scenarios import ScenarioPages
from mock_server.serve.console.page_state import StatePages
from mock_server.serve.console.page_traffic import TrafficPages
from mock_server.serve.console.page_worlds import WorldPages


def open_console(backend: Backend, guard: Guard, coverage: Coverage) -> Asgi:
    """
    Make the console, behind its door.

    Args:
        backend: The server's inside.
        guard: Who may come in.
        coverage: Who counts what is used.
    """
    context = Context(backend, coverage)
    return _behind(Door(context, guard), create_console(context))


def create_console(context: Context) -> Starlette:
    """Make the application; nobody is kept out of it, see `door`."""

    async def static(request: Request) -> Response:
        found = context.painter.static.find(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        # the version is in the path: what is under it never changes
        return Response(found[0], media_type=found[1], headers={"cache-control": "public, max-age=31536000, immutable"})

    async def failed(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND.value
        message = "There is no such page here." if status == HTTPStatus.NOT_FOUND else "This page does not do that."
        return context.show(request, "notice", page="", status=status, title=HTTPStatus(status).phrase, message=message)

    parts = (TrafficPages, OperationPages, WorldPages, StatePages, ScenarioPages, DisturbancePages, CoveragePages)
    pages = [route for part in parts for route in part(context).routes()] + [Route("/static/{version}/{name}", static)]
    return Starlette(routes=[Mount(ROOT, routes=pages)], exception_handlers={404: failed, 405: failed})


def _behind(door: Door, site: Starlette) -> Asgi:
    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer: Asgi | None = await door.answer(request)
        if answer is None:
            answer = RedirectResponse(f"{ROOT}/", 308) if request.url.path == ROOT else site
        await answer(scope, receive, add_fields(send, FIELDS))

    return enter
