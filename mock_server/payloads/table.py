"""
Payloads as rows: the same columns for every document.

| column | value |
| --- | --- |
| `number` … `exact` | the description of the payload, see `record` |
| `breaks` | `keyword /pointer`, several of them separated by `; ` |
| `value` | the value at the pointer, as JSON; empty where there is none |
| `leaves` | the payload, flattened: a JSON object from each leaf's dotted path, as in `0.tags.0.id`, to its value |
| `payload` | the payload, as JSON |

In `leaves` a dot or backslash inside a name is escaped by a backslash; an empty list or object is a leaf.
"""

import csv
import io
from typing import Final

from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue, find_at, format_pointer
from mock_server.payloads.plan import PayloadRecord

COLUMNS: Final = (
    "number", "rule", "kind", "operation", "direction", "status", "media_type", "part", "keyword", "pointer", "place",
    "valid", "breaks", "exact", "value", "leaves", "payload",
)  # fmt: skip
HEAD: Final = (",".join(COLUMNS) + "\r\n").encode()


def cells(record: PayloadRecord) -> tuple[int | bool | str, ...]:
    """Return the values of a row, in the order of `COLUMNS`."""
    found, value = find_at(record.value, record.pointer)
    return (
        record.number, record.rule, record.kind, record.operation, record.direction, record.status, record.media_type,
        record.part,
        record.keyword, format_pointer(record.pointer), record.place, record.valid,
        "; ".join(f"{broken.keyword} {format_pointer(broken.instance)}" for broken in record.breaks), record.exact,
        write_json(value).decode() if found else "", write_json(flatten(record.value)).decode(),
        write_json(record.value).decode(),
    )  # fmt: skip


def row(record: PayloadRecord) -> bytes:
    """Return a line of CSV, RFC 4180, without its end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(map(_cell, cells(record)))
    return out.getvalue().encode("utf-8", "surrogatepass")


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value


def flatten(value: JsonValue) -> JsonObject:
    """List the leaves of a value by their dotted paths; a value that is one itself has the empty path."""
    leaves: JsonObject = {}
    stack: list[tuple[str, JsonValue]] = [("", value)]
    while stack:
        path, part = stack.pop()
        pairs: list[tuple[str, JsonValue]] = []
        if isinstance(part, dict):
            pairs = [(name.replace("\\", "\\\\").replace(".", "\\."), member) for name, member in part.items()]
        elif isinstance(part, list):
            pairs = [(str(index), item) for index, item in enumerate(part)]
        if pairs:
            lead = f"{path}." if path else ""
            stack.extend((lead + name, member) for name, member in reversed(pairs))
        else:
            leaves[path] = part
    return leaves
