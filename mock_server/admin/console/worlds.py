"""The page of worlds: list, make, copy, reset and delete them, and use one in this browser."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.worlds import drop_world, fork_world, make_world, reset_worlds
from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.admin.json import malformed
from mock_server.errors import MockServerError
from mock_server.respond.worlds import COOKIE, EVERYBODY


class WorldPages:
    """The page of worlds."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [Route("/worlds", self.listing), Route("/worlds", self.change, methods=["POST"])]

    async def listing(self, request: Request) -> Response:
        """List the worlds."""
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
        """Make, copy, reset or delete a world, set its seed, or use it in this browser."""
        form = {name: value.strip() for name, value in (await self._context.read_form(request)).items()}
        act, name = form.get("act", ""), form.get("name", EVERYBODY)
        try:
            if act == "use":
                return self._use(name)
            await self._act(act, name, form.get("other", ""), form.get("seed") or None)
        except MockServerError as error:
            return self._show(request, str(error))
        response = self._context.back(f"{ROOT}/worlds")
        if act == "drop" and name == self._context.world_name(request):
            response.delete_cookie(COOKIE, path="/")
        return response

    async def _act(self, act: str, name: str, other: str, seed: str | None) -> None:
        worlds = self._context.backend.worlds
        match act:
            case "make" | "fork" if not other:
                raise malformed("a new world needs a name")
            case "make":
                make_world(worlds, other, seed)
            case "seed":
                make_world(worlds, name, seed)
            case "fork":
                await fork_world(worlds, name, other, replace=False)
            case "reset":
                await reset_worlds(worlds, name)
            case "drop":
                await drop_world(worlds, name)
            case _:
                raise malformed(f"nothing is called {act!r} that could be done with a world")

    def _use(self, name: str) -> Response:
        """Set the cookie of a world: for the console, and for the API on this origin."""
        response = self._context.back(f"{ROOT}/worlds")
        if name == EVERYBODY:
            response.delete_cookie(COOKIE, path="/")
        else:
            response.set_cookie(COOKIE, self._context.backend.worlds.get(name).name, path="/", samesite="lax")
        return response
