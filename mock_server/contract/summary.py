"""
Judging many records: each by the same judges as a live exchange, summed up by rule and place.

Of what is wrong, the first places are kept and the rest is counted: the memory that a run takes does not depend on how
much there is.

Judging parts of files anywhere: in this process, in others, on other machines that see the same files.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import IO, Final

import orjson

from mock_server.contract.api import Api, make_api
from mock_server.contract.model import without_indices
from mock_server.contract.records import (
    BrokenArchive,
    RecordedExchange,
    RecordSource,
    UnreadableRecord,
    is_summary,
    iter_records,
    open_source,
    read_exchange,
    split_source,
)
from mock_server.document.free_servers import FreeBases
from mock_server.document.model import Entry, MediaType, Operation
from mock_server.document.read import read_document
from mock_server.document.references import Node
from mock_server.errors import SchemaError, UsageError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Request
from mock_server.exchange.router import Matched
from mock_server.exchange.secrets.document import mask_of
from mock_server.exchange.secrets.mask import Mask
from mock_server.findings import Finding, Level
from mock_server.json_values import Pointer
from mock_server.judges.request import RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.validate import Validator
from mock_server.settings import Settings

_FIRST = 3  # places that are kept of each
_KINDS = 2_000  # causes that are told apart
_EVERY = 2_000  # records between two signs of life
_JSON: Final = ((b"content-type", b"application/json"),)


@dataclass(slots=True)
class CountedFinding:
    """One thing that is wrong, however often."""

    finding: Finding  # of the first time
    count: int
    first: list[tuple[str, int]]  # files and lines, at most three


@dataclass(eq=False, repr=False)
class Summary:
    """What was judged, and what was wrong."""

    records: int = 0
    wrong: int = 0
    lines: int = 0  # that were read
    counted: dict[tuple[str, str, Pointer], CountedFinding] = field(default_factory=dict)
    dropped: int = 0  # findings of causes beyond those that are told apart
    broken: int = 0  # files that could not be read to their end
    by_file: Counter[str] = field(default_factory=Counter)  # records

    def add(self, finding: Finding, where: tuple[str, int]) -> None:
        """Count a finding."""
        key = _key_of(finding)
        known = self.counted.get(key)
        if known is None:
            if len(self.counted) >= _KINDS:
                self.dropped += 1
                return
            self.counted[key] = CountedFinding(finding, 1, [where])
            return
        known.count += 1
        if len(known.first) < _FIRST:
            known.first.append(where)

    def knows(self, finding: Finding) -> bool:
        """Check whether a finding of the same cause was counted: what it says is that of the first one."""
        return _key_of(finding) in self.counted

    def break_off(self, path: str, line: int, why: str) -> None:
        """Say that a file can't be read, or no further."""
        self.broken += 1
        finding = Finding(rule="traffic-record-unreadable", message=why, instance=(path,))
        self.counted[finding.rule, path, (why,)] = CountedFinding(finding, 1, [(path, line)])

    def merge(self, other: "Summary", before: int = 0) -> None:
        """Take in what was counted of records that come later, in a part of a file that has so many lines before it."""
        self.records += other.records
        self.wrong += other.wrong
        self.lines += other.lines
        self.dropped += other.dropped
        self.broken += other.broken
        self.by_file += other.by_file
        for key, counted in other.counted.items():
            known = self.counted.get(key)
            first = [(path, line + before) for path, line in counted.first]
            if known is None:
                self.counted[key] = CountedFinding(counted.finding, counted.count, first)
            else:
                known.count += counted.count
                known.first = [*known.first, *first][:_FIRST]

    def findings(self) -> list[Finding]:
        """Return one finding for each cause, with how often it was seen and where first."""
        out = []
        for counted in self.counted.values():
            if counted.count > 1:
                times = f"{counted.count:,} times, first"
            else:
                times = "once,"
            message = f"{counted.finding.message} ({times} at {', '.join(_shown(*where) for where in counted.first)})"
            out.append(counted.finding._replace(message=message))
        return sorted(out, key=lambda finding: finding.sort_key)


def _key_of(finding: Finding) -> tuple[str, str, Pointer]:
    return finding.rule, str(finding.place), without_indices(finding.instance or ())


def _shown(path: str, line: int) -> str:
    """Return a place in a file, or a request that came over the wire: that has no line."""
    if line:
        return f"{path}:{line}"
    return path


def _masked(finding: Finding, mask: Mask) -> Finding:
    return finding._replace(message=mask.finding(finding.message, finding.instance))


def _breaks_off(source: RecordSource, data: bytes) -> bool:
    """Check whether what can't be read is the end of a file of lines, or all that there is."""
    return source.kind == "whole" or (source.kind == "lines" and not data.endswith(b"\n"))


def _say_broken(source: RecordSource, error: ValueError) -> str:
    if source.kind == "whole":
        return f"it is no archive: {error}"
    return f"it breaks off in its last line: {error}"


@dataclass(frozen=True, slots=True)
class PayloadStandard:
    """What bare payloads are judged as."""

    validator: Validator
    rule: str
    operation: str | None


def choose_payloads(
    api: Api, operation: str | None, status: int | None, schema: str | None, direction: str
) -> PayloadStandard | None:
    """
    Choose what bare payloads are judged as.

    Args:
        api: Of the document.
        operation: An operationId or title.
        status: Of the response; the lowest success if left out.
        schema: A JSON Pointer to a Schema Object, as `#/components/schemas/Pet`.
        direction: `request` or `response`.

    Returns:
        None where nothing was chosen: records are exchanges then.

    Raises:
        UsageError: there is no such operation, response or schema.
        SchemaError: the schema can't be compiled.
    """
    side = Direction(direction)
    rule = f"{direction}-body-schema"
    if schema is not None:
        fragment = schema if schema.startswith("#") else "#" + schema
        node: Node = api.document.references.resolve(fragment, api.document.root)
        return PayloadStandard(Validator(api.kit.schemas.of(side, Purpose.JUDGE).bundle(node)), rule, None)
    if operation is None:
        return None
    entry = api.document.require_entry(operation)
    found = _json_content(api.document.operation(entry), status, side)
    if found is None or found.schema is None:
        raise UsageError(
            f"{entry.title} documents no JSON {direction}"
            + (f" with the status {status}" if status is not None else "")
        )
    return PayloadStandard(Validator(api.kit.schemas.of(side, Purpose.JUDGE).bundle(found.schema)), rule, entry.id)


def _json_content(operation: Operation, status: int | None, side: Direction) -> MediaType | None:
    if side is Direction.REQUEST:
        contents = operation.request_body.content if operation.request_body is not None else ()
    elif status is not None:
        documented = operation.find_response(status)
        contents = documented.content if documented is not None else ()
    else:
        good = sorted(
            (r for r in operation.responses if r.status.startswith("2")), key=lambda response: response.status
        )
        contents = good[0].content if good else ()
    return next((content for content in contents if is_json(parse_media_type(content.name))), None)


@dataclass(eq=False, repr=False)
class RecordJudge:
    """Judges the records of sources."""

    api: Api
    payloads: PayloadStandard | None
    base_paths: tuple[str, ...]  # under which the operations stand, the likeliest first
    _judges: dict[str, tuple[RequestJudge, ResponseJudge]] = field(default_factory=dict)

    def sift(self, source: RecordSource, progress: Callable[[int], None] = lambda count: None) -> Summary:
        """
        Judge a source.

        Args:
            source: What to read.
            progress: Is told now and then how many bytes were read.
        """
        tally = Summary()
        try:
            with open_source(source) as file:
                self._sift(source, file, tally, progress)
        except BrokenArchive as error:
            tally.break_off(source.path, tally.lines, str(error))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            tally.break_off(source.path, tally.lines, f"it can't be unpacked: {error}")
        except OSError as error:
            tally.break_off(source.path, tally.lines, f"it can't be read: {error.strerror or error}")
        tally.by_file[source.path] += tally.records
        return tally

    def _sift(self, source: RecordSource, file: IO[bytes], tally: Summary, progress: Callable[[int], None]) -> None:
        if self.payloads is not None and source.kind != "har":
            self._payloads(source, iter_records(source, file), tally, self.payloads, progress)
            return
        for number, data in iter_records(source, file):
            tally.lines = number
            if data.strip():
                self._exchange(data, source, number, tally)
            if number % _EVERY == 0 and source.path != "-":
                progress(file.tell() if source.kind == "har" else len(data) * _EVERY)

    def _payloads(
        self,
        source: RecordSource,
        records: object,
        tally: Summary,
        payloads: PayloadStandard,
        progress: Callable[[int], None],
    ) -> None:
        """Count: the loop holds nothing but reading and judging."""
        loads, is_valid = orjson.loads, payloads.validator.is_valid
        read = 0
        number = 0
        for number, line in records:  # type: ignore[attr-defined]
            try:
                if is_valid(loads(line)):
                    read += len(line)
                    if number % _EVERY == 0:
                        progress(read)
                        read = 0
                    continue
            except orjson.JSONDecodeError as error:
                if not line.strip():
                    tally.records -= 1
                    continue
                if _breaks_off(source, line):
                    tally.records += number - 1
                    tally.lines = number
                    raise BrokenArchive(_say_broken(source, error)) from error
                tally.wrong += 1
                finding = Finding(
                    rule="response-body-malformed", message=f"it is no JSON: {error.msg}", operation=payloads.operation
                )
                tally.add(finding, (source.path, number))
                continue
            tally.wrong += 1
            self._violations(loads(line), payloads, (source.path, number), tally)
        tally.records += number
        tally.lines = number

    def _violations(self, value: object, payloads: PayloadStandard, where: tuple[str, int], tally: Summary) -> None:
        mask: Mask | None = None
        for violation in payloads.validator.check(value):  # type: ignore[arg-type]
            inside = "/".join(violation.instance)
            message = f"the body{' at /' + inside if inside else ''}: {violation.message}"
            finding = Finding(
                rule=payloads.rule,
                message=message,
                place=violation.place,
                instance=("body", *violation.instance),
                operation=payloads.operation,
            )
            if not tally.knows(finding):
                mask = mask or self._mask.seen_in(Request("", b"/", b"", _JSON, orjson.dumps(value)))
                finding = _masked(finding, mask)
            tally.add(finding, where)

    def _exchange(self, data: bytes, source: RecordSource, number: int, tally: Summary) -> None:
        where = (source.path, number)
        try:
            value = orjson.loads(data)
            if is_summary(value):
                return
            tally.records += 1
            captured = read_exchange(value)
        except (orjson.JSONDecodeError, UnreadableRecord) as error:
            if _breaks_off(source, data):
                raise BrokenArchive(_say_broken(source, error)) from error
            tally.records += isinstance(error, orjson.JSONDecodeError)
            tally.wrong += 1
            tally.add(Finding(rule="traffic-record-unreadable", message=str(error)), where)
            return
        found = self._judge(captured)
        tally.wrong += bool(found)
        if not all(map(tally.knows, found)):
            mask = self._mask.seen_in(captured.request, captured.response)
            found = [_masked(finding, mask) for finding in found]
        for finding in found:
            tally.add(finding, where)

    @property
    def _mask(self) -> Mask:
        return mask_of((self.api.document,))

    def _judge(self, captured: RecordedExchange) -> list[Finding]:
        request = captured.request
        matched = self._match(captured)
        if matched is None:
            message = f"the document has nothing for {request.method} {request.path.decode('latin-1')}"
            return [Finding(rule="traffic-path-undocumented", message=message)]
        first: list[Finding] | None = None
        for candidate in (matched, *matched.others):  # operations whose paths can't be told apart: one of them is meant
            found = self._judge_as(candidate, captured)
            if not any(finding.level is Level.ERROR for finding in found):
                return found
            first = found if first is None else first
        return first or []

    def _judge_as(self, matched: Matched[Entry], captured: RecordedExchange) -> list[Finding]:
        request, entry = captured.request, matched.route.target
        if captured.response is not None:
            answered = captured.response.status
        else:
            answered = 0
        if request.method == "HEAD" and entry.method != "HEAD" and answered >= 400:  # noqa: PLR2004 - nobody documented HEAD
            return []
        try:
            requests, responses = self._judges_of(entry)
            found = list(requests.read(request, matched.variables, security=False).findings)
            if captured.response is not None:
                refused = captured.response.status >= 400  # noqa: PLR2004 - then the request was said to be wrong already
                found = [] if refused else found
                found += responses.judge(captured.response, request.method)
        except SchemaError as error:
            return [
                Finding(
                    rule="document-operation-unservable", message=error.reason, place=error.place, operation=entry.id
                )
            ]
        return found

    def _match(self, captured: RecordedExchange) -> Matched[Entry] | None:
        path = captured.request.path.decode("latin-1")
        method = captured.request.method
        for asked in (method, "GET") if method == "HEAD" else (method,):
            for base in self.base_paths:
                if path.startswith(base):
                    query = captured.request.query.decode("latin-1")
                    matched = self.api.router.find(asked, path.removeprefix(base), query, self._may_span)
                    if isinstance(matched, Matched):
                        return matched
            for base, _ in self._free_bases.iter_ways(path):
                matched = self.api.router.find(
                    asked, path[len(base) :], captured.request.query.decode("latin-1"), self._may_span
                )
                if isinstance(matched, Matched):
                    return matched
        return None

    @cached_property
    def _free_bases(self) -> FreeBases:
        """The base paths with variables that take any value."""
        return FreeBases(self.api.document.servers)

    def _may_span(self, matched: Matched[Entry]) -> bool:
        try:
            return self._judges_of(matched.route.target)[0].may_span(matched)
        except SchemaError:
            return False

    def _judges_of(self, entry: Entry) -> tuple[RequestJudge, ResponseJudge]:
        if entry.id not in self._judges:
            operation, sets = self.api.document.operation(entry), self.api.kit.schemas
            requests = RequestJudge(self.api.document, operation, sets.of(Direction.REQUEST, Purpose.JUDGE))
            self._judges[entry.id] = (requests, ResponseJudge(operation, sets.of(Direction.RESPONSE, Purpose.JUDGE)))
        return self._judges[entry.id]


_PART: Final = 16 * 1024 * 1024  # bytes of a part, about


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStandard:
    """What records are judged by; plain, so that it can be sent to another process."""

    document: str
    settings: Settings
    operation: str | None = None
    status: int | None = None
    schema: str | None = None
    direction: str = "response"
    base_path: str | None = None

    def __hash__(self) -> int:
        return hash((self.document, self.operation, self.status, self.schema, self.direction, self.base_path))


@lru_cache(maxsize=2)
def open_sifter(standard: RecordStandard) -> RecordJudge:
    """
    Open what judges; the last ones are kept, as a process judges many parts by them, and for two runs at a time.

    Raises:
        MockServerError: the document can't be used, or has nothing of what is asked for.
    """
    settings, bases = standard.settings, standard.base_path
    opened = read_document(standard.document, settings)
    api = make_api(opened, "", settings.seed)
    payloads = choose_payloads(api, standard.operation, standard.status, standard.schema, standard.direction)
    own = (*(server.base_path for server in opened.servers), "")
    return RecordJudge(api, payloads, (bases.rstrip("/"),) if bases is not None else tuple(dict.fromkeys(own)))


def split_all(sources: list[RecordSource]) -> list[RecordSource]:
    """Split files of lines into parts of a size that shows progress and shares the work out evenly."""
    return [part for source in sources for part in split_source(source, _parts(source))]


def _parts(source: RecordSource) -> int:
    if source.path != "-":
        return max(1, Path(source.path).stat().st_size // _PART)
    return 1


def judge_part(standard: RecordStandard, parts: tuple[RecordSource, ...], number: int) -> Summary:
    """Judge one of the parts of some files, in any process."""
    return open_sifter(standard).sift(parts[number])


def merge_in_order(
    found: Iterator[tuple[int, Summary]], parts: tuple[RecordSource, ...], progress: Callable[[int], None]
) -> Summary:
    """
    Put together what was found in parts, so that it does not matter who was faster.

    Args:
        found: The number of a part, and what was found in it.
        parts: All of them, those of one file next to each other.
        progress: Told how many bytes are done.
    """
    waiting: dict[int, Summary] = {}
    whole, following, lines = Summary(), 0, 0
    for number, tally in found:
        waiting[number] = tally
        progress((parts[number].end or 0) - parts[number].start)
        while following in waiting:
            part = waiting.pop(following)
            if not following or parts[following].path != parts[following - 1].path:
                lines = 0
            whole.merge(part, lines)
            lines += part.lines
            following += 1
    return whole


def find_empty(sources: list[RecordSource], tally: Summary) -> list[str]:
    """List the files that were named and have no record; where nothing has one, all of them."""
    read = tally.records > 0
    broken = {
        finding.instance[0]
        for finding in tally.findings()
        if finding.rule == "traffic-record-unreadable" and finding.instance
    }
    empty = [source.path for source in sources if not tally.by_file[source.path] and source.path not in broken]
    named = {source.path for source in sources if source.is_named}
    return [path for path in dict.fromkeys(empty) if path in named or not read]
