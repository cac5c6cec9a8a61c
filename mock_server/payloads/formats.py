"""
The formats: a record as bytes. `FORMATS` lists them.

A format is a head, items and a tail: so items can be written in pieces, anywhere, and put together afterwards.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from mock_server.exchange.body import write_json
from mock_server.exchange.curl import write_curl
from mock_server.exchange.har import HAR_HEAD, HAR_TAIL, har_entry
from mock_server.exchange.message import Request, Response
from mock_server.exchange.render import render_fields
from mock_server.json_values import JsonObject
from mock_server.payloads import table
from mock_server.payloads.plan import PayloadRecord, WrittenPayload
from mock_server.version import __version__

ORIGIN: Final = "http://127.0.0.1:4010"
_MOMENT: Final = 1_780_272_000  # 2026-06-01, of all entries of archives: the same seed makes the same bytes


class FormattedPayload(NamedTuple):
    """One record, written."""

    data: bytes
    files: tuple[tuple[str, bytes], ...] = ()  # beside the main one, in a folder


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """A format of payloads."""

    name: str
    summary: str  # what is written, as reference pages show it
    item: Callable[[PayloadRecord], FormattedPayload]
    head: bytes = b""
    separator: bytes = b"\n"
    tail: bytes = b"\n"
    is_folder: bool = False  # of files, the main one being `index.json`
    is_table: bool = False  # what was put together are the rows of a Parquet file

    def join(self, items: Iterable[FormattedPayload], *, first: bool) -> bytes:
        """Write items in a row; the first ones of all have no separator before them."""
        data = self.separator.join(item.data for item in items)
        if first:
            return data
        return self.separator + data


def _ndjson(record: PayloadRecord) -> FormattedPayload:
    line = record.described()
    if isinstance(record.made, WrittenPayload):
        return FormattedPayload(orjson.dumps({**line, "payload": orjson.Fragment(record.made.text)}))
    line["payload"] = record.made
    if record.direction == "request":
        line["request"] = _request(record.request)
    return FormattedPayload(write_json(line))


def _request(request: Request) -> JsonObject:
    out: JsonObject = {"method": request.method, "target": request.target, "headers": render_fields(request.fields)}
    if request.body:
        out["body"] = request.body.decode("utf-8", "replace")
    return out


def _file(record: PayloadRecord) -> FormattedPayload:
    name = f"{record.number:07}.json"
    return FormattedPayload(
        write_json({**record.described(), "file": name}), ((name, write_json(record.value) + b"\n"),)
    )


def _row(record: PayloadRecord) -> FormattedPayload:
    return FormattedPayload(table.row(record))


def _cells(record: PayloadRecord) -> FormattedPayload:
    """Return the cells of a row of a Parquet file, which is written when all rows are there."""
    return FormattedPayload(write_json(list(table.cells(record))))


def _har(record: PayloadRecord) -> FormattedPayload:
    answer = None
    if record.direction == "response":
        fields = ((b"content-type", record.media_type.encode("latin-1", "replace")),)
        answer = Response(_status(record), fields, write_json(record.value))
    request = record.request
    entry = har_entry(request, answer, ORIGIN + request.target, moment=_MOMENT, seconds=0, comment=record.rule)
    return FormattedPayload(write_json({**entry, "_payload": record.described()}))


def _status(record: PayloadRecord) -> int:
    """Return the status to show for what may be `2XX` or `default`."""
    digits = record.status.upper().replace("XX", "00")
    if digits.isdigit():
        return int(digits)
    return 200


def _postman(record: PayloadRecord) -> FormattedPayload:
    request = record.request
    sent: JsonObject = {
        "method": request.method,
        "header": [{"key": name.decode("latin-1"), "value": value.decode("latin-1")} for name, value in request.fields],
        "url": "{{baseUrl}}" + request.target,
    }
    if request.body:
        sent["body"] = {"mode": "raw", "raw": request.body.decode("utf-8", "replace")}
    item: JsonObject = {"name": record.rule, "description": write_json(record.described()).decode(), "request": sent}
    if record.direction == "response":
        item["response"] = [
            {
                "name": record.rule, "code": _status(record), "originalRequest": sent,
                "header": [{"key": "Content-Type", "value": record.media_type}],
                "body": write_json(record.value).decode(),
            }
        ]  # fmt: skip
    return FormattedPayload(write_json(item))


def _curl(record: PayloadRecord) -> FormattedPayload:
    request = record.request
    if record.direction == "response":
        if record.status in {"", "200"}:
            chosen = f"payload={record.rule}"
        else:
            chosen = f"code={_status(record)}, payload={record.rule}"
        request = request._replace(fields=[*request.fields, (b"prefer", chosen.encode("latin-1", "replace"))])
    line = write_curl(request, "\0").replace("\0", "'\"$BASE\"'")
    if record.valid:
        says = "valid"
    else:
        says = "breaks " + ", ".join(f"{found.keyword} at /{'/'.join(found.instance)}" for found in record.breaks)
    comment = f"# {record.number} {record.rule}: {says}".replace("\n", " ").replace("\r", " ")
    line = line.replace("curl", _CURL, 1)
    return FormattedPayload(f"{comment}\n{line}".encode("utf-8", "surrogatepass"))


def _pytest(record: PayloadRecord) -> FormattedPayload:
    about = write_json(
        {**record.described(), **({"request": _request(record.request)} if record.direction == "request" else {})}
    ).decode()
    return FormattedPayload(
        f"    ({record.rule!r}, {record.valid}, {about!r}, {write_json(record.value).decode()!r}),".encode(
            "utf-8", "surrogatepass"
        )
    )


_PYTEST_HEAD: Final = f'''"""
Edge cases, written by mock-server {__version__}. Do not edit: write it anew.

Responses: `consume(body, about)` is a fixture of yours (in conftest.py) that hands a response body to the code under\
 test.
It has to take what is valid and to raise on what is not.

Requests: `send(request, about)` is a fixture of yours that sends a request and gives the status of the answer.
What is valid has to be accepted, what is not has to be refused with a status of 4xx.
"""

import json

import pytest

# rule, whether it is valid, what it is, the payload
CASES = [
'''
_PYTEST_TAIL: Final = """
]


def of(direction):
    chosen = [case for case in CASES if json.loads(case[2])["direction"] == direction]
    return [pytest.param(*case[1:], id=f"{index}-{case[0]}") for index, case in enumerate(chosen)]


@pytest.mark.parametrize(("valid", "about", "body"), of("response"))
def test_a_response(consume, valid, about, body):
    if valid:
        consume(body, json.loads(about))
    else:
        with pytest.raises(Exception):  # noqa: B017 - whatever the code under test refuses it with
            consume(body, json.loads(about))


@pytest.mark.parametrize(("valid", "about", "body"), of("request"))
def test_a_request(send, valid, about, body):
    status = send(json.loads(about)["request"], json.loads(about))
    assert status < 400 if valid else 400 <= status < 500, (status, about)
"""
_CURL: Final = 'curl -sS -o /dev/null -w "%{http_code}\\n"'
_CURL_HEAD: Final = f"""#!/bin/sh
# Edge cases, written by mock-server. The address is the first argument, {ORIGIN} without one.
BASE="${{1:-{ORIGIN}}}"
"""
_POSTMAN_HEAD: Final = (
    b'{"info":{"name":"Edge cases","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},'
    b'"variable":[{"key":"baseUrl","value":"%s"}],"item":[\n' % ORIGIN.encode()
)

FORMATS: Final[dict[str, PayloadFormat]] = {
    form.name: form
    for form in (
        PayloadFormat("ndjson", "a line for each payload: its description, with the payload in `payload`", _ndjson),
        PayloadFormat(
            "json",
            "a folder: a bare file for each payload, and `index.json` that describes them",
            _file,
            b"[\n",
            b",\n",
            b"\n]\n",
            is_folder=True,
        ),
        PayloadFormat(
            "csv",
            "a row for each payload; `leaves` holds it flattened, under dotted paths such as `0.tags.0.id`",
            _row,
            table.HEAD,
            b"\r\n",
            b"\r\n",
        ),
        PayloadFormat("parquet", "the same rows as `csv`; needs `pip install pyarrow`", _cells, is_table=True),
        PayloadFormat("har", "HTTP Archive 1.2", _har, HAR_HEAD, b",\n", HAR_TAIL),
        PayloadFormat(
            "pytest",
            "a test module that hands each payload to a fixture of yours",
            _pytest,
            _PYTEST_HEAD.encode(),
            b"\n",
            _PYTEST_TAIL.encode(),
        ),
        PayloadFormat("postman", "a Postman collection, v2.1", _postman, _POSTMAN_HEAD, b",\n", b"\n]}\n"),
        PayloadFormat(
            "curl",
            "a shell script of curl commands; for responses, it asks a running mock for each payload",
            _curl,
            _CURL_HEAD.encode(),
            b"\n",
            b"\n",
        ),
    )
}
