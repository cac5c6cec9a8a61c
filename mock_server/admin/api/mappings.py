"""Stub mappings that come at run time, and the states of scenarios, in WireMock's shapes."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.mappings import find_mapping, refuse_script, remove_mapping, responders_of, set_scenario
from mock_server.admin.exchange import AdminContext
from mock_server.admin.json import ALL, chosen_world, malformed, one_world, read_object, reply, some_worlds, world_named
from mock_server.errors import ScriptError
from mock_server.json_values import JsonValue
from mock_server.respond.mappings import list_scenarios, reset_scenarios
from mock_server.respond.worlds import EVERYBODY


def mapping_routes(context: AdminContext) -> list[Route]:
    """Return the routes of mappings and scenarios."""
    mappings, scenarios = _MappingViews(context), _ScenarioViews(context)
    one = "/__admin/mappings/{id}"
    return [
        Route("/__admin/mappings", mappings.list, methods=["GET"]),
        Route("/__admin/mappings", mappings.add, methods=["POST"]),
        Route("/__admin/mappings", mappings.clear, methods=["DELETE"]),
        Route("/__admin/mappings/import", mappings.import_, methods=["POST"]),
        Route("/__admin/mappings/reset", mappings.reset, methods=["POST"]),
        Route(one, mappings.show, methods=["GET"]),
        Route(one, mappings.replace, methods=["PUT"]),
        Route(one, mappings.remove, methods=["DELETE"]),
        Route("/__admin/scenarios", scenarios.list, methods=["GET"]),
        Route("/__admin/scenarios/reset", scenarios.reset, methods=["POST"]),
        Route("/__admin/scenarios/{name}/state", scenarios.change, methods=["PUT"]),
    ]


class _MappingViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context
        self._stubs = context.backend.stubs

    async def list(self, request: Request) -> Response:
        """List the mappings, newest first; with ?world=, those that apply to the world."""
        world = chosen_world(request)
        found = [mapping for mapping in self._stubs if world in {None, ALL, mapping.world} or mapping.world is None]
        start, count = _number(request, "offset", 0), _number(request, "limit", len(found))
        return reply(
            {"mappings": [mapping.written for mapping in found[start : start + count]], "meta": {"total": len(found)}}
        )

    async def add(self, request: Request) -> Response:
        """Add a mapping; its response has to keep to the document."""
        given = await read_object(request, self._context.limit)
        try:
            return reply(self._stubs.add(self._of_world(given, request)).written, 201)
        except ScriptError as error:
            raise refuse_script(error) from error

    async def import_(self, request: Request) -> Response:
        """Add many mappings, all or none."""
        given = await read_object(request, self._context.limit)
        chosen_world(request)
        written = given.get("mappings")
        if isinstance(written, list):
            given = {**given, "mappings": [self._of_world(one, request) for one in written]}
        try:
            count = await asyncio.to_thread(self._stubs.import_, given)
        except ScriptError as error:
            raise refuse_script(error) from error
        return reply({"imported": count})

    async def show(self, request: Request) -> Response:
        """Show one mapping."""
        return reply(find_mapping(self._stubs, request.path_params["id"]).written)

    async def replace(self, request: Request) -> Response:
        """Replace a mapping."""
        given = await read_object(request, self._context.limit)
        known = find_mapping(self._stubs, request.path_params["id"])
        try:
            mapping = self._stubs.replace(known.id, self._of_world(given, request))
        except ScriptError as error:
            raise refuse_script(error) from error
        return reply((mapping or known).written)

    async def remove(self, request: Request) -> Response:
        """Remove a mapping."""
        remove_mapping(self._stubs, request.path_params["id"])
        return reply({})

    async def clear(self, request: Request) -> Response:
        """Remove all mappings; with ?world= those of one world."""
        world = chosen_world(request)
        if world is None or world == ALL:
            self._stubs.clear()
        else:
            self._stubs.drop(world)
        return reply({})

    async def reset(self, request: Request) -> Response:
        """Remove all mappings that are not persistent; with ?world= those of one world."""
        world = chosen_world(request)
        if world is None or world == ALL:
            self._stubs.forget()
        else:
            self._stubs.reset(world)
        return reply({})

    def _of_world(self, given: JsonValue, request: Request) -> JsonValue:
        """Add the world of the request to a mapping that names none."""
        if not isinstance(given, dict):
            return given
        world = world_named(request, self._context.backend.worlds)
        metadata = given.get("metadata", {})
        if world in {ALL, EVERYBODY} or not isinstance(metadata, dict) or "world" in metadata:
            return given
        return {**given, "metadata": {**metadata, "world": world}}


class _ScenarioViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context
        self._worlds = context.backend.worlds

    async def list(self, request: Request) -> Response:
        """List the scenarios with their state in a world."""
        backend = self._context.backend
        world = one_world(request, self._worlds)
        return reply({"scenarios": list_scenarios(responders_of(backend), backend.stubs, world)})

    async def reset(self, request: Request) -> Response:
        """Reset all scenarios of a world."""
        for world in some_worlds(request, self._worlds):
            reset_scenarios(world)
        return reply({})

    async def change(self, request: Request) -> Response:
        """Set the state of a scenario in a world; without a state, reset it."""
        name, given = request.path_params["name"], await read_object(request, self._context.limit)
        state = given.get("state", "")
        if not isinstance(state, str) or not given.keys() <= {"state"}:
            raise malformed('say the state: {"state": "NAME"}', "/state")
        world = one_world(request, self._worlds)
        set_scenario(self._context.backend, name, state if "state" in given else None, world)
        return reply({})


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - more than there can be
        raise malformed(f"{name} is a number, not {text!r}")
    return int(text)
