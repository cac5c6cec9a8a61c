"""
Records of a collection: seeded, found, and completed with their children.

A collection is seeded when it is first requested. Where no list enumerates its items, an item exists when it is first
requested. The collections below an item that a client created are empty, apart from children that came with it.
"""

from collections.abc import Iterator

from mock_server.exchange.negotiate import choose_failure
from mock_server.generate.envelope import put, take
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.state.body import link_owner, read_sent
from mock_server.state.children import Child, sent_children
from mock_server.state.collection import Collection, StateRequest, fill, noun_of, refuse_absent
from mock_server.state.representation import NotRepresentable
from mock_server.state.resources import Action, Binding, Owner, text_of
from mock_server.state.seeds import generate_item, listed_items, relate, seeded_items, with_keys
from mock_server.state.store import Record

_GENERATIONS = 2  # of children within children


def find_record(request: StateRequest, *, adopt: bool = True) -> Record | None:
    """Find the requested item; unless `adopt` is off, it is generated where no list enumerates the items."""
    require_owners(request)
    if request.key is None:
        return None
    ensure_seeded(request)
    record = request.collection.find(request.key)
    if record is None and adopt and not request.resource.listed:
        return _adopt(request, request.key)
    if record is None or record.body is None:
        return None
    return record


def select_records(request: StateRequest) -> list[Record]:
    """Return the records of a collection that belong to the requested owner."""
    return [record for record in request.collection.records() if _belongs(request, record)]


def _belongs(request: StateRequest, record: Record) -> bool:
    link = request.binding.link
    if link is None:
        return True
    wanted = request.collection.variables.get(link.variable)
    if not link.pointer:
        return record.links.get(link.variable) == wanted
    return text_of(take(record.body or {}, link.pointer)) == wanted


def _adopt(request: StateRequest, key: str) -> Record | None:
    """Store the item that the document answers to a request, and return its record."""
    collection, resource = request.collection, request.resource
    read = resource.bindings.get(Action.READ)
    if read is None:
        return None
    value = requested_key(request)
    inner = collection.at(key, value)
    representation = collection.representation(read)
    if representation.default is None:
        raise NotRepresentable("it does not say what it answers")
    represented, place = representation.default
    item = take(representation.reply.make(represented, inner.plain_context(read)), place.pointer)
    if not isinstance(item, dict):
        raise NotRepresentable("what it answers is no object")
    if resource.key is not None and text_of(resource.key_of(item)) != key:
        keyed = resource.with_key(item, value)
        if inner.accepts(keyed):
            item = keyed
    item = relate(inner, key, item)
    collection.store.seed(*collection.address, f"/{key}", [Record(key, 1, -1, item, {})])
    return collection.find(key)


def requested_key(request: StateRequest) -> JsonValue:
    """Return the key in a request, decoded."""
    variable = request.binding.variable
    if variable is not None:
        return request.collection.values.get(variable, request.key)
    return request.resource.key_of(read_sent(request.collection, request.binding), request.key)


def require_owners(request: StateRequest) -> None:
    """Check that the owners of the requested items exist."""
    for owner in _owners(request.collection, request.binding):
        _find_owner(request, owner)


def _owners(collection: Collection, binding: Binding) -> Iterator[Owner]:
    yield from collection.resource.owners
    link = binding.link
    if link is not None:
        template = collection.state.resources[link.resource].template
        yield Owner(variable=link.variable, resource=link.resource, template=template)


def _find_owner(request: StateRequest, owner: Owner) -> Record | None:
    """Return the record of an owner; None if there is none yet, since no list enumerates the owners."""
    here = request.collection
    resource, key = here.state.resources[owner.resource], here.variables.get(owner.variable)
    if key is None:
        return None
    collection = here.other(resource, owner.template, here.variables, here.values)
    listing = resource.bindings.get(Action.LIST)
    if listing is not None:
        _seed(request, collection, listing, collection.path)
    record = collection.find(key)
    is_unknown = record is None and resource.listed
    is_deleted = record is not None and record.body is None
    if (is_unknown or is_deleted) and choose_failure(request.operation, (404, 410)) is not None:
        raise refuse_absent(request, f"there is no {noun_of(resource)} {key!r}")
    if is_unknown:
        return Record(key, 0, -1, None, {})  # the document can't refuse that: it is treated as seeded
    return record


def ensure_seeded(request: StateRequest) -> None:
    """Put the seeds of the requested collection into the store, unless they are there."""
    collection, binding = request.collection, request.binding
    listing = request.resource.bindings.get(Action.LIST)
    mark = fill(binding.operation.entry.template, collection.variables)
    if listing is None:
        if binding.action is Action.LIST:
            _seed(request, collection, binding, mark)
        return
    _seed(request, collection, listing, collection.path)
    if binding.link is None or binding.action is not Action.LIST:
        return
    # a seeded owner has some of the items that it would have without state
    if collection.store.seeded(*collection.address, mark):
        return
    if select_records(request):
        collection.store.seed(*collection.address, mark, [])
    else:
        _seed(request, collection, binding, mark)


def _seed(request: StateRequest, collection: Collection, binding: Binding, mark: str) -> None:
    store = collection.store
    if store.seeded(*collection.address, mark):
        return
    created = _created_owner(request, collection, binding)
    if created is not None:
        store.seed(*collection.address, mark, _children_of_created(created, collection, binding))
        return
    records: list[Record] = []
    items = seeded_items(collection, binding)
    for index, item in enumerate(items):
        body, links = link_owner(collection, binding, item.body)
        for link in collection.resource.links:
            if not link.pointer and link.variable not in links:
                links = {**links, **_choose_owner(collection, link.resource, link.variable, index)}
        records.append(Record(item.key, 1, index - len(items), body, links))
    store.seed(*collection.address, mark, records)


def _choose_owner(collection: Collection, name: str, variable: str, index: int) -> dict[str, str]:
    """Return the key of an existing owner, by its path variable, for an item that has no reference to one."""
    owner = collection.state.resources[name]
    listing = owner.bindings.get(Action.LIST)
    if listing is None or "{" in owner.template:
        return {}
    owners = listed_items(collection.other(owner, owner.template, {}, {}), listing)
    if owners:
        return {variable: owners[index % len(owners)].key}
    return {}


def _created_owner(request: StateRequest, collection: Collection, binding: Binding) -> tuple[str, Record] | None:
    """Return the owner of a collection if a client created it, with the name of its resource."""
    for owner in _owners(collection, binding):
        record = _find_owner(request, owner)
        if record is not None and record.position >= 0:
            return owner.resource, record
    return None


def _children_of_created(owner: tuple[str, Record], collection: Collection, binding: Binding) -> list[Record]:
    """Return the records of the children that came with an owner when a client created it."""
    name, record = owner
    for child in collection.state.children.get(name, ()):
        if child.binding is binding and child.pointer is not None:
            return make_children(collection, binding, sent_children(record.body, child) or [])
    return []


def make_children(collection: Collection, binding: Binding, items: list[JsonValue]) -> list[Record]:
    """Return records of children that came with their owner, completed by what the server sets."""
    context, variables = collection.context, collection.variables.values()
    bodies: list[JsonObject] = []
    for index, item in enumerate(items):
        if isinstance(item, dict):
            seed = derive_seed(context.seed_text, collection.resource.name, *variables, "sent", index)
            bodies.append({**(generate_item(collection, binding, seed) or {}), **item})
    records = []
    for index, (key, item) in enumerate(with_keys(collection, binding, bodies)):
        body, links = link_owner(collection, binding, item)
        records.append(Record(key, 1, index, body, links))
    return records


def with_children(request: StateRequest, record: Record, depth: int = 0) -> Record:
    """Return a record with the present children of its item, and their count."""
    children = request.state.children.get(request.resource.name, ())
    if not children or record.body is None or depth > _GENERATIONS:
        return record
    body: JsonValue = record.body
    is_stored = request.collection.find(record.key) is not None
    for child in children:
        inner = child_request(request, record, child)
        if is_stored:
            ensure_seeded(inner)
            records = select_records(inner)
        else:
            records = make_children(inner.collection, inner.binding, sent_children(record.body, child) or [])
        if child.pointer is not None:
            body = put(body, child.pointer, [with_children(inner, each, depth + 1).body for each in records])
        members = as_object(body)
        body = {**members, **{name: len(records) for name in child.counts if isinstance(members.get(name), int)}}
    return record._replace(body=body if isinstance(body, dict) else record.body)


def child_request(request: StateRequest, record: Record, child: Child) -> StateRequest:
    """Return a request for the children of an item."""
    here = request.collection
    variables = {**here.variables, child.variable: record.key}
    values = {**here.values, child.variable: request.resource.key_of(record.body, record.key)}
    collection = here.other(child.resource, child.resource.template, variables, values)
    return StateRequest(collection, child.binding, None)
