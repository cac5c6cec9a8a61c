"""
Seeds: the items that a collection has before any request changed it.

They are the items that the document's own list answers, by a fixture, an example or generated values, with the
properties that only reading an item shows. Keys are made unique, keys that the document names in examples of path
parameters exist, and references (`ownerId`) are keys of items that exist. Seeds are the same in every process, and in
every world with the same seed.
"""

import re
import uuid
from collections.abc import Container, Iterable, Iterator, Sequence

import orjson

from mock_server.document.document import template_names
from mock_server.document.model import Example, Operation, ParameterLocation
from mock_server.errors import SchemaError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import find_field
from mock_server.exchange.prefer import Preferences
from mock_server.generate.envelope import is_array, is_object, project, shown, take
from mock_server.generate.seed import derive_random, derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.represent.context import RequestContext
from mock_server.state.collection import Collection
from mock_server.state.resources import Action, Binding, Item, Resource, find_key, referred, text_of

_ATTEMPTS = 40
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_HIGH = 2**31 - 1_000_000  # fits every integer format, with room to grow


def seeded_items(collection: Collection, binding: Binding) -> list[Item]:
    """Return the seeds of a collection, complete; `binding` lists it."""
    key, cache = _cache_key(collection, binding), collection.state.seeded
    items = cache.get(key)
    if items is None:
        listed = listed_items(collection, binding)
        items = cache[key] = [Item(item.key, _complete(collection, item)) for item in listed]
    return items


def listed_items(collection: Collection, binding: Binding) -> list[Item]:
    """Return the seeds as the list has them, each with a key of its own."""
    key, cache = _cache_key(collection, binding), collection.state.listed
    items = cache.get(key)
    if items is None:
        bodies, names = _read_list(collection, binding)
        items = cache[key] = list(with_keys(collection, binding, bodies, names))
    return items


def _cache_key(collection: Collection, binding: Binding) -> tuple[str, ...]:
    """Return what a list depends on: the seed, and the variables of its own path."""
    own = (collection.variables.get(name, "") for name in template_names(binding.operation.entry.template))
    return (collection.context.seed_text, binding.operation.id, *own)


def _read_list(collection: Collection, binding: Binding) -> tuple[list[JsonObject], list[str]]:
    """Return the items of the document's own list, and the keys that the list has for items without a key."""
    resource = collection.resource
    representation = collection.representation(binding)
    if resource.size == 0 or representation.default is None:
        return [], []
    represented, place = representation.default
    plain = collection.plain_context(binding, resource.size)
    stored = _find_fixture(collection, binding, plain) if resource.size is None else None
    body = stored if stored is not None else representation.reply.make(represented, plain)
    pairs = place.spread(take(body, place.pointer))
    items = [_keyed(resource, item, key) for key, item in pairs]
    names = [text for key, _ in pairs if (text := text_of(key)) is not None]
    if stored is None and not represented.media_type.examples:
        _use_documented_keys(collection, items)
    return items, names


def _keyed(resource: Resource, item: JsonObject, key: JsonValue) -> JsonObject:
    """Return an item with the key that its list has for it, if any."""
    if key is None:
        return item
    return resource.with_key(item, key)


def _find_fixture(collection: Collection, binding: Binding, plain: RequestContext) -> JsonValue:
    """Return the body of the fixture that answers the list, or None."""
    if "fixture" not in plain.sources:
        return None
    fixtures = collection.state.responder.fixtures
    found = fixtures.find(binding.operation.id, plain.request, plain.understood, binding.chosen.status)
    if found is None or found.stored.is_template:
        return None
    written = found.stored.written
    if not is_json(parse_media_type(find_field(written.fields, b"content-type") or "")):
        return None
    body: JsonValue = orjson.loads(written.body)
    return body


def _use_documented_keys(collection: Collection, items: list[JsonObject]) -> None:
    """Give the first of some generated items the keys that the document names elsewhere."""
    resource = collection.resource
    if resource.key is None or "{" in resource.template:
        return
    taken = {text_of(resource.key_of(item)) for item in items}
    documented = _documented_keys(resource, collection.state.resources.values())
    fresh = dict.fromkeys(value for value in documented if text_of(value) not in taken)
    for index, value in zip(range(len(items)), fresh, strict=False):
        if resource.key_of(items[index]) is not None:
            renamed = resource.with_key(items[index], value)
            if collection.at(str(value), value).accepts(renamed, strictly=False):
                items[index] = renamed


def _documented_keys(resource: Resource, resources: Iterable[Resource]) -> Iterator[JsonValue]:
    """Yield the keys of a resource that are examples of path parameters, its own or those of resources below it."""
    for other in resources:
        owners = {owner.variable for owner in other.owners if owner.resource == resource.name}
        for binding in other.bindings.values():
            names = owners | ({binding.variable} if other is resource else set())
            yield from _path_examples(binding.operation, names)


def _path_examples(operation: Operation, names: Container[str | None]) -> Iterator[JsonValue]:
    """Yield the examples of path parameters, without those of failures."""
    for parameter in operation.parameters:
        if parameter.location is ParameterLocation.PATH and parameter.name in names:
            for example in parameter.examples:
                if isinstance(example.value, str | int) and not _is_of_failure(operation, example):
                    yield example.value


def _is_of_failure(operation: Operation, example: Example) -> bool:
    """Return True if an example is paired with those of failures only: then its item does not exist."""
    if example.key is None:
        return False
    paired = [
        response.status
        for response in operation.responses
        for media in response.content
        if any(other.key == example.key for other in media.examples)
    ]
    return bool(paired) and not any(status.startswith("2") for status in paired)


def with_keys(
    collection: Collection, binding: Binding, items: list[JsonObject], names: Sequence[str] = ()
) -> Iterator[Item]:
    """
    Yield items with unique keys: of two with the same key, the second gets a generated one, or is left out.

    Args:
        collection: Of the items.
        binding: Of the operation that lists them.
        items: The items.
        names: The keys that the list has for items without a key.
    """
    resource, seen = collection.resource, set[str]()
    for index, item in enumerate(items):
        if resource.key is None:
            yield Item(names[index] if index < len(names) else f"s{index}", item)
            continue
        known = resource.key_of(item)
        text = text_of(known)
        if text is None or text in seen:
            fresh = fresh_key(collection, binding, known, len(items) + index, seen)
            text, item = text_of(fresh), resource.with_key(item, fresh)  # noqa: PLW2901 - the same with another key
        if text is not None and text not in seen:
            seen.add(text)
            yield Item(text, item)


def fresh_key(collection: Collection, binding: Binding, like: JsonValue, number: int, taken: set[str]) -> JsonValue:
    """
    Return a key that is not taken: the next number, or one that is generated.

    Args:
        collection: For which the key is.
        binding: Of an operation that shows its items.
        like: A key of the collection, the highest one of numbers; None if there is none.
        number: Another one for each key.
        taken: Existing keys, as text.
    """
    context, variables = collection.context, collection.variables.values()
    if isinstance(like, int | float) and not isinstance(like, bool):
        return _next(int(like), number, taken)
    if isinstance(like, str) and _UUID.match(like):
        random = derive_random(context.seed_text, binding.operation.id, *variables, number)
        return str(uuid.UUID(int=random.getrandbits(128), version=4))
    for attempt in range(_ATTEMPTS):
        seed = derive_seed(context.seed_text, collection.resource.name, *variables, number, attempt)
        key = collection.resource.key_of(generate_item(collection, binding, seed, use_examples=False))
        text = text_of(key)
        if text is not None and text not in taken:
            return key
    if isinstance(like, str):
        return f"{like}-{number}"
    return None


def _next(like: int, number: int, taken: set[str]) -> int:
    """Return a number that is not taken: above another one, unless that is very high."""
    first = (like if like < _HIGH else 0) + 1 + number
    return next(free for free in range(first, first + len(taken) + 1) if str(free) not in taken)


def generate_item(
    collection: Collection, binding: Binding, seed: int, *, use_examples: bool = True
) -> JsonObject | None:
    """
    Generate an item as an operation shows it; None if it shows none.

    Args:
        collection: Of the item; with the path variables of the item where the operation has any.
        binding: Of the operation.
        seed: Of the generated values.
        use_examples: Whether properties may be documented examples, which are always the same.
    """
    representation = collection.representation(binding)
    if representation.default is None:
        return None
    represented, place = representation.default
    is_list = binding.action is Action.LIST
    plain = collection.plain_context(binding, 1 if is_list else None)
    if not use_examples:
        plain = plain._replace(preferences=Preferences(dynamic=True, size=plain.preferences.size))
    sources = tuple(source for source in plain.sources if source != "example")
    body = representation.reply.make(represented, plain._replace(derive=lambda: seed, sources=sources))
    part = take(body, place.pointer)
    if is_list:
        listed = place.spread(part)
        if not listed:
            return None
        key, item = listed[0]
        return _keyed(collection.resource, item, key)
    if isinstance(part, dict):
        return part
    return None


def _complete(collection: Collection, item: Item) -> JsonObject:
    """Return a listed item with the properties that the list omits, and with references that lead somewhere."""
    inner = collection.at_item(item.key, item.body)
    return relate(inner, item.key, _add_details(inner, item.body))


def _add_details(inner: Collection, item: JsonObject) -> JsonObject:
    """Return a listed item with the properties that only reading it shows."""
    read = inner.resource.bindings.get(Action.READ)
    if read is None or read.variable is None:
        return item
    representation = inner.representation(read)
    if representation.default is None:
        return item
    plain = inner.plain_context(read)
    names = set(shown(representation.default[1].outline))
    if names <= item.keys() and representation.objection(item, plain, strictly=True) is None:
        return item
    try:
        detail = generate_item(inner, read, plain.seed) or {}
    except SchemaError:
        return item
    candidates = [
        {**detail, **item},
        inner.resource.with_key({**item, **detail}, inner.resource.key_of(item)),
    ]
    return next((candidate for candidate in candidates if inner.accepts(candidate)), item)


def relate(inner: Collection, key: str, item: JsonObject) -> JsonObject:
    """
    Make the references of a generated item lead to items that exist.

    Args:
        inner: The collection at the item.
        key: Of the item, as text; references depend on it.
        item: As it was generated.
    """
    for name, value in list(item.items()):
        related = _relate_property(inner, key, name, value)
        if related != value:
            changed = {**item, name: related}
            if inner.accepts(changed):
                item = changed
    return item


def _relate_property(inner: Collection, key: str, name: str, value: JsonValue) -> JsonValue:
    """Return the value of a property; one that refers to other items refers to existing ones."""
    outline = inner.resource.outline.member(name)
    nouns = referred(name)
    if not nouns:
        if isinstance(value, dict) and is_object(outline):
            return _relate_part(inner, key, name, value)
        return value
    for owner in inner.resource.owners:
        known = inner.state.resources.get(owner.resource)
        if known is not None and known.nouns & nouns and not isinstance(value, list):
            return inner.values.get(owner.variable, value)
    resource, others = _find_others(inner, nouns)
    if not others:
        return value
    first = _choose(inner, key, name, len(others))
    if isinstance(value, list) and is_array(outline):
        count = min(len(value), len(others))
        chosen = [others[(first + step) % len(others)] for step in range(count)]
        return [resource.key_of(item.body, item.key) for item in chosen]
    if isinstance(value, list | dict | None):
        return value
    return resource.key_of(others[first].body, others[first].key)


def _relate_part(inner: Collection, key: str, name: str, value: JsonObject) -> JsonValue:
    """Return a part of an item that shows another item, `owner: {id, name}`, as the other item is."""
    member = inner.resource.outline.member(name)
    own = find_key(member, None, frozenset((name,)))
    _, others = _find_others(inner, frozenset((name.lower(),)))
    if own is None or not others or own not in value:
        return value
    part = project(others[_choose(inner, key, name, len(others))].body, member)
    if isinstance(part, dict):
        return {**value, **{n: known for n, known in part.items() if n in value}}
    return value


def _choose(inner: Collection, key: str, name: str, count: int) -> int:
    return derive_seed(inner.context.seed_text, inner.resource.name, key, name) % count


def _find_others(inner: Collection, nouns: frozenset[str]) -> tuple[Resource, list[Item]]:
    """Return the items of another collection without owners, as it lists them."""
    for other in inner.state.resources.values():
        binding = other.bindings.get(Action.LIST)
        if other is not inner.resource and binding and other.nouns & nouns and "{" not in other.template:
            return other, listed_items(inner.other(other, other.template, {}, {}), binding)
    return inner.resource, []
