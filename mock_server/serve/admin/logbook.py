"""Many exchanges in one file: lines that `mock-server validate` reads, or HAR 1.2 for browsers and proxies."""

import base64
from collections.abc import Iterable, Iterator

from mock_server.exchange.archive import har_entry, iter_archive
from mock_server.exchange.body import write_json
from mock_server.exchange.message import RawFields
from mock_server.serve.admin.json_api import shown_name
from mock_server.serve.admin.logged import Teller, moment_of, tell_findings
from mock_server.serve.journal import Recorded
from mock_server.typing import JsonObject, JsonValue


def iter_lines(exchanges: Iterable[Recorded], teller: Teller) -> Iterator[bytes]:
    """Write exchanges as NDJSON, one a line."""
    return (write_json(_line(recorded, teller)) + b"\n" for recorded in exchanges)


def iter_entries(exchanges: Iterable[Recorded], teller: Teller) -> Iterator[bytes]:
    """Write exchanges as a HAR file."""
    return iter_archive(_entry(recorded, teller) for recorded in exchanges)


def _line(recorded: Recorded, teller: Teller) -> JsonObject:
    concealed = teller.masker.conceal(recorded)
    request, response = concealed.request, concealed.answered
    return {
        "number": recorded.number,
        "moment": moment_of(recorded.moment),
        "operation": recorded.answer.entry.id if recorded.answer.entry is not None else None,
        "source": recorded.answer.source,
        "world": shown_name(recorded.world),
        "milliseconds": round(recorded.seconds * 1000, 3),
        "disturbance": recorded.disturbance,
        "request": {"method": request.method, "url": teller.url(concealed), "headers": _pairs(request.fields), **_body(request.body)},
        "response": {"status": response.status, "headers": _pairs(response.fields), **_body(response.body)},
        "findings": tell_findings(recorded.answer.findings, concealed),
    }


def _entry(recorded: Recorded, teller: Teller) -> JsonObject:
    concealed = teller.masker.conceal(recorded)
    operation = recorded.answer.entry.id if recorded.answer.entry is not None else "nothing documented"
    met = f", {recorded.disturbance}" if recorded.disturbance is not None else ""
    return har_entry(
        concealed.request,
        concealed.response,
        teller.url(concealed),
        moment=recorded.moment,
        seconds=recorded.seconds,
        comment=f"{operation}: {recorded.answer.source}{met}",
    )


def _pairs(fields: RawFields) -> list[JsonValue]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]


def _body(data: bytes) -> JsonObject:
    try:
        return {"body": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(data).decode()}
