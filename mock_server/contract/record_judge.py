"""Judging records one by one, each by the same judges as a live exchange."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Final

import orjson

from mock_server.contract.api import Api, make_api
from mock_server.contract.expectations import ExpectationJudge
from mock_server.contract.pact import Interaction, Pact, is_pact, read_pact
from mock_server.contract.payload_standard import PayloadStandard
from mock_server.contract.records import (
    BrokenArchive,
    RecordedExchange,
    RecordSource,
    UnreadableRecord,
    is_summary,
    iter_records,
    open_source,
    read_exchange,
)
from mock_server.contract.summary import Summary
from mock_server.document.document import Document
from mock_server.document.free_servers import FreeBases
from mock_server.document.model import Entry
from mock_server.errors import SchemaError
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.parameters import Carrier
from mock_server.exchange.router import Matched
from mock_server.exchange.secrets.document import mask_of
from mock_server.exchange.secrets.mask import Mask
from mock_server.exchange.security import find_unmet
from mock_server.findings import Finding, Level
from mock_server.judges.request import RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.schema.dialect import Direction, Purpose
from mock_server.settings import Settings

_EVERY = 2_000  # records between two signs of life
_JSON: Final = ((b"content-type", b"application/json"),)


def make_record_judge(document: Document, settings: Settings, base_path: str | None = None) -> "RecordJudge":
    """
    Make what judges records by a document.

    Args:
        document: To judge by.
        settings: Of generated values.
        base_path: The path before the paths of the document; those of its servers, or none, if left out.
    """
    own = (*(server.base_path for server in document.servers), "")
    bases = (base_path.rstrip("/"),) if base_path is not None else tuple(dict.fromkeys(own))
    return RecordJudge(make_api(document, "", settings.seed), None, bases)


@dataclass(eq=False, repr=False)
class RecordJudge:
    """Judges the records of sources."""

    api: Api
    payloads: PayloadStandard | None
    base_paths: tuple[str, ...]  # under which the operations stand, the likeliest first
    _judges: dict[str, tuple[RequestJudge, ResponseJudge]] = field(default_factory=dict)
    _expectations: dict[str, ExpectationJudge] = field(default_factory=dict)

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
            if is_pact(value):
                self._pact(read_pact(value), source, tally)
                return
            captured = read_exchange(value)
        except (orjson.JSONDecodeError, UnreadableRecord) as error:
            if _breaks_off(source, data):
                raise BrokenArchive(_say_broken(source, error)) from error
            tally.records += 1
            tally.wrong += 1
            tally.add(Finding(rule="traffic-record-unreadable", message=str(error)), where)
            return
        tally.records += 1
        found = self._judge(captured)
        tally.wrong += bool(found)
        if not all(map(tally.knows, found)):
            mask = self._mask.seen_in(captured.request, captured.response)
            found = [_masked(finding, mask) for finding in found]
        for finding in found:
            tally.add(finding, where)

    def _pact(self, pact: Pact, source: RecordSource, tally: Summary) -> None:
        """Judge the interactions of a Pact file, each as a record; those that are pending are passed over."""
        for number, why in pact.unread:
            tally.records += 1
            tally.wrong += 1
            tally.add(Finding(rule="expectation-interaction-unreadable", message=why), (source.path, number))
        for interaction in pact.interactions:
            if interaction.is_pending:
                continue
            tally.records += 1
            exchange = interaction.exchange
            found = self._judge_expected(interaction)
            tally.wrong += any(finding.level is Level.ERROR for finding in found)
            mask = self._mask.seen_in(exchange.request, exchange.response) if found else self._mask
            for finding in found:
                said = f"{pact.consumer}, {interaction.title}: {finding.message}"
                tally.add(_masked(finding._replace(message=said), mask), (source.path, interaction.number))

    def _judge_expected(self, interaction: Interaction) -> list[Finding]:
        exchange = interaction.exchange
        request, response = exchange.request, exchange.response
        matched = self.match(exchange)
        if matched is None or response is None:
            message = f"the document has nothing for {request.method} {request.path.decode('latin-1')}"
            return [Finding(rule="expectation-operation-undocumented", message=message)]
        asked = RecordedExchange(request, None, exchange.host)
        best: list[Finding] | None = None
        for candidate in (matched, *matched.others):
            entry = candidate.route.target
            # what is to be refused may be wrong
            found = self._judge_asked(candidate, asked) if response.status < 400 else []  # noqa: PLR2004
            try:
                found += self._expectations_of(entry).judge(interaction, response)
            except SchemaError as error:
                rule = "document-operation-unservable"
                found.append(Finding(rule=rule, message=error.reason, place=error.place, operation=entry.id))
            if best is None or len(found) < len(best):
                best = found
        return best or []

    def _judge_asked(self, matched: Matched[Entry], asked: RecordedExchange) -> list[Finding]:
        """Judge the request of a Pact file, in which a multipart body is written as data."""
        request, entry = asked.request, matched.route.target
        found = self._judge_as(matched, asked)
        if (find_field(request.fields, b"content-type") or "").startswith("multipart/"):
            found = [finding for finding in found if finding.rule != "request-body-malformed"]
        operation, document = self.api.document.operation(entry), self.api.document
        carrier = Carrier(matched.variables, request.query.decode("latin-1"), request.fields)
        unmet = find_unmet(operation.security, document.schemes, carrier) if operation.security else ()
        if unmet:
            message = f"no credentials are sent: {'; or '.join(unmet)}"
            found.append(Finding("expectation-security-unmet", message, entry.node.place, ("security",), entry.id))
        return found

    def _expectations_of(self, entry: Entry) -> ExpectationJudge:
        if entry.id not in self._expectations:
            operation = self.api.document.operation(entry)
            schemas = self.api.kit.schemas.of(Direction.RESPONSE, Purpose.JUDGE)
            self._expectations[entry.id] = ExpectationJudge(operation, schemas)
        return self._expectations[entry.id]

    @property
    def _mask(self) -> Mask:
        return mask_of((self.api.document,))

    def _judge(self, captured: RecordedExchange) -> list[Finding]:
        request = captured.request
        matched = self.match(captured)
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
            requests, responses = self.judges_of(entry)
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

    def match(self, captured: RecordedExchange) -> Matched[Entry] | None:
        """Find the operation of an exchange."""
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
            return self.judges_of(matched.route.target)[0].may_span(matched)
        except SchemaError:
            return False

    def judges_of(self, entry: Entry) -> tuple[RequestJudge, ResponseJudge]:
        """
        Return what judges an operation.

        Raises:
            SchemaError: a schema that is needed can't be compiled.
        """
        if entry.id not in self._judges:
            operation, sets = self.api.document.operation(entry), self.api.kit.schemas
            requests = RequestJudge(self.api.document, operation, sets.of(Direction.REQUEST, Purpose.JUDGE))
            self._judges[entry.id] = (requests, ResponseJudge(operation, sets.of(Direction.RESPONSE, Purpose.JUDGE)))
        return self._judges[entry.id]


def _masked(finding: Finding, mask: Mask) -> Finding:
    return finding._replace(message=mask.finding(finding.message, finding.instance))


def _breaks_off(source: RecordSource, data: bytes) -> bool:
    """Check whether what can't be read is the end of a file of lines, or all that there is."""
    return source.kind == "whole" or (source.kind == "lines" and not data.endswith(b"\n"))


def _say_broken(source: RecordSource, error: ValueError) -> str:
    if source.kind == "whole":
        return f"it is no archive: {error}"
    return f"it breaks off in its last line: {error}"
