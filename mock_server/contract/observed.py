"""
What an answer names: the things in its body, and what identifies each.

A body may be one thing, a list of them, a list in an envelope, a list of ids, or a map from ids to things.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mock_server.errors import MalformedContent
from mock_server.exchange.body import read_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.json_values import JsonObject, JsonValue
from mock_server.names import singular, split_words

MOST: Final = 20  # things of one answer
# Where lists and things are wrapped.
_WRAPPERS: Final = ("items", "data", "results", "content", "records", "value", "values", "entries", "list", "result")
# Properties that identify an object among others, whatever a path calls it.
_IDS: Final = frozenset(("id", "uuid", "guid", "key"))
# Properties that may lead to the object itself.
_LINKS: Final = ("self", "href", "url", "uri", "link", "location")
_MOST_LINKS = 4


def json_of(response: Response) -> JsonValue:
    """Return the JSON body of a response; null where there is none."""
    written = find_field(response.fields, b"content-type")
    if written is None or not is_json(parse_media_type(written)):
        return None
    try:
        return read_json(response.body)
    except MalformedContent:
        return None


def things_in(body: JsonValue) -> Sequence[JsonValue]:
    """Return the objects that an answer is about: a list's, a wrapped list's, or the body itself."""
    if isinstance(body, list):
        return _objects(body)
    if not isinstance(body, dict):
        return []
    for name in _WRAPPERS:
        inner = body.get(name)
        if isinstance(inner, list):
            return _objects(inner)
    inner = body.get("data")
    if isinstance(inner, dict):
        return [inner]
    lists = [value for value in body.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) != 1 or "id" in body:
        return [body]
    return _objects(lists[0])


def _objects(values: Sequence[JsonValue]) -> Sequence[JsonValue]:
    return [item for item in values if isinstance(item, dict)][:MOST]


def listed_ids(body: JsonValue, collection: str) -> list[str]:
    """
    Return the ids in a body that lists ids alone: a list of texts, or the keys of a map whose values are objects.

    Args:
        body: Of the answer.
        collection: The name of the collection, as in its path; a map is one of things only where it is a plural.
    """
    if isinstance(body, dict):
        named = body.get(collection)
        if isinstance(named, list | dict):
            body = named
    if isinstance(body, list):
        return [item for item in body if isinstance(item, str) and item][:MOST]
    is_plural = bool(collection) and singular(collection) != collection
    if not isinstance(body, dict) or not is_plural or not _is_map(body):
        return []
    return [key for key in body if key][:MOST]


def _is_map(body: JsonObject) -> bool:
    """Return whether an object is a map from ids to things: all of its values are objects, and none is a wrapper."""
    return bool(body) and all(isinstance(value, dict) for value in body.values()) and not body.keys() & set(_WRAPPERS)


def is_name_of(name: str, template: str) -> bool:
    """
    Return whether a path parameter is called as what is in its collection.

    `{customer}` of `/customers`; but not `{slug}`.
    """
    collection = "".join(split_words(template.rstrip("/").rpartition("/")[0].rpartition("/")[2]))
    word = "".join(split_words(name))
    return bool(word) and collection.startswith(word.removesuffix("y"))


def find_id(item: JsonValue, name: str, *, as_id: bool = False) -> JsonValue:
    """
    Return what identifies an object, for a path parameter of some name; null where nothing does.

    Args:
        item: The object.
        name: Of the parameter: `petId`, `slug`.
        as_id: Whether its `id` will do, whatever the parameter is called.
    """
    if not isinstance(item, dict):
        return None
    words = split_words(name)
    wanted = ["".join(words)]
    if as_id or (words and words[-1] in _IDS):
        wanted.append("id")
    if len(words) > 1 and words[-1] == "name":
        wanted.append("name")
    by_word = {"".join(split_words(key)): value for key, value in item.items()}
    for word in wanted:
        value = by_word.get(word)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return value
    return None


def links_in(item: JsonValue) -> list[str]:
    """Return the references of an object to itself: `self`, `href`, `_links.self.href`, the link with the rel self."""
    if not isinstance(item, dict):
        return []
    places = [item, *(inner for name in ("_links", "links", "meta") if isinstance(inner := item.get(name), dict))]
    found: list[str] = []
    for place in places:
        for name in _LINKS:
            value = place.get(name)
            if isinstance(value, dict):
                value = value.get("href")
            if isinstance(value, str) and "/" in value:
                found.append(value)
    listed = item.get("links")
    found.extend(
        str(link["href"])
        for link in (listed if isinstance(listed, list) else [])
        if isinstance(link, dict) and link.get("rel") == "self" and isinstance(link.get("href"), str)
    )
    return found[:_MOST_LINKS]


def named_values(item: JsonValue, depth: int = 4) -> Iterator[tuple[str, JsonValue]]:
    """Yield the properties of a value that are texts and whole numbers, those of objects inside of it as well."""
    if isinstance(item, list):
        for inner in item[:MOST]:
            yield from named_values(inner, depth - 1)
    if not isinstance(item, dict) or depth <= 0:
        return
    for name, value in item.items():
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield name, value
        elif isinstance(value, dict | list):
            yield from named_values(value, depth - 1)


def is_within(variables: Mapping[str, JsonValue], around: Mapping[str, JsonValue]) -> bool:
    """Return whether an object is among those of some variables, however the values are written."""
    return all(name in variables and str(variables[name]) == str(value) for name, value in around.items())
