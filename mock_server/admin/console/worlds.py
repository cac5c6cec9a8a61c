"""Worlds: what each test or person has for itself; made, forked, reset, dropped, and looked at."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.errors import MockServerError
from mock_server.respond.blocking import run_blocking
from mock_server.respond.worlds import COOKIE, EVERYBODY


class WorldPages:
    """See the module."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return where the pages are."""
        return [Route("/worlds", self.listing), Route("/worlds", self.change, methods=["POST"])]

    async def listing(self, request: Request) -> Response:
        """Return all worlds."""
        return self._show(request)

    def _show(self, request: Request, problem: str = "") -> Response:
        return self._context.show(
            request,
            "worlds",
            page="worlds",
            status=422 if problem else 200,
            worlds=list(self._context.backend.worlds),
            problem=problem,
        )

    async def change(self, request: Request) -> Response:
        """Do something with a world."""
        form = {key: str(value).strip() for key, value in (await request.form()).items()}
        worlds, name, other = self._context.backend.worlds, form.get("name", EVERYBODY), form.get("other", "")
        act = form.get("act", "")
        if act == "use":
            return self._use(name)
        acts: dict[str, Callable[[], object]] = {
            "make": lambda: self._seed(other, form.get("seed", "")),
            "seed": lambda: self._seed(name, form.get("seed", "")),
            "fork": lambda: worlds.fork(name, other),
            "reset": lambda: worlds.reset(name),
            "drop": lambda: worlds.drop(name),
        }
        if act not in acts:
            return self._show(request, f"nothing is called {act!r} that could be done with a world")
        if act in {"make", "fork"} and not other:
            return self._show(request, "a new world needs a name")
        if act == "fork" and worlds.known(other) is not None:
            return self._show(request, f"there is a world {other!r} already; drop it first")
        try:
            # a store may have to be waited for
            await run_blocking(acts[act])
        except MockServerError as error:
            return self._show(request, str(error))
        response = self._context.back(f"{ROOT}/worlds")
        if act == "drop" and name == self._context.world_name(request):
            response.delete_cookie(COOKIE, path="/")
        return response

    def _seed(self, name: str, seed: str) -> None:
        self._context.backend.worlds.get(name).seed = seed or None

    def _use(self, name: str) -> Response:
        """Switch this browser to a world: the console, and whatever else of this origin it asks for."""
        response = self._context.back(f"{ROOT}/worlds")
        if name == EVERYBODY:
            response.delete_cookie(COOKIE, path="/")
        else:
            response.set_cookie(COOKIE, self._context.backend.worlds.get(name).name, path="/", samesite="lax")
        return response
