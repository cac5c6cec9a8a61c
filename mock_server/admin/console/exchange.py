"""Exchanges, bodies and findings as the templates show them, without their secrets."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import orjson

from mock_server.admin.console.context import ROOT
from mock_server.admin.json import is_nested_deeper
from mock_server.document.document import Document
from mock_server.document.positions import Position, find_positions
from mock_server.exchange.curl import write_curl
from mock_server.exchange.media_type import is_json, is_text, is_xml, parse_media_type
from mock_server.exchange.message import RawFields, Request, find_field
from mock_server.exchange.secrets.known import MASKED
from mock_server.exchange.secrets.mask import NO_MASK, Mask, MaskedExchange
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonValue, format_pointer
from mock_server.respond.journal import Recorded

_MOST_BODY: Final = 200_000  # bytes that are shown
_MOST_BINARY = 768  # bytes, a multiple of 3
_MOST_FOLDED: Final = 100_000  # bytes of JSON that are shown as a tree; more is shown as text
_DEEPEST: Final = 40  # levels of a tree
_STAND_IN: Final = b"secret"  # for MASKED in a curl line: curl takes brackets in a URL for a range


@dataclass(frozen=True, slots=True)
class ShownBody:
    """A body: a JSON tree, a text, or base64 of the beginning of other bytes."""

    size: int
    media_type: str
    tree: JsonValue = None
    is_tree: bool = False
    text: str = ""
    is_cut: bool = False
    is_binary: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """A request or a response."""

    fields: tuple[tuple[str, str], ...]
    content: ShownBody


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """A row of the list of exchanges."""

    id: str
    url: str
    number: int
    moment: float
    seconds: float
    method: str
    target: str
    status: int
    source: str
    operation: str
    findings: int
    worst: str  # level of the worst finding
    world: str
    disturbance: str


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding with its line in the document."""

    rule: str
    level: str
    blame: str
    message: str
    file: str
    line: int | None
    pointer: str
    instance: str


def show_row(recorded: Recorded, request: Request) -> ExchangeRow:
    """Make the row of an exchange; `request` is its request without secrets."""
    answer = recorded.answer
    findings = answer.findings
    return ExchangeRow(
        id=recorded.id,
        url=exchange_url(recorded),
        number=recorded.number,
        moment=recorded.moment,
        seconds=recorded.seconds,
        method=request.method,
        target=request.target,
        status=answer.status,
        source=answer.source,
        operation=recorded.operation or "",
        findings=len(findings),
        worst=max(findings, key=lambda found: found.level).level.name.lower() if findings else "",
        world=recorded.world,
        disturbance=recorded.disturbance or "",
    )


def exchange_url(recorded: Recorded) -> str:
    """Return the URL of the page of an exchange."""
    return f"{ROOT}/exchanges/{recorded.id}?{urlencode({'world': recorded.world})}"


def show_side(fields: RawFields, body: bytes) -> Side:
    """Make a side of an exchange from fields and a body without secrets."""
    texts = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields)
    return Side(texts, show_body(fields, body))


def write_masked_curl(concealed: MaskedExchange, origin: str) -> str:
    """Write a curl line that sends a request again, with `secret` for each secret."""
    request = concealed.request
    left_out = {b"host", b"content-length", b"connection", b"accept-encoding"}
    masked = MASKED.encode()
    fields = [(name, value.replace(masked, _STAND_IN)) for name, value in request.fields if name not in left_out]
    return write_curl(request._replace(fields=fields, query=request.query.replace(masked, _STAND_IN)), origin)


def show_body(fields: RawFields, body: bytes) -> ShownBody:
    """Read a body as far as it is shown."""
    written = find_field(fields, b"content-type") or ""
    if not body:
        return ShownBody(0, written)
    media_type = parse_media_type(written or "application/octet-stream")
    if is_json(media_type) and len(body) <= _MOST_FOLDED:
        try:
            tree: JsonValue = orjson.loads(body)
        except orjson.JSONDecodeError:
            tree = None
        else:
            if not is_nested_deeper(tree, _DEEPEST):
                return ShownBody(len(body), written, tree, is_tree=True)
    try:
        text = body[:_MOST_BODY].decode("utf-8", "strict" if len(body) <= _MOST_BODY else "ignore")
    except UnicodeDecodeError:
        if is_text(media_type) or is_xml(media_type) or is_json(media_type):
            text = body[:_MOST_BODY].decode("utf-8", "replace")
        else:
            text = ""
    if "\0" in text or not text:
        text = base64.b64encode(body[:_MOST_BINARY]).decode()
        return ShownBody(len(body), written, text=text, is_binary=True, is_cut=len(body) > _MOST_BINARY)
    return ShownBody(len(body), written, text=text, is_cut=len(body) > _MOST_BODY)


def show_findings(
    findings: Sequence[Finding], documents: Iterable[Document], mask: Mask = NO_MASK
) -> list[ShownFinding]:
    """Find the lines of findings, the worst first; takes as long as reading the documents."""
    read = (resource for document in documents for resource in document.library.loaded())
    positions = find_positions((finding.place for finding in findings if finding.place is not None), read)
    ordered = sorted(findings, key=lambda found: (-found.level, found.sort_key))
    return [_show_finding(finding, positions, mask) for finding in ordered]


def _show_finding(finding: Finding, positions: Mapping[Place, Position], mask: Mask) -> ShownFinding:
    position = positions[finding.place] if finding.place is not None else Position("", (), None)
    instance = finding.instance
    return ShownFinding(
        rule=finding.rule,
        level=finding.level.name.lower(),
        blame=finding.blame.value,
        message=mask.finding(finding.message, instance),
        file=position.file,
        line=position.line,
        pointer=format_pointer(position.pointer),
        instance=mask.text(format_pointer(instance)) if instance is not None else "",
    )
