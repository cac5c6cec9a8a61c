"""Keeping results small: what an agent reads costs its context, whatever a document holds."""

from typing import Final

from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue

MOST: Final = 40_000  # bytes of a result
_TEXT: Final = 4_000  # characters of a text, items of a list and levels, at first; each try has less of them
_ITEMS: Final = 200
_LEVELS: Final = 24
_TRIES: Final = 8


def bound(value: JsonObject, most: int = MOST) -> JsonObject:
    """
    Return a value that is small enough: long texts, long lists and deep levels are cut, each with a mark.

    Args:
        value: Any.
        most: Bytes of it, written as JSON.
    """
    if len(write_json(value)) <= most:
        return value
    for attempt in range(_TRIES):
        cut = _cut(value, _TEXT >> attempt, max(_ITEMS >> attempt, 2), max(_LEVELS - 3 * attempt, 2))
        if isinstance(cut, dict):
            marked: JsonObject = {**cut, "cut": "this was too long; ask for less, or page through it"}
            if len(write_json(marked)) <= most:
                return marked
    return {"cut": f"the result has more than {most:,} bytes however it is cut; ask for less"}


def bound_text(text: str, most: int = MOST) -> str:
    """Return a text that is short enough, with a mark where it was cut."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n… ({len(text):,} characters)"


def _cut(value: JsonValue, text: int, items: int, levels: int) -> JsonValue:
    if isinstance(value, str):
        return bound_text(value, text)
    if not isinstance(value, dict | list):
        return value
    if levels == 0:
        return f"… ({len(value):,} more below)"
    if isinstance(value, list):
        kept: list[JsonValue] = [_cut(item, text, items, levels - 1) for item in value[:items]]
        if len(value) > items:
            kept.append(f"… ({len(value) - items:,} more)")
        return kept
    members: JsonObject = {
        bound_text(name, text): _cut(member, text, items, levels - 1) for name, member in list(value.items())[:items]
    }
    if len(value) > items:
        members["…"] = f"{len(value) - items:,} more"
    return members
