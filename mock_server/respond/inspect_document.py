"""
Looking a document over: is it valid, can it be mocked, do its examples, fixtures and scenarios keep to it?

What a server finds out operation by operation, when each is first asked for, is found out here for all at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mock_server.document.lint import lint
from mock_server.document.load import json_duplicates
from mock_server.document.model import MISSING, Entry, Operation
from mock_server.document.references import Node
from mock_server.errors import DocumentError, SchemaError, UnsatisfiableSchema
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.negotiate import ChosenResponse
from mock_server.findings import Finding, make_tool_finding
from mock_server.generate.producer import SampleOptions
from mock_server.json_values import Pointer, Progress
from mock_server.respond.fixtures import Fixtures
from mock_server.respond.responder import Responder
from mock_server.respond.scenarios import NO_SCENARIOS, Scenarios
from mock_server.schema.dialect import Direction


@dataclass(frozen=True, slots=True)
class InspectedDocument:
    """The result of an inspection: the operations looked over, and the findings."""

    findings: tuple[Finding, ...]
    operations: int
    fixtures: int
    scenarios: int = 0


def inspect(
    responder: Responder, fixtures: Fixtures, progress: Progress, scenarios: Scenarios = NO_SCENARIOS
) -> InspectedDocument:
    """
    Look a document, its fixtures and scenarios over.

    Args:
        responder: Of the document.
        fixtures: That were loaded for it.
        progress: Called with the progress of the work.
        scenarios: That were loaded for it.
    """
    document = responder.document
    found: list[Finding] = [*document.findings, *fixtures.findings, *scenarios.findings]
    progress(0, len(document.entries), "openapi-spec-validator")
    found.extend(lint(document))
    for resource in document.library.loaded():
        found.extend(json_duplicates(resource))
    found.extend(_ambiguous(responder))
    seen: set[tuple[str, Pointer, Direction]] = set()
    for index, entry in enumerate(document.entries):
        progress(index, len(document.entries), entry.title)
        try:
            found.extend(inspect_operation(responder, entry, seen))
        except Exception as error:  # noqa: BLE001 - a fault of ours at one operation: the others are looked over all the same
            found.append(make_tool_finding(error, "looking it over", entry.node.place, entry.id))
    found.extend(responder.kit.schemas.findings())
    progress(len(document.entries), len(document.entries), "done")
    unique = {(f.rule, f.place, f.message, f.instance): f for f in found}
    count = sum(map(len, fixtures.by_operation.values()))
    return InspectedDocument(
        tuple(sorted(unique.values(), key=lambda finding: finding.sort_key)),
        len(document.entries),
        count,
        len(scenarios.scenarios),
    )


def _ambiguous(responder: Responder) -> Iterator[Finding]:
    for first, second in responder.router.ambiguous:
        routes = f"{second.method} {second.template} can't be told from {first.template}"
        message = f"{routes}: the first that a request fits answers"
        yield Finding(
            rule="document-path-ambiguous", message=message, place=second.target.node.place, operation=second.target.id
        )


def inspect_operation(
    responder: Responder, entry: Entry, seen: set[tuple[str, Pointer, Direction]]
) -> Iterator[Finding]:
    """
    Look one operation over.

    Args:
        responder: Of the document.
        entry: Which one.
        seen: The schemas that were tried before; those of this operation are added.
    """
    operation = responder.document.operation(entry)
    yield from operation.findings
    try:
        responder.judge_requests(entry)
    except SchemaError as error:
        yield _unservable(error, entry)
        return
    for response in operation.responses:
        if response.status.isdigit():
            status = int(response.status)
        elif response.status[0].isdigit():
            status = int(response.status[0]) * 100
        else:
            status = 200
        reply = responder.reply(entry, ChosenResponse(status, response))
        try:
            yield from reply.findings()
        except SchemaError as error:
            yield _unservable(error, entry)
        reply.head()
        for media in response.content:
            schema = media.schema if media.schema is not None else media.item_schema
            shown = any(e.value is not MISSING for e in media.examples) and not is_json(parse_media_type(media.name))
            if schema is not None and not shown:
                yield from _mockable(responder, operation, schema, Direction.RESPONSE, seen)
    for parameter in operation.parameters:
        schema = parameter.content.schema if parameter.content is not None else parameter.schema
        if schema is not None and parameter.required:
            yield from _mockable(responder, operation, schema, Direction.REQUEST, seen)
    body = operation.request_body
    for media in body.content if body is not None else ():
        if media.schema is not None:
            yield from _mockable(responder, operation, media.schema, Direction.REQUEST, seen)


def _mockable(
    responder: Responder,
    operation: Operation,
    schema: Node,
    direction: Direction,
    seen: set[tuple[str, Pointer, Direction]],
) -> Iterator[Finding]:
    """Yield whether a value can be made of a schema; each schema is tried once, however many operations refer to it."""
    try:
        key = (*responder.document.references.follow(schema).key, direction)
    except DocumentError:
        key = (*schema.key, direction)
    if key in seen:
        return
    seen.add(key)
    try:
        producer = responder.kit.producer(schema, operation, direction=direction)
        producer.produce(SampleOptions(responder.kit.settings.seed))
        yield from producer.findings()
    except UnsatisfiableSchema as error:
        rule = "document-schema-unsatisfiable" if error.proven else "document-schema-unmockable"
        yield Finding(rule=rule, message=error.reason, place=error.place, operation=operation.id)
    except SchemaError as error:
        yield _unservable(error, operation.entry)


def _unservable(error: SchemaError, entry: Entry) -> Finding:
    return Finding(rule="document-operation-unservable", message=error.reason, place=error.place, operation=entry.id)
