"""The standard of bare payloads: one schema, of an operation or named by itself."""

from dataclasses import dataclass

from mock_server.contract.api import Api
from mock_server.document.model import MediaType, Operation
from mock_server.document.references import Node
from mock_server.errors import UsageError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.validate import Validator


@dataclass(frozen=True, slots=True)
class PayloadStandard:
    """The schema that bare payloads are judged by."""

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
