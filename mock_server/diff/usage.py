"""
Usage of an API by its consumers: what they send and read, operation by operation.

A use is a path: `query/limit`, `body/owner/name`, `200/headers/ETag`, `200/body/*/id`, where `*` is any item of an
array. A profile is a file of them, written by `mock-server consumer`:

    consumer: web
    operations:
      listPets:
        seen: 12
        sends: [query/limit]
        reads: ["200", 200/body/*/id]
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from mock_server.contract.pact import Pact, is_pact, read_pact
from mock_server.contract.record_judge import make_record_judge
from mock_server.contract.records import (
    BrokenArchive,
    RecordedExchange,
    UnreadableRecord,
    find_sources,
    is_summary,
    iter_records,
    open_source,
    read_exchange,
)
from mock_server.document.document import Document
from mock_server.document.model import MISSING, Missing
from mock_server.errors import MalformedContent, MalformedResource, UsageError
from mock_server.exchange.body import read_json
from mock_server.exchange.message import Request, Response
from mock_server.json_values import JsonObject, JsonValue, Pointer, format_pointer, parse_pointer
from mock_server.judges.request import DecodedRequest
from mock_server.settings import Settings

ITEM: Final = "*"
MEMBER: Final = "{name}"  # of an object whose names are open, in the place of a change
# Fields of connections, browsers and intermediaries, which say nothing of an API.
_USUAL_FIELDS: Final = frozenset(
    (b"accept", b"accept-encoding", b"accept-language", b"age", b"cache-control", b"connection", b"content-encoding",
     b"content-length", b"content-type", b"cookie", b"date", b"host", b"keep-alive", b"origin", b"referer", b"server",
     b"set-cookie", b"transfer-encoding", b"user-agent", b"vary", b"via")
)  # fmt: skip
_MOST_USES: Final = 5_000  # of one operation, sent or read
_MOST_PARTS: Final = 20_000  # of one body that are looked at


class UsedExchange(NamedTuple):
    """One exchange of a consumer."""

    consumer: str
    kind: str  # what it is: interactions, exchanges
    file: str
    exchange: RecordedExchange
    body: JsonValue | Missing = MISSING  # of the answer, where it is known by its value


@dataclass(slots=True)
class OperationUsage:
    """A consumer's use of one operation: the parts that it sends, and reads of answers."""

    seen: int = 0  # exchanges
    sends: set[Pointer] = field(default_factory=set)
    reads: set[Pointer] = field(default_factory=set)

    def add(self, other: "OperationUsage") -> None:
        """Take in what another one uses, within bounds."""
        self.seen += other.seen
        for own, more in ((self.sends, other.sends), (self.reads, other.reads)):
            own.update(sorted(more)[: max(0, _MOST_USES - len(own))] if len(own) + len(more) > _MOST_USES else more)


@dataclass(eq=False, repr=False)
class ConsumerUsage:
    """The use that one consumer makes of an API."""

    name: str
    operations: dict[str, OperationUsage] = field(default_factory=dict)  # by operationId

    def of(self, operation: str) -> OperationUsage:
        """Return what is used of an operation, to add to it."""
        return self.operations.setdefault(operation, OperationUsage())


def iter_used(paths: Iterable[str], unread: Counter[str]) -> Iterator[UsedExchange]:
    """
    Yield the exchanges of files, record by record; each file is a consumer, a Pact file the one that it names.

    Args:
        paths: Files and folders: HAR, NDJSON of exchanges, Pact files; `-` for standard input.
        unread: Counts the records that are none, by file.

    Raises:
        UsageError: there is no such file, or one can't be read to its end.
    """
    for source in find_sources(paths):
        name = Path(source.path).name.partition(".")[0] if source.path != "-" else "standard input"
        try:
            with open_source(source) as file:
                for _, data in iter_records(source, file):
                    yield from _read_record(data, name, source.path, unread)
        except (BrokenArchive, OSError, EOFError) as error:
            raise UsageError(f"{source.path} can't be read to its end: {error}") from error


def _read_record(data: bytes, name: str, path: str, unread: Counter[str]) -> Iterator[UsedExchange]:
    if not data.strip():
        return
    try:
        value = read_json(data)
        if is_pact(value):
            yield from iter_interactions(read_pact(value), path, unread)
        elif not is_summary(value):
            yield UsedExchange(name, "exchanges", path, read_exchange(value))
    except (MalformedContent, UnreadableRecord):
        unread[path] += 1


def iter_interactions(pact: Pact, path: str, unread: Counter[str]) -> Iterator[UsedExchange]:
    """Yield the interactions of a Pact file."""
    unread[path] += len(pact.unread)
    for each in pact.interactions:
        yield UsedExchange(pact.consumer, "interactions", path, each.exchange, each.body)


def collect_usage(document: Document, settings: Settings, name: str, paths: Iterable[str]) -> ConsumerUsage:
    """
    Collect what a consumer uses, from Pact files and recorded traffic.

    Args:
        document: Of the API.
        settings: Of generated values.
        name: Of the consumer.
        paths: Files and folders.

    Raises:
        UsageError: there is no such file, or one can't be read to its end.
        SchemaError: a schema that is needed can't be compiled.
    """
    usage, judge = ConsumerUsage(name), make_record_judge(document, settings)
    for used in iter_used(paths, Counter()):
        matched = judge.match(used.exchange)
        if matched is None:
            continue
        requests, responses = judge.judges_of(matched.route.target)
        decoded = requests.read(used.exchange.request, matched.variables, security=False)
        answer, response = used.body, used.exchange.response
        if isinstance(answer, Missing) and response is not None:
            answer = responses.read_body(response)
        usage.of(matched.route.target.id).add(usage_of(used.exchange.request, decoded, response, answer))
    return usage


def usage_of(
    request: Request, decoded: DecodedRequest, response: Response | None, answer: JsonValue | Missing
) -> OperationUsage:
    """
    Find the use that one exchange makes of its operation.

    Args:
        request: As it was sent.
        decoded: The request, read by the document.
        response: Its response, if there is one.
        answer: The value of the response's body; MISSING where it has none that can be read.
    """
    usage = OperationUsage(seen=1)
    usage.sends = {normalize((place.value, name)) for place, name in decoded.parameters}
    usage.sends |= {("header", name.decode("latin-1")) for name, _ in request.fields if name not in _USUAL_FIELDS}
    usage.sends |= {("query", name) for name, _ in parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)}
    if not isinstance(decoded.body, Missing):
        usage.sends |= set(iter_paths(decoded.body, ("body",)))
    if response is not None:
        status = str(response.status)
        usage.reads = {(status,)}
        fields = (name.decode("latin-1") for name, _ in response.fields if name not in _USUAL_FIELDS)
        usage.reads |= {(status, "headers", name) for name in fields}
        if not isinstance(answer, Missing):
            usage.reads |= set(iter_paths(answer, (status, "body")))
    return usage


def normalize(path: Pointer) -> Pointer:
    """Write the names of header fields, which have no case, in lower case."""
    if path[:1] == ("header",) or path[1:2] == ("headers",):
        return tuple(step.lower() for step in path)
    return path


def iter_paths(value: JsonValue, at: Pointer) -> Iterator[Pointer]:
    """Yield the paths of a value and of everything within it, items of arrays as one."""
    stack: list[tuple[Pointer, JsonValue]] = [(at, value)]
    seen: set[Pointer] = set()
    for _ in range(_MOST_PARTS):
        if not stack:
            return
        path, part = stack.pop()
        if path not in seen:
            seen.add(path)
            yield path
        if isinstance(part, dict):
            stack += [((*path, name), member) for name, member in part.items()]
        elif isinstance(part, list):
            stack += [((*path, ITEM), item) for item in part]


def is_used(uses: Iterable[Pointer], path: Pointer) -> bool:
    """Return whether something at a path, or within it, is used."""
    return any(len(use) >= len(path) and agree(use, path) for use in uses)


def agree(use: Pointer, path: Pointer) -> bool:
    """Return whether two paths agree as far as the shorter one goes; an index agrees with any item."""
    return all(_fits(step, wanted) for step, wanted in zip(use, path, strict=False))


def _fits(step: str, wanted: str) -> bool:
    return wanted in {step, MEMBER} or (wanted == ITEM and step.isdigit())


def read_profile(name: str, value: JsonValue) -> ConsumerUsage:
    """
    Read the profile of a consumer.

    Raises:
        MalformedResource: it is none.
    """
    if not isinstance(value, dict) or not isinstance(value.get("operations"), dict):
        advice = "A profile has a consumer and operations, and is written by: mock-server consumer"
        raise MalformedResource(name, "is neither a Pact file nor the profile of a consumer", advice)
    profile = ConsumerUsage(str(value.get("consumer") or name))
    operations = value["operations"]
    for operation, uses in operations.items() if isinstance(operations, dict) else ():
        members: JsonObject = uses if isinstance(uses, dict) else {}
        seen = members.get("seen", 1)
        usage = OperationUsage(seen if isinstance(seen, int) and not isinstance(seen, bool) else 1)
        usage.sends, usage.reads = (set(_read_uses(name, operation, members.get(key))) for key in ("sends", "reads"))
        profile.operations[operation] = usage
    return profile


def _read_uses(name: str, operation: str, value: JsonValue) -> Iterator[Pointer]:
    if value is None:
        return
    listed = value if isinstance(value, list) else [value]
    for item in listed[:_MOST_USES]:
        if not isinstance(item, str | int):
            raise MalformedResource(name, f"{operation} uses {item!r}, which is no path such as query/limit")
        yield normalize(parse_pointer(f"/{str(item).lstrip('/')}"))


def write_profile(usage: ConsumerUsage) -> JsonObject:
    """Write the profile of a consumer."""
    operations: JsonObject = {}
    for operation, used in sorted(usage.operations.items()):
        operations[operation] = {"seen": used.seen, "sends": _write_uses(used.sends), "reads": _write_uses(used.reads)}
    return {"consumer": usage.name, "operations": operations}


def _write_uses(uses: Iterable[Pointer]) -> list[JsonValue]:
    return [format_pointer(use).removeprefix("/") for use in sorted(uses)]


def find_operation(usage: ConsumerUsage, names: Mapping[str, str]) -> dict[str, OperationUsage]:
    """
    Return what is used by operationId, whether a profile names operations by id or by title.

    Args:
        usage: Of a consumer.
        names: The operationId of each name.
    """
    found: dict[str, OperationUsage] = {}
    for name, used in usage.operations.items():
        found.setdefault(names.get(name, name), OperationUsage()).add(used)
    return found
