"""
One habit at a time: what is only untidy is left alone, and what looks like it and is wrong is said.

Each class has both sides, so that silence is no blindness.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mock_server import load
from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import Memory
from mock_server.contract.model import Incident
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app
from mock_server.document.document import Document
from tests.defects.providers import Ask, Refused, Reply
from tests.untidy.shelf import GENRES, Shelf, document, pack, packed

Habit = Callable[[Shelf, Ask], Reply | None]
Tweak = Callable[[dict[str, Any]], None]
_LATE = 2  # readings until a change shows


def _same(paths: dict[str, Any]) -> None:
    """Leave the document as it is."""


@dataclass(frozen=True)
class Class:
    """A class of habits."""

    name: str
    untidy: Habit | None
    wrong: Habit
    check: str
    says: str  # in what is said of the wrong one
    tweak: Tweak = _same
    level: str = "ERROR"


def reading(ask: Ask) -> int | None:
    """Return the id of the book that a request reads."""
    is_book = ask.method in {"GET", "HEAD"} and ask.path.startswith("/books/") and ask.path[7:].isdigit()
    return int(ask.path[7:]) if is_book else None


def sent(ask: Ask) -> dict[str, Any]:
    """Return the JSON object that a request brings."""
    try:
        value = json.loads(ask.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def shows_late(shelf: Shelf, ask: Ask) -> Reply | None:
    id_ = reading(ask)
    if id_ not in shelf.books or not shelf.before[id_]:
        return None
    shelf.readings[id_] += 1
    return Reply(200, shelf.before[id_]) if shelf.readings[id_] <= _LATE else None


def is_there_late(shelf: Shelf, ask: Ask) -> Reply | None:
    id_ = reading(ask)
    if id_ not in shelf.books or shelf.before[id_]:
        return None
    shelf.readings[id_] += 1
    if shelf.readings[id_] <= _LATE:
        raise Refused(404, "not yet")
    return None


def never_shows(shelf: Shelf, ask: Ask) -> Reply | None:
    id_ = reading(ask)
    return Reply(200, shelf.before[id_]) if id_ in shelf.books and shelf.before[id_] else None


def is_never_there(shelf: Shelf, ask: Ask) -> Reply | None:
    if ask.method == "POST" and ask.path == "/books":
        reply = shelf.answer_rightly(ask)
        shelf.books.pop(reply.json["id"])
        return reply
    return None


def listing(change: Callable[[list, int, int, int], tuple[list, int]]) -> Habit:
    """Answer lists in another way: by all books, the limit, the start, and the total."""

    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        if ask.path != "/books" or ask.method not in {"GET", "HEAD"}:
            return None
        shelf.answer_rightly(ask)  # refuses what is to be refused
        limit, start = int(ask.query.get("limit", "10")), int(ask.query.get("offset", "0"))
        items, total = change(list(shelf.books.values()), limit, start, len(shelf.books))
        return Reply(200, {"items": items, "total": total})

    return habit


def refuses_two_conditions(shelf: Shelf, ask: Ask) -> Reply | None:
    if "if-none-match" in shelf.twice or "," in ask.headers.get("if-none-match", ""):
        raise Refused(400, "one condition is enough")
    return None


def ignores_conditions(shelf: Shelf, ask: Ask) -> Reply | None:
    ask.headers.pop("if-none-match", None)
    return None


def documents_condition(doc: dict[str, Any]) -> None:
    field = {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}
    doc["paths"]["/books/{bookId}"]["get"]["parameters"] = [field]


def typed(media_type: str) -> Habit:
    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        if ask.path != "/info" or ask.method not in {"GET", "HEAD"}:
            return None
        return Reply(200, {"open": True}, media_type=media_type)

    return habit


def documents_charset(doc: dict[str, Any]) -> None:
    content = {"application/json; charset=utf-8": {"schema": {"type": "object"}}}
    doc["paths"]["/info"]["get"]["responses"]["200"]["content"] = content


def hides(status: int) -> Habit:
    """Answer with a status that is not documented for what is not there."""

    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        id_ = ask.path.removeprefix("/books/")
        if id_ == ask.path or not id_.isdigit() or int(id_) in shelf.books:
            return None
        raise Refused(status, "not for you, or not there")

    return habit


def refuses_what_is_there(status: int) -> Habit:
    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        if reading(ask) in shelf.books:
            raise Refused(status, "not for you")
        return None

    return habit


def knows_no_404(doc: dict[str, Any]) -> None:
    for operation in ("get", "put", "delete"):
        del doc["paths"]["/books/{bookId}"][operation]["responses"]["404"]


def leads(path: str, to: str) -> Habit:
    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        return Reply(307, headers={"location": to}, body=b"") if (ask.path, ask.method) == (path, "GET") else None

    return habit


def renames(shelf: Shelf, ask: Ask) -> Reply | None:
    """A book is known by its title, and a change of that is a change of its address."""
    slug = ask.path.removeprefix("/named/")
    if slug == ask.path and ask.path != "/named":
        return None
    if ask.method in {"POST", "PUT"} and not re.fullmatch("[a-z]{3,20}", shelf.read_body(ask)["title"]):
        raise Refused(400, "title: small letters, please")
    by_title = {book["title"]: id_ for id_, book in shelf.books.items()}
    if ask.path == "/named":
        if ask.method != "POST":
            raise Refused(405, "no")
        new = shelf.read_body(ask)
        if new["title"] in by_title:
            raise Refused(409, "it exists")
        shelf.store(new)
        return Reply(201, new)
    if slug not in by_title:
        raise Refused(404, "there is no such book")
    if ask.method not in {"GET", "HEAD", "PUT", "DELETE"}:
        raise Refused(405, "no")
    if ask.method == "DELETE":
        del shelf.books[by_title[slug]]
        return Reply(204, body=b"")
    if ask.method == "PUT":
        shelf.store(shelf.read_body(ask), by_title[slug])
    book = {name: value for name, value in shelf.books[by_title[slug]].items() if name != "id"}
    return Reply(200, book)


def keeps_what_is_named(shelf: Shelf, ask: Ask) -> Reply | None:
    """It is there after it was deleted, under whatever name."""
    books = dict(shelf.books)
    reply = renames(shelf, ask)
    if ask.method == "DELETE":
        shelf.books = books
    return reply


def is_named(doc: dict[str, Any]) -> None:
    """Books by their titles."""
    paths = doc["paths"]
    schema = json.loads(json.dumps(paths["/books"]["post"]["requestBody"]["content"]["application/json"]["schema"]))
    schema["properties"]["title"] = {"type": "string", "pattern": "^[a-z]{3,20}$"}
    content = {"content": {"application/json": {"schema": schema}}}
    named = json.loads(
        json.dumps({"/named": {"post": paths["/books"]["post"]}, "/named/{title}": paths["/books/{bookId}"]})
    )
    named["/named/{title}"]["parameters"] = [
        {"name": "title", "in": "path", "required": True, "schema": schema["properties"]["title"]}
    ]
    named["/named/{title}"]["get"]["responses"].pop("304")
    named["/named"]["post"]["responses"]["409"] = named["/named/{title}"]["put"]["responses"]["404"]
    for path, item in named.items():
        for method in {"post", "get", "put", "delete"} & item.keys():
            item[method]["operationId"] += "Named"
            if "requestBody" in item[method]:
                item[method]["requestBody"] |= content
            for status in {"200", "201"} & item[method]["responses"].keys():
                item[method]["responses"][status] = {"description": path, **content}
    doc["paths"] = named


def refuses(wrong: Callable[[dict[str, Any]], bool], why: str, status: int = 400) -> Habit:
    """Refuse bodies that are right."""

    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        if ask.body and ask.media_type == "application/json" and wrong(sent(ask)):
            raise Refused(status, why)
        return None

    return habit


def is_hostile(body: dict[str, Any]) -> bool:
    texts = [value for value in body.values() if isinstance(value, str)]
    return any(unicodedata.category(sign) in {"Cc", "Cs"} for text in texts for sign in text)


def shows_example(doc: dict[str, Any]) -> None:
    """A chapter of a book is shown; which book it belongs to is not."""
    content = {
        "schema": {"type": "object", "properties": {"after": {"type": "string"}}},
        "example": {"after": "chapter-7"},
    }
    ok = {"201": {"description": "new"}, "400": {"description": "no"}, "404": {"description": "no"}}
    doc["paths"]["/books/{bookId}/chapters"] = {
        "parameters": doc["paths"]["/books/{bookId}"]["parameters"],
        "post": {
            "operationId": "addChapter",
            "requestBody": {"content": {"application/json": content}},
            "responses": ok,
        },
    }
    ready = {**content, "example": {"after": "ready"}}
    doc["paths"]["/ready"] = {
        "post": {"operationId": "beReady", "requestBody": {"content": {"application/json": ready}}, "responses": ok}
    }


def shown(refused: str) -> Habit:
    """Refuse the example of one of the two operations."""

    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        if ask.path != "/ready" and not ask.path.endswith("/chapters"):
            return None
        if ask.method != "POST":
            raise Refused(405, "no")
        if ask.media_type != "application/json" or not re.match(rb"\s*\{.*\}\s*\Z", ask.body, re.DOTALL):
            raise Refused(400, "send a JSON object")
        if not isinstance(sent(ask).get("after", ""), str) or sent(ask).get("after") == refused:
            raise Refused(400, "there is no such thing to go after")
        return Reply(201, body=b"")

    return habit


def shows_empty(what: Any) -> Habit:
    """Answer with 200 and nothing for what was deleted."""

    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        id_ = reading(ask)
        return Reply(200, what) if id_ is not None and id_ not in shelf.books and id_ <= shelf.number else None

    return habit


def knows_little(doc: dict[str, Any]) -> None:
    """A book may have no properties at all."""
    answer = doc["paths"]["/books/{bookId}"]["get"]["responses"]["200"]
    answer["content"]["application/json"]["schema"] = {"type": ["object", "array"]}


def keeps_the_deleted(shelf: Shelf, ask: Ask) -> Reply | None:
    if ask.method == "DELETE" and ask.path.removeprefix("/books/").isdigit():
        return Reply(204, body=b"") if int(ask.path[7:]) in shelf.books else None
    return None


def answers(path: str, method: str, status: int, value: Any = None) -> Habit:
    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        return Reply(status, value or {}) if (ask.path, ask.method) == (path, method) else None

    return habit


def knows_null_in_query(doc: dict[str, Any]) -> None:
    """As FastAPI writes a parameter that may be left out."""
    page = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 9}, {"type": "null"}]}
    ok = {"200": {"description": "ok"}, "400": {"description": "no"}}
    one = {"operationId": "turn", "parameters": [{"name": "page", "in": "query", "schema": page}], "responses": ok}
    doc["paths"]["/turn"] = {"get": one}


def turns(most: int) -> Habit:
    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        if ask.path != "/turn" or ask.method not in {"GET", "HEAD"}:
            return None
        page = ask.query.get("page", "1")
        if not re.fullmatch("[1-9]", page) or int(page) > most:
            raise Refused(400, f"page: from 1 to {most}")
        return Reply(200, body=b"")

    return habit


def documents_501(doc: dict[str, Any]) -> None:
    doc["paths"]["/legacy"] = {
        "get": {"operationId": "getLegacy", "responses": {"501": {"description": "not any more"}}}
    }


def knows_few_methods(status: int) -> Habit:
    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        if ask.path == "/info" and ask.method not in {"GET", "HEAD"}:
            raise Refused(status, "what is that?")
        return None

    return habit


def stores_as_novel(shelf: Shelf, ask: Ask) -> Reply | None:
    if ask.method == "POST" and ask.path == "/books" and sent(ask).get("genre") == "atlas":
        reply = shelf.answer_rightly(ask)
        reply.json["genre"] = "novel"  # in the store as well
        return reply
    return None


def located(where: str) -> Habit:
    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        if ask.method != "POST" or ask.path != "/books":
            return None
        reply = shelf.answer_rightly(ask)
        reply.headers["location"] = where.format(reply.json["id"])
        return reply

    return habit


def zipped(body: bytes) -> Habit:
    def habit(shelf: Shelf, ask: Ask) -> Reply | None:
        wants = "gzip" in ask.headers.get("accept-encoding", "")
        return pack(body) if (ask.path, ask.method) == ("/info", "GET") and wants else None

    return habit


def fails_at_broken_types(shelf: Shelf, ask: Ask) -> Reply | None:
    if ask.body and "/" in ask.headers.get("content-type", "") and not ask.headers["content-type"][0].isalpha():
        return Reply(500, {"oops": True})
    return None


def takes_any_type(shelf: Shelf, ask: Ask) -> Reply | None:
    ask.headers["content-type"] = "application/json"
    return None


SILENT = (
    Class("a change shows after a moment", shows_late, never_shows, "coherence", "nothing of what was changed"),
    Class("a new thing is there after a moment", is_there_late, is_never_there, "ensure_resource_availability", "a moment ago"),
    Class(
        "a page is smaller than asked for",
        listing(lambda books, limit, start, total: (books[start:][: min(limit, 2)], total)),
        listing(lambda books, limit, start, total: (books[start:][:limit], total + 7)),
        "coherence",
        "the total is",
    ),
    Class(
        "a condition in place of a drawn one", refuses_two_conditions, ignores_conditions, "conditional_requests",
        "although If-None-Match names it", documents_condition,
    ),
    Class(
        "a media type in another writing", typed('Application/JSON;charset="UTF-8"'), typed("text/json"),
        "content_type_conformance", "text/json", documents_charset,
    ),
    Class(
        "a charset in another writing", typed("application/json;  Charset=UTF-8"),
        typed("application/json; charset=latin-1"), "content_type_conformance", "latin-1", documents_charset,
    ),
    *(
        Class(
            f"{status} for what nobody vouched for", hides(status), refuses_what_is_there(status),
            "status_code_conformance", f"the status {status}", knows_no_404,
        )
        for status in (401, 403, 404, 410)
    ),
    Class(
        "a redirect to the same template", leads("/books", "/books/"), leads("/info", "/books"),
        "status_code_conformance", "307",
    ),
    Class("a thing that is renamed", renames, keeps_what_is_named, "use_after_free", "what was deleted a moment ago", is_named),
    Class(
        "control characters are refused", refuses(is_hostile, "no control characters, please"),
        refuses(lambda body: body.get("pages") == 1000, "pages: too many"), "positive_data_acceptance", "maximum",
    ),
    Class("null has no form in a query", turns(9), turns(8), "positive_data_acceptance", "maximum", knows_null_in_query),
    Class(
        "an example beside a thing of our own", shown(refused="chapter-7"), shown(refused="ready"),
        "positive_data_acceptance", "the documented example", shows_example,
    ),
    *(
        Class(
            f"{what!r} for what was deleted", shows_empty(what), keeps_the_deleted, "use_after_free",
            "what was deleted a moment ago", knows_little,
        )
        for what in ({}, [])
    ),
    Class(
        "a documented 501", answers("/legacy", "GET", 501), answers("/info", "GET", 501), "not_a_server_error", "501",
        documents_501,
    ),
    *(
        Class(
            f"{status} to unknown methods", knows_few_methods(status), answers("/info", "PATCH", 200),
            "unsupported_method", "200 to PATCH",
        )
        for status in (405, 501)
    ),
)  # fmt: skip
HEARD = (
    Class(
        "a limit that is ignored", listing(lambda books, limit, start, total: (books[start:][: min(limit, 2)], total)),
        listing(lambda books, limit, start, total: (books[start:], total)), "coherence", "at most 1",
    ),
    Class("an undocumented method that answers", None, answers("/info", "PATCH", 200), "unsupported_method", "PATCH"),
    Class(
        "null is refused by name", None,
        refuses(lambda body: "note" in body and body["note"] is None, "note must be a text"),
        "positive_data_acceptance", "null",
    ),
    Class(
        "a member of an enumeration is refused by name", None,
        refuses(lambda body: body.get("genre") == "atlas", "genre: what is that?"), "positive_data_acceptance", "'atlas'",
    ),
    Class(
        "a bound is refused by name", None, refuses(lambda body: body.get("pages") == 1000, "pages: too many"),
        "positive_data_acceptance", "maximum",
    ),
    Class(
        "a bound is refused without a name", None, refuses(lambda body: body.get("pages") == 1000, "bad request"),
        "positive_data_acceptance", "maximum", level="WARNING",
    ),
    Class("a member that is stored as another", None, stores_as_novel, "coherence", "'atlas', and is read as 'novel'"),
    Class(
        "a Location that leads nowhere", located("https://shelf.example/{}"), located("/shelves/{}"),
        "ensure_resource_availability", "Location leads to 404",
    ),
    Class("gzip that breaks off", zipped(packed()), zipped(packed()[:-6]), "not_a_server_error", "gzip"),
    Class("gzip that is none", None, zipped(b'{"open": true}'), "not_a_server_error", "gzip"),
    Class("a Content-Type that is none", None, fails_at_broken_types, "not_a_server_error", "a Content-Type that is none"),
    Class("a media type that nobody documented", None, takes_any_type, "negative_data_rejection", "media type"),
)  # fmt: skip
CLASSES = {each.name: each for each in (*SILENT, *HEARD)}


@cache
def opened(tweak: Tweak, folder: Path) -> Document:
    changed = document()
    tweak(changed)
    path = folder / f"{tweak.__name__}.json"
    path.write_text(json.dumps(changed))
    return load(path)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Tweak, Habit | None], tuple[Incident, ...]]:
    """Test a shelf with a habit; gives what was found."""
    folder = tmp_path_factory.mktemp("shelf")

    def call(tweak: Tweak, habit: Habit | None) -> tuple[Incident, ...]:
        read = opened(tweak, folder)
        api, sender = make_api(read, "", 0), open_app(Shelf(habit), AnswerLimits(seconds=5.0))
        options = Options(mutating=True, phases=("examples", "coverage", "stateful"), max_cases=30)
        run = Run(api, sender, options, Memory(read, api.router, ""), sleep=lambda seconds: None)
        try:
            return Runner(run, read.entries).report().incidents
        finally:
            sender.close()

    return call


def told(incidents: tuple[Incident, ...], *, doubtful: bool = False) -> list[str]:
    return [
        f"{each.check} {each.finding.operation} {each.finding.message} {each.exchanged.probe.request.target}"
        for each in incidents
        if each.is_red or (doubtful and each.doubtful)
    ]


# Of these something is said, even where nothing is wrong. Processes that share tests collect them in one order.
OF_NOTE = (is_named, shows_example, documents_501, knows_no_404, knows_null_in_query)
RIGHT_SHELVES = [each for each in dict.fromkeys(of.tweak for of in CLASSES.values()) if each not in OF_NOTE]


@pytest.mark.parametrize("tweak", RIGHT_SHELVES, ids=lambda each: each.__name__)
def test_nothing_at_all_is_said_of_a_right_shelf(found: Callable, tweak: Tweak) -> None:
    assert [each.finding.message for each in found(tweak, None)] == []


@pytest.mark.parametrize("name", [each.name for each in CLASSES.values() if each.untidy is not None])
def test_what_is_only_untidy_is_left_alone(found: Callable, name: str) -> None:
    of = CLASSES[name]

    assert told(found(of.tweak, of.untidy)) == []


@pytest.mark.parametrize("name", CLASSES)
def test_what_looks_like_it_and_is_wrong_is_said(found: Callable, name: str) -> None:
    of = CLASSES[name]
    certain = [each for each in found(of.tweak, of.wrong) if not each.doubtful]
    meant = [each for each in certain if each.check == of.check and of.says in each.finding.message]

    assert {each.finding.level.name for each in meant} == {of.level}, [each.finding.message for each in certain]


def test_a_broken_content_type_is_sent_once_a_run(found: Callable) -> None:
    broken: list[str] = []

    def count(shelf: Shelf, ask: Ask) -> Reply | None:
        if ask.headers.get("content-type") == "; /=":
            broken.append(ask.path)
        return None

    found(_same, count)

    assert len(broken) == 1


def test_each_member_of_an_enumeration_is_created_and_read(found: Callable) -> None:
    created: set[str] = set()

    def note(shelf: Shelf, ask: Ask) -> Reply | None:
        id_ = reading(ask)
        if id_ in shelf.books:
            created.add(shelf.books[id_]["genre"])
        return None

    found(_same, note)

    assert created == set(GENRES)
