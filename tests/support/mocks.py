"""A responder asked as a client asks, and small documents."""

from dataclasses import dataclass, field

import orjson

from mock_server.exchange.message import Request
from mock_server.respond.answer import Answer
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import Worlds
from tests.support.admin_side import admin  # noqa: F401 - a fixture for all tests


@dataclass
class Mock:
    """A responder, asked as a client would."""

    responder: Responder
    worlds: Worlds = field(default_factory=lambda: Worlds(journal=0))

    def ask(
        self,
        target: str,
        method: str = "GET",
        *,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        json: object = None,
    ) -> Answer:
        """Send a request; `target` is a path with its query."""
        path, _, query = target.partition("?")
        fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        if json is not None:
            body = orjson.dumps(json)
            fields.append((b"content-type", b"application/json"))
        return self.responder.respond(
            Request(method, path.encode(), query.encode(), fields, body), self.worlds.of(fields)
        )


def fields_of(answer: Answer) -> dict[str, str]:
    """The header fields of an answer."""
    return {name.decode(): value.decode("latin-1") for name, value in answer.fields}


def body_of(answer: Answer) -> object:
    """The JSON body of an answer."""
    return orjson.loads(answer.body)


def minimal(paths: dict[str, object], version: str = "3.0.3", **members: object) -> dict[str, object]:
    """A document with some paths."""
    return {"openapi": version, "info": {"title": "T", "version": "1"}, "paths": paths, **members}


def operation(schema: object, **members: object) -> dict[str, object]:
    """An operation that answers 200 with a schema."""
    content = {"application/json": {"schema": schema}}
    return {"operationId": "op", "responses": {"200": {"description": "", "content": content}}, **members}
