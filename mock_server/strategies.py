"""
The library's test data: Hypothesis strategies and the catalogue of edge cases.

Imported when one of them is asked for: the command line and the server do not wait for Hypothesis.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from mock_server.api import load
from mock_server.document.document import Document
from mock_server.document.model import MediaType, Operation
from mock_server.errors import UndefinedSerialization, UsageError
from mock_server.exchange.media_type import may_be_json, parse_media_type
from mock_server.exchange.message import Request
from mock_server.exchange.router import Matched, Router
from mock_server.findings import Level
from mock_server.generate.engine import Engine
from mock_server.generate.hypothesis import PRINTABLE, Strategy, value_strategy
from mock_server.generate.request import Drafter, encode, request_outlines
from mock_server.json_values import JsonValue
from mock_server.judges.request import RequestJudge
from mock_server.payloads.plan import ALL_KINDS, PayloadPlan, PayloadRecord
from mock_server.payloads.targets import PayloadChoice
from mock_server.schema.dialect import Direction, Purpose
from mock_server.settings import DEFAULTS, Settings


def responses(document: Document | str | Path, operation: str, status: int | str = 200) -> Strategy:
    """
    Make a strategy of response bodies: JSON values that conform.

    Args:
        document: The document, or where it is.
        operation: Its operationId, or its title as in `GET /pets`.
        status: Of the response.

    Raises:
        UsageError: there is no such operation, or no JSON schema for the status.
        DocumentError: the document can't be read.
    """
    kit, found = _open(document, operation)
    documented = found.find_response(int(status)) if str(status).isdigit() else None
    documented = documented or next((r for r in found.responses if r.status == str(status)), None)
    media = _json(documented.content) if documented is not None else None
    if media is None or media.schema is None:
        raise UsageError(f"{found.entry.title} documents no JSON schema for {status}")
    return value_strategy(kit, media.schema, Direction.RESPONSE)


def requests(document: Document | str | Path, operation: str) -> Strategy:
    """
    Make a strategy of whole requests, as `exchange.message.Request`: each conforms.

    Args:
        document: The document, or where it is.
        operation: Its operationId, or its title as in `GET /pets`.

    Raises:
        UsageError: there is no such operation.
        DocumentError: the document can't be read.
    """
    kit, found = _open(document, operation)
    needed: dict[Any, Strategy] = {}
    optional: dict[Any, Strategy] = {}
    for parameter in found.parameters:
        schema = parameter.content.schema if parameter.content is not None else parameter.schema
        if schema is not None:
            strategy = value_strategy(kit, schema, Direction.REQUEST, PRINTABLE)
            (needed if parameter.required else optional)[parameter.location, parameter.name] = strategy
    parameters = st.fixed_dictionaries(needed, optional=optional)
    bodies = _bodies(kit, found)
    base = (found.servers or kit.document.servers)[0].base_path
    reads = _reader(kit, found, base)

    good = Drafter(kit, found).draft()

    def write(values: dict[Any, JsonValue], body: tuple[MediaType, JsonValue] | None) -> Request | None:
        draft = replace(good, parameters=values)
        draft = draft.with_body(body[1], body[0]) if body is not None else draft
        try:
            request = encode(draft, base, request_outlines(kit), kit.document.schemes)
        except UndefinedSerialization:
            return None
        if reads(request):
            return request
        return None

    built = st.builds(write, parameters, bodies)
    return built.filter(lambda request: request is not None)


def catalogue(
    document: Document | str | Path,
    operation: str | None = None,
    *,
    kinds: tuple[str, ...] = ALL_KINDS,
    direction: str = "response",
) -> Iterator[PayloadRecord]:
    """
    Iterate over the edge cases of an operation, or of all: each rule once, each proven.

    Args:
        document: The document, or where it is.
        operation: Its operationId, or its title as in `GET /pets`.
        kinds: Of `realistic`, `boundary`, `extreme`, `invalid`, `incoherent`.
        direction: `response` or `request`.

    Raises:
        UsageError: there is no such operation, or nothing to make payloads of.
        DocumentError: the document can't be read.
    """
    choice = PayloadChoice(kinds=kinds, operation=operation, direction=direction)
    yield from PayloadPlan(Engine(_document(document), DEFAULTS), choice).once()


def _open(document: Document | str | Path, operation: str) -> tuple[Engine, Operation]:
    opened = _document(document)
    entry = opened.require_entry(operation)
    return Engine(opened, Settings()), opened.operation(entry)


def _document(document: Document | str | Path) -> Document:
    if isinstance(document, Document):
        return document
    return load(document)


def _json(content: tuple[MediaType, ...]) -> MediaType | None:
    return next((media for media in content if may_be_json(parse_media_type(media.name))), None)


def _bodies(kit: Engine, operation: Operation) -> Strategy:
    body = operation.request_body
    media = _json(body.content) if body is not None else None
    if media is None or media.schema is None:
        return st.none()
    values = value_strategy(kit, media.schema, Direction.REQUEST)
    return values.map(lambda value: (media, value))


def _reader(kit: Engine, operation: Operation, base: str) -> Any:  # noqa: ANN401 - a predicate
    """Return True if a request conforms as written: an empty path parameter, for one, makes another path."""
    router: Router[str] = Router()
    router.add(base, operation.method, operation.entry.template, operation.id)
    judge = RequestJudge(kit.document, operation, kit.schemas.of(Direction.REQUEST, Purpose.JUDGE))

    def reads(request: Request) -> bool:
        matched = router.match(request.method, request.path.decode("latin-1"))
        if not isinstance(matched, Matched):
            return False
        found = judge.read(request, matched.variables, security=False).findings
        return not any(finding.level is Level.ERROR for finding in found)

    return reads
