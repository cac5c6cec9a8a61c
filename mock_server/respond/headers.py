"""
The documented header fields of an answer, those about pages (Link, RFC 8288, section 3), and Cache-Control and Vary.

An example goes before what the grammar of a field offers, and that before what is made by the schema: of `ETag` or
`Location` the schema mostly says only that it is a text. What a document says of caching is sent only where that is
asked for: a browser that keeps a list would show it after a deletion, and hide what a preference or another world gets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Final

from mock_server.document.document import Document
from mock_server.document.lifetimes import find_deprecation, find_sunset
from mock_server.document.model import DocumentedResponse, Entry, Header, Missing, Operation, ParameterLocation
from mock_server.errors import SchemaError, UndefinedSerialization
from mock_server.exchange.header_fields import Grammar, Sent, find_grammar, without_next
from mock_server.exchange.security import credential_names
from mock_server.exchange.serialization import write_header
from mock_server.generate.engine import Engine
from mock_server.generate.pagination import Span
from mock_server.generate.producer import SampleOptions
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue
from mock_server.judges.response import ResponseJudge
from mock_server.names import joined
from mock_server.respond.answer import RawField
from mock_server.settings import OperationSettings
from mock_server.tokens import is_token

_TOTAL_FIELDS: Final = frozenset(
    ("x-total-count", "x-total", "total-count", "x-total-results", "x-pagination-total-count")
)


def page_fields(response: DocumentedResponse, span: Span, links: Mapping[str, str]) -> list[RawField]:
    """Return the documented header fields about a page: totals, and links."""
    found: list[RawField] = []
    for header in response.headers:
        name = header.name.lower()
        if name in _TOTAL_FIELDS:
            found.append((name.encode(), str(span.total).encode()))
        elif name == "link":
            found.append(link_field(links))
        elif joined(header.name).removeprefix("x") in {"pagecount", "totalpages"}:
            found.append((name.encode(), str(span.pages).encode()))
        elif joined(header.name).removeprefix("x") in {"nextcursor", "nexttoken"} and span.cursor is not None:
            found.append((name.encode(), span.cursor.encode()))
    return found


def link_field(links: Mapping[str, str]) -> RawField:
    """Return a Link field with what a page leads to; with the page itself where that is nothing."""
    written = ", ".join(
        f'<{url}>; rel="{relation}"' for relation, url in links.items() if relation not in {"self", "here"}
    )
    return b"link", (written or f'<{links["self"]}>; rel="self"').encode("latin-1", "replace")


CACHE_CONTROL: Final = b"cache-control"
NO_STORE: Final = (CACHE_CONTROL, b"no-store")
DEPRECATION: Final = (b"deprecation", b"true")  # as before RFC 9745, which wants to know since when
NOT_KEPT: Final = (
    "no-store",
    "no-cache",
    "max-age=0",
    "private, max-age=0",
    "no-cache, no-store, must-revalidate",
)  # the best first
# What says how long an answer may be kept. RFC 9111, section 5
KEEPING: Final = frozenset((CACHE_CONTROL, b"expires", b"age", b"pragma"))
VARY_ON_ORIGIN: Final = (b"vary", b"Origin")
_ALWAYS: Final = ("Accept", "Cookie", "Prefer", "X-Mock-World")  # what every answer depends on


def ending_fields(entry: Entry, settings: OperationSettings) -> tuple[RawField, ...]:
    """
    Say since when an operation is deprecated, and when it ends: by the settings, else by its document.

    Without a day, deprecation is said as it was before RFC 9745, which wants to know since when.

    Source: RFC 9745, section 2; RFC 8594, section 3
    """
    since = settings.deprecation or (find_deprecation(entry.node) if entry.deprecated else None)
    ends = settings.sunset or (find_sunset(entry.node) if entry.deprecated else None)
    fields: list[RawField] = []
    if since is not None:
        fields.append((DEPRECATION[0], b"@%d" % int(_midnight(since).timestamp())))
    elif entry.deprecated:
        fields.append(DEPRECATION)
    if ends is not None:
        fields.append((b"sunset", format_datetime(_midnight(ends), usegmt=True).encode()))
    return tuple(fields)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def vary_field(document: Document | None, entry: Entry | None, *, shared: bool) -> RawField:
    """
    Name the fields of a request that its answer depends on. RFC 9110, section 12.5.5.

    Args:
        document: That describes the operation.
        entry: The operation; None of what is not documented.
        shared: Whether the answer names the origin of the client.
    """
    names = [*_ALWAYS, *(["Origin"] if shared else [])]
    if document is not None and entry is not None:
        operation = document.operation(entry)
        names += [
            parameter.name for parameter in operation.parameters if parameter.location is ParameterLocation.HEADER
        ]
        credentials = credential_names(operation.security, document.schemes)
        names += [name.title() for location, name in credentials if location is ParameterLocation.HEADER]
    by_name = {name.lower(): name for name in reversed(names) if is_token(name)}
    return b"vary", ", ".join(by_name[name] for name in sorted(by_name)).encode("latin-1")


_WORD = "word"
_ATTEMPTS = 6  # at a value that can stand in a field


@dataclass(frozen=True, slots=True)
class Heading:
    """Makes the header fields of one documented response."""

    kit: Engine
    operation: Operation
    judge: ResponseJudge
    sent: Sent  # what values may depend on

    def fields(self, response: DocumentedResponse) -> list[RawField]:
        """Make the fields; an optional one without a value that fits its schema is left out."""
        made = ((header, self._text(header)) for header in response.headers)
        return [
            (header.name.lower().encode("latin-1"), text.encode("latin-1")) for header, text in made if text is not None
        ]

    def _text(self, header: Header) -> str | None:
        grammar = find_grammar(header.name)
        if header.name.lower() == CACHE_CONTROL.decode() and not self.kit.settings.caching:
            return next(self._conforming(header, NOT_KEPT), NOT_KEPT[0])
        examples = list(self._conforming(header, self._examples(header)))
        fitting = [text for text in examples if grammar is None or grammar.fits(text)]
        if fitting:
            return fitting[0]
        if grammar is not None:
            if grammar.is_spared and not header.required and not examples:
                return None
            offered = next(self._conforming(header, grammar.values(self._sent(header))), None)
            if offered is not None:
                return offered
        if examples:
            return examples[0]
        return self._made(header, grammar)

    def _sent(self, header: Header) -> Sent:
        seed = derive_seed(self.kit.settings.seed, self.operation.id, "header", header.name)
        return Sent(self.sent.method, self.sent.status, self.sent.references, self.sent.challenge, seed)

    def _conforming(self, header: Header, texts: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
        return (text for text in texts if not any(self.judge.judge_header(header, text)))

    def _examples(self, header: Header) -> Iterator[str]:
        for example in header.examples:
            text = _written(None if isinstance(example.value, Missing) else example.value, explode=header.explode)
            if text is not None and header.name.lower() == "link":
                text = without_next(text)  # lists end, see `generate.requested`
            if text:
                yield text

    def _made(self, header: Header, grammar: Grammar | None) -> str | None:
        """Return a value made by the schema; none of a field with a grammar for which the schema lets any word do."""
        schema = header.schema
        if schema is None and header.content is not None:
            schema = header.content.schema
        is_open = grammar is not None and not any(self.judge.judge_header(header, _WORD))
        if schema is None or (is_open and not header.required):
            if header.required:
                return "0"
            return None
        try:
            producer = self.kit.producer(schema, self.operation, name=header.name)
            for attempt in range(_ATTEMPTS):
                seed = derive_seed(self.kit.settings.seed, self.operation.id, "header", header.name, attempt)
                text = _written(producer.produce(SampleOptions(seed)), explode=header.explode)
                if text is not None:
                    return text
        except SchemaError:
            if header.required:
                return "0"
            return None
        if header.required:
            return "0"
        return None


def _written(value: JsonValue, *, explode: bool) -> str | None:
    try:
        return write_header(value, explode=explode)
    except UndefinedSerialization:
        return None
