"""Worlds: list, make, copy, reset and delete them, take and restore snapshots."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.worlds import drop_world, find_world, fork_world, make_world, reset_worlds, set_clock
from mock_server.admin.exchange import AdminContext
from mock_server.admin.json import ALL, malformed, read_object, reply
from mock_server.document.model import MISSING
from mock_server.errors import UsageError
from mock_server.json_values import JsonObject
from mock_server.respond.worlds import EVERYBODY, World

_EVERYBODY = "@everybody"  # how the world of everybody, which has no name, is called in a path


def world_routes(context: AdminContext) -> list[Route]:
    """Return the routes of worlds."""
    views = _WorldViews(context)
    one = "/__admin/worlds/{name}"
    return [
        Route("/__admin/worlds", views.list, methods=["GET"]),
        Route(one, views.show, methods=["GET"]),
        Route(one, views.change, methods=["PUT"]),
        Route(one, views.drop, methods=["DELETE"]),
        Route(f"{one}/reset", views.reset, methods=["POST"]),
        Route(f"{one}/fork", views.fork, methods=["POST"]),
        Route(f"{one}/snapshot", views.snapshot, methods=["GET"]),
        Route(f"{one}/snapshot", views.restore, methods=["PUT"]),
    ]


class _WorldViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context
        self._worlds = context.backend.worlds

    async def list(self, request: Request) -> Response:
        """List the worlds, the shared one first."""
        return reply({"worlds": [_render(world) for world in self._worlds], "meta": {"total": len(self._worlds)}})

    async def show(self, request: Request) -> Response:
        """Show one world."""
        return reply(_render(find_world(self._worlds, _name(request))))

    async def change(self, request: Request) -> Response:
        """Create a world, or change its seed or its clock: `now` sets or moves it, `frozen` stops it."""
        name = _name(request)
        given = await read_object(request, self._context.limit)
        if not given.keys() <= {"seed", "name", "now", "frozen"}:
            raise malformed('a world has a seed and a clock: {"seed": "7", "now": "+2d", "frozen": true}')
        now, frozen = given.get("now"), given.get("frozen")
        if not isinstance(now, str | None) or not isinstance(frozen, bool | None):
            raise malformed(
                "now is a text: a time, real, or +2d; null for the server's. frozen is true or false", "/now"
            )
        seed = given.get("seed")
        if isinstance(seed, bool) or not isinstance(seed, str | int | None):
            raise malformed("the seed is a text or a number; null for the server's", "/seed")
        if "seed" not in given:
            world, is_new = make_world(self._worlds, name)
        else:
            world, is_new = make_world(self._worlds, name, None if seed is None else str(seed))
        try:
            set_clock(self._worlds, world, now if "now" in given else MISSING, frozen)
        except UsageError as error:
            raise malformed(str(error), "/now") from error
        return reply(_render(world), 201 if is_new else 200)

    async def drop(self, request: Request) -> Response:
        """Delete a world; the shared one is reset."""
        await drop_world(self._worlds, _name(request))
        return reply({})

    async def reset(self, request: Request) -> Response:
        """Reset a world."""
        await reset_worlds(self._worlds, _name(request))
        return reply({})

    async def fork(self, request: Request) -> Response:
        """Copy a world to another one."""
        source = find_world(self._worlds, _name(request)).name
        given = await read_object(request, self._context.limit)
        target = given.get("to")
        if not isinstance(target, str) or target in {EVERYBODY, ALL}:
            raise malformed('say which world gets it: {"to": "NAME"}', "/to")
        return reply(_render(await fork_world(self._worlds, source, target, replace=True)), 201)

    async def snapshot(self, request: Request) -> Response:
        """Show what a world holds, without its journal."""
        return reply(self._worlds.snapshot(find_world(self._worlds, _name(request)).name))

    async def restore(self, request: Request) -> Response:
        """Restore a snapshot, of this world or another one."""
        name = _name(request)
        given = await read_object(request, self._context.limit)
        if not given.keys() & {"seed", "turns", "scenarios", "kept"}:
            raise malformed("that is no snapshot; GET the same path for one")
        try:
            self._worlds.restore(name, given)
        except UsageError as error:
            raise malformed(str(error)) from error
        return reply(_render(self._worlds.get(name)))


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    if name == _EVERYBODY:
        return EVERYBODY
    return name


def _render(world: World) -> JsonObject:
    scenarios: JsonObject = dict(world.scenarios)
    turns: JsonObject = dict(world.turns)
    now = None  # what the real clock shows
    if world.clock.is_set:
        now = world.clock.moment().isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "name": world.name or None,
        "path": f"/__admin/worlds/{world.name or _EVERYBODY}",
        "seed": world.seed,
        "now": now,
        "frozen": world.clock.frozen is not None,
        "requests": len(world.journal),
        "scenarios": scenarios,
        "turns": turns,
    }
