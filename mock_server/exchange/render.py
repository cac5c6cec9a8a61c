"""The parts of an exchange as JSON data, as journals, reports, payloads and kept findings write them."""

import base64
from datetime import UTC, datetime

from mock_server.exchange.message import RawFields
from mock_server.json_values import JsonObject, JsonValue


def render_moment(seconds: float) -> str:
    """Return a moment, in seconds since 1970, as RFC 3339 writes it, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def render_fields(fields: RawFields) -> list[JsonValue]:
    """Return header fields as pairs of name and value, in their order."""
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]


def render_body(data: bytes, most: int | None = None) -> JsonObject:
    """
    Return a body as `body`, a text, or as `body_base64` where it is not UTF-8.

    Args:
        data: The body.
        most: How many bytes are written; of a longer body `size` says how long it is.
    """
    shown = data if most is None else data[:most]
    cut: JsonObject = {"size": len(data)} if len(shown) < len(data) else {}
    try:
        return {"body": shown.decode("utf-8"), **cut}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(shown).decode(), **cut}
