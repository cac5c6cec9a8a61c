"""
Reading of answers: the things in a body, and the members that identify each.

A body may be one thing, a list of them, a list in an envelope, a list of ids, or a map from ids to things.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mock_server.errors import MalformedContent
from mock_server.exchange.body import read_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.json_values import JsonObject, JsonValue
from mock_server.names import joined, singular, split_words

MOST: Final = 20  # things of one answer
# Where lists and things are wrapped.
_WRAPPERS: Final = ("items", "data", "results", "content", "records", "value", "values", "entries", "list", "result")
# Properties that identify an object among others, whatever a path calls it.
_IDS: Final = frozenset(("id", "uuid", "guid", "key"))
# Properties that tell objects apart where they have no id.
_CALLED: Final = ("uuid", "guid", "key", "name", "slug")
# Properties that may lead to the object itself.
_LINKS: Final = ("self", "href", "url", "uri", "link", "location")
_MOST_LINKS = 4
_MOST_FACTS, _MOST_FACT = 30, 200  # properties of one object; characters of one


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
    if any(isinstance(body.get(name), str | int) for name in _IDS if name != "key"):
        return [body]  # its data and items are its own
    for name in _WRAPPERS:
        inner = body.get(name)
        if isinstance(inner, list):
            return _objects(inner)
    inner = body.get("data")
    if isinstance(inner, dict):
        return [inner]
    lists = [value for value in body.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) != 1:
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


def listed_nouns(body: JsonValue, depth: int = 3) -> Iterator[tuple[str, JsonValue]]:
    """
    Yield what members with a plural name list, each with its noun: keys of maps, ids of objects, texts.

    `{"charts": {"system.cpu": {}}}` names a chart.
    """
    for name, value in body.items() if isinstance(body, dict) and depth else ():
        words = split_words(name)
        noun = "".join((*words[:-1], singular(words[-1]))) if words else ""
        if words and singular(words[-1]) != words[-1]:
            if isinstance(value, dict) and _is_map(value):
                yield from ((noun, key) for key in list(value)[:MOST] if key)
            for item in value[:MOST] if isinstance(value, list) else ():
                identity = item if isinstance(item, str) and item else find_id(item, "id") or find_id(item, "name")
                if identity is not None:
                    yield noun, identity
        yield from listed_nouns(value, depth - 1)


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


def identify(item: JsonValue, template: str) -> dict[str, JsonValue]:
    """
    Return what identifies an object for the last variables of the template of its path, by variable.

    `metadata_kind` below `/metadata` is the kind of it; and a terminal without an id is called by its name.

    Args:
        item: The object.
        template: Of its path: `/pets/{petId}`, `/hosts/{ip}/{name}`.

    Returns:
        The values; none where one is missing.
    """
    outer, *names = _split_item(template)
    found: dict[str, JsonValue] = {}
    for name in names:
        as_id = len(names) == 1 and is_name_of(name, template)
        value = find_id(item, name, as_id=as_id)
        for other in _other_names(name, outer, is_alone=len(names) == 1) if value is None else ():
            value = find_id(item, other)
            if value is not None:
                break
        if value is None:
            return {}
        found[name] = value
    return found


def other_ids(item: JsonValue, value: JsonValue) -> dict[str, JsonValue]:
    """Return what else may identify an object that some value identifies, by property: its name, its slug."""
    found = {name: find_id(item, name) for name in _CALLED}
    return {name: other for name, other in found.items() if other is not None and str(other) != str(value)}


def facts_of(item: JsonValue) -> dict[str, JsonValue]:
    """Return the texts and whole numbers of an object, by the names of its properties without case and separators."""
    if not isinstance(item, dict):
        return {}
    short = (pair for pair in item.items() if isinstance(pair[1], str | int) and not isinstance(pair[1], bool))
    kept = [(joined(name), value) for name, value in short if value != "" and len(str(value)) <= _MOST_FACT]
    return dict(kept[:_MOST_FACTS])


def _split_item(template: str) -> tuple[str, ...]:
    """Return the noun of a collection, and the variables that name a thing in it."""
    segments, names = template.strip("/").split("/"), list[str]()
    while segments and segments[-1].startswith("{"):
        names.insert(0, segments.pop()[1:-1])
    return (segments[-1] if segments else "", *names)


def _other_names(name: str, collection: str, *, is_alone: bool) -> Iterator[str]:
    """Yield what a property may be called that a path variable is named after: without the noun of the collection."""
    words, noun = split_words(name), split_words(collection)
    nouns = {"".join((*noun[start:-1], singular(noun[-1]))) for start in range(len(noun))}
    for size in range(1, len(words)):
        if "".join(words[:size]) in nouns:
            yield " ".join(words[size:])
    if is_alone and words and (words[-1] in _IDS or is_name_of(name, f"/{collection}/{{{name}}}")):
        yield from _CALLED


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
