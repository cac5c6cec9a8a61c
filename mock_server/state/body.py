"""
New bodies of items: created, replaced and patched from what a client sends.

A server sets what the client can't: keys, times, and properties that only responses have. A property that the client
may omit gets its default, false or null, or is left out, in this order, as far as the document permits.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from mock_server.document.model import Missing, ParameterLocation
from mock_server.findings import Finding
from mock_server.generate.envelope import is_array, shown, take
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.names import joined
from mock_server.schema.sites import Site
from mock_server.state.collection import Collection, warn
from mock_server.state.patch import PatchError, apply, is_json_patch, merge
from mock_server.state.resources import Action, Binding, Resource, text_of
from mock_server.state.seeds import generate_item, relate

_CREATED: Final = frozenset(
    ("created", "createdat", "createdon", "createddate", "creationdate", "creationtime", "datecreated",
     "createtime", "inserted", "insertedat", "registeredat", "addedat")
)  # fmt: skip
_CHANGED: Final = frozenset(
    ("updated", "updatedat", "updatedon", "updateddate", "updatetime", "lastupdated", "lastmodified", "modified",
     "modifiedat", "modifiedon", "lastmodifiedat", "lastupdatedat", "datemodified", "dateupdated", "lastchanged",
     "changedat", "lastmodifieddate", "modifieddate")
)  # fmt: skip
_COUNTED: Final = frozenset(("count", "views", "likes", "votes", "comments", "downloads", "version", "revision"))
_STEM = 4  # letters of a verb that begin its status
_MILLISECONDS = 100_000_000_000  # larger numbers are milliseconds


def read_sent(collection: Collection, binding: Binding) -> JsonValue:
    """Return the item in the body of a request; without a body, the query parameters named like properties."""
    decoded = collection.context.understood
    body = decoded.body
    if isinstance(body, Missing):
        names = set(shown(collection.resource.outline))
        return {
            name: value
            for (location, name), value in decoded.parameters.items()
            if location is ParameterLocation.QUERY and name in names
        }
    if isinstance(body, dict):
        return take(body, collection.representation(binding).sent_place.pointer)
    return body


def create_body(collection: Collection, binding: Binding, key: JsonValue, number: int) -> JsonObject:
    """
    Return the body of a new item.

    Args:
        collection: Of the item.
        binding: Of the operation that creates it.
        key: Of the item.
        number: Another one for each new item.
    """
    resource, sent = collection.resource, as_object(read_sent(collection, binding))
    inner = collection.at(text_of(key) or "", key)
    generated = _generate(inner, binding, number)
    writable, read_only = _writable(collection, binding), _read_only(collection)
    own: JsonObject = {resource.own_key: key} if resource.own_key is not None else {}
    given = {name: value for name, value in sent.items() if name not in read_only}
    set_here = {name: value for name, value in generated.items() if name not in writable or name in read_only}
    initial = {
        name: _initial(collection, name, value, resource.outline.member(name)) for name, value in set_here.items()
    }
    omitted = dict(_omitted(collection, binding, writable - read_only - given.keys()))
    candidates = [
        {**initial, **omitted, **given, **own},
        {**initial, **given, **own},
        {**set_here, **omitted, **given, **own},
        {**set_here, **given, **own},
        {**generated, **given, **own},
        {**initial, **omitted, **_without_nulls(given), **own},
        {**generated, **_without_nulls(given), **own},
    ]
    items = [_in_order(candidate, generated, given) for candidate in candidates]
    if resource.inside:
        items = [resource.with_key(_merge_holder(resource, generated, item), key) for item in items]
    return _settle(inner, items)


def _in_order(item: JsonObject, *orders: JsonObject) -> JsonObject:
    """Return an item with its properties in the order of others."""
    names = dict.fromkeys(name for each in (*orders, item) for name in each)
    return {name: item[name] for name in names if name in item}


def _merge_holder(resource: Resource, generated: JsonObject, item: JsonObject) -> JsonObject:
    """Merge the metadata around the key of an item: members that a server sets, and those sent."""
    holder = resource.inside[0]
    made, sent = generated.get(holder), item.get(holder)
    if isinstance(made, dict) and isinstance(sent, dict):
        return {**item, holder: {**made, **sent}}
    return item


def replace_body(inner: Collection, binding: Binding, before: JsonObject) -> JsonObject:
    """Return the body of an item after a PUT; properties that the server sets stay."""
    sent = as_object(read_sent(inner, binding))
    writable, fixed = _writable(inner, binding), _fixed(inner)
    given = {name: value for name, value in sent.items() if name not in fixed}
    kept = {name: value for name, value in before.items() if name in fixed or name not in writable}
    omitted = dict(_omitted(inner, binding, writable - fixed - given.keys()))
    candidates = [
        {**kept, **omitted, **given},
        {**kept, **given},
        {**before, **omitted, **given},
        {**before, **given},
        {**kept, **omitted, **_without_nulls(given)},
        {**before, **_without_nulls(given)},
    ]
    return _settle(inner, [_touch(inner, before, candidate) for candidate in candidates])


def patch_body(inner: Collection, binding: Binding, before: JsonObject, *, media_type: str) -> JsonObject:
    """
    Return the body of an item after a PATCH.

    An array of steps is a JSON Patch, RFC 6902, and an object a merge patch, RFC 7396: some documents have objects
    under the media type of JSON Patch.

    Raises:
        PatchError: a JSON Patch can't be applied, or its result breaks the document.
    """
    fixed = _fixed(inner)
    body = inner.context.understood.body
    if isinstance(body, list) and (media_type.endswith("json-patch+json") or is_json_patch(body)):
        applied = apply(before, body)
        after = applied if isinstance(applied, dict) else before
        after = _touch(inner, before, {**after, **{name: before[name] for name in fixed if name in before}})
        objection = inner.objection(after, strictly=False)
        if objection is not None:
            raise PatchError(objection, conflict=False, result=True)
        return after
    patch = {name: value for name, value in as_object(read_sent(inner, binding)).items() if name not in fixed}
    if binding.verb:
        patch = _apply_verb(inner.resource, binding.verb, patch)
    merged = merge(before, patch)
    after = merged if isinstance(merged, dict) else before
    with_nulls = {**after, **{name: None for name, value in patch.items() if value is None}}
    candidates = [after, with_nulls] if media_type.endswith("merge-patch+json") else [with_nulls, after]
    return _settle(inner, [_touch(inner, before, candidate) for candidate in candidates])


def _apply_verb(resource: Resource, verb: str, sent: JsonObject) -> JsonObject:
    """Return the changes by an action: those that were sent, and a status named after it, as `closed` after `close`."""
    names = shown(resource.outline)
    patch = {name: value for name, value in sent.items() if name in names}
    status = next((name for name in names if joined(name) in {"status", "state"} and name not in patch), None)
    if status is None:
        return patch
    stem = joined(verb)[: max(_STEM, len(joined(verb)) - 1)]
    for source in resource.outline.member(status).sources:
        listed = source.get("enum")
        for value in listed if isinstance(listed, list) else ():
            if isinstance(value, str) and joined(value).startswith(stem):
                return {**patch, status: value}
    return patch


def client_key(collection: Collection, binding: Binding) -> JsonValue:
    """Return the key that a client chose; None if it may not choose one, or did not."""
    resource, sent = collection.resource, read_sent(collection, binding)
    if resource.key is None or not isinstance(sent, dict) or resource.own_key in _read_only(collection):
        return None
    value = resource.key_of(sent)
    if value not in (0, "", None) and text_of(value) is not None:
        return value
    return None


def _settle(inner: Collection, candidates: list[JsonObject]) -> JsonObject:
    """Return the first candidate that can be shown as it is, else the first that can be completed, else the last."""
    objection = None
    for strictly in (True, False):
        for candidate in candidates:
            objection = inner.objection(candidate, strictly=strictly)
            if objection is None:
                return candidate
    _warn_not_shown(inner, candidates[-1], objection or "")
    return candidates[-1]


def _warn_not_shown(inner: Collection, item: JsonObject, reason: str) -> None:
    """Warn once of each stored property that a response can't show."""
    prefix = f"{inner.resource.name}."
    fresh = inner.state.unwarned(prefix + name for name in inner.culprits(item))
    if fresh:
        names = ", ".join(subject.removeprefix(prefix) for subject in fresh)
        message = f"{inner.resource.name}: what was sent as {names} is kept, but not every answer can show it: {reason}"
        warn(Finding(rule="document-state-unfit", message=message))


def _generate(inner: Collection, binding: Binding, number: int) -> JsonObject:
    """Generate an item, for the properties that the server sets."""
    resource, context = inner.resource, inner.context
    seed = derive_seed(context.seed_text, resource.name, *inner.variables.values(), "new", number)
    read, listed = resource.bindings.get(Action.READ), resource.bindings.get(Action.LIST)
    is_ambiguous = read is not None and inner.representation(read).is_ambiguous
    for candidate in (binding, read, listed) if is_ambiguous else (read, listed, binding):
        if candidate is None:
            continue
        made = generate_item(inner, candidate, seed)
        if made is not None:
            return relate(inner, str(number), made)
    return {}


def _writable(collection: Collection, binding: Binding) -> frozenset[str]:
    """Return the properties that a client may set; all of them, if the request body does not name any."""
    sent = collection.representation(binding).sent_place.outline
    return frozenset(shown(sent)) or frozenset(shown(collection.resource.outline))


def _read_only(collection: Collection) -> frozenset[str]:
    """Return the properties that responses mark `readOnly`."""
    bindings = collection.resource.bindings
    actions = (Action.READ, Action.LIST, Action.CREATE)
    return frozenset[str]().union(
        *(collection.representation(bindings[action]).read_only for action in actions if action in bindings)
    )


def _fixed(collection: Collection) -> frozenset[str]:
    """Return the properties that a client can't change."""
    key = collection.resource.own_key
    return _read_only(collection) | ({key} if key is not None else set())


def _omitted(collection: Collection, binding: Binding, names: frozenset[str]) -> Iterator[tuple[str, JsonValue]]:
    """Yield the values of properties that a client omits."""
    sent_outline, outline = collection.representation(binding).sent_place.outline, collection.resource.outline
    for name in shown(outline):
        if name not in names:
            continue
        sent, known = sent_outline.member(name), outline.member(name)
        default = next((s["default"] for s in (*sent.sources, *known.sources) if "default" in s), None)
        if default is not None:
            yield name, default
        elif known.sources and known.types <= {"boolean", "null"}:
            yield name, False
        elif known.sources and "null" in known.types and len(known.types) < 7:  # noqa: PLR2004 - anything at all
            yield name, None


def _initial(collection: Collection, name: str, value: JsonValue, outline: Site) -> JsonValue:
    """Return the initial value of a property that the server sets, like a generated one."""
    word = joined(name)
    if word in _CREATED or word in _CHANGED:
        return _now(collection, value)
    if isinstance(value, bool):
        return False
    if isinstance(value, list) and is_array(outline):
        return []
    if isinstance(value, int) and (word in _COUNTED or word.endswith("count")):
        return 0
    return value


def _touch(inner: Collection, before: JsonObject, after: JsonObject) -> JsonObject:
    """Return a changed item with the time of the change, and its properties in their order."""
    times = {
        name: _now(inner, value)
        for name, value in before.items()
        if joined(name) in _CHANGED and after.get(name) == value
    }
    touched = _in_order({**after, **{name: time for name, time in times.items() if name in after}}, before)
    if inner.resource.inside:
        return inner.resource.with_key(touched, inner.resource.key_of(before))
    return touched


def _now(collection: Collection, like: JsonValue) -> JsonValue:
    """Return the current time, in the notation of another one."""
    now = collection.context.world.clock.now()
    if isinstance(like, int | float) and not isinstance(like, bool):
        if like > _MILLISECONDS:
            return int(now * 1000)
        return int(now)
    if not isinstance(like, str):
        return like
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    if len(like) == len("2026-01-01"):
        return moment.date().isoformat()
    if "T" not in like:
        return like
    written = moment.isoformat(timespec="milliseconds" if "." in like else "seconds")
    return written.replace("+00:00", "Z")


def _without_nulls(given: JsonObject) -> JsonObject:
    """Return sent properties without nulls, for responses that have no `null`."""
    return {name: value for name, value in given.items() if value is not None}


def link_owner(collection: Collection, binding: Binding, item: JsonObject) -> tuple[JsonObject, dict[str, str]]:
    """
    Set the reference of an item to its owner.

    Returns:
        The item, and the keys of owners by path variable that the store has to remember, if the item has no reference.
    """
    link = binding.link
    if link is None or link.variable not in collection.variables:
        return item, {}
    if not link.pointer:
        return item, {link.variable: collection.variables[link.variable]}
    value = collection.values.get(link.variable, collection.variables[link.variable])
    name, *rest = link.pointer
    if not rest:
        return {**item, name: value}, {}
    return {**item, name: {**as_object(item.get(name)), rest[0]: value}}, {}
