"""JSON in, JSON out: reading what the admin side is sent, writing what it says, refusing in problem details."""

from collections.abc import Mapping
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
from mock_server.respond.worlds import EVERYBODY, World, Worlds

ALL: Final = "*"  # every world
_DEEPEST: Final = 200  # arrays and objects in one another
_FIELDS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class AdminRefusal(MockServerError):
    """The admin side can't do what it is asked for."""

    def __init__(self, kind: Problem, detail: str, pointer: str = "") -> None:
        """
        Refuse.

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
    """Return what is sent is not what is asked for."""
    return AdminRefusal(problem.MALFORMED_ADMIN, detail, pointer)


def missing(detail: str) -> AdminRefusal:
    """Return what is asked for is not there."""
    return AdminRefusal(problem.NOT_THERE, detail)


def reply(value: JsonValue, status: int = 200, *, task: BackgroundTask | None = None) -> Response:
    """Answer with JSON; a task is done when that was sent."""
    return Response(orjson.dumps(value), status, _FIELDS, "application/json", task)


def refusal(kind: Problem, detail: str, pointer: str = "", fields: Mapping[str, str] | None = None) -> Response:
    """Answer with problem details, RFC 9457; in `errors` as WireMock's clients read them."""
    error: JsonObject = {
        "code": kind.status,
        "title": kind.title,
        "detail": detail,
        **({"source": {"pointer": pointer}} if pointer else {}),
    }
    written = orjson.dumps(kind.details(detail, errors=[error]), option=orjson.OPT_INDENT_2)
    return Response(written, kind.status, {**_FIELDS, **(fields or {})}, MEDIA_TYPE)


async def on_refused(request: Request, error: Exception) -> Response:
    """Answer where a view refused."""
    if isinstance(error, AdminRefusal):
        return refusal(error.kind, error.detail, error.pointer)
    return refusal(
        problem.MALFORMED_WORLD if isinstance(error, MalformedWorld) else problem.MALFORMED_ADMIN, str(error)
    )


async def on_http(request: Request, error: Exception) -> Response:
    """Answer where Starlette found no view."""
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
    Read the body of a request.

    Args:
        request: Whose.
        limit: How many bytes it may have.

    Returns:
        Its value; an empty object where there is no body.

    Raises:
        Refused: it is no JSON, too large, or too deep.
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
    if _depth(value) > _DEEPEST:
        raise malformed(f"the body is nested deeper than {_DEEPEST} levels")
    return value


async def read_object(request: Request, limit: int) -> JsonObject:
    """
    Read the body of a request that has to be an object.

    Raises:
        Refused: it is none, no JSON, or too large.
    """
    value = await read_json(request, limit)
    if not isinstance(value, dict):
        raise malformed("the body has to be an object")
    return value


def _depth(value: JsonValue) -> int:
    level: list[JsonValue] = [value]
    depth = 0
    while level:
        depth += 1
        inner: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return depth


def world_named(request: Request, worlds: Worlds) -> str:
    """
    Return the name of the world that a request is about.

    `?world=`, else as requests of the API say it; ALL for all.
    """
    asked = request.query_params.get("world")
    if asked is None:
        return worlds.of(request.headers.raw).name
    return asked


def one_world(request: Request, worlds: Worlds) -> World:
    """
    Return the world that a request is about.

    Raises:
        Refused: it is about all of them.
        MalformedWorld: that can't be a name.
    """
    name = world_named(request, worlds)
    if name == ALL:
        raise malformed("this is about one world; name it, or leave ?world= out for everybody's")
    return worlds.get(name)


def some_worlds(request: Request, worlds: Worlds) -> list[World]:
    """
    Return the worlds that a request is about: one, or all for `?world=*`.

    Raises:
        MalformedWorld: that can't be a name.
    """
    name = world_named(request, worlds)
    if name == ALL:
        return list(worlds)
    return [worlds.get(name)]


def shown_name(world: str) -> str | None:
    """Return the name of a world in JSON: null for everybody's."""
    if world == EVERYBODY:
        return None
    return world
