"""JSON of the admin API: request bodies, responses, and problem details; and the worlds that a request names."""

from collections.abc import Iterable, Mapping
from typing import Final

import orjson
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mock_server.errors import MalformedWorld, MockServerError
from mock_server.exchange import problem
from mock_server.exchange.problem import MEDIA_TYPE, Problem
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.worlds import EVERYBODY, World, Worlds, require_world_name

ALL: Final = "*"  # every world
_DEEPEST: Final = 200  # arrays and objects in one another
_FIELDS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class AdminRefusal(MockServerError):
    """A request that the admin side can't fulfil."""

    def __init__(self, kind: Problem, detail: str, pointer: str = "") -> None:
        """
        Make a refusal.

        Args:
            kind: Of problem.
            detail: What is wrong, and what to do.
            pointer: To the place in the body, a JSON Pointer.
        """
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.pointer = pointer


def malformed(detail: str, pointer: str = "") -> AdminRefusal:
    """Return the refusal of a malformed request: 422."""
    return AdminRefusal(problem.MALFORMED_ADMIN, detail, pointer)


def missing(detail: str) -> AdminRefusal:
    """Return the refusal of a request for something that does not exist: 404."""
    return AdminRefusal(problem.NOT_THERE, detail)


def reply(value: JsonValue, status: int = 200, *, task: BackgroundTask | None = None) -> Response:
    """Answer with JSON; a task runs after it was sent."""
    return Response(orjson.dumps(value), status, _FIELDS, "application/json", task)


def refusal(kind: Problem, detail: str, pointer: str = "", fields: Mapping[str, str] | None = None) -> Response:
    """Answer with problem details, RFC 9457, with `errors` for WireMock's clients."""
    error: JsonObject = {
        "code": kind.status,
        "title": kind.title,
        "detail": detail,
        **({"source": {"pointer": pointer}} if pointer else {}),
    }
    written = orjson.dumps(kind.details(detail, errors=[error]), option=orjson.OPT_INDENT_2)
    return Response(written, kind.status, {**_FIELDS, **(fields or {})}, MEDIA_TYPE)


async def on_refused(request: Request, error: Exception) -> Response:
    """Answer a refused request."""
    if isinstance(error, AdminRefusal):
        return refusal(error.kind, error.detail, error.pointer)
    return refusal(
        problem.MALFORMED_WORLD if isinstance(error, MalformedWorld) else problem.MALFORMED_ADMIN, str(error)
    )


async def on_http(request: Request, error: Exception) -> Response:
    """Answer a request for which there is no view."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    fields = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == problem.NO_ADMIN_METHOD.status:
        return refusal(
            problem.NO_ADMIN_METHOD,
            f"{request.url.path} is asked with {fields.get('Allow', 'another method')}",
            fields=fields,
        )
    return refusal(problem.NO_ADMIN_PATH, f"there is no {request.url.path} here; GET /__admin lists what there is")


async def read_json(request: Request, limit: int) -> JsonValue:
    """
    Read the body of a request; an empty one is an empty object.

    Raises:
        AdminRefusal: it is no JSON, has more bytes than `limit`, or is nested too deep.
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise AdminRefusal(
                problem.CONTENT_TOO_LARGE, f"the body has more than {limit:,} bytes; --max-body sets the limit"
            )
    if not data.strip():
        return {}
    try:
        value: JsonValue = orjson.loads(bytes(data))
    except orjson.JSONDecodeError as error:
        raise malformed(f"the body is no JSON: {error}") from error
    if is_nested_deeper(value, _DEEPEST):
        raise malformed(f"the body is nested deeper than {_DEEPEST} levels")
    return value


async def read_object(request: Request, limit: int) -> JsonObject:
    """
    Read the body of a request as an object.

    Raises:
        AdminRefusal: it is none; see `read_json`.
    """
    value = await read_json(request, limit)
    if not isinstance(value, dict):
        raise malformed("the body has to be an object")
    return value


def is_nested_deeper(value: JsonValue, most: int) -> bool:
    """Return True if more than `most` arrays and objects are nested in one another."""
    level = [value]
    for _ in range(most + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = [child for each in containers for child in _children(each)]
    return True


def _children(container: JsonObject | list[JsonValue]) -> Iterable[JsonValue]:
    if isinstance(container, dict):
        return container.values()
    return container


def world_named(request: Request, worlds: Worlds) -> str:
    """
    Return the name of the world of a request: from `?world=`, ALL for all, else as requests of the API name it.

    Raises:
        MalformedWorld: that can't be a name.
    """
    name = chosen_world(request)
    if name is None:
        return worlds.of(request.headers.raw).name
    return name


def chosen_world(request: Request) -> str | None:
    """
    Return the name of the world in `?world=`; None where there is none.

    Raises:
        MalformedWorld: that can't be a name.
    """
    name = request.query_params.get("world")
    if name is not None and name not in {ALL, EVERYBODY}:
        require_world_name(name)
    return name


def one_world(request: Request, worlds: Worlds) -> World:
    """
    Return the one world of a request.

    Raises:
        AdminRefusal: it is about all worlds.
        MalformedWorld: its name can't be one.
    """
    name = world_named(request, worlds)
    if name == ALL:
        raise malformed("this is about one world; name it, or leave ?world= out for everybody's")
    return worlds.get(name)


def some_worlds(request: Request, worlds: Worlds) -> list[World]:
    """
    Return the worlds of a request: one, or all for `?world=*`.

    Raises:
        MalformedWorld: its name can't be one.
    """
    name = world_named(request, worlds)
    if name == ALL:
        return list(worlds)
    return [worlds.get(name)]


def shown_name(world: str) -> str | None:
    """Return the name of a world in JSON: null for the shared one."""
    if world == EVERYBODY:
        return None
    return world
