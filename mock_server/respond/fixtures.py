"""
Fixtures: stored answers, `fixtures/<operationId>/<name>.yaml` or `.json`.

Either the bare JSON body of the lowest 2xx, or

    when:    {path: {id: A}, query: {}, headers: {}, body: {/json/pointer: value}}   # optional
    status:  200
    headers: {}
    body:    […]                 # or base64: bytes
    turn:    2                   # optional: answers from the second request on; another fixture has the same `when`
    breaks:  [response-body-schema]   # optional: the rules that it breaks on purpose
    template: true               # optional: `{{ request.path.id }}` is looked up, see `match.template`
    delay:   200                 # optional, as the preferences of these names
    fault:   reset

See `match.conditions` for `when`. The most specific match wins, then the order of files; a list under a name
means any of its values; a fixture without `when` matches everything. Each one is judged by the document before it is
served, a template when it is made. One that breaks the document says so, and answers only requests that name it.
"""

import base64
import binascii
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path

from mock_server.document.document import Document
from mock_server.document.load import LoadedResource, json_duplicates, read_resource
from mock_server.document.model import Entry, Missing, Operation, ParameterLocation
from mock_server.errors import DocumentError, SchemaError, ScriptError, within
from mock_server.exchange.message import Request
from mock_server.exchange.prefer import EDGES
from mock_server.files import find_escape, folder_name
from mock_server.findings import RULES, Finding, Place
from mock_server.generate.realism.pools import Pools
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judges.request import DecodedRequest
from mock_server.judges.response import JUDGED_RULES, ResponseJudge
from mock_server.respond.answer import Candidate
from mock_server.respond.match.conditions import Condition, find_parameter, read_conditions
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.stored import KEYS, Raw, Stored, judge_stored, read_stored

_SUFFIXES = frozenset((".yaml", ".yml", ".json"))
_MEETINGS = frozenset(("template", "delay", "fault", "turn"))
_KEYS = KEYS | {"when", "turn", "base64", "breaks"}
_MARKS = frozenset(("when", "body", "base64"))  # one of them makes it more than a bare body, and so does a lone status


@dataclass(frozen=True, slots=True)
class Fixture:
    """One stored answer."""

    name: str
    stored: Stored
    conditions: tuple[Condition, ...]
    place: Place
    breaks: frozenset[str] = frozenset()  # the rules that it breaks on purpose
    asks: str = ""  # its `when`, in a form that is the same for the same requests
    turn: int = 1  # from which of these requests on it answers
    series: str = ""  # what its turns are counted by; "" where all requests get the same answer

    @property
    def status(self) -> int:
        """Of the answer."""
        return self.stored.status

    def matches(self, request: Request, understood: DecodedRequest) -> bool:
        """Return whether a request says everything that the fixture asks for."""
        return all(condition.holds(request, understood) for condition in self.conditions)

    def distance(self, request: Request, understood: DecodedRequest) -> float:
        """Return how far a request is from what the fixture asks for: from 0, only where it matches, to 1."""
        if not self.conditions:
            return 0.0
        return sum(each.distance(request, understood) for each in self.conditions) / len(self.conditions)


@dataclass(eq=False, repr=False)
class Fixtures:
    """The fixtures of a folder, by operation, the most specific first."""

    by_operation: dict[str, tuple[Fixture, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()  # what is wrong with those that are left out
    folder: Path | None = None  # where they are, or where new ones would be
    _indices: dict[str, "_Index"] = field(default_factory=dict)

    def find(
        self,
        operation: str,
        request: Request,
        understood: DecodedRequest,
        status: int | None,
        turns: Counter[str] | None = None,
    ) -> Fixture | None:
        """
        Find the fixture that answers a request.

        Args:
            operation: Whose.
            request: As it came.
            understood: The same, read.
            status: That is wanted; None for any.
            turns: How often requests came for which answers take turns; counted here. None: it is the first one.
        """
        index = self._indices.get(operation)
        if index is None:
            index = self._indices[operation] = _Index(self.by_operation.get(operation, ()))
        counted: set[str] = set()
        for fixture in index.candidates(request, understood):
            if (status is not None and fixture.status != status) or not fixture.matches(request, understood):
                continue
            if fixture.series and fixture.series not in counted:
                counted.add(fixture.series)
                if turns is not None:
                    turns[fixture.series] += 1
            if not fixture.series or fixture.turn <= (turns[fixture.series] if turns is not None else 1):
                return fixture
        return None

    def consider(self, operation: str, ask: RequestContext, status: int | None) -> Iterator[Candidate]:
        """
        Yield the fixtures of an operation, the most specific first, for an explanation.

        Args:
            operation: Whose.
            ask: The request.
            status: That is wanted; None for any.
        """
        named = ask.preferences.fixture
        for fixture in self.by_operation.get(operation, ()):
            if named is not None and status is None:
                met = f"the preference fixture={named}"
            elif fixture.conditions:
                met = f"the request says what it asks for: {', '.join(map(str, fixture.conditions))}"
            else:
                met = "it asks for nothing"
            yield Candidate(f"fixture:{fixture.name}", met, _why_not(fixture, ask, status))

    def named(self, operation: str, name: str) -> Fixture | None:
        """Find a fixture by its name."""
        return next((fixture for fixture in self.by_operation.get(operation, ()) if fixture.name == name), None)


def _why_not(fixture: Fixture, ask: RequestContext, status: int | None) -> str:
    """Say why a fixture does not answer; `status` is that of the answer, None where any will do."""
    preferences = ask.preferences
    if preferences.asks_for_generated:
        return "something is preferred that only a generated value can have"
    if status is None and preferences.fixture is not None:
        return f"the preference fixture={preferences.fixture} names another one"
    if status is None and (preferences.example is not None or ask.profile in EDGES):
        return "a preference or profile asks for another kind of answer"
    if "fixture" not in ask.sources:
        return "fixtures are not among the sources"
    if fixture.breaks:
        return f"it breaks the document on purpose: only the preference fixture={fixture.name} gets it"
    if status is not None and fixture.status != status:
        return f"its status is {fixture.status}, not {status}"
    unmet = [str(each) for each in fixture.conditions if not each.holds(ask.request, ask.understood)]
    if unmet:
        return f"its 'when' asks for {', '.join(unmet)}"
    return "a more specific one goes before it"


class _Index:
    """The fixtures of an operation by the value of one parameter that each asks for."""

    def __init__(self, fixtures: tuple[Fixture, ...]) -> None:
        self._others: list[tuple[int, Fixture]] = []
        self._tables: dict[tuple[ParameterLocation, str], dict[str, list[tuple[int, Fixture]]]] = {}
        for rank, fixture in enumerate(fixture for fixture in fixtures if not fixture.breaks):
            first = next(
                (
                    c
                    for c in fixture.conditions
                    if c.location in {ParameterLocation.PATH, ParameterLocation.QUERY} and c.values
                ),
                None,
            )
            if first is None or first.location is None:
                self._others.append((rank, fixture))
                continue
            table = self._tables.setdefault((first.location, first.name), {})
            for value in dict.fromkeys(map(str, first.values)):
                table.setdefault(value, []).append((rank, fixture))

    def candidates(self, request: Request, understood: DecodedRequest) -> list[Fixture]:
        """Return those that may answer, in their order."""
        found = list(self._others)
        for key, table in self._tables.items():
            value = find_parameter(*key, request, understood)
            if not isinstance(value, Missing):
                found += table.get(str(value), ())
        if found:
            return [fixture for _, fixture in sorted(found, key=_rank_of)]
        return []


def _rank_of(ranked: tuple[int, Fixture]) -> int:
    return ranked[0]


def load_fixtures(
    folder: Path | None, document: Document, judge_of: Callable[[Entry], ResponseJudge], pools: Callable[[], Pools]
) -> Fixtures:
    """
    Read and judge the fixtures of a folder.

    Args:
        folder: Where they are; none are there if it does not exist.
        document: What they have to keep to.
        judge_of: Gives the judge of an operation.
        pools: Gives where templates take values from.

    Returns:
        The right ones, and findings for the others.
    """
    found: dict[str, tuple[Fixture, ...]] = {}
    findings: list[Finding] = []
    by_folder = {folder_name(entry.id): entry for entry in document.entries}
    folders = (*([folder.resolve()] if folder is not None else []), *document.library.folders)
    for own in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else ():
        if not own.is_dir() or own.name.startswith("."):
            continue
        entry = by_folder.get(own.name)
        if entry is None:
            near = get_close_matches(own.name, by_folder, n=1)
            if near:
                advice = f"; did you mean {near[0]!r}?"
            else:
                advice = "; a folder of fixtures has an operationId for its name"
            message = f"no operation of {document.resource.name} is called {own.name!r}{advice}"
            findings.append(Finding(rule="fixture-operation-unknown", message=message, place=Place(str(own))))
            continue
        escape = find_escape(own, folders)
        if escape is not None:
            allowed = ", ".join(map(str, folders))
            message = f"it leads to {escape}, outside of {allowed}; allow that with --allow-path {escape}"
            findings.append(Finding(rule="fixture-invalid", message=message, place=Place(str(own)), operation=entry.id))
            continue
        fixtures = list(_read_folder(own, entry, document.operation(entry), judge_of(entry), pools, folders, findings))
        found[entry.id] = _in_order(entry, fixtures)
    return Fixtures(found, tuple(findings))


def _in_order(entry: Entry, fixtures: list[Fixture]) -> tuple[Fixture, ...]:
    """
    Return the most specific first, then in the order of their files.

    Of those that take turns the last turn first.
    """
    turning = {fixture.asks for fixture in fixtures if fixture.turn > 1}
    first: dict[str, int] = {}
    ranked: list[tuple[tuple[int, int, int], Fixture]] = []
    for index, fixture in enumerate(fixtures):
        takes_turns = fixture.asks in turning
        at = first.setdefault(fixture.asks, index) if takes_turns else index
        if takes_turns:
            own = replace(fixture, series=f"series:{entry.id}:{fixture.asks}")
        else:
            own = fixture
        ranked.append(((-len(fixture.conditions), at, -fixture.turn), own))
    return tuple(fixture for _, fixture in sorted(ranked, key=lambda pair: pair[0]))


def _read_folder(
    folder: Path,
    entry: Entry,
    operation: Operation,
    judge: ResponseJudge,
    pools: Callable[[], Pools],
    folders: Sequence[Path],
    findings: list[Finding],
) -> Iterator[Fixture]:
    for path in sorted(folder.iterdir()):
        if path.suffix not in _SUFFIXES or path.name.startswith("."):
            continue
        fixture, wrong = read_fixture(path, entry, operation, judge, pools, folders)
        findings.extend(wrong)
        if fixture is not None:
            yield fixture


def read_fixture(
    path: Path,
    entry: Entry,
    operation: Operation,
    judge: ResponseJudge,
    pools: Callable[[], Pools],
    folders: Sequence[Path] | None = None,
) -> tuple[Fixture | None, list[Finding]]:
    """
    Read and judge one fixture.

    Args:
        path: Its file.
        entry: Whose answer it is.
        operation: The same, read.
        judge: Of the operation's responses.
        pools: Gives where templates take values from.
        folders: In which it has to lie; see `read_resource`.

    Returns:
        The fixture, or what is wrong with it.
    """
    try:
        resource = read_resource(path, folders)
    except DocumentError as error:
        message = str(error).partition(": ")[2] or str(error)
        return None, [Finding(rule="fixture-invalid", message=message, place=Place(str(path)), operation=entry.id)]
    wrong = _duplicates(resource, entry)
    fixture = None
    try:
        fixture = _read_fixture(path.stem, resource, operation, pools)
        wrong += _judge(fixture, judge, resource, entry)
    except ScriptError as error:
        wrong.append(
            Finding(
                rule="fixture-invalid",
                message=error.reason,
                place=Place(resource.name, error.pointer),
                operation=entry.id,
            )
        )
    except SchemaError as error:
        message = f"it can't be judged: {error}"
        wrong.append(Finding(rule="fixture-invalid", message=message, place=Place(resource.name), operation=entry.id))
    return (fixture if not wrong else None), wrong


def _duplicates(resource: LoadedResource, entry: Entry) -> list[Finding]:
    noted = (*resource.findings, *json_duplicates(resource))
    return [
        Finding(rule="fixture-invalid", message=note.message, place=note.place, operation=entry.id) for note in noted
    ]


def _read_fixture(name: str, resource: LoadedResource, operation: Operation, pools: Callable[[], Pools]) -> Fixture:
    value = resource.value
    if not _is_envelope(value):
        value = {"body": value}
    envelope: JsonObject = value if isinstance(value, dict) else {}
    raw = Raw(_decode(envelope), typed=False) if "base64" in envelope else None
    stored = read_stored(envelope, operation, pools, raw=raw)
    with within("when"):
        conditions = tuple(read_conditions(envelope.get("when", {})))
    turn = envelope.get("turn", 1)
    if isinstance(turn, bool) or not isinstance(turn, int) or turn < 1:
        raise ScriptError("'turn' is a number from 1", ("turn",))
    breaks = frozenset(_rules(envelope.get("breaks", [])))
    if breaks and stored.is_template:
        raise ScriptError("a template is judged when it is made, and breaks nothing on purpose", ("breaks",))
    asks = blake2b(json.dumps(envelope.get("when", {}), sort_keys=True).encode(), digest_size=8).hexdigest()
    return Fixture(name, stored, conditions, Place(resource.name), breaks, asks, turn)


def _is_envelope(value: JsonValue) -> bool:
    """Return whether a file is more than a body; a body may have members called `status` and `delay`, too."""
    if not isinstance(value, dict) or not value.keys() <= _KEYS:
        return False
    return bool(value.keys() & _MARKS) or ("status" in value and not value.keys() & _MEETINGS)


def _rules(names: JsonValue) -> Iterator[str]:
    if not isinstance(names, list):
        raise ScriptError("'breaks' is a list of rules", ("breaks",))
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in RULES or not name.startswith("response-"):
            raise ScriptError(f"{name!r} is no rule that a response can break", ("breaks", str(index)))
        yield name


def _decode(envelope: JsonObject) -> bytes:
    written = envelope["base64"]
    if "body" in envelope or not isinstance(written, str):
        raise ScriptError("'base64' is a text, and stands in place of 'body'", ("base64",))
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScriptError(f"it is not base64: {error}", ("base64",)) from error


def _judge(fixture: Fixture, judge: ResponseJudge, resource: LoadedResource, entry: Entry) -> list[Finding]:
    """Judge a fixture by the document; findings point into the fixture's file."""
    inside = ("body",) if _is_envelope(resource.value) else ()
    found = judge_stored(fixture.stored, judge)
    wrong = []
    for finding in found:
        if finding.rule in fixture.breaks:
            continue
        instance = finding.instance or ()
        pointer = (*inside, *instance[1:]) if instance[:1] == ("body",) else ()
        message = f"{finding.message} ({finding.rule}, {finding.place})"
        place = Place(resource.name, pointer)
        wrong.append(
            Finding(
                rule="fixture-invalid",
                message=message,
                place=place,
                instance=finding.instance,
                operation=entry.id,
            )
        )
    kept = fixture.breaks & JUDGED_RULES - {finding.rule for finding in found}
    if kept:
        message = f"it says that it breaks {', '.join(sorted(kept))}, but it does not"
        wrong.append(
            Finding(
                rule="fixture-invalid", message=message, place=Place(resource.name, ("breaks",)), operation=entry.id
            )
        )
    return wrong
