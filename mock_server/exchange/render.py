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


def read_rendered(message: JsonObject) -> tuple[RawFields, bytes]:
    """Return the header fields and the body of a message of a report, as far as they are there."""
    pairs = message.get("headers")
    named = [pair for pair in pairs if isinstance(pair, list)] if isinstance(pairs, list) else []
    fields = [(_as_bytes(pair[0]), _as_bytes(pair[1])) for pair in named if len(pair) == 2]  # noqa: PLR2004 - a pair
    coded = message.get("body_base64")
    if not isinstance(coded, str):
        return fields, str(message.get("body") or "").encode("utf-8", "surrogatepass")
    try:
        return fields, base64.b64decode(coded)
    except ValueError:
        return fields, coded.encode("utf-8", "surrogatepass")


def _as_bytes(text: JsonValue) -> bytes:
    return str(text).encode("latin-1", "replace")
