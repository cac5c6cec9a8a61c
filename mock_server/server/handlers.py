"""
Handlers: operations that are no longer mocked, since a function of the user's has their operationId.

They run as ordinary handlers of Connexion: parameters and body are injected, `connexion.request` is there, what they
return is written, what they raise becomes a problem. They stay what they are when the mock is gone. A request is
judged before it gets here, as for a mocked operation, and values are read as the document says; their answers are
judged too, and sent as they are, with what is wrong in `sl-violations`, in the log and in the journal.

What Connexion is told: a document of routes without schemas.

Connexion's own reading of documents knows 2.0 and 3.0 only and resolves references again and again, so it gets a plain
3.0.3 document made of our model: enough to route, to show Swagger UI and to run real handlers.
"""

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import connexion
from connexion.middleware import ConnexionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.request_validation import RequestValidationMiddleware
from connexion.middleware.response_validation import ResponseValidationMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.resolver import Resolver
from starlette.datastructures import UploadFile

from mock_server.document.model import MISSING, Entry, Missing, Operation, ParameterLocation, Version
from mock_server.errors import SchemaError
from mock_server.exchange import problem
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judges.request import DecodedRequest
from mock_server.respond.answer import (
    SOURCE,
    UNFORESEEN,
    Answer,
    Foreseen,
    Passed,
    RawField,
    problem_answer,
    with_violations,
)
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.responder import Responder
from mock_server.server.user_code import Function

MOCK_OPERATION = "mock_server.mocked"
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))


def routing_document(title: str, version: str, routes: list[tuple[str, Entry]]) -> JsonObject:
    """
    Write the routing document.

    Args:
        title: Of the API.
        version: Of the API.
        routes: Base paths and operations; of the same shape and method the first one counts.
    """
    paths: dict[str, JsonValue] = {}
    for base, entry in routes:
        if entry.method.lower() not in _METHODS:
            continue  # methods that OpenAPI 3.0 has no word for are answered by our middleware alone
        path, names = _plain_template(base + entry.template)
        item = paths.setdefault(path, {})
        if isinstance(item, dict) and entry.method.lower() not in item:
            item[entry.method.lower()] = _operation(entry, names)
    return {"openapi": "3.0.3", "info": {"title": title, "version": version or "0"}, "paths": paths}


def handler_document(title: str, version: str, routes: list[tuple[str, Operation]]) -> JsonObject:
    """
    Write the routing document of operations that have handlers: with what Connexion injects and writes by.

    Query parameters are named, so that it passes them on; their values are read by the real document. Media types
    stand there for the bodies that it reads and writes.

    Args:
        title: Of the API.
        version: Of the API.
        routes: Base paths and operations.
    """
    written = routing_document(title, version, [(base, operation.entry) for base, operation in routes])
    by_id = {operation.id: operation for _, operation in routes}
    paths = written["paths"]
    for item in paths.values() if isinstance(paths, dict) else ():
        for described in item.values() if isinstance(item, dict) else ():
            if isinstance(described, dict):
                _describe(described, by_id[str(described["x-operation"])])
    return written


def _describe(described: JsonObject, operation: Operation) -> None:
    """Add the arguments of its handler to an operation."""
    described["operationId"] = operation.id
    known = described["parameters"]
    named: list[JsonValue] = [
        {"name": parameter.name, "in": "query", "schema": {"type": "string"}}
        for parameter in operation.parameters
        if parameter.location is ParameterLocation.QUERY
    ]
    described["parameters"] = [*(known if isinstance(known, list) else []), *named]
    if operation.request_body is not None and operation.request_body.content:
        any_value: JsonObject = {"schema": {}}
        described["requestBody"] = {"content": {media.name: any_value for media in operation.request_body.content}}
    responses: JsonObject = {}
    for response in operation.responses:
        content: JsonObject = {media.name: {} for media in response.content}
        responses[response.status] = {"description": "", **({"content": content} if content else {})}
    described["responses"] = responses or {"default": {"description": ""}}


def _plain_template(template: str) -> tuple[str, list[str]]:
    """Return a template whose variables are called p0, p1, …: names that every framework takes."""
    path = template.partition("#")[0].partition("?")[0]
    names: list[str] = []

    def rename(match: re.Match[str]) -> str:
        names.append(f"p{len(names)}")
        return "{" + names[-1] + "}"

    return _VARIABLE.sub(rename, path), names


def _operation(entry: Entry, names: list[str]) -> JsonObject:
    parameters: list[JsonValue] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    return {
        "operationId": MOCK_OPERATION,
        "x-operation": entry.id,
        "parameters": parameters,
        "responses": {"default": {"description": entry.summary or entry.id}},
    }


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# What is ours to do, or what no handler needs: Connexion routes, injects, writes, and catches what is raised.
_OURS: Final = (
    SwaggerUIMiddleware,
    SecurityMiddleware,
    RequestValidationMiddleware,
    ResponseValidationMiddleware,
    LifespanMiddleware,
)
_LARGEST = 64 * 1024 * 1024  # bytes of an answer
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_EMPTY = DecodedRequest({}, MISSING)

_understood: ContextVar[DecodedRequest] = ContextVar("understood", default=_EMPTY)


@dataclass(eq=False, repr=False)
class Handlers:
    """Has the operations of one document answered by functions; a source of answers."""

    name: ClassVar = "handlers"

    responder: Responder
    functions: dict[str, Function]  # by operationId
    before_validation: bool = False
    blocks: bool = False
    _app: Any = field(default=None)

    def __post_init__(self) -> None:
        """Build Connexion's application."""
        document = self.responder.document
        entries = [entry for entry in document.entries if entry.id in self.functions]
        operations = [(entry, document.operation(entry)) for entry in entries]
        routes = [(base, operation) for entry, operation in operations for base in self.responder.base_paths(entry)]
        adapted = {operation.id: self._adapt(operation) for _, operation in operations}
        middlewares = [each for each in ConnexionMiddleware.default_middlewares if each not in _OURS]
        self._app = connexion.AsyncApp(__name__, middlewares=middlewares)
        self._app.add_api(
            handler_document(document.title, document.api_version, routes), resolver=Resolver(adapted.__getitem__)
        )

    def touches(self, entry: Entry) -> bool:
        """Return whether an operation has a handler."""
        return entry.id in self.functions

    def consider(self, operation: Operation | None, ask: RequestContext) -> Answer | Passed | Foreseen:
        """Return an answer that a function makes; see `Answer.later`."""
        if operation is None or operation.id not in self.functions:
            return Passed("the operation has no handler")
        if ask.explains:
            return UNFORESEEN
        return Answer(200, (), b"", "handler", operation.entry, later=functools.partial(self._run, operation, ask))

    def _adapt(self, operation: Operation) -> Function:
        """Have a function called with values as the document reads them."""
        function = self.functions[operation.id]
        given = inspect.signature(function).parameters.values()
        takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in given)
        accepted = None if takes_all else frozenset(parameter.name for parameter in given)
        signature = _Signature(
            operation, accepted, self._defaults(operation), self.responder.document.version is Version.V2
        )

        async def run_async(**passed: Any) -> Any:  # noqa: ANN401 - what Connexion injects
            return _typed(operation, await function(**_arguments(signature, passed)))

        def run(**passed: Any) -> Any:  # noqa: ANN401 - see there
            return _typed(operation, function(**_arguments(signature, passed)))

        called = getattr(function, "__call__", None)  # noqa: B004 - of an object with an asynchronous `__call__`
        is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)
        return run_async if is_async else run

    def _defaults(self, operation: Operation) -> dict[str, JsonValue]:
        """Return the defaults of the parameters in the query, which Connexion passes for those that were not sent."""
        found: dict[str, JsonValue] = {}
        for parameter in operation.parameters:
            if parameter.location is ParameterLocation.QUERY and parameter.schema is not None:
                schema = self.responder.document.references.follow(parameter.schema).value
                if isinstance(schema, dict) and "default" in schema:
                    found[parameter.name] = schema["default"]
        return found

    async def _run(self, operation: Operation, ask: RequestContext, scope: Scope, receive: Receive) -> Answer:
        """Run a handler, and judge its answer."""
        gathered = _ConnexionCall(receive, ask.request.body)
        token = _understood.set(ask.understood)
        try:
            await self._app(
                {**scope, "method": operation.method, "headers": list(ask.request.fields)},
                gathered.receive,
                gathered.send,
            )
        finally:
            _understood.reset(token)
        entry = operation.entry
        if gathered.status is None or gathered.overflow:
            what = f"answers more than {_LARGEST:,} bytes" if gathered.overflow else "does not answer"
            return problem_answer(problem.HANDLER_SILENT, f"the handler {operation.id} {what}", entry=entry)
        response = Response(gathered.status, gathered.fields, bytes(gathered.body))
        findings = self._judge(operation, response, ask.request.method)
        answer = Answer(gathered.status, [*gathered.fields, (SOURCE, b"handler")], response.body, "handler", entry)
        return with_violations(answer, findings)._replace(findings=findings)

    def _judge(self, operation: Operation, response: Response, method: str) -> tuple[Finding, ...]:
        try:
            return self.responder.judge_of(operation.entry).judge(response, method)
        except SchemaError as error:
            return (
                Finding(
                    rule="document-operation-unservable",
                    message=error.reason,
                    place=error.place,
                    operation=operation.id,
                ),
            )


class _ConnexionCall:
    """Hands a request that was read to Connexion, and takes its answer."""

    def __init__(self, receive: Receive, body: bytes) -> None:
        self.status: int | None = None
        self.fields: list[RawField] = []
        self.body = bytearray()
        self.overflow = False
        self._receive = receive
        self._request: bytes | None = body

    async def receive(self) -> MutableMapping[str, Any]:
        if self._request is None:
            return await self._receive()  # that the client went away, for streams
        body, self._request = self._request, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.fields = [
                (name.lower(), value) for name, value in message.get("headers", ()) if name.lower() != b"content-length"
            ]
        elif message["type"] == "http.response.body":
            self.overflow = self.overflow or len(self.body) + len(message.get("body", b"")) > _LARGEST
            if not self.overflow:
                self.body += message.get("body", b"")


@dataclass(frozen=True, slots=True)
class _Signature:
    """The parameters of a function, and the arguments of its operation."""

    operation: Operation
    accepted: frozenset[str] | None  # the names that the function takes; None for all
    defaults: Mapping[str, JsonValue]  # of parameters in the query
    spread: bool  # whether the fields of a form are arguments of their own, as Swagger 2.0 has it


def _arguments(signature: _Signature, passed: dict[str, Any]) -> dict[str, Any]:
    """
    Return the arguments of a call, as Connexion passes them.

    Args: signature: Of the function. passed: What Connexion injects, with values as it reads them: of that the files,
        and bodies that only it can read.
    """
    understood, operation, accepted = _understood.get(), signature.operation, signature.accepted
    files = {name: value for name, value in passed.items() if _is_upload(value)}
    in_query = {
        name: value for (location, name), value in understood.parameters.items() if location is ParameterLocation.QUERY
    }
    found: dict[str, Any] = {
        **files,
        **{argument_name(name): value for name, value in {**signature.defaults, **in_query}.items()},
    }
    if operation.request_body is not None:
        found |= _body(signature, understood, passed.get("body"), files)
    if accepted is not None and "context_" in accepted:
        found["context_"] = connexion.context.context
    taken = {name: value for name, value in found.items() if accepted is None or name in accepted}
    in_path = {
        argument_name(name): value
        for (location, name), value in understood.parameters.items()
        if location is ParameterLocation.PATH
    }
    return {**taken, **in_path}


def _body(signature: _Signature, understood: DecodedRequest, raw: Any, files: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - see `_arguments`
    """Return the body under its name, or the fields of a form each under its own."""
    body = signature.operation.request_body
    declared = body.node.value if body is not None and isinstance(body.node.value, dict) else {}
    name = declared.get("x-body-name", declared.get("name") if declared.get("in") == "body" else "body")
    media_type = parse_media_type(find_field(_request_fields(), b"content-type") or "application/json")
    value: Any = None if isinstance(understood.body, Missing) else understood.body
    if media_type.essence == _MULTIPART and isinstance(value, dict):
        value = {field_name: item for field_name, item in value.items() if field_name not in files}
    elif not is_json(media_type) and media_type.essence not in {_FORM, _MULTIPART}:
        return {argument_name(str(name)): raw}
    if signature.spread and "in" not in declared and isinstance(value, dict):
        return {argument_name(field_name): item for field_name, item in value.items()}
    return {argument_name(str(name)): value}


def _request_fields() -> Sequence[RawField]:
    fields: Sequence[RawField] = connexion.request.scope["headers"]
    return fields


def _typed(operation: Operation, result: Any) -> Any:  # noqa: ANN401 - what a handler returns
    """
    Say which media type an answer has, where the document has several and the handler names none.

    It is that of the documented response with the same status: Connexion would not look at the status, and fail.
    """
    parts = list(result) if isinstance(result, tuple) else [result]
    known = {media.name for response in operation.responses for media in response.content}
    if len(known) < 2 or hasattr(parts[0], "status_code"):  # noqa: PLR2004
        return result
    status = next((int(part) for part in parts[1:] if isinstance(part, int)), 200)
    headers = dict(next((part for part in parts[1:] if isinstance(part, dict)), {}))
    documented = operation.find_response(status)
    if (
        documented is None
        or not documented.content
        or parts[0] is None
        or any(name.lower() == "content-type" for name in headers)
    ):
        return result
    names = [media.name for media in documented.content]
    as_json = [name for name in names if is_json(parse_media_type(name))]
    plain = isinstance(parts[0], str | bytes)
    name = next(iter([name for name in names if name not in as_json] if plain else as_json), names[0])
    return parts[0], status, {**headers, "Content-Type": name}


def argument_name(name: str) -> str:
    """
    Return the name of an argument.

    That of the parameter, without what Python's names can't have, as Connexion does it.
    """
    return re.sub(r"^[^a-zA-Z_]+", "", re.sub(r"[^0-9a-zA-Z_]", "", re.sub(r"\[(?!])", "_", name)))


def _is_upload(value: Any) -> bool:  # noqa: ANN401 - see `_arguments`
    return isinstance(value, UploadFile) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], UploadFile)
    )
