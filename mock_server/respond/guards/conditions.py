"""Conditional requests, and what a resource can be queried with."""

from mock_server.document.model import Operation
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.negotiate import choose_status
from mock_server.respond.answer import Answer, RawField

FIELD = b"if-none-match"
_NOT_MODIFIED = 304
_READING = frozenset(("GET", "HEAD"))


def documents_not_modified(operation: Operation) -> bool:
    """Check whether an operation documents 304."""
    chosen = choose_status(operation, _NOT_MODIFIED)
    return chosen is not None and chosen.response.status != "default"


def answer_condition(operation: Operation, request: Request, answer: Answer) -> Answer:
    """Return 304 in place of an answer that `If-None-Match` names, if it is documented. RFC 9110, section 13.1.2."""
    if answer.status != 200 or request.method not in _READING:  # noqa: PLR2004
        return answer
    wanted = find_field(request.fields, FIELD)
    tag = next((value.decode("latin-1") for name, value in answer.fields if name == b"etag"), None)
    if wanted is None or tag is None or not documents_not_modified(operation):
        return answer
    tags = {each.strip().removeprefix("W/") for each in wanted.split(",")}
    if "*" not in tags and tag.removeprefix("W/") not in tags:
        return answer
    fields = [(name, value) for name, value in answer.fields if name not in {b"content-type", b"content-length"}]
    return answer._replace(status=_NOT_MODIFIED, fields=fields, body=b"")


def add_accept_query(answer: Answer, operation: Operation) -> Answer:
    """Say in an answer with which media types a resource can be queried."""
    field = accept_query(operation)
    return answer._replace(fields=[*answer.fields, field]) if field is not None else answer


def accept_query(operation: Operation) -> RawField | None:
    """Return the field that says with which media types a resource can be queried. RFC 10008."""
    if operation.method != "QUERY" or operation.request_body is None:
        return None
    names = [content.name.replace(" ", "") for content in operation.request_body.content]
    written = ", ".join(name for name in names if name.isascii() and name[:1].isalpha() | (name[:1] == "*"))
    return (b"accept-query", written.encode()) if written else None
