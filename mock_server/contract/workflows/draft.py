"""The request of a step, as values: what the step says, and examples of what else the operation requires."""

from urllib.parse import quote

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.workflows.expressions import Scope, as_text
from mock_server.contract.workflows.model import StepBody, StepParameter, WorkflowStep
from mock_server.document.model import MediaType, Missing, Operation, Parameter, ParameterLocation
from mock_server.errors import MalformedContent
from mock_server.exchange.body import read_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Request
from mock_server.generate.request import RequestDraft
from mock_server.json_values import JsonValue, Pointer, array_index, parse_pointer
from mock_server.tokens import is_token


class Unwritable(Exception):
    """A step says no request that can be sent."""


def write_step(subject: OperationUnderTest, step: WorkflowStep, scope: Scope) -> RequestDraft:
    """
    Draft the request of a step.

    Raises:
        Unwritable: an expression leads to nothing.
    """
    draft = subject.drafter.draft()
    for parameter in step.parameters:
        declared = _declared(subject.operation, parameter)
        if declared is not None:
            value = _fill(scope, parameter.value, f"the parameter {parameter.name}")
            draft = draft.with_parameter((declared.location, declared.name), value)
        elif parameter.location == "path":
            value = _fill(scope, parameter.value, f"the parameter {parameter.name}")
            draft = draft.with_parameter((ParameterLocation.PATH, parameter.name), value)
    if step.body is not None:
        draft = _with_body(subject, draft, step.body, scope)
    return draft


def _declared(operation: Operation, parameter: StepParameter) -> Parameter | None:
    return next(
        (
            each
            for each in operation.parameters
            if each.name.lower() == parameter.name.lower()
            and (each.name == parameter.name or each.location is ParameterLocation.HEADER)
            and parameter.location in {None, each.location.value}
        ),
        None,
    )


def _fill(scope: Scope, value: JsonValue, what: str) -> JsonValue:
    filled = scope.fill(value)
    if isinstance(filled, Missing):
        raise Unwritable(f"{what}: there is nothing at {value!r}")
    return filled


def extra_fields(request: Request, subject: OperationUnderTest, step: WorkflowStep, scope: Scope) -> Request:
    """
    Add the parameters that the operation does not document: header fields, cookies and pairs of the query.

    Raises:
        Unwritable: an expression leads to nothing, or a name is none of a header field.
    """
    for parameter in step.parameters:
        if _declared(subject.operation, parameter) is not None or parameter.location in {None, "path"}:
            continue
        text = as_text(_fill(scope, parameter.value, f"the parameter {parameter.name}"))
        if parameter.location == "query":
            pair = f"{quote(parameter.name, safe='')}={quote(text, safe='')}".encode()
            request = request._replace(query=b"&".join([*filter(None, [request.query]), pair]))
        elif parameter.location == "querystring":
            request = request._replace(query=quote(text, safe="=&+%;/?:@!$'()*,-._~").encode())
        else:
            request = _with_field(request, parameter, text)
    return request


def _with_field(request: Request, parameter: StepParameter, text: str) -> Request:
    name, value = parameter.name.lower(), text
    if parameter.location == "cookie":
        name, value = "cookie", f"{parameter.name}={text}"
    if not is_token(name) or not value.isprintable():
        raise Unwritable(f"the parameter {parameter.name} can't be sent in the header")
    key = name.encode("latin-1", "replace")
    kept = tuple(pair for pair in request.fields if pair[0] != key)
    return request._replace(fields=(*kept, (key, value.encode("latin-1", "replace"))))


def _with_body(subject: OperationUnderTest, draft: RequestDraft, body: StepBody, scope: Scope) -> RequestDraft:
    media = _media(subject, body) or draft.media
    if body.payload is None:
        value = draft.body if not isinstance(draft.body, Missing) else {}
    elif isinstance(body.payload, str) and media is not None and is_json(parse_media_type(media.name)):
        value = _fill_json(scope, body.payload)
    else:
        value = _fill(scope, body.payload, "the body")
    for target, replacement in body.replacements:
        try:
            pointer = parse_pointer(target)
        except ValueError as error:
            raise Unwritable(str(error)) from error
        value = _replace(value, pointer, _fill(scope, replacement, f"the replacement of {target}"))
    return draft.with_body(value, media)


def _fill_json(scope: Scope, template: str) -> JsonValue:
    """Fill in a body that is written as a text of JSON: its parts where it is JSON before, else the text."""
    try:
        return _fill(scope, read_json(template.encode()), "the body")
    except MalformedContent:
        filled = _fill(scope, template, "the body")
    if not isinstance(filled, str):
        return filled  # the whole body is one expression
    try:
        return read_json(filled.encode())
    except MalformedContent as error:
        raise Unwritable(f"the body is no JSON: {error}") from error


def _media(subject: OperationUnderTest, body: StepBody) -> MediaType | None:
    content = subject.operation.request_body.content if subject.operation.request_body is not None else ()
    if body.content_type is None:
        return None
    wanted = parse_media_type(body.content_type)
    return next((media for media in content if parse_media_type(media.name).covers(wanted)), None)


def _replace(value: JsonValue, pointer: Pointer, new: JsonValue) -> JsonValue:
    """Put a value at a place; what is on the way there is copied."""
    if not pointer:
        return new
    head, rest = pointer[0], pointer[1:]
    if isinstance(value, dict):
        return {**value, head: _replace(value.get(head), rest, new)}
    index = array_index(head)
    if isinstance(value, list) and index is not None and index < len(value):
        return [*value[:index], _replace(value[index], rest, new), *value[index + 1 :]]
    if value is None:
        return {head: _replace(None, rest, new)}
    raise Unwritable(f"the body has nothing at {head!r} to replace")
