"""
Providers that are right, to be spoiled in one place each.

They are ASGI applications without any framework and without anything of ours: requests are judged by `jsonschema`, so the
tester is not tested by itself.
"""

import asyncio
import itertools
import json
import re
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote

import jsonschema
import yaml

FOLDER = Path(__file__).resolve().parent
PROJECTS = FOLDER / "projects.yaml"


@dataclass
class Ask:
    """A request, as a provider sees it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass
class Reply:
    """An answer."""

    status: int
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    media_type: str = "application/json"
    lines: Callable[[], Any] | None = None  # an async generator of bytes, for a stream
    delay: float = 0.0  # seconds

    def render(self) -> tuple[list[tuple[bytes, bytes]], bytes]:
        body = (
            self.body if self.body is not None else b"" if self.status in {204, 304} else json.dumps(self.json).encode()
        )
        headers = dict(self.headers)
        if body and "content-type" not in headers:
            headers["content-type"] = self.media_type
        return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()], body


class Refused(Exception):
    """The request is refused."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status

    def reply(self) -> Reply:
        return Reply(
            self.status,
            {"title": "Refused", "status": self.status, "detail": str(self)},
            media_type="application/problem+json",
        )


Spoil = Callable[["Provider", Ask, Reply], Reply]


class Provider:
    """What both providers share: reading, routing, sending. `spoil` changes an answer, `off` switches a behaviour off."""

    prefix = ""

    def __init__(self, spoil: Spoil | None = None, off: frozenset[str] = frozenset(), salt: int = 0) -> None:
        self.spoil = spoil
        self.off = off
        self.salt = salt
        self.asked = 0

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        ask = Ask(scope["method"], scope["raw_path"].decode("latin-1").removeprefix(self.prefix), query, headers, body)
        self.asked += 1
        try:
            reply = self.answer(ask)
        except Refused as refused:
            reply = refused.reply()
        if self.spoil is not None:
            reply = self.spoil(self, ask, reply)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        await self.send(ask, reply, send)

    async def send(self, ask: Ask, reply: Reply, send: Callable) -> None:
        fields, data = reply.render()
        if reply.lines is not None:
            await send(
                {
                    "type": "http.response.start",
                    "status": reply.status,
                    "headers": [(b"content-type", reply.media_type.encode())],
                }
            )
            async for line in reply.lines():
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return
        if reply.status not in {204, 304} and not any(name == b"content-length" for name, _ in fields):
            fields.append((b"content-length", b"%d" % len(data)))
        await send({"type": "http.response.start", "status": reply.status, "headers": fields})
        await send(
            {
                "type": "http.response.body",
                "body": b"" if ask.method == "HEAD" and "head_body" not in self.off else data,
            }
        )

    def answer(self, ask: Ask) -> Reply:
        raise NotImplementedError


class Projects(Provider):
    """The CRUD API: credentials, links, pages, uploads, streams, callbacks."""

    prefix = "/v1"
    keys: ClassVar = {"key-of-ada": "ada", "key-of-bob": "bob"}
    document = yaml.safe_load(PROJECTS.read_text())

    def __init__(self, spoil: Spoil | None = None, off: frozenset[str] = frozenset(), salt: int = 0) -> None:
        super().__init__(spoil, off, salt)
        self.projects: dict[int, dict] = {}
        self.owners: dict[int, str] = {}
        self.tasks: dict[int, dict[str, dict]] = {}
        self.ids = itertools.count(1 + salt)
        self.deleted: set[int] = set()
        self.names: set[str] = set()
        for name in ("First", "Second", "Third"):
            self._store({"name": name, "owner": "ada@example.com", "priority": 2}, "ada")

    routes = (
        ("GET", r"/status", "status"),
        ("GET", r"/projects", "list_projects"),
        ("POST", r"/projects", "create_project"),
        ("GET", r"/projects/([^/]+)", "get_project"),
        ("HEAD", r"/projects/([^/]+)", "get_project"),
        ("PUT", r"/projects/([^/]+)", "replace_project"),
        ("DELETE", r"/projects/([^/]+)", "delete_project"),
        ("GET", r"/projects/([^/]+)/tasks", "list_tasks"),
        ("POST", r"/projects/([^/]+)/tasks", "create_task"),
        ("GET", r"/projects/([^/]+)/tasks/([^/]+)", "get_task"),
        ("DELETE", r"/projects/([^/]+)/tasks/([^/]+)", "delete_task"),
        ("POST", r"/projects/([^/]+)/files", "upload"),
        ("GET", r"/projects/([^/]+)/activity", "activity"),
    )

    def answer(self, ask: Ask) -> Reply:
        there = False
        for method, pattern, name in self.routes:
            match = re.fullmatch(pattern, ask.path)
            if match is None:
                continue
            there = True
            if method == ask.method:
                if name != "status":
                    self.user = self._authenticate(ask)
                return getattr(self, name)(ask, *map(unquote, match.groups()))
        if "methods" in self.off and there:
            return Reply(200, {})
        if there:
            methods = [method for method, pattern, _ in self.routes if re.fullmatch(pattern, ask.path)]
            reply = Refused(405, "no such method").reply()
            reply.headers["allow"] = ", ".join(methods)
            return reply
        raise Refused(404, "no such path")

    def _authenticate(self, ask: Ask) -> str:
        key = ask.headers.get("x-api-key") or ask.headers.get("authorization", "").removeprefix("Bearer ")
        if "auth" in self.off and not key:
            return "ada"
        if "forged" in self.off and key:
            return self.keys.get(key, "ada")
        if key not in self.keys:
            raise Refused(401, "no valid credentials")
        return self.keys[key]

    def _schema(self, name: str) -> dict:
        schemas = self.document["components"]["schemas"]
        return {
            **nullable(schemas[name]),
            "components": {"schemas": {key: nullable(value) for key, value in schemas.items()}},
        }

    def _body(self, ask: Ask, schema: str) -> dict:
        if ask.media_type != "application/json" and "media" not in self.off:
            raise Refused(415, "JSON is understood only")
        try:
            value = json.loads(ask.body)
        except ValueError as error:
            if "malformed" in self.off:
                return {"name": "?", "owner": "a@b.c", "priority": 1}
            raise Refused(422, "no JSON") from error
        checker = jsonschema.Draft202012Validator(
            self._schema(schema), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        for error in checker.iter_errors(value):
            keyword = str(error.validator)
            if f"body:{keyword}" in self.off or f"body:{'/'.join(map(str, error.absolute_path))}:{keyword}" in self.off:
                continue
            raise Refused(422, error.message[:200])
        return value

    def _integer(self, text: str, name: str, least: int, most: int) -> int:
        if not re.fullmatch(r"[+]?[0-9]{1,12}|[0-9]{1,12}\.0", text):
            if f"param:{name}:type" in self.off:
                return least
            raise Refused(422, f"{name} is no integer")
        number = int(float(text))
        if not least <= number <= most and f"param:{name}:bounds" not in self.off:
            raise Refused(422, f"{name} is out of bounds")
        return number

    def _project(self, text: str) -> dict:
        id_ = self._integer(text, "projectId", 1, 2**31 - 1)
        if id_ not in self.projects or (id_ in self.deleted and "use_after_free" not in self.off):
            raise Refused(404, "no such project")
        if self.owners[id_] != self.user and "tenant" not in self.off:
            raise Refused(404, "no such project")
        return self.projects[id_]

    def _store(self, body: dict, user: str) -> dict:
        id_ = next(self.ids)
        project = {
            "status": "draft",
            "tags": [],
            "budget": None,
            "members": 1,
            **body,
            "id": id_,
            "createdAt": "2026-06-01T12:00:00Z",
        }
        self.projects[id_], self.owners[id_], self.tasks[id_] = project, user, {}
        return project

    def status(self, ask: Ask) -> Reply:
        return Reply(200, body=b"well", media_type="text/plain; charset=utf-8")

    def list_projects(self, ask: Ask) -> Reply:
        limit = self._integer(ask.query.get("limit", "10"), "limit", 1, 50)
        offset = self._integer(ask.query.get("offset", "0"), "offset", 0, 100000)
        status, sort, archived = ask.query.get("status"), ask.query.get("sort", "created"), ask.query.get("archived")
        if status not in {None, "draft", "active", "done"} and "param:status:enum" not in self.off:
            raise Refused(422, "no such status")
        if sort not in {"name", "created"} or archived not in {None, "true", "false"}:
            raise Refused(422, "no such order")
        mine = [p for id_, p in self.projects.items() if self.owners[id_] == self.user and id_ not in self.deleted]
        found = [p for p in mine if status is None or p["status"] == status]
        found.sort(key=lambda p: p["name"] if sort == "name" else p["id"])
        items = found[offset : offset + limit]
        return Reply(200, {"items": items, "total": len(found), "next": None}, {"x-total-count": str(len(found))})

    def create_project(self, ask: Ask) -> Reply:
        request_id = ask.headers.get("x-request-id")
        if request_id is None and "required_header" not in self.off:
            raise Refused(422, "X-Request-Id is required")
        if request_id is not None and not 8 <= len(request_id) <= 36 and "header_length" not in self.off:
            raise Refused(422, "X-Request-Id has 8 to 36 characters")
        body = self._body(ask, "NewProject")
        if "unique" in self.off:
            if body["name"] in self.names:
                raise Refused(409, "the name is taken")
            self.names.add(body["name"])
        project = self._store(body, self.user)
        return Reply(201, project, {"location": f"/v1/projects/{project['id']}"})

    def get_project(self, ask: Ask, id_: str) -> Reply:
        project = self._project(id_)
        tag = f'"{abs(hash(json.dumps(project, sort_keys=True))):x}"'
        if ask.headers.get("if-none-match") == tag and "conditional" not in self.off:
            return Reply(304, headers={"etag": tag})
        return Reply(200, project, {"etag": tag})

    def replace_project(self, ask: Ask, id_: str) -> Reply:
        project = self._project(id_)
        body = self._body(ask, "NewProject")
        if "lost" not in self.off:
            kept = {key: project[key] for key in ("id", "createdAt", "members")}
            project.clear()
            project.update({"status": "draft", "tags": [], "budget": None, **body, **kept})
        return Reply(200, {**project, **body})

    def delete_project(self, ask: Ask, id_: str) -> Reply:
        project = self._project(id_)
        if project["id"] in self.deleted:
            raise Refused(404, "no such project")
        self.deleted.add(project["id"])
        return Reply(204)

    def list_tasks(self, ask: Ask, id_: str) -> Reply:
        tasks = list(self.tasks[self._project(id_)["id"]].values())
        return Reply(200, {"tasks": tasks, "count": len(tasks)})

    def create_task(self, ask: Ask, id_: str) -> Reply:
        project = self._project(id_)
        body = self._body(ask, "NewTask")
        task = {"id": str(uuid.UUID(int=self.asked + (4 << 76) + (2 << 62))), "state": "open", **body}
        self.tasks[project["id"]][task["id"]] = task
        if isinstance(body.get("callbackUrl"), str) and body["callbackUrl"].startswith("http://127.0.0.1:"):
            payload = {"taskId": task["id"], "state": "finished" if "callback" in self.off else "done"}
            threading.Thread(target=call_back, args=(body["callbackUrl"], payload), daemon=True).start()
        return Reply(201, task)

    def _task(self, id_: str, task: str) -> dict:
        project = self._project(id_)
        try:
            uuid.UUID(task)
        except ValueError as error:
            raise Refused(422, "no uuid") from error
        if task not in self.tasks[project["id"]]:
            raise Refused(404, "no such task")
        return self.tasks[project["id"]][task]

    def get_task(self, ask: Ask, id_: str, task: str) -> Reply:
        return Reply(200, self._task(id_, task))

    def delete_task(self, ask: Ask, id_: str, task: str) -> Reply:
        found = self._task(id_, task)
        if "task_after_free" not in self.off:
            del self.tasks[int(float(id_))][found["id"]]
        return Reply(204)

    def upload(self, ask: Ask, id_: str) -> Reply:
        self._project(id_)
        if ask.media_type != "multipart/form-data":
            raise Refused(415, "multipart/form-data is understood only")
        boundary = re.search(r'boundary="?([^";]+)', ask.headers["content-type"])
        parts: dict[str, bytes] = {}
        for part in ask.body.split(b"--" + (boundary.group(1).encode() if boundary else b"?"))[1:-1]:
            head, _, data = part.strip(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]*)"', head)
            parts[name.group(1).decode() if name else ""] = data
        if "title" not in parts and "upload:title" in self.off:
            parts["title"] = b"untitled"
        if "title" not in parts or "file" not in parts:
            raise Refused(422, "title and file are required")
        title = parts["title"].decode("utf-8", "replace")
        if not 1 <= len(title) <= 40:
            raise Refused(422, "the title has 1 to 40 characters")
        return Reply(201, {"title": title, "size": len(parts["file"])})

    def activity(self, ask: Ask, id_: str) -> Reply:
        self._project(id_)

        async def lines() -> Any:
            yield b'{"at":"2026-06-01T12:00:00Z","what":"created"}\n'
            yield b'{"at":"2026-06-01T12:00:01Z","what":"changed"}\n'

        return Reply(200, media_type="application/x-ndjson", lines=lines)


def nullable(schema: Any) -> Any:
    """3.0's `nullable` for a validator of JSON Schema."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: nullable(value) for key, value in schema.items()}
    if out.get("nullable") is True and "type" in out:
        out["type"] = [out["type"], "null"]
    return out


def call_back(url: str, payload: object) -> None:
    """Send a callback."""
    request = urllib.request.Request(  # noqa: S310
        url, json.dumps(payload).encode(), {"content-type": "application/json"}, method="POST"
    )
    with suppress(urllib.error.URLError):  # nobody listens any more, or never did
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310


class Untidy(Projects):
    """As right as the other one by its document, and as untidy as real APIs are; `habits` says how."""

    def __init__(self, habits: frozenset[str], salt: int = 0) -> None:
        super().__init__(off=frozenset({"unique"}) if "unique" in habits else frozenset(), salt=salt)
        self.habits = habits
        self.hidden: dict[str, int] = {}
        self.readings = 0

    def answer(self, ask: Ask) -> Reply:
        if "limits" in self.habits and self.asked % 7 == 0:
            return Reply(429, headers={"retry-after": "0"}, body=b"slow down", media_type="text/plain")
        if "framework" in self.habits:
            return self._as_framework(ask)
        return super().answer(ask)

    def _as_framework(self, ask: Ask) -> Reply:
        """A router that answers by itself, in its own words."""
        try:
            reply = super().answer(ask)
        except Refused as refused:
            routed = re.fullmatch(r"(/status|/projects(/[0-9]+(/(tasks(/[0-9a-f-]{36})?|files|activity))?)?)", ask.path)
            if routed and refused.status != 415:
                raise
            status = 404 if refused.status == 422 else refused.status
            return Reply(status, body=b"<h1>Not Found</h1>", media_type="text/html")
        return Reply(405, body=b"<h1>Method Not Allowed</h1>", media_type="text/html") if reply.status == 405 else reply

    def _integer(self, text: str, name: str, least: int, most: int) -> int:
        if "lenient" in self.habits and re.fullmatch(r"\s*[+-]?[0-9]+(\.0*)?\s*", text):
            text = str(int(float(text)))
        return super()._integer(text, name, least, most)

    def _body(self, ask: Ask, schema: str) -> dict:
        if "lenient" in self.habits:
            try:
                value = json.loads(ask.body)
            except ValueError:
                value = None
            if isinstance(value, dict):
                for name in ("priority", "budget"):
                    if isinstance(value.get(name), str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value[name]):
                        value[name] = float(value[name]) if "." in value[name] else int(value[name])
                ask.body = json.dumps(value).encode()
        body = super()._body(ask, schema)
        if "business" in self.habits and body.get("priority") == 5 and not (body.get("budget") or 0) > 1000:
            raise Refused(422, "what is urgent has a budget of more than 1,000")
        if "business" in self.habits and body.get("status") == "done":
            raise Refused(422, "nothing begins as done")
        if (
            "conflicts" in self.habits
            and str(body.get("due", "")) < "2026-06-01"
            and "due" in body
            and ask.method == "POST"
        ):
            raise Refused(409, "the day is over")
        return body

    def _project(self, text: str) -> dict:
        project = super()._project(text)
        if "eventual" in self.habits and project["id"] > 3 + self.salt:
            left = self.hidden.setdefault(f"p{project['id']}", 2)
            if left and ask_is_read(self):
                self.hidden[f"p{project['id']}"] -= 1
                raise Refused(404, "no such project yet")
        if "volatile" in self.habits:
            self.readings += 1
            project["members"] = self.readings
            project["createdAt"] = f"2026-06-01T12:00:{self.readings % 60:02d}Z"
        return project

    def get_project(self, ask: Ask, id_: str) -> Reply:
        self.reading = True
        try:
            reply = super().get_project(ask, id_)
        finally:
            self.reading = False
        if "soft" in self.habits and int(float(id_)) in self.deleted:
            reply.json = {**reply.json, "status": "done", "name": "(deleted)"}
        return reply

    def delete_project(self, ask: Ask, id_: str) -> Reply:
        if "soft" in self.habits:
            project = self._project(id_)
            if project["id"] in self.deleted:
                raise Refused(404, "no such project")
            self.deleted.add(project["id"])
            self.off = self.off | {"use_after_free"}
            return Reply(204)
        return super().delete_project(ask, id_)

    def list_projects(self, ask: Ask) -> Reply:
        reply = super().list_projects(ask)
        if "lagging" in self.habits:
            count = self.hidden.get("total", reply.json["total"])
            self.hidden["total"] = len(
                [id_ for id_ in self.projects if id_ not in self.deleted and self.owners[id_] == self.user]
            )
            if count >= len(reply.json["items"]) and not ask.query.get("status"):
                reply.json["total"] = count
        return reply


def ask_is_read(provider: Untidy) -> bool:
    """Whether a thing is being read, not changed."""
    return getattr(provider, "reading", False)


HABITS = (
    "unique",
    "limits",
    "framework",
    "lenient",
    "business",
    "conflicts",
    "eventual",
    "volatile",
    "soft",
    "lagging",
)
