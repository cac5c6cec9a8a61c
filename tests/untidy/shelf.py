"""A shelf of books: a small provider that is right, in which one habit at a time is changed."""

import gzip
import json
import zlib
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import jsonschema

from tests.defects.providers import Ask, Provider, Refused, Reply

GENRES = ["novel", "poetry", "atlas"]
NEW = {
    "type": "object",
    "required": ["title", "genre", "pages"],
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 40},
        "genre": {"type": "string", "enum": GENRES},
        "pages": {"type": "integer", "minimum": 1, "maximum": 1000},
        "note": {"type": ["string", "null"], "maxLength": 20},
    },
    "additionalProperties": False,
}
BOOK = {**NEW, "required": [*NEW["required"], "id"], "properties": {**NEW["properties"], "id": {"type": "integer"}}}
NO = {"description": "no", "content": {"application/problem+json": {"schema": {"type": "object"}}}}


def _content(schema: dict, media_type: str = "application/json") -> dict:
    return {"content": {media_type: {"schema": schema}}}


def _number(name: str, least: int, most: int) -> dict:
    return {"name": name, "in": "query", "schema": {"type": "integer", "minimum": least, "maximum": most}}


_ID = {"name": "bookId", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 10**6}}
_BODY = {"required": True, **_content(NEW)}
_ONE = {"200": {"description": "one", **_content(BOOK)}, "400": NO, "404": NO}
_TAGGED = {**_ONE["200"], "headers": {"ETag": {"schema": {"type": "string"}}}}
_LIST = {
    "type": "object",
    "required": ["items", "total"],
    "properties": {"items": {"type": "array", "items": BOOK}, "total": {"type": "integer"}},
}
_DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shelf", "version": "1"},
    "paths": {
        "/books": {
            "get": {
                "operationId": "listBooks",
                "parameters": [_number("limit", 1, 50), _number("offset", 0, 1000)],
                "responses": {"200": {"description": "all", **_content(_LIST)}, "400": NO},
            },
            "post": {
                "operationId": "addBook",
                "requestBody": _BODY,
                "responses": {"201": {"description": "new", **_content(BOOK)}, "400": NO},
            },
        },
        "/books/{bookId}": {
            "parameters": [_ID],
            "get": {"operationId": "getBook", "responses": {**_ONE, "200": _TAGGED, "304": {"description": "same"}}},
            "put": {"operationId": "putBook", "requestBody": _BODY, "responses": _ONE},
            "delete": {
                "operationId": "deleteBook",
                "responses": {"204": {"description": "gone"}, "400": NO, "404": NO},
            },
        },
        "/info": {
            "get": {
                "operationId": "getInfo",
                "responses": {"200": {"description": "info", **_content({"type": "object"})}},
            }
        },
    },
}


def document() -> dict[str, Any]:
    """Return the document, to be changed."""
    return deepcopy(_DOCUMENT)


class Shelf(Provider):
    """The provider; a habit gets the request, and gives an answer where it has one of its own."""

    def __init__(self, habit: "Callable[[Shelf, Ask], Reply | None] | None" = None) -> None:
        super().__init__()
        self.habit = habit
        self.books: dict[int, dict[str, Any]] = {}
        self.before: dict[int, dict[str, Any]] = {}  # as they were before their last change
        self.readings: dict[int, int] = {}  # since their last change
        self.twice: set[str] = set()  # the header fields that a request had more than once
        self.number = 0
        for title in ("Emma", "Persuasion", "Kim"):
            self.store({"title": title, "genre": "novel", "pages": 300})

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        names = [name.decode() for name, _ in scope.get("headers", ())]
        self.twice = {name for name in names if names.count(name) > 1}
        await super().__call__(scope, receive, send)

    def store(self, book: dict[str, Any], id_: int | None = None) -> dict[str, Any]:
        """Keep a book, under a new id where it has none."""
        if id_ is None:
            self.number += 1
            id_ = self.number
        self.before[id_] = self.books.get(id_, {})
        self.books[id_], self.readings[id_] = {"id": id_, **book}, 0
        return self.books[id_]

    def answer(self, ask: Ask) -> Reply:
        own = self.habit(self, ask) if self.habit is not None else None
        return own or self.answer_rightly(ask)

    def answer_rightly(self, ask: Ask) -> Reply:
        """Answer as the document says."""
        method = "GET" if ask.method == "HEAD" else ask.method
        id_ = ask.path.removeprefix("/books/")
        match (method, ask.path):
            case ("GET", "/info"):
                return Reply(200, {"open": True})
            case ("GET", "/books"):
                limit, start = self.read_number(ask, "limit", 1, 50, 10), self.read_number(ask, "offset", 0, 1000, 0)
                books = list(self.books.values())
                return Reply(200, {"items": books[start:][:limit], "total": len(books)})
            case ("POST", "/books"):
                book = self.store(self.read_body(ask))
                return Reply(201, book, {"location": f"/books/{book['id']}"})
        if ask.path in {"/info", "/books"} or method not in {"GET", "PUT", "DELETE"}:
            raise Refused(405, "no such method")
        if id_ == ask.path:
            raise Refused(404, "there is no such thing")
        if not id_.isascii() or not id_.isdigit() or not 1 <= int(id_) <= 10**6:
            raise Refused(400, "bookId is a number")
        return self.answer_book(ask, method, int(id_))

    def answer_book(self, ask: Ask, method: str, id_: int) -> Reply:
        if id_ not in self.books:
            raise Refused(404, "there is no such book")
        if method == "DELETE":
            del self.books[id_]
            return Reply(204, body=b"")
        if method == "PUT":
            return Reply(200, self.store(self.read_body(ask), id_))
        book = self.books[id_]
        tag = f'"{zlib.crc32(json.dumps(book).encode()):x}"'
        if ask.headers.get("if-none-match") == tag:
            return Reply(304, headers={"etag": tag}, body=b"")
        return Reply(200, book, {"etag": tag})

    @staticmethod
    def read_number(ask: Ask, name: str, least: int, most: int, default: int) -> int:
        text = ask.query.get(name, str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise Refused(400, f"{name} is from {least} to {most}")
        return int(text)

    @staticmethod
    def read_body(ask: Ask) -> dict[str, Any]:
        if ask.media_type != "application/json":
            raise Refused(415, "send JSON")
        try:
            value = json.loads(ask.body)
            jsonschema.validate(value, NEW)
        except ValueError:
            raise Refused(400, "this is no JSON") from None
        except jsonschema.ValidationError as error:
            raise Refused(400, f"{'/'.join(map(str, error.absolute_path))}: {error.message[:60]}") from None
        return value


def pack(body: bytes) -> Reply:
    """Answer with a body that is said to be gzip."""
    return Reply(200, headers={"content-encoding": "gzip"}, body=body)


def packed() -> bytes:
    return gzip.compress(b'{"open": true}', mtime=0)
