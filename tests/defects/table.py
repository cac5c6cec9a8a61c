"""
Defects, each one change away from a right provider: what spoils it, and what has to be said about it.

A defect is found when its check names its operation and its place: the end of the pointer in the document or in the message.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.defects.charging import Charging
from tests.defects.providers import Ask, Projects, Provider, Reply, Spoil


@dataclass(frozen=True)
class Defect:
    """A provider that is wrong in one place."""

    name: str
    make: Callable[[], Provider]
    check: str
    operation: str
    where: str = ""  # the end of the pointer in the document, or in the message


def on(methods: str, path: str, change: Callable[[Reply], Reply | None], *, status: int = 0) -> Spoil:
    """Change the answers to some requests, in place or to another one. `path` is the end of a path; `*` is any segment."""

    def spoil(provider: Provider, ask: Ask, reply: Reply) -> Reply:
        wanted, asked = path.split("/"), ask.path.split("/")
        fits = len(wanted) == len(asked) and all(a in {"*", b} for a, b in zip(wanted, asked, strict=True))
        if (
            ask.method not in methods.split(",")
            or not fits
            or (reply.status >= 300 and not status)
            or (status and reply.status != status)
        ):
            return reply
        return change(reply) or reply

    return spoil


def put(*path: str | int, value: Any) -> Callable[[Reply], None]:
    """Set a value in the body of an answer, where the body has such a place."""

    def change(reply: Reply) -> None:
        target = reply.json = json.loads(json.dumps(reply.json))
        for token in path[:-1]:
            if isinstance(target, list) and not target:
                return
            target = target[token]
        if not isinstance(target, list) or target:
            target[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[Reply], None]:
    """Take a member out of the body of an answer."""

    def change(reply: Reply) -> None:
        target = reply.json = json.loads(json.dumps(reply.json))
        for token in path[:-1]:
            target = target[token]
        target.pop(path[-1])

    return change


def header(name: str, value: str | None) -> Callable[[Reply], None]:
    """Set or drop a header field."""

    def change(reply: Reply) -> None:
        reply.headers.pop(name, None)
        if value is not None:
            reply.headers[name] = value

    return change


def set_(**members: Any) -> Callable[[Reply], None]:
    """Set parts of an answer."""

    def change(reply: Reply) -> None:
        for name, value in members.items():
            setattr(reply, name, value)

    return change


def projects(spoil: Spoil | None = None, *off: str) -> Callable[[], Provider]:
    return lambda: Projects(spoil, frozenset(off))


def charging(spoil: Spoil | None = None, *off: str) -> Callable[[], Provider]:
    return lambda: Charging(spoil, frozenset(off))


def fails_when(test: Callable[[Ask], bool], status: int = 500) -> Spoil:
    """Answer with a status whenever a request has something about it."""

    def spoil(provider: Provider, ask: Ask, reply: Reply) -> Reply:
        return (
            Reply(status, {"title": "Refused", "status": status}, media_type="application/problem+json")
            if test(ask)
            else reply
        )

    return spoil


def refuses_limit(most: int) -> Spoil:
    """Refuse a page of a documented size, by the name of what is refused."""

    def spoil(provider: Provider, ask: Ask, reply: Reply) -> Reply:
        if ask.query.get("limit") != str(most):
            return reply
        refusal = {"title": "Refused", "status": 422, "detail": "limit is too large"}
        return Reply(422, refusal, media_type="application/problem+json")

    return spoil


def body_of(ask: Ask) -> Any:
    try:
        value = json.loads(ask.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def posts(ask: Ask, path: str = "/projects") -> bool:
    return ask.method == "POST" and ask.path == path


async def _endless() -> Any:
    while True:
        yield b" " * 100
        await asyncio.sleep(0.01)


async def _wrong_items() -> Any:
    yield b'{"at":"2026-06-01T12:00:00Z","what":"created"}\n'
    while True:
        yield b'{"at":"yesterday","what":"changed"}\n'
        await asyncio.sleep(0.01)


def _grow() -> Spoil:
    """Each reading of the tasks adds one."""

    def spoil(provider: Any, ask: Ask, reply: Reply) -> Reply:
        if ask.method == "GET" and ask.path.endswith("/tasks") and reply.status == 200:
            more = [
                {"id": f"00000000-0000-4000-8000-{index:012d}", "title": "more", "kind": {}, "state": "open"}
                for index in range(provider.asked)
            ]
            reply.json = {"tasks": [*reply.json["tasks"], *more], "count": len(more) + len(reply.json["tasks"])}
        return reply

    return spoil


def _once() -> Spoil:
    """What was read once is not there the second time."""
    seen: set[str] = set()

    def spoil(provider: Provider, ask: Ask, reply: Reply) -> Reply:
        key = f"{ask.path}?{sorted(ask.query.items())}"
        if ask.method == "GET" and ask.path == "/projects" and reply.status == 200:
            if key in seen:
                return Reply(422, {"title": "Again?", "status": 422}, media_type="application/problem+json")
            seen.add(key)
        return reply

    return spoil


USERS = "getAuthorisedUsersForCharger"
_ONE, _ANY = "/projects/*", "/projects"

DEFECTS: tuple[Defect, ...] = (
    # values of answers
    Defect("a string where a number is", projects(on("GET", _ONE, put("priority", value="2"))), "response_schema_conformance", "getProject", "priority/type"),
    Defect("an int32 that overflows", projects(on("GET", _ONE, put("members", value=2**31))), "response_schema_conformance", "getProject", "members"),
    Defect("a required property is missing", projects(on("GET", _ONE, drop("owner"))), "response_schema_conformance", "getProject", "required"),
    Defect("null where null is not allowed", projects(on("GET", _ONE, put("name", value=None))), "response_schema_conformance", "getProject", "name/type"),
    Defect("a date in another format", projects(on("GET", _ONE, put("due", value="1.7.2026"))), "response_schema_conformance", "getProject", "due/format"),
    Defect("a date-time without its zone", projects(on("GET", _ONE, put("createdAt", value="2026-06-01 12:00:00"))), "response_schema_conformance", "getProject", "createdAt/format"),
    Defect("a value that the enumeration lacks", projects(on("GET", _ONE, put("status", value="paused"))), "response_schema_conformance", "getProject", "status/enum"),
    Defect("a number beyond its maximum", projects(on("GET", _ONE, put("priority", value=6))), "response_schema_conformance", "getProject", "priority/maximum"),
    Defect("an empty text", projects(on("GET", _ONE, put("name", value=""))), "response_schema_conformance", "getProject", "name/minLength"),
    Defect("an object where a list is", projects(on("GET", _ONE, put("tags", value={}))), "response_schema_conformance", "getProject", "tags/type"),
    Defect("a wrong value deep in a list", projects(on("GET", _ANY, put("items", 0, "priority", value=0))), "response_schema_conformance", "listProjects", "priority/minimum"),
    Defect("null for a list", projects(on("GET", _ANY, put("items", value=None))), "response_schema_conformance", "listProjects", "items/type"),
    Defect("a negative total", projects(on("GET", _ANY, put("total", value=-1))), "response_schema_conformance", "listProjects", "total/minimum"),
    Defect("the created thing lacks its id", projects(on("POST", _ANY, drop("id"))), "response_schema_conformance", "createProject", "required"),
    Defect("an id that is no uuid", projects(on("POST", "/projects/*/tasks", put("id", value="7"))), "response_schema_conformance", "createTask", "id/format"),
    Defect("a size as text", projects(on("POST", "/projects/*/files", put("size", value="many"))), "response_schema_conformance", "uploadFile", "size/type"),
    Defect("the replaced thing lacks a property", projects(on("PUT", _ONE, drop("createdAt"))), "response_schema_conformance", "replaceProject", "required"),
    Defect("a property that is not documented", projects(on("GET", _ONE, put("internalNotes", value="x"))), "undocumented_property", "getProject", "internalNotes"),
    Defect("a property that is not documented in a list", projects(on("GET", _ANY, put("items", 0, "secret", value=1))), "undocumented_property", "listProjects", "secret"),
    Defect("no body", projects(on("GET", _ONE, set_(body=b""))), "response_schema_conformance", "getProject", "200"),
    Defect("half a body", projects(on("GET", _ONE, set_(body=b'{"id": 1, "name": "a'))), "response_schema_conformance", "getProject", "json"),
    Defect("a body that is not UTF-8", projects(on("GET", _ONE, set_(body='{"id": 1, "name": "Übung"}'.encode("latin-1")))), "response_schema_conformance", "getProject", "json"),
    Defect("a body after deleting", projects(on("DELETE", _ONE, set_(status=204, body=b"{}"))), "response_schema_conformance", "deleteProject", "204"),
    Defect("the body of a refusal has another shape", projects(on("GET", _ONE, set_(json={"error": "no such project"}), status=404)), "response_schema_conformance", "getProject", "required"),
    Defect("the refusal says another kind of status", projects(on("POST", _ANY, put("status", value="422"), status=422)), "response_schema_conformance", "createProject", "status/type"),
    # media types, header fields, statuses
    Defect("HTML instead of JSON", projects(on("GET", _ANY, set_(body=b"<p>hello", media_type="text/html"))), "content_type_conformance", "listProjects"),
    Defect("JSON without a Content-Type", projects(on("GET", _ONE, set_(media_type=""))), "content_type_conformance", "getProject"),
    Defect("another media type of JSON", projects(on("POST", _ANY, set_(media_type="application/vnd.projects+json"))), "content_type_conformance", "createProject"),
    Defect("another charset than documented", projects(on("GET", "/status", set_(media_type="text/plain; charset=iso-8859-1"))), "content_type_conformance", "getStatus"),
    Defect("JSON in another charset", projects(on("GET", _ONE, set_(media_type="application/json; charset=utf-16"))), "content_type_conformance", "getProject"),
    Defect("a required header field is missing", projects(on("GET", _ANY, header("x-total-count", None))), "response_headers_conformance", "listProjects", "X-Total-Count"),
    Defect("a header field of another type", projects(on("GET", _ANY, header("x-total-count", "many"))), "response_headers_conformance", "listProjects", "X-Total-Count/schema/type"),
    Defect("Location is missing", projects(on("POST", _ANY, header("location", None))), "response_headers_conformance", "createProject", "Location"),
    Defect("an ETag without quotes", projects(on("GET", _ONE, header("etag", "abc"))), "response_headers_conformance", "getProject", "ETag/schema/pattern"),
    Defect("an undocumented status of success", projects(on("POST", _ANY, set_(status=202))), "status_code_conformance", "createProject"),
    Defect("200 instead of 201", projects(on("POST", "/projects/*/tasks", set_(status=200))), "status_code_conformance", "createTask"),
    Defect("an undocumented status of refusal", projects(on("GET", _ONE, set_(status=418), status=404)), "status_code_conformance", "getProject"),
    Defect("a redirect that nobody documented", projects(on("POST", _ANY, set_(status=303, headers={"location": "/v1/projects"}))), "status_code_conformance", "createProject"),
    # failures
    Defect("500 for a name of the greatest length", projects(fails_when(lambda a: posts(a) and len(str(body_of(a).get("name"))) == 60)), "not_a_server_error", "createProject", "name"),
    Defect("500 for null that is allowed", projects(fails_when(lambda a: posts(a) and body_of(a).get("budget", 0) is None)), "not_a_server_error", "createProject", "budget"),
    Defect("500 for a budget of zero", projects(fails_when(lambda a: posts(a) and body_of(a).get("budget") == 0)), "not_a_server_error", "createProject", "budget"),
    Defect("500 for a list without items", projects(fails_when(lambda a: posts(a) and body_of(a).get("tags") == [])), "not_a_server_error", "createProject", "tags"),
    Defect("500 for letters beyond ASCII", projects(fails_when(lambda a: posts(a) and not str(body_of(a).get("name")).isascii())), "not_a_server_error", "createProject", "name"),
    Defect("500 for an absent optional property", projects(fails_when(lambda a: posts(a) and bool(a.body) and "status" not in body_of(a))), "not_a_server_error", "createProject"),
    Defect("500 for the greatest offset", projects(fails_when(lambda a: a.query.get("offset") == "100000")), "not_a_server_error", "listProjects", "offset"),
    Defect("500 for one value of an enumeration", projects(fails_when(lambda a: a.query.get("sort") == "name")), "not_a_server_error", "listProjects", "sort"),
    Defect("500 for the second kind of body", projects(fails_when(lambda a: a.path.endswith("/tasks") and "meeting" in str(body_of(a).get("kind")))), "not_a_server_error", "createTask"),
    Defect("500 for a body that is no JSON", projects(fails_when(lambda a: posts(a) and bool(a.body) and not body_of(a))), "not_a_server_error", "createProject"),
    Defect("500 for a text where a number is", projects(fails_when(lambda a: posts(a) and isinstance(body_of(a).get("priority"), str))), "not_a_server_error", "createProject", "priority"),
    Defect("500 for an unknown id", projects(on("GET", _ONE, set_(status=500), status=404)), "not_a_server_error", "getProject"),
    Defect("a bad gateway now and then", projects(fails_when(lambda a: a.method == "GET" and a.path == "/projects" and "limit" in a.query, 502)), "not_a_server_error", "listProjects"),
    # requests that break the document are accepted
    Defect("a missing required property is accepted", projects(None, "body:required"), "negative_data_rejection", "createProject", "required"),
    Defect("a wrong type is accepted", projects(None, "body:priority:type", "body:priority:maximum"), "negative_data_rejection", "createProject", "priority/type"),
    Defect("a number beyond its bounds is accepted", projects(None, "body:priority:maximum"), "negative_data_rejection", "createProject", "priority/maximum"),
    Defect("a text that is too long is accepted", projects(None, "body:name:maxLength"), "negative_data_rejection", "createProject", "name/maxLength"),
    Defect("an empty text is accepted", projects(None, "body:name:minLength"), "negative_data_rejection", "createProject", "name/minLength"),
    Defect("any value is accepted for an enumeration", projects(None, "body:status:enum"), "negative_data_rejection", "createProject", "status/enum"),
    Defect("a wrong pattern is accepted", projects(None, "body:tags/0:pattern"), "negative_data_rejection", "createProject", "pattern"),
    Defect("an item twice is accepted", projects(None, "body:tags:uniqueItems"), "negative_data_rejection", "createProject", "uniqueItems"),
    Defect("too many items are accepted", projects(None, "body:tags:maxItems"), "negative_data_rejection", "createProject", "maxItems"),
    Defect("a property more is accepted", projects(None, "body:additionalProperties"), "negative_data_rejection", "createProject", "additionalProperties"),
    Defect("a wrong date is accepted", projects(None, "body:due:format"), "negative_data_rejection", "createProject", "due/format"),
    Defect("a body that is no JSON is accepted", projects(None, "malformed"), "negative_data_rejection", "createProject"),
    Defect("any media type is accepted", projects(None, "media"), "negative_data_rejection", "createProject"),
    Defect("a limit beyond its maximum is accepted", projects(None, "param:limit:bounds"), "negative_data_rejection", "listProjects", "schema/maximum"),
    Defect("a limit that is no number is accepted", projects(None, "param:limit:type"), "negative_data_rejection", "listProjects", "limit"),
    Defect("any status is accepted in the query", projects(None, "param:status:enum"), "negative_data_rejection", "listProjects", "schema/enum"),
    Defect("a part of a form may be missing", projects(None, "upload:title"), "negative_data_rejection", "uploadFile", "required"),
    Defect("a required header field may be missing", projects(None, "required_header"), "missing_required_header", "createProject", "X-Request-Id"),
    Defect("a header field may be too short", projects(None, "header_length"), "negative_data_rejection", "createProject", "minLength"),
    Defect("a method that nobody documented", projects(None, "methods"), "unsupported_method", "listTasks"),
    # requests that keep to the document are refused
    Defect("one value of an enumeration is refused", projects(fails_when(lambda a: a.query.get("status") == "done", 422)), "positive_data_acceptance", "listProjects", "status"),
    Defect("the greatest limit is refused", projects(refuses_limit(50)), "positive_data_acceptance", "listProjects", "limit"),
    Defect("a documented method is not there", projects(fails_when(lambda a: a.method == "PUT", 405)), "positive_data_acceptance", "replaceProject"),
    Defect("a documented media type is not understood", projects(fails_when(lambda a: a.path.endswith("/files"), 415)), "positive_data_acceptance", "uploadFile"),
    # credentials
    Defect("no credentials are asked for", projects(None, "auth"), "ignored_auth", "listProjects"),
    Defect("any credentials will do", projects(None, "forged"), "ignored_auth", "listProjects"),
    Defect("one reads what belongs to another", projects(None, "tenant"), "cross_tenant_access", "getProject"),
    # lives
    Defect("what was deleted is still there", projects(None, "use_after_free"), "use_after_free", "getProject"),
    Defect("what was deleted inside is still there", projects(None, "task_after_free"), "use_after_free", "getTask"),
    Defect("what was created is not there", projects(on("GET", "/projects/*/tasks/*", set_(status=404, json={"title": "no", "status": 404}, media_type="application/problem+json"))), "ensure_resource_availability", "getTask"),
    Defect("what was written is lost", projects(None, "lost"), "coherence", "replaceProject"),
    # values that contradict each other
    Defect("the id of another thing", projects(on("GET", _ONE, put("id", value=999999))), "coherence", "getProject", "id"),
    Defect("a total that is too small", projects(on("GET", _ANY, put("total", value=1))), "coherence", "listProjects", "total"),
    Defect("a total that is too great", projects(on("GET", _ANY, put("total", value=4711))), "coherence", "listProjects", "total"),
    Defect("a page that is too large", projects(on("GET", _ANY, lambda r: put("items", value=r.json["items"] * 60)(r))), "coherence", "listProjects", "items"),
    # safe methods
    Defect("each reading adds an item", projects(_grow()), "idempotency", "listTasks"),
    Defect("the second reading fails", projects(_once()), "idempotency", "listProjects"),
    Defect("HEAD has another status", projects(on("HEAD", _ONE, set_(status=204))), "head_matches_get", "getProject"),
    Defect("HEAD has another media type", projects(on("HEAD", _ONE, set_(media_type="text/html"))), "head_matches_get", "getProject"),
    Defect("If-None-Match is not obeyed", projects(None, "conditional"), "conditional_requests", "getProject"),
    # time, streams, callbacks
    Defect("a slow answer", projects(on("GET", "/status", set_(delay=1.5))), "max_response_time", "getStatus"),
    Defect("an answer without an end", projects(on("GET", _ANY, set_(lines=_endless))), "max_response_time", "listProjects"),
    Defect("a wrong item in an endless stream", projects(on("GET", "/projects/*/activity", set_(lines=_wrong_items))), "response_schema_conformance", "followActivity", "at/format"),
    Defect("a wrong callback", projects(None, "callback"), "callbacks", "createTask", "state/enum"),
    # the charger API
    Defect("charger: an id as text", charging(on("GET", "/charger/*/users", put(0, "id", value="48210"))), "response_schema_conformance", USERS, "Driver/properties/id/type"),
    Defect("charger: a wrong date", charging(on("GET", "/charger/*/users", put(0, "tags", 0, "expiringDate", value="31.12.2028"))), "response_schema_conformance", USERS, "expiringDate/format"),
    Defect("charger: null where null is not allowed", charging(on("GET", "/charger/*/users", put(0, "name", value=None))), "response_schema_conformance", USERS, "name/type"),
    Defect("charger: an int32 that overflows", charging(on("GET", "/charger/*/users", put(0, "chargerGroups", 0, "onlineSocket", value=2**40))), "response_schema_conformance", USERS, "onlineSocket"),
    Defect("charger: an object instead of a list", charging(on("GET", "/charger/*/users", set_(json={"users": []}))), "response_schema_conformance", USERS, "schema/type"),
    Defect("charger: no credentials are asked for", charging(None, "auth", "forged"), "ignored_auth", USERS),
    Defect("charger: an undocumented property", charging(on("GET", "/charger/*/users", put(0, "phone", value="1"))), "undocumented_property", USERS, "phone"),
    Defect("charger: an undocumented status", charging(on("GET", "/charger/*/users", set_(status=203))), "status_code_conformance", USERS),
    Defect("charger: XML instead of JSON", charging(on("GET", "/charger/*/users", set_(body=b"<users/>", media_type="application/xml"))), "content_type_conformance", USERS),
    Defect("charger: 500 for letters beyond ASCII", charging(fails_when(lambda a: "%" in a.path)), "not_a_server_error", USERS, "chargerId"),
)  # fmt: skip
