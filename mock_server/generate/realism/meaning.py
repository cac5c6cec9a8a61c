"""
The meaning of a property, guessed from its name, format, description and object.

The answer is a `Meaning`, which names a column of `pools`. The tables are in `kinds`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from mock_server.generate.realism import tables
from mock_server.names import singular, split_words
from mock_server.schema.formats import find_format

_TEXT = tables.read_table(tables.TEXT)
_MOMENTS = tables.read_table(tables.MOMENTS)
_NUMBERS = tables.read_table(tables.NUMBERS)
_BOOLEANS = tables.read_table(tables.BOOLEANS)
_DESCRIPTIONS = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in tables.DESCRIPTIONS)
_ID_WORDS = frozenset(("id", "identifier", "uid", "oid", "pk", "ids"))


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a value."""

    kind: str
    noun: str = ""  # of "entity_id" and "entity_name": which thing's
    moment: bool = False  # the kind is a moment: see `kinds.MOMENTS`
    shape: str = ""  # of a moment as a text: the format that it is written in, where that is said


@lru_cache(maxsize=65536)
def find_meaning(
    name: str, owner: frozenset[str], type_: str, format_: str, description: str, *, at_place: bool = False
) -> Meaning | None:
    """
    Guess the meaning of a value.

    Args:
        name: The property's name, as written; empty for an item or a body.
        owner: The nouns of the object that it belongs to.
        type_: `string`, `integer`, `number` or `boolean`.
        format_: The format, or "".
        description: The description, or "".
        at_place: Whether a sibling is a city or the like.

    Returns:
        None where there is no clue.
    """
    words = split_words(name)
    if type_ == "boolean":
        chance = _longest(_BOOLEANS, words)
        if chance:
            return Meaning(chance)
        return None
    if type_ == "string":
        return _text(words, owner, format_, tables.LINK.sub(r"\1", description), at_place=at_place)
    return _number(words, owner, format_, description)


def _text(
    words: tuple[str, ...], owner: frozenset[str], format_: str, description: str, *, at_place: bool
) -> Meaning | None:
    kind = _longest(_TEXT, words)
    match find_format(format_).meaning:
        case "":
            pass
        case "moment":
            return Meaning(_longest(_MOMENTS, words) or "seen", moment=True)
        case "url":
            return Meaning(kind if kind == "image_url" else "url")
        case "numeral" | "decimal":
            return _entity(words, owner) or Meaning("numeral")
        case "bytes":
            return None
        case "uuid" if format_ == "uuid" and _entity(words, owner):
            pass
        case known:
            return Meaning(known)
    if kind in tables.ELSEWHERE and not tables.is_of_charging(owner):
        kind = tables.ELSEWHERE[kind]
    entity = _entity(words, owner)
    if entity is not None and kind not in {
        "evse_id",
        "id_tag",
        "hex_id",
        "token",
        "vat_number",
        "numeric_code",
        "person_name",
    }:
        return entity
    if (
        kind == "status"
        and words[-1] == "state"
        and (at_place or owner & tables.ADDRESSES or tables.REGION.search(description))
    ):
        return Meaning("state")
    described = next((known for pattern, known in _DESCRIPTIONS if pattern.search(description)), None)
    moment = _moment(words, description, kind)
    if moment is not None and described != "duration":
        return moment
    if described and (kind in tables.WEAK or described in tables.NARROWER.get(kind or "", ())):
        return Meaning(described)
    return Meaning(kind) if kind else None


def _moment(words: tuple[str, ...], description: str, kind: str | None) -> Meaning | None:
    """Return the kind of moment that a text is, by its name or its description."""
    moment = _longest(_MOMENTS, words)
    is_said = (
        kind in tables.WEAK
        and (tables.MOMENT_STANDARD if moment is None else tables.MOMENT_TEXT).search(description) is not None
    )
    is_named = (
        kind is None and bool(moment) and len(words) > 1 and words[-1] in {"at", "on", "date", "time", "timestamp"}
    )
    if not is_said and not is_named:
        return None
    return Meaning(moment or "seen", moment=True, shape="date" if tables.DAY_TEXT.search(description) else "")


def _number(words: tuple[str, ...], owner: frozenset[str], format_: str, description: str) -> Meaning | None:
    kind = _longest(_NUMBERS, words)
    entity = _entity(words, owner)
    if entity is not None and entity.kind == "entity_id" and kind != "ordinal":
        if words == ("id",) and owner & tables.PARTS:
            return Meaning("ordinal")
        return entity
    if words[1:2] == ("of",) and words[0] in {"amount", "number", "num", "count", "total"}:
        return Meaning("quantity")
    moment = _longest(_MOMENTS, words)
    if find_format(format_).meaning == "moment" or (moment and tables.EPOCH.search(description)):
        return Meaning(moment or "seen", moment=True)
    if kind:
        return Meaning(kind)
    if moment and (words[-1] in {"at", "on", "timestamp", "date", "time", "created", "updated", "expires", "ts"}):
        return Meaning(moment, moment=True)
    if tables.EPOCH.search(description):
        return Meaning("seen", moment=True)
    if tables.HTTP_STATUS.search(description):
        return Meaning("status_code")
    return None


def _entity(words: tuple[str, ...], owner: frozenset[str]) -> Meaning | None:
    """`id` and `name` of the owner itself, `groupId` and `groupName` of a group."""
    if not words:
        return None
    if words[-1] in _ID_WORDS:
        part = "entity_id"
    elif words[-1] == "name":
        part = "entity_name"
    else:
        return None
    if len(words) > 1:
        named = singular(words[-2])
    else:
        named = min(sorted(owner), key=len, default="")  # sorted: the order of a set differs from run to run
    if part == "entity_id":
        return Meaning(part, named)
    if len(words) > 1 and _longest(_TEXT, words) is not None:
        return None
    return _name_of(named)


def _name_of(noun: str) -> Meaning:
    if noun in tables.PEOPLE:
        return Meaning("person_name")
    if noun in tables.COMPANIES:
        return Meaning("company")
    if noun in tables.PLACES:
        return Meaning(tables.PLACES[noun])
    if noun in tables.PRODUCTS:
        return Meaning("product_name")
    return Meaning("entity_name", noun)


def _longest(table: dict[str, str], words: tuple[str, ...]) -> str | None:
    """Return the kind of the longest name that the words end with."""
    for size in range(min(4, len(words)), 0, -1):
        tail = words[-size:]
        kind = table.get(" ".join(tail)) or table.get(" ".join((*tail[:-1], singular(tail[-1]))))
        if kind:
            return kind
    return None


def is_identifier(name: str) -> bool:
    """Return True if a property name is that of an identifier."""
    words = split_words(name)
    return bool(words) and words[-1] in _ID_WORDS
