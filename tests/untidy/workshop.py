"""
A provider that is untidy, and wrong in as many places as it is asked to be.

Untidy but right: it agrees with itself a moment later, hands out at most three items whatever is asked for, answers 403
for what is not there, writes media types in its own way, leads to paths without a slash, renames things, refuses control
characters, answers methods that it does not know with 501, and sends bodies that the document does not mention.
"""

import gzip
import json
import re
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import yaml

from tests.defects.providers import Ask, Provider, Reply

DOCUMENT = Path(__file__).resolve().parent / "workshop.yaml"
_SCHEMAS = yaml.safe_load(DOCUMENT.read_text())["components"]["schemas"]
_FEW = 3  # items of a page, whatever is asked for
_LATE = 2  # readings until a change shows


@dataclass
class Late:
    """A thing whose changes show after some readings."""

    now: dict[str, Any]
    before: dict[str, Any] | None = None
    readings: int = 0

    def read(self) -> dict[str, Any] | None:
        self.readings += 1
        return self.now if self.readings > _LATE else self.before

    def change(self, value: dict[str, Any]) -> None:
        self.before, self.now, self.readings = self.now, value, 0


class Refusal(Exception):
    """A request is refused."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, {"message": message}, media_type='Application/JSON;charset="UTF-8"')


@dataclass
class Store:
    """What the workshop has."""

    tools: dict[str, Late] = field(default_factory=dict)
    notes: dict[int, Late] = field(default_factory=dict)
    number: int = 0
    visits: int = 0


class Workshop(Provider):
    """The provider; `wrong` names its defects."""

    prefix = "/api"

    def __init__(self, wrong: frozenset[str] = frozenset()) -> None:
        super().__init__(off=frozenset(("head_body",)) if "HEAD with a body" in wrong else frozenset())
        self.wrong = wrong
        self.store = Store()
        for slug in ("saw-one", "plane-two", "chisel-three", "saw-four", "saw-five"):
            tool = {"slug": slug, "title": slug.title(), "kind": slug.partition("-")[0], "weight": 3, "comment": None}
            self.store.tools[slug] = Late(tool, tool)
        for text in ("Oil the vice", "Buy nails"):
            self._write_note({"text": text, "pages": 1, "colour": "red"})

    routes: tuple[tuple[str, str, str], ...] = (
        ("GET", r"/status", "status"),
        ("GET", r"/tools", "list_tools"),
        ("POST", r"/tools", "create_tool"),
        ("GET", r"/tools/([^/]+)", "get_tool"),
        ("PUT", r"/tools/([^/]+)", "replace_tool"),
        ("DELETE", r"/tools/([^/]+)", "delete_tool"),
        ("GET", r"/notes", "list_notes"),
        ("POST", r"/notes", "create_note"),
        ("GET", r"/notes/([^/]+)", "get_note"),
        ("PUT", r"/notes/([^/]+)", "replace_note"),
        ("DELETE", r"/notes/([^/]+)", "delete_note"),
        ("GET", r"/search", "search"),
        ("GET", r"/report/", "report"),
        ("GET", r"/legacy", "legacy"),
        ("POST", r"/archive", "archive"),
        ("GET", r"/export", "export"),
        ("GET", r"/visits", "list_visits"),
        ("GET", r"/account", "account"),
    )

    def answer(self, ask: Ask) -> Reply:
        try:
            return self._route(ask, "GET" if ask.method == "HEAD" else ask.method)
        except Refusal as refusal:
            return refusal.reply

    def _route(self, ask: Ask, method: str) -> Reply:
        if ask.path == "/report" and method == "GET":
            return Reply(307, headers={"location": "/api/report/"}, body=b"")
        for wanted, pattern, name in self.routes:
            match = re.fullmatch(pattern, ask.path)
            if match is not None and wanted == method:
                if name != "status" and "no credentials are asked for" not in self.wrong:
                    self._authenticate(ask)
                return getattr(self, name)(ask, *map(unquote, match.groups()))
        if "a method that nobody documented" in self.wrong and (method, ask.path) == ("PATCH", "/status"):
            return Reply(200, {"state": "patched"})
        known = any(re.fullmatch(pattern, ask.path) for _, pattern, _ in self.routes)
        raise Refusal(501 if known else 404, "there is no such thing here")

    def _authenticate(self, ask: Ask) -> None:
        if ask.headers.get("x-api-key") != "key-of-ada":
            raise Refusal(401, "who are you?")

    def _body(self, ask: Ask, schema: str) -> dict[str, Any]:
        if ask.media_type != "application/json" and "any media type will do" not in self.wrong:
            raise Refusal(415, "send JSON")
        try:
            value = json.loads(ask.body)
        except ValueError:
            raise Refusal(400, "this is no JSON") from None
        self._judge(value, schema, creates=(ask.method, schema) == ("POST", "NewTool"))
        for text in value.values():
            if isinstance(text, str) and any(unicodedata.category(each) in {"Cc", "Cs"} for each in text):
                raise Refusal(400, "control characters are refused")
        return value

    def _judge(self, value: Any, schema: str, *, creates: bool) -> None:
        lenient = dict(_SCHEMAS[schema])
        if "a required property may be missing" in self.wrong and creates:
            lenient["required"] = [name for name in lenient["required"] if name != "title"]
        if "a text may be too long" in self.wrong and creates:
            lenient["properties"] = lenient["properties"] | {"title": {"type": "string", "minLength": 1}}
        root = lenient | {"components": {"schemas": _SCHEMAS}}
        errors = sorted(jsonschema.Draft202012Validator(root).iter_errors(value), key=str)
        if errors or not isinstance(value, dict):
            where = "/".join(map(str, errors[0].absolute_path)) if errors else ""
            raise Refusal(400, f"{where}: {errors[0].message[:60] if errors else 'an object is needed'}")

    @staticmethod
    def _number(ask: Ask, name: str, least: int, most: int, default: int) -> int:
        text = ask.query.get(name)
        if text is None:
            return default
        if not re.fullmatch(r"-?[0-9]+", text) or not least <= int(text) <= most:
            raise Refusal(400, f"{name} is from {least} to {most}")
        return int(text)

    def status(self, ask: Ask) -> Reply:
        reply = Reply(203 if "a status that nobody documented" in self.wrong else 200, {"state": "open"})
        if ask.method == "HEAD":
            reply.headers["content-length"] = "4711" if "HEAD has another length" in self.wrong else "17"
            reply.media_type = 'application/JSON; charset="utf-8"'
        else:
            reply.media_type = "application/json;charset=UTF-8"
        return reply

    def list_tools(self, ask: Ask) -> Reply:
        limit, offset = self._number(ask, "limit", 1, 40, 10), self._number(ask, "offset", 0, 10_000, 0)
        kind = ask.query.get("kind")
        if kind is not None and kind not in _SCHEMAS["Kind"]["enum"]:
            raise Refusal(400, "kind is unknown")
        found = [tool.now for tool in self.store.tools.values() if kind in {None, tool.now["kind"]}]
        page = found[offset:][: min(limit, _FEW)]
        total = len(found) + 7 * ("a total that is too great" in self.wrong)
        if "a total that is too great" in self.wrong:
            page = found[offset:][:limit]
        if "a property of another type" in self.wrong:
            page = [tool | {"title": 12} for tool in page]
        headers = {} if "a required header is missing" in self.wrong else {"x-total-count": str(total)}
        return Reply(200, {"items": page, "total": total}, headers)

    def create_tool(self, ask: Ask) -> Reply:
        tool = self._body(ask, "NewTool")
        if "null is refused" in self.wrong and "comment" in tool and tool["comment"] is None:
            raise Refusal(400, "comment must be a text")
        if "a bound is refused" in self.wrong and tool.get("weight") == 1000:
            raise Refusal(400, "weight is too great")
        slug = tool.get("slug")
        if slug in self.store.tools:
            raise Refusal(409, "it exists")
        tool = {"title": "untitled", **tool}
        self.store.tools[slug] = Late(tool)
        return Reply(201, tool, {"location": f"/api/tools/{slug}"})

    def get_tool(self, ask: Ask, slug: str) -> Reply:
        tool = self.store.tools[slug].read() if slug in self.store.tools else None
        if tool is None:
            raise Refusal(403, "this is not yours, or is not there")
        tag = f'"{zlib.crc32(json.dumps(tool, sort_keys=True).encode()):x}"'
        asked = ask.headers.get("if-none-match")
        if asked is not None and not re.fullmatch(r'"[a-z0-9]{4,20}"', asked):
            raise Refusal(400, "If-None-Match is a tag")
        if asked == tag and "a condition is not obeyed" not in self.wrong:
            return Reply(304, headers={"etag": tag}, body=b"")
        if "a property that nobody documented" in self.wrong:
            tool = tool | {"secretWeight": 1}
        return Reply(200, tool, {"etag": tag})

    def replace_tool(self, ask: Ask, slug: str) -> Reply:
        if slug not in self.store.tools:
            raise Refusal(403, "this is not yours, or is not there")
        tool = {"title": "untitled", **self._body(ask, "NewTool")}
        if tool["slug"] != slug and tool["slug"] in self.store.tools:
            raise Refusal(409, "it exists")
        known = self.store.tools.pop(slug)
        known.change(tool)
        self.store.tools[tool["slug"]] = known
        return Reply(200, tool)

    def delete_tool(self, ask: Ask, slug: str) -> Reply:
        if slug not in self.store.tools:
            raise Refusal(403, "this is not yours, or is not there")
        if "what was deleted is still there" not in self.wrong:
            del self.store.tools[slug]
        return Reply(204, body=b"")

    def _write_note(self, note: dict[str, Any]) -> dict[str, Any]:
        self.store.number += 1
        note = {"id": self.store.number, **note}
        self.store.notes[self.store.number] = Late(note, note)
        return note

    def list_notes(self, ask: Ask) -> Reply:
        limit, offset = self._number(ask, "limit", 1, 40, 10), self._number(ask, "offset", 0, 10_000, 0)
        found = [note.now for note in self.store.notes.values()][offset:]
        return Reply(200, found if "a limit is ignored" in self.wrong else found[: min(limit, _FEW)])

    def create_note(self, ask: Ask) -> Reply:
        note = self._body(ask, "NewNote")
        if "an enumerated value is refused" in self.wrong and note["colour"] == "green":
            raise Refusal(400, "colour is no colour")
        if "an enumerated value is stored as another" in self.wrong and note["colour"] == "blue":
            note = note | {"colour": "red"}
        note = self._write_note(note)
        path = "/note/" if "Location leads nowhere" in self.wrong else "/api/notes/"
        return Reply(201, note, {"location": f"{path}{note['id']}"})

    def _note(self, id_: str) -> int:
        if not re.fullmatch(r"[0-9]+", id_) or not 1 <= int(id_) <= 1_000_000:
            raise Refusal(400, "noteId is a number")
        if int(id_) not in self.store.notes:
            raise Refusal(404, "there is no such note")
        return int(id_)

    def get_note(self, ask: Ask, id_: str) -> Reply:
        note = self.store.notes[self._note(id_)].read()
        if "another thing than asked for" in self.wrong and note is not None:
            note = note | {"id": note["id"] + 1}
        return Reply(200, note)

    def replace_note(self, ask: Ask, id_: str) -> Reply:
        known = self.store.notes[self._note(id_)]
        note = {"id": int(id_), **self._body(ask, "NewNote")}
        if "a change is lost" not in self.wrong:
            known.change(note)
        return Reply(200, note)

    def delete_note(self, ask: Ask, id_: str) -> Reply:
        del self.store.notes[self._note(id_)]
        return Reply(204, body=b"")

    def search(self, ask: Ask) -> Reply:
        text = ask.query.get("q")
        if text is None and "a required parameter may be missing" not in self.wrong:
            raise Refusal(400, "q is missing")
        if text is not None and len(text) == 1 and "a server error for the shortest text" in self.wrong:
            raise Refusal(500, "oops")
        if (text is not None and not 1 <= len(text) <= 30) or any(
            unicodedata.category(each) == "Cc" for each in text or ""
        ):
            raise Refusal(400, "q has 1 to 30 characters")
        since = ask.query.get("since")
        if since is not None and "any date will do" not in self.wrong and not _is_date(since):
            raise Refusal(400, "since is a date")
        if ask.query.get("near") == "bench" and text is not None and not text.isascii():
            raise Refusal(400, "no such place")
        if len(ask.query.get("near", "")) > 8:
            raise Refusal(400, "near has 8 characters at most")
        self._number(ask, "most", 1, 500, 5)
        return Reply(200, [])

    def report(self, ask: Ask) -> Reply:
        wrong = {"week": "7", "days": "many", "hours": "some"}
        return Reply(200, wrong if "none of two kinds" in self.wrong else {"day": "Monday", "hours": 8})

    def legacy(self, ask: Ask) -> Reply:
        return Reply(501, {"message": "not any more"})

    def archive(self, ask: Ask) -> Reply:
        return Reply(202, {"message": "soon"})

    def export(self, ask: Ask) -> Reply:
        charset = "iso-8859-1" if "another charset" in self.wrong else "UTF-8"
        media_type, body = f"Text/CSV;  charset={charset}", b"slug,title\n" * 20
        if "gzip" in ask.headers.get("accept-encoding", ""):
            packed = gzip.compress(body)
            packed = packed[:-6] if "gzip that is cut" in self.wrong else packed
            return Reply(200, headers={"content-encoding": "gzip"}, body=packed, media_type=media_type)
        return Reply(200, body=body, media_type=media_type)

    def list_visits(self, ask: Ask) -> Reply:
        self.store.visits += "a list that grows with each reading" in self.wrong and ask.method == "GET"
        return Reply(200, list(range(self.store.visits)))

    def account(self, ask: Ask) -> Reply:
        if "a redirect to the login page" in self.wrong:
            return Reply(302, headers={"location": "/api/status"}, body=b"")
        if "HTML instead of JSON" in self.wrong:
            return Reply(200, body=b"<p>Ada", media_type="text/html")
        return Reply(200, {"name": "Ada"})


def _is_date(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", text)) and not re.search(
        r"-02-3\d$|-(04|06|09|11)-31$|02-29$", text
    )


@dataclass(frozen=True)
class Planted:
    """A defect, and what has to be said of it."""

    name: str
    check: str
    operation: str
    says: str = ""  # in the message, or at the end of the instance
    make: Callable[[], Workshop] | None = None


PLANTED = (
    Planted("a status that nobody documented", "status_code_conformance", "getStatus", "203"),
    Planted("HEAD has another length", "head_matches_get", "getStatus", "4711"),
    Planted("a method that nobody documented", "unsupported_method", "getStatus", "PATCH"),
    Planted("a required header is missing", "response_headers_conformance", "listTools", "X-Total-Count"),
    Planted("a total that is too great", "coherence", "listTools", "total"),
    Planted("a property of another type", "response_schema_conformance", "listTools", "title"),
    Planted("a required property may be missing", "negative_data_rejection", "createTool", "title"),
    Planted("a text may be too long", "negative_data_rejection", "createTool", "title"),
    Planted("null is refused", "positive_data_acceptance", "createTool", "comment"),
    Planted("a bound is refused", "positive_data_acceptance", "createTool", "weight"),
    Planted("a property that nobody documented", "undocumented_property", "getTool", "secretWeight"),
    Planted("a condition is not obeyed", "conditional_requests", "getTool"),
    Planted("what was deleted is still there", "use_after_free", "getTool"),
    Planted("a limit is ignored", "coherence", "listNotes", "at most 1"),
    Planted("an enumerated value is refused", "positive_data_acceptance", "createNote", "colour"),
    Planted("an enumerated value is stored as another", "coherence", "createNote", "colour"),
    Planted("any media type will do", "negative_data_rejection", "createNote", "media type"),
    Planted("Location leads nowhere", "ensure_resource_availability", "createNote", "Location"),
    Planted("another thing than asked for", "coherence", "getNote", "was asked for"),
    Planted("a change is lost", "coherence", "replaceNote", "nothing of what was changed"),
    Planted("a required parameter may be missing", "negative_data_rejection", "search", "'q'"),
    Planted("a server error for the shortest text", "not_a_server_error", "search", "500"),
    Planted("any date will do", "negative_data_rejection", "search", "'since'"),
    Planted("none of two kinds", "response_schema_conformance", "getReport"),
    Planted("no credentials are asked for", "ignored_auth", "listTools", "without the required"),
    Planted("another charset", "content_type_conformance", "export", "iso-8859-1"),
    Planted("gzip that is cut", "not_a_server_error", "export", "gzip"),
    Planted("a list that grows with each reading", "idempotency", "listVisits"),
    Planted("a redirect to the login page", "status_code_conformance", "getAccount", "302"),
)
