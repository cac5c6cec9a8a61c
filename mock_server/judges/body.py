"""Bodies of requests: the Media Type Object that a body goes by, and its judge."""

from collections.abc import Sequence
from typing import NamedTuple

from mock_server.document.model import MISSING, MediaType, Missing
from mock_server.errors import MalformedContent
from mock_server.exchange.body import read_body
from mock_server.exchange.bounds import read_json_text
from mock_server.exchange.media_type import MediaRange, is_interchangeable, is_json, parse_media_type
from mock_server.findings import Finding
from mock_server.json_values import JsonValue, shorten_pointer
from mock_server.schema.bundle import Schemas
from mock_server.schema.sites import site_of
from mock_server.schema.validate import Validator


class JsonBody(NamedTuple):
    """The body of a request, read as JSON."""

    value: JsonValue
    findings: tuple[Finding, ...] = ()


class BodyJudge:
    """Reads and judges bodies of one media type."""

    def __init__(self, content: MediaType, schemas: Schemas) -> None:
        bundle = schemas.bundle(content.schema) if content.schema is not None else None
        self._content = content
        self._outline = site_of(bundle)
        self._validator = Validator(bundle) if bundle is not None and bundle.schema else None

    def read_json(self, data: bytes, operation: str) -> JsonBody | None:
        """Read and judge a body as JSON; return None where it is not JSON."""
        try:
            value = read_json_text(data)
        except MalformedContent:
            return None
        if self._validator is None or self._validator.is_valid(value):
            return JsonBody(value)
        findings: list[Finding] = []
        self._explain(value, operation, findings, data)
        return JsonBody(value, tuple(findings))

    def read(self, data: bytes, media_type: MediaRange, operation: str, findings: list[Finding]) -> JsonValue | Missing:
        """Read and judge a body by its media type; return MISSING where there is none, or it can't be read."""
        try:
            readings = read_body(data, media_type, self._outline, self._content.encoding)
        except MalformedContent as error:
            place = self._content.node.place
            message = f"the body as {media_type.essence}: {error}"
            findings.append(
                Finding(
                    rule="request-body-malformed", message=message, place=place, instance=("body",), operation=operation
                )
            )
            return MISSING
        if not readings:
            return MISSING
        if self._validator is None:
            return readings[0]
        for value in readings:
            if self._validator.is_valid(value):
                return value
        self._explain(readings[0], operation, findings, data if is_json(media_type) else None)
        return readings[0]

    def _explain(self, value: JsonValue, operation: str, findings: list[Finding], text: bytes | None) -> None:
        """Note the violations of a value; `text` is the JSON text that it was read from, if any."""
        if self._validator is None:
            return
        for _, message, instance, place, _ in self._validator.explain(value, text=text):
            shown = shorten_pointer(instance)
            where = "/".join(shown)
            said = f"the body at /{where}: {message}" if where else f"the body: {message}"
            findings.append(Finding("request-body-schema", said, place, ("body", *shown), operation))


def find_content(documented: Sequence[MediaType], written: str | None) -> MediaType | None:
    """
    Find the Media Type Object of a body.

    Args:
        documented: The media types of a Request Body or Response Object.
        written: The Content-Type field; without one, JSON or else the first one is assumed.
    """
    if not documented:
        return None
    if written is None:
        return next((media for media in documented if is_json(parse_media_type(media.name))), documented[0])
    sent = parse_media_type(written)
    known = [(media, parse_media_type(media.name)) for media in documented]
    for media, name in known:
        if name.essence == sent.essence and name.parameters and set(name.parameters) <= set(sent.parameters):
            return media
    exact = (media for media, name in known if name.essence == sent.essence)
    ranges = sorted(
        (item for item in known if item[1].is_range and item[1].covers(sent)), key=lambda item: item[1].type == "*"
    )
    return next(exact, None) or next((media for media, _ in ranges), None)


def find_request_content(documented: Sequence[MediaType], written: str | None) -> MediaType | None:
    """
    Find the Media Type Object of the body of a request.

    As `find_content`, else under a name that is as good as the one that was sent.
    """
    found = find_content(documented, written)
    if found is not None or written is None:
        return found
    sent = parse_media_type(written)
    return next((media for media in documented if is_interchangeable(parse_media_type(media.name), sent)), None)
