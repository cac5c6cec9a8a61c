"""HAR 1.2, every exchange of a run, for browsers and proxies to open: http://www.softwareishard.com/blog/har-12-spec/ ."""

import base64
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from mock_server.contract.probe import Exchanged
from mock_server.contract.reports.digest import Frame
from mock_server.exchange.body import write_json
from mock_server.exchange.message import RawFields, Response, find_field
from mock_server.typing import JsonObject, JsonValue
from mock_server.version import __version__


def iter_har(exchanges: Iterable[Exchanged], frame: Frame, started: float) -> Iterator[bytes]:
    """
    Write exchanges, piece by piece.

    Args:
        exchanges: Of the run.
        frame: What is around them.
        started: When, in seconds since 1970.
    """
    creator: JsonObject = {"name": "mock-server", "version": __version__}
    yield b'{"log":{"version":"1.2","creator":' + write_json(creator) + b',"entries":['
    moment, first = started, True
    for exchanged in exchanges:
        yield (b"\n" if first else b",\n") + write_json(_entry(exchanged, frame, moment))
        first, moment = False, moment + exchanged.received.seconds
    yield b"\n]}}\n"


def _entry(exchanged: Exchanged, frame: Frame, moment: float) -> JsonObject:
    request, received = frame.mask.request(exchanged.probe.request), exchanged.received
    query = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    milliseconds = round(received.seconds * 1000, 3)
    return {
        "startedDateTime": datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": milliseconds,
        "request": {
            "method": request.method, "url": frame.url(request), "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": _headers(request.fields), "queryString": [{"name": name, "value": value} for name, value in query],
            "headersSize": -1, "bodySize": len(request.body),
            **({"postData": _content(request.body, find_field(request.fields, b"content-type"))} if request.body else {}),
        },
        "response": _response(exchanged, frame),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": f"{exchanged.probe.operation}: {exchanged.probe.intent.value}: {frame.mask.text(exchanged.probe.what)}",
    }  # fmt: skip


def _response(exchanged: Exchanged, frame: Frame) -> JsonObject:
    received = exchanged.received
    status, fields, body = frame.mask.response(received.response) if received.response is not None else Response(0, (), b"")
    text = received.fault.value if received.fault is not None else ""
    content = _content(body, find_field(fields, b"content-type"))
    return {
        "status": status, "statusText": text, "httpVersion": "HTTP/1.1", "cookies": [], "headers": _headers(fields),
        "content": {"size": len(body), **content}, "redirectURL": find_field(fields, b"location") or "", "headersSize": -1,
        "bodySize": len(body),
    }  # fmt: skip


def _content(body: bytes, media_type: str | None) -> JsonObject:
    named: JsonObject = {"mimeType": media_type or ""}
    try:
        return {**named, "text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {**named, "text": base64.b64encode(body).decode(), "encoding": "base64"}


def _headers(fields: RawFields) -> list[JsonValue]:
    return [{"name": name.decode("latin-1"), "value": value.decode("latin-1")} for name, value in fields]
