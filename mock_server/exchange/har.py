"""HAR 1.2, what browsers and proxies write and open: http://www.softwareishard.com/blog/har-12-spec/ ."""

import base64
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl

from mock_server.exchange.body import write_json
from mock_server.exchange.message import RawFields, Request, Response, find_field
from mock_server.exchange.render import render_moment
from mock_server.json_values import JsonObject, JsonValue
from mock_server.version import __version__

HAR_HEAD: Final = (
    b'{"log":{"version":"1.2","creator":{"name":"mock-server","version":"%s"},"entries":[\n' % __version__.encode()
)
HAR_TAIL: Final = b"\n]}}\n"


def iter_archive(entries: Iterable[JsonObject]) -> Iterator[bytes]:
    """Write an archive of entries, piece by piece."""
    yield HAR_HEAD
    separator = b""
    for entry in entries:
        yield separator + write_json(entry)
        separator = b",\n"
    yield HAR_TAIL


def har_entry(
    request: Request,
    response: Response | None,
    url: str,
    *,
    moment: float,
    seconds: float,
    status_text: str = "",
    comment: str = "",
) -> JsonObject:
    """
    Write one exchange.

    Args:
        request: As it is to be shown.
        response: The same; None where there was none.
        url: Of the request, whole.
        moment: When it was sent, in seconds since 1970.
        seconds: Until it was answered.
        status_text: What became of it, where there was no response.
        comment: For people.
    """
    query = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    milliseconds = round(seconds * 1000, 3)
    content: JsonObject = {}
    if request.body:
        content["postData"] = _content(request.body, find_field(request.fields, b"content-type"))
    return {
        "startedDateTime": render_moment(moment),
        "time": milliseconds,
        "request": {
            "method": request.method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": _headers(request.fields),
            "queryString": [{"name": name, "value": value} for name, value in query],
            "headersSize": -1, "bodySize": len(request.body), **content,
        },
        "response": _response(response if response is not None else Response(0, (), b""), status_text),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": comment,
    }  # fmt: skip


def _response(response: Response, text: str) -> JsonObject:
    status, fields, body = response
    content = _content(body, find_field(fields, b"content-type"))
    return {
        "status": status, "statusText": text, "httpVersion": "HTTP/1.1", "cookies": [], "headers": _headers(fields),
        "content": {"size": len(body), **content}, "redirectURL": find_field(fields, b"location") or "",
        "headersSize": -1, "bodySize": len(body),
    }  # fmt: skip


def _content(body: bytes, media_type: str | None) -> JsonObject:
    named: JsonObject = {"mimeType": media_type or ""}
    try:
        return {**named, "text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {**named, "text": base64.b64encode(body).decode(), "encoding": "base64"}


def _headers(fields: RawFields) -> list[JsonValue]:
    return [{"name": name.decode("latin-1"), "value": value.decode("latin-1")} for name, value in fields]
