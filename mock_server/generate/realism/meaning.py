"""
The meaning of a property, guessed from its name, format, description and object.

The answer is a `Meaning`, which names a column of `pools`. The tables are in `kinds`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from mock_server.generate.realism import quantities, tables, vocabularies
from mock_server.generate.realism.descriptions import read_description
from mock_server.names import singular, split_words
from mock_server.schema.formats import find_format

_TEXT = tables.read_table(tables.TEXT) | tables.read_table(vocabularies.KINDS)
_MOMENTS = tables.read_table(tables.MOMENTS)
_NUMBERS = tables.read_table(quantities.NUMBERS)
_BOOLEANS = tables.read_table(tables.BOOLEANS)
_DESCRIPTIONS = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in tables.DESCRIPTIONS)
# Charging stations have names of places; what the same nouns are elsewhere.
_SITES_OF_CHARGING = {"group": "user group", "zone": "region", "station": "train station"}
# Names that say nothing but that they are what their object is: `value` of an `id_number`.
_OF_OWNER = frozenset((("value",), ("number",)))
_LONG_NOUN = 24  # characters
_PLAIN_NOUNS = frozenset(
    ("event", "product", "order", "item", "company", "project", "task", "user", "profile", "page", "image", "video",
     "job", "course",
     "team", "group", "channel", "policy", "plan", "service", "campaign", "nonprofit", "ticket", "place", "room",
     "trip", "album",
     "playlist", "show", "book", "movie", "recipe", "game", "article", "post", "document", "file", "folder")
)  # fmt: skip
_ID_WORDS = frozenset(("id", "identifier", "uid", "oid", "pk", "ids"))


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a value."""

    kind: str
    noun: str = ""  # of "entity_id" and "entity_name": which thing's
    moment: bool = False  # the kind is a moment: see `kinds.MOMENTS`
    shape: str = ""  # of a moment as a text: the format that it is written in, where that is said


# What descriptions say of numbers whose names say nothing.
_NUMBERS_SAID = (
    (quantities.EPOCH, Meaning("seen", moment=True)),
    (quantities.HTTP_STATUS, Meaning("status_code")),
    (quantities.COUNTED, Meaning("quantity")),
)


@lru_cache(maxsize=65536)
def find_meaning(
    name: str,
    owner: frozenset[str],
    type_: str,
    format_: str,
    description: str,
    *,
    beside: frozenset[str] = frozenset(),
) -> Meaning | None:
    """
    Guess the meaning of a value.

    Args:
        name: The property's name, as written; empty for an item or a body.
        owner: The nouns of the object that it belongs to.
        type_: `string`, `integer`, `number` or `boolean`.
        format_: The format, or "".
        description: The description, or "".
        beside: The names of the properties of its object, each as words.

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
        return _text(words, owner, format_, tables.LINK.sub(r"\1", description), beside)
    return _number(words, owner, format_, description)


def _text(
    words: tuple[str, ...], owner: frozenset[str], format_: str, description: str, beside: frozenset[str]
) -> Meaning | None:
    kind = _longest(_TEXT, words)
    if words in _OF_OWNER and owner:
        kind = next((found for noun in sorted(owner, key=len) if (found := _longest(_TEXT, split_words(noun)))), kind)
    if kind is None and format_:
        kind = _longest(_TEXT, split_words(format_.lower() if format_.isupper() else format_))
    match find_format(format_).meaning:
        case "" if format_.startswith("date-time"):
            return Meaning(
                _longest(_MOMENTS, words) or "seen", moment=True, shape=_shape_of(f"{format_} {description}")
            )
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
    kind = _among(kind, words, owner, beside)
    entity = _entity(words, owner)
    if entity is not None and kind not in tables.MORE_THAN_ENTITIES:
        return entity
    return _described(words, owner, kind, description, beside)


def _among(kind: str | None, words: tuple[str, ...], owner: frozenset[str], beside: frozenset[str]) -> str | None:
    """Return the kind that a name has among its siblings and in its object."""
    if kind == "status" and words[-1] == "state" and (beside & tables.AT_A_PLACE or owner & tables.ADDRESSES):
        return "state"
    if kind == "type" and owner & tables.FAILURES:
        return "error_type"
    if kind == "type" and {"code", "message"} <= beside:
        return "response_type"
    if kind == "type" and owner & tables.COMPANIES:
        return "company_type"
    if kind == "card_expiry" and not {"card", *words[:-1]} & {"card", "payment", "pan"} & ({*words} | owner):
        return None
    if kind in {"type", "mode"} and beside & {"checksum", "digest", "hash"}:
        return "hash_algorithm"
    if kind == "comparison" and not beside & tables.OPERANDS and words == ("operator",):
        return "company" if owner & tables.OPERATED else kind
    if kind in {"message", "reason", "sentence"} and owner & tables.FAILURES:
        return "error_message"
    return kind


def _described(
    words: tuple[str, ...], owner: frozenset[str], kind: str | None, description: str, beside: frozenset[str]
) -> Meaning | None:
    """Return the meaning that a description gives a text of a kind, or the kind."""
    said = read_description(description, beside)
    if kind == "status" and words[-1] == "state" and tables.REGION.search(description):
        return Meaning("state")
    described = next((known for pattern, known in _DESCRIPTIONS if pattern.search(description)), None)
    moment = _moment(words, description, kind)
    if moment is not None and described not in {"duration", "elapsed"}:
        return moment
    is_weak = kind in tables.WEAK
    if described and (is_weak or described in tables.NARROWER.get(kind or "", ())):
        return Meaning(described)
    if kind == "url" and tables.RELATIVE.search(description):
        return Meaning("relative_url", min(sorted(owner), key=len, default=""))
    if is_weak and said.identifies and words:
        return Meaning("entity_id", singular(words[-1]))
    if kind in vocabularies.SENTENCES:
        return Meaning(str(kind), _topic(words, owner))
    if is_weak and said.named and (kind is None or kind == "comparison"):
        return _name_of(singular(said.named))
    number = None if kind is not None else _written_number(words, description)
    if number is not None:
        return Meaning("written", number)
    return Meaning(kind) if kind else None


def _topic(words: tuple[str, ...], owner: frozenset[str]) -> str:
    """Return what a sentence is about: `event` of `eventDescription`, else the object that it belongs to."""
    own = singular(words[-2]) if len(words) > 1 else ""
    known = [noun for noun in owner if noun and noun not in vocabularies.EMPTY_NOUNS and len(noun) < _LONG_NOUN]
    if own and own not in vocabularies.EMPTY_NOUNS and own in _PLAIN_NOUNS:
        return own
    return max(sorted(known), key=len, default="")


def _written_number(words: tuple[str, ...], description: str) -> str | None:
    """Return the kind of the number that a text holds, by its name or its description."""
    kind = _longest(_NUMBERS, words)
    if kind is not None:
        return kind
    if quantities.PERCENTAGE.search(description):
        return "percent"
    if quantities.COUNTED.search(description):
        return "quantity"
    return None


def _moment(words: tuple[str, ...], description: str, kind: str | None) -> Meaning | None:
    """Return the kind of moment that a text is, by its name or its description."""
    moment = _longest(_MOMENTS, words)
    is_said = (
        kind in tables.WEAK
        and (tables.MOMENT_STANDARD if moment is None else tables.MOMENT_TEXT).search(description) is not None
    )
    is_named = (
        kind is None
        and bool(moment)
        and len(words) > 1
        and words[-1] in {"at", "on", "date", "time", "timestamp", "expiry"}
    )
    if not is_said and not is_named:
        return None
    return Meaning(moment or "seen", moment=True, shape=_shape_of(description))


def _shape_of(text: str) -> str:
    """Return the format in which a description says that a moment is written; empty where it does not."""
    if tables.DAY_TEXT.search(text):
        return "date"
    if tables.MAIL_TEXT.search(text):
        return "date-time-rfc1123"
    return ""


def _number(words: tuple[str, ...], owner: frozenset[str], format_: str, description: str) -> Meaning | None:
    kind = _longest(_NUMBERS, words)
    entity = _entity(words, owner)
    if quantities.FROM_ONE.search(description):
        return Meaning("ordinal")
    if entity is not None and entity.kind == "entity_id" and kind != "ordinal":
        if words == ("id",) and owner & tables.PARTS:
            return Meaning("ordinal")
        return entity
    if words[1:2] == ("of",) and words[0] in {"amount", "number", "num", "count", "total"}:
        return Meaning("quantity")
    moment = _longest(_MOMENTS, words)
    if find_format(format_).meaning == "moment" or (moment and quantities.EPOCH.search(description)):
        return Meaning(moment or "seen", moment=True)
    if kind:
        return Meaning(kind)
    if moment and (words[-1] in {"at", "on", "timestamp", "date", "time", "created", "updated", "expires", "ts"}):
        return Meaning(moment, moment=True)
    return next((meaning for pattern, meaning in _NUMBERS_SAID if pattern.search(description)), None)


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
        named = _own_noun(owner)
    if part == "entity_id":
        return Meaning(part, named)
    if len(words) > 1 and _longest(_TEXT, words) is not None:
        return None
    return _name_of(named)


def _own_noun(owner: frozenset[str]) -> str:
    """Return the noun of an object that its `name` is about: one that has names of its own, else the shortest."""
    nouns = sorted(owner)  # the order of a set differs from run to run
    shortest = min(nouns, key=len, default="")
    if shortest in tables.SITES and tables.is_of_charging(owner):
        return shortest
    ends = {" ".join(noun.split()[-size:]) for noun in nouns for size in (1, 2)}
    known = next(
        (noun for noun in sorted(ends, key=lambda noun: (-len(noun), noun)) if noun in vocabularies.NAMES), shortest
    )
    return _SITES_OF_CHARGING.get(known, known)


def _name_of(noun: str) -> Meaning:
    if noun in tables.PEOPLE:
        return Meaning("person_name")
    if noun in tables.COMPANIES:
        return Meaning("company")
    if noun in tables.PLACES:
        return Meaning(tables.PLACES[noun])
    if noun in tables.PRODUCTS:
        return Meaning("product_name")
    last = noun.rsplit(maxsplit=1)[-1] if noun else ""
    if noun not in vocabularies.NAMES and (last in tables.PEOPLE or last in tables.COMPANIES):
        return _name_of(last)
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
