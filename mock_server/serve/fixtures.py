"""
Fixtures: stored answers, `fixtures/<operationId>/<name>.yaml` or `.json`.

Either the bare JSON body of the lowest 2xx, or

    when:    {path: {id: A}, query: {}, headers: {}, body: {/json/pointer: value}}   # optional
    status:  200
    headers: {}
    body:    […]                 # or base64: bytes
    breaks:  [response-body-schema]   # optional: the rules that it breaks on purpose

The most specific match wins, then the order of files; a list under a name means any of its values; a fixture without
`when` matches everything. Each one is judged by the document before it is served. One that breaks the document says so,
and answers only who asks for it by name.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mock_server.contract.request import Understood
from mock_server.contract.response import ResponseJudge
from mock_server.contract.verdict import CHECK_OF_RULE
from mock_server.errors import DocumentError, SchemaError
from mock_server.exchange.body import content_type, write_body, write_json
from mock_server.exchange.media_type import MediaRange, is_json, parse_media_type
from mock_server.exchange.message import Request, Response, find_field
from mock_server.exchange.negotiate import choose_success
from mock_server.finding import Finding, Place
from mock_server.pointer import find_at, parse_pointer
from mock_server.rules import RULES
from mock_server.schema.outline import Outline
from mock_server.spec.document import Document
from mock_server.spec.load import Resource, json_duplicates, read_resource
from mock_server.spec.model import MISSING, Entry, Location, Missing, Operation, folder_name
from mock_server.typing import JsonObject, JsonValue

_SUFFIXES = frozenset((".yaml", ".yml", ".json"))
_KEYS = frozenset(("when", "status", "headers", "body", "base64", "breaks"))
_MARKS = frozenset(("when", "status", "body", "base64"))  # one of them makes it more than a bare body
_PLACES = {"path": Location.PATH, "query": Location.QUERY, "headers": Location.HEADER}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a request has to say."""

    location: Location | None  # None: the body
    name: str  # of a parameter; of the body, a JSON Pointer
    values: tuple[JsonValue, ...]  # any of them

    def __str__(self) -> str:
        where = self.location.value if self.location is not None else "body"
        return f"{where} {self.name} = {' or '.join(write_json(value).decode() for value in self.values)}"


@dataclass(frozen=True, slots=True)
class Fixture:
    """One stored answer."""

    name: str
    status: int
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes
    conditions: tuple[Condition, ...]
    place: Place
    breaks: frozenset[str] = frozenset()  # the rules that it breaks on purpose

    def matches(self, request: Request, understood: Understood) -> bool:
        """Whether a request says everything that the fixture asks for."""
        return all(_holds(condition, request, understood) for condition in self.conditions)

    def unmet(self, request: Request, understood: Understood) -> tuple[Condition, ...]:
        """What a request does not say of what the fixture asks for."""
        return tuple(condition for condition in self.conditions if not _holds(condition, request, understood))


@dataclass(eq=False, repr=False)
class Fixtures:
    """The fixtures of a folder, by operation, the most specific first."""

    by_operation: dict[str, tuple[Fixture, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()  # what is wrong with those that are left out
    _indices: dict[str, "_Index"] = field(default_factory=dict)

    def find(self, operation: str, request: Request, understood: Understood, status: int | None) -> Fixture | None:
        """Find the fixture that answers a request, with a wanted status if one is given."""
        index = self._indices.get(operation)
        if index is None:
            index = self._indices[operation] = _Index(self.by_operation.get(operation, ()))
        for fixture in index.candidates(understood):
            if (status is None or fixture.status == status) and fixture.matches(request, understood):
                return fixture
        return None

    def named(self, operation: str, name: str) -> Fixture | None:
        """Find a fixture by its name."""
        return next((fixture for fixture in self.by_operation.get(operation, ()) if fixture.name == name), None)


class _Index:
    """The fixtures of an operation by the value of one parameter that each asks for."""

    def __init__(self, fixtures: tuple[Fixture, ...]) -> None:
        self._others: list[tuple[int, Fixture]] = []
        self._tables: dict[tuple[Location, str], dict[str, list[tuple[int, Fixture]]]] = {}
        for rank, fixture in enumerate(fixture for fixture in fixtures if not fixture.breaks):
            first = next((c for c in fixture.conditions if c.location in {Location.PATH, Location.QUERY}), None)
            if first is None or first.location is None:
                self._others.append((rank, fixture))
                continue
            table = self._tables.setdefault((first.location, first.name), {})
            for value in dict.fromkeys(map(str, first.values)):
                table.setdefault(value, []).append((rank, fixture))

    def candidates(self, understood: Understood) -> list[Fixture]:
        """Those that may answer, in their order."""
        found = list(self._others)
        for key, table in self._tables.items():
            if key in understood.parameters:
                found += table.get(str(understood.parameters[key]), ())
        return [fixture for _, fixture in sorted(found, key=_rank_of)] if found else []


def _rank_of(ranked: tuple[int, Fixture]) -> int:
    return ranked[0]


def load_fixtures(folder: Path | None, document: Document, judge_of: Callable[[Entry], ResponseJudge]) -> Fixtures:
    """
    Read and judge the fixtures of a folder.

    Args:
        folder: Where they are; none are there if it does not exist.
        document: What they have to keep to.
        judge_of: Gives the judge of an operation.

    Returns:
        The right ones, and findings for the others.
    """
    found: dict[str, tuple[Fixture, ...]] = {}
    findings: list[Finding] = []
    by_folder = {folder_name(entry.id): entry for entry in document.entries}
    for own in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else ():
        if not own.is_dir() or own.name.startswith("."):
            continue
        entry = by_folder.get(own.name)
        if entry is None:
            message = f"no operation of {document.resource.name} is called {own.name!r}"
            findings.append(Finding(rule="fixture-operation-unknown", message=message, place=Place(str(own))))
            continue
        fixtures = list(_read_folder(own, entry, document.operation(entry), judge_of(entry), findings))
        found[entry.id] = tuple(sorted(fixtures, key=lambda fixture: -len(fixture.conditions)))
    return Fixtures(found, tuple(findings))


def _read_folder(folder: Path, entry: Entry, operation: Operation, judge: ResponseJudge, findings: list[Finding]) -> Iterator[Fixture]:
    for path in sorted(folder.iterdir()):
        if path.suffix not in _SUFFIXES or path.name.startswith("."):
            continue
        try:
            resource = read_resource(path)
        except DocumentError as error:
            message = str(error).partition(": ")[2] or str(error)
            findings.append(Finding(rule="fixture-invalid", message=message, place=Place(str(path)), operation=entry.id))
            continue
        wrong = _duplicates(resource, entry)
        try:
            fixture = _read_fixture(path.stem, resource, operation)
            wrong += _judge(fixture, judge, resource, entry)
        except _Malformed as error:
            wrong.append(Finding(rule="fixture-invalid", message=str(error), place=Place(resource.name, error.pointer), operation=entry.id))
        except SchemaError as error:
            wrong.append(
                Finding(rule="fixture-invalid", message=f"it can't be judged: {error}", place=Place(resource.name), operation=entry.id)
            )
        findings.extend(wrong)
        if not wrong:
            yield fixture


class _Malformed(ValueError):
    """A fixture has another shape than a fixture has."""

    def __init__(self, message: str, *pointer: str) -> None:
        super().__init__(message)
        self.pointer = pointer


def _duplicates(resource: Resource, entry: Entry) -> list[Finding]:
    noted = (*resource.findings, *json_duplicates(resource))
    return [Finding(rule="fixture-invalid", message=note.message, place=note.place, operation=entry.id) for note in noted]


def _read_fixture(name: str, resource: Resource, operation: Operation) -> Fixture:
    value = resource.value
    if not _is_envelope(value):
        value = {"body": value}
    envelope: JsonObject = value if isinstance(value, dict) else {}
    default = choose_success(operation)
    status = envelope.get("status", default.status if default is not None else 200)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:  # noqa: PLR2004
        raise _Malformed(f"the status has to be a number from 200 to 599, not {status!r}", "status")
    fields = list(_fields(envelope.get("headers", {})))
    data = _decode(envelope) if "base64" in envelope else _encode(envelope.get("body", MISSING), fields, operation, status)
    return Fixture(
        name=name,
        status=status,
        fields=tuple(fields),
        body=data,
        conditions=tuple(_conditions(envelope.get("when", {}))),
        place=Place(resource.name),
        breaks=frozenset(_rules(envelope.get("breaks", []))),
    )


def _is_envelope(value: JsonValue) -> bool:
    return isinstance(value, dict) and value.keys() <= _KEYS and bool(value.keys() & _MARKS)


def _rules(names: JsonValue) -> Iterator[str]:
    if not isinstance(names, list):
        raise _Malformed("'breaks' is a list of rules", "breaks")
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in RULES or not name.startswith("response-"):
            raise _Malformed(f"{name!r} is no rule that a response can break", "breaks", str(index))
        yield name


def _decode(envelope: JsonObject) -> bytes:
    written = envelope["base64"]
    if "body" in envelope or not isinstance(written, str):
        raise _Malformed("'base64' is a text, and stands in place of 'body'", "base64")
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Malformed(f"it is not base64: {error}", "base64") from error


def _fields(headers: JsonValue) -> Iterator[tuple[bytes, bytes]]:
    if not isinstance(headers, dict):
        raise _Malformed("headers have to be an object of names and texts", "headers")
    for name, value in headers.items():
        text = value if isinstance(value, str) else str(value)
        if not _TOKEN.match(name) or not text.isprintable():
            raise _Malformed(f"{name!r} is no header field that can be sent", "headers", name)
        yield name.lower().encode(), text.encode("latin-1", "replace")


def _encode(body: JsonValue | Missing, fields: list[tuple[bytes, bytes]], operation: Operation, status: int) -> bytes:
    """Write the body as the documented media type, unless the fixture names another; a string is sent as it is."""
    if isinstance(body, Missing):
        return b""
    named = find_field(fields, b"content-type")
    documented = operation.find_response(status)
    written = named or (documented.content[0].name if documented is not None and documented.content else "application/json")
    media_type = parse_media_type(written)
    if media_type.is_range:
        written, media_type = "application/json", parse_media_type("application/json")
    if named is None:
        fields.append((b"content-type", content_type(written, media_type).encode("latin-1", "replace")))
    if isinstance(body, str) and not _is_quoted(media_type):
        return body.encode()
    return write_body(body, media_type, Outline((), {}), {}, "root")


def _is_quoted(media_type: MediaRange) -> bool:
    """Whether a string is written with quotes."""
    return is_json(media_type)


def _conditions(when: JsonValue) -> Iterator[Condition]:
    if not isinstance(when, dict) or not when.keys() <= {*_PLACES, "body"}:
        raise _Malformed("'when' is an object of path, query, headers and body", "when")
    for place, wanted in when.items():
        if not isinstance(wanted, dict):
            raise _Malformed(f"'when.{place}' is an object of names and values", "when", place)
        for name, value in wanted.items():
            if place == "body" and name and not name.startswith("/"):
                raise _Malformed(f"{name!r} is no JSON Pointer", "when", place, name)
            location = _PLACES.get(place)
            yield Condition(location, name.lower() if place == "headers" else name, tuple(value) if isinstance(value, list) else (value,))


def _holds(condition: Condition, request: Request, understood: Understood) -> bool:
    if condition.location is None:
        if isinstance(understood.body, Missing):
            return False
        found, value = find_at(understood.body, parse_pointer(condition.name))
        return found and value in condition.values
    if condition.location is Location.HEADER:
        value = find_field(request.fields, condition.name.encode("latin-1", "replace"))
        return value is not None and value in map(str, condition.values)
    key = (condition.location, condition.name)
    if key not in understood.parameters:
        return False
    value = understood.parameters[key]
    return value in condition.values or str(value) in [str(wanted) for wanted in condition.values]


def _judge(fixture: Fixture, judge: ResponseJudge, resource: Resource, entry: Entry) -> list[Finding]:
    """Judge a fixture by the document; findings point into the fixture's file."""
    inside = ("body",) if _is_envelope(resource.value) else ()
    found = judge.judge(Response(fixture.status, fixture.fields, fixture.body))
    wrong = [
        Finding(
            rule="fixture-invalid",
            message=f"{finding.message} ({finding.rule}, {finding.place})",
            place=Place(resource.name, (*inside, *(finding.instance or ())[1:]) if (finding.instance or ("",))[0] == "body" else ()),
            instance=finding.instance,
            operation=entry.id,
        )
        for finding in found
        if finding.rule not in fixture.breaks
    ]
    kept = fixture.breaks & CHECK_OF_RULE.keys() - {finding.rule for finding in found}
    if kept:
        message = f"it says that it breaks {', '.join(sorted(kept))}, but it does not"
        wrong.append(Finding(rule="fixture-invalid", message=message, place=Place(resource.name, ("breaks",)), operation=entry.id))
    return wrong
