"""
Runtime expressions: how links and callbacks speak of an exchange.

Source: OAS 3.1.1, "Runtime Expressions"
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from mock_server.document.model import MISSING, Missing
from mock_server.exchange.message import Request, Response, find_field
from mock_server.json_values import JsonValue, find_at, parse_pointer

_EMBEDDED = re.compile(r"\{(\$[^{}]*)\}")


@dataclass(frozen=True, slots=True)
class ExpressionContext:
    """The exchange that expressions speak of."""

    url: str
    request: Request
    response: Response | None
    variables: Mapping[str, str]  # of the path
    request_body: JsonValue | Missing = MISSING  # as the document reads it, whatever its media type
    response_body: JsonValue | Missing = MISSING


def evaluate(expression: JsonValue, around: ExpressionContext) -> JsonValue | Missing:
    """
    Evaluate an expression, a text with embedded ones, or a constant.

    Returns:
        The value; MISSING where the exchange has none.
    """
    if not isinstance(expression, str):
        return expression
    if expression.startswith("$"):
        return _evaluate(expression, around)
    parts = [_evaluate(found, around) for found in _EMBEDDED.findall(expression)]
    if any(isinstance(part, Missing) for part in parts):
        return MISSING
    values = iter(parts)
    return _EMBEDDED.sub(lambda match: str(next(values)), expression)


def _evaluate(expression: str, around: ExpressionContext) -> JsonValue | Missing:
    simple: dict[str, JsonValue] = {"$url": around.url, "$method": around.request.method}
    if expression in simple:
        return simple[expression]
    if expression == "$statusCode":
        if around.response is not None:
            return around.response.status
        return MISSING
    side, _, source = expression.partition(".")
    message = {"$request": around.request, "$response": around.response}.get(side)
    if message is None:
        return MISSING
    if source.startswith("header."):
        value = find_field(message.fields, source.removeprefix("header.").lower().encode("latin-1", "replace"))
        if value is None:
            return MISSING
        return value
    if source.startswith("query."):
        query = dict(parse_qsl(around.request.query.decode("latin-1"), keep_blank_values=True))
        return query.get(source.removeprefix("query."), MISSING)
    if source.startswith("path."):
        return around.variables.get(source.removeprefix("path."), MISSING)
    if source == "body" or source.startswith("body#"):
        body = around.request_body if side == "$request" else around.response_body
        return _in_body(body, source.removeprefix("body").removeprefix("#"))
    return MISSING


def _in_body(body: JsonValue | Missing, pointer: str) -> JsonValue | Missing:
    if isinstance(body, Missing):
        return MISSING
    try:
        found, value = find_at(body, parse_pointer(pointer))
    except ValueError:
        return MISSING
    if found:
        return value
    return MISSING
