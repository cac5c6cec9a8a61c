"""
The actions of state: list, read, create, replace, patch, delete and clear, each a function of a `StateRequest`.

A write makes its answer first and stores afterwards, so that nothing is stored without a conforming answer. It raises
`Conflict` where another request was faster, and is to be repeated then. Answers of reads are kept until their record,
or their collection, changes.
"""

import dataclasses
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

from mock_server.document.model import ParameterLocation
from mock_server.exchange.body import write_json
from mock_server.exchange.message import find_field
from mock_server.exchange.negotiate import ChosenMediaType, choose_status
from mock_server.generate.echo import HERE
from mock_server.generate.envelope import put
from mock_server.generate.pagination import documented_signs, links_of
from mock_server.json_values import JsonObject, JsonValue, same_json
from mock_server.pausing import count_pauses, without_pauses
from mock_server.respond.answer import SOURCE, STATE, Answer, RawField
from mock_server.respond.headers import page_fields
from mock_server.state.body import client_key, create_body, link_owner, patch_body, read_sent, replace_body
from mock_server.state.children import sent_children
from mock_server.state.collection import (
    Collection,
    StateRefusal,
    StateRequest,
    fill,
    refuse_absent,
    refuse_patch,
    refuse_precondition,
    refuse_taken,
)
from mock_server.state.listing import fill_envelope
from mock_server.state.patch import PatchError
from mock_server.state.records import (
    child_request,
    ensure_seeded,
    find_record,
    make_children,
    requested_key,
    require_owners,
    select_records,
    with_children,
)
from mock_server.state.representation import ItemRepresentation
from mock_server.state.resources import Action, Binding, Item, is_unique, text_of
from mock_server.state.seeds import fresh_key, generate_item, listed_items
from mock_server.state.store import Record

_CREATED: Final = 201
_CONFLICT: Final = 409


def read_item(request: StateRequest) -> Answer:
    """Answer with the requested item."""
    record = _require(request)
    context, answers = request.context, request.state.item_answers
    address = request.collection.address
    key = (request.operation.id, *address, record.key, context.accept or "", context.seed_text)
    known = answers.get(key)
    has_children = request.resource.name in request.state.children  # they may change without it
    if known is not None and known[0] is record and not has_children:
        return known[1]
    answer = _show(request, record)
    if not has_children:
        answers[key] = record, answer
    return answer


def list_items(request: StateRequest) -> Answer | None:
    """Answer with a list; None if the documented body has none."""
    require_owners(request)
    ensure_seeded(request)
    context, answers = request.context, request.state.list_answers
    world, collection_path = request.collection.address
    stamp = request.collection.store.stamp(world, collection_path)
    path, query = context.request.path.decode("latin-1"), context.request.query.decode("latin-1")
    key = (request.operation.entry.id, world, context.seed_text, path, query, context.accept or "")
    known = answers.get(key)
    has_children = request.resource.name in request.state.children
    if known is not None and known[0] == stamp and not has_children:
        return known[1]
    answer = _show_list(request, path, query)
    if answer is None:
        return None
    if not has_children:
        answers[key] = stamp, answer
    return answer


def create_item(request: StateRequest) -> Answer:
    """
    Create an item.

    If its key is taken and the operation documents no 409, it replaces the other item.
    """
    require_owners(request)
    ensure_seeded(request)
    _check_acceptable(request)
    collection, binding = request.collection, request.binding
    chosen = client_key(collection, binding)
    text = text_of(chosen)
    taken = collection.find(text) if text is not None else None
    if taken is not None and taken.body is not None:
        if request.documents(_CONFLICT):
            raise refuse_taken(request, request.resource.key, chosen)
        return _replace(request, taken)
    number = collection.store.number(*collection.address)
    since = _check_unique(request, None)
    key = chosen if text is not None else _new_key(request, number)
    body, links = link_owner(collection, binding, _new_body(request, key, number))
    record = Record(text_of(key) or f"n{number}", 1, number, body, links)
    return _insert(request, record, _show(request, record), since)


def replace_item(request: StateRequest) -> Answer:
    """Replace the requested item, or create it."""
    _check_acceptable(request)
    resource = request.resource
    record = find_record(request, adopt=resource.listed or resource.single)
    if record is None and request.key is not None and _may_create(request):
        return _put(request, request.key)
    if record is None:
        raise refuse_absent(request)
    _check_match(request, record)
    return _replace(request, record, _check_unique(request, record))


def patch_item(request: StateRequest) -> Answer:
    """Patch the requested item."""
    _check_acceptable(request)
    record = _require(request)
    _check_match(request, record)
    since = _check_unique(request, record)
    field = find_field(request.context.request.fields, b"content-type") or ""
    media_type = field.partition(";")[0].strip().lower()
    inner = request.collection.at_item(record.key, record.body)
    try:
        body = patch_body(inner, request.binding, record.body or {}, media_type=media_type)
    except PatchError as error:
        raise refuse_patch(request, error) from error
    return _store_body(request, record, body, since)


def delete_item(request: StateRequest) -> Answer:
    """Delete the requested item."""
    _check_acceptable(request)
    record = _require(request)
    _check_match(request, record)
    answer = _show(request, record)
    delete_record(request.collection, record)
    return answer


def clear_items(request: StateRequest) -> Answer | None:
    """Delete all items that match the query; None if no list enumerates the items."""
    require_owners(request)
    if not request.resource.listed:
        return None
    ensure_seeded(request)
    _check_acceptable(request)
    query, plan = _query(request), request.collection.representation(request.binding).list_query
    for record in select_records(request):
        if plan.keeps(record, query):
            delete_record(request.collection, record)
    return request.collection.representation(request.binding).reply.render(request.context)


ACTIONS: Final[Mapping[Action, Callable[[StateRequest], Answer | None]]] = {
    Action.LIST: list_items,
    Action.READ: read_item,
    Action.CREATE: create_item,
    Action.REPLACE: replace_item,
    Action.CHANGE: patch_item,
    Action.REMOVE: delete_item,
    Action.CLEAR: clear_items,
}


def _require(request: StateRequest) -> Record:
    """Return the record of the requested item, or refuse the request."""
    record = find_record(request)
    if record is None:
        raise refuse_absent(request)
    return record


def delete_record(collection: Collection, record: Record) -> None:
    """
    Delete an item and the collections below it.

    Raises:
        Conflict: it has changed.
    """
    world, path = collection.address
    if collection.resource.listed:
        collection.store.remove(world, path, record)
    else:
        collection.store.replace(world, path, record, None)
    collection.store.clear(world, f"{path}/{quote(record.key, safe='')}/")


def _new_key(request: StateRequest, number: int) -> JsonValue:
    """Return a key for a new item."""
    collection, resource = request.collection, request.resource
    if resource.key is None:
        return None
    shows = resource.first(Action.LIST, Action.READ, Action.CREATE) or request.binding
    listed = listed_items(collection, shows) if shows.action is Action.LIST else []
    keys = [key for item in listed if (key := resource.key_of(item.body)) is not None]
    like = max(keys, key=_as_number) if keys else resource.key_of(generate_item(collection, shows, number))
    return fresh_key(collection, shows, like, number, {record.key for record in collection.records()})


def _as_number(key: JsonValue) -> float:
    if isinstance(key, int | float):
        return float(key)
    return 0.0


def _new_body(request: StateRequest, key: JsonValue, number: int) -> JsonObject:
    """Return the body of a new item; it has no children, except those that were sent with it."""
    collection, binding = request.collection, request.binding
    body = create_body(collection, binding, key if request.resource.key is not None else None, number)
    sent = read_sent(collection, binding)
    for child in request.state.children.get(request.resource.name, ()):
        if child.pointer is not None and sent_children(sent, child) is None:
            emptied = put(body, child.pointer, [])
            body = emptied if isinstance(emptied, dict) else body
    return body


def _insert(request: StateRequest, record: Record, answer: Answer, since: int | None = None) -> Answer:
    if count_pauses():
        require_owners(request)  # one may have been deleted while the answer was made
    request.collection.store.insert(*request.collection.address, record, since)
    return answer


def _may_create(request: StateRequest) -> bool:
    """Return True if PUT may create an item: 201 is documented, or nothing else can create one."""
    resource = request.resource
    return request.documents(_CREATED) or not resource.listed or Action.CREATE not in resource.bindings


def _put(request: StateRequest, key: str) -> Answer:
    """Create an item under the key in the path."""
    number = request.collection.store.number(*request.collection.address)
    record = Record(key, 1, number, _new_body(request, requested_key(request), number), {})
    status = _CREATED if request.documents(_CREATED) else None
    return _insert(request, record, _show(request, record, status))


def _replace(request: StateRequest, record: Record, since: int | None = None) -> Answer:
    inner = request.collection.at_item(record.key, record.body)
    return _store_body(request, record, replace_body(inner, request.binding, record.body or {}), since)


def _store_body(request: StateRequest, record: Record, body: JsonObject, since: int | None) -> Answer:
    """Store the changed body of an item, and its children if they were sent with it."""
    after = record._replace(version=record.version + 1, body=body)
    sent = read_sent(request.collection, request.binding)
    known = request.state.children.get(request.resource.name, ())
    children = [child for child in known if sent_children(sent, child) is not None]
    answer = _show(request, after) if not children else None
    with without_pauses():  # an item and its children change together
        request.collection.store.replace(*request.collection.address, record, body, since)
        for child in children:
            _replace_children(child_request(request, after, child), sent_children(body, child) or [])
    if answer is not None:
        return answer
    return _show(request, after)


def _replace_children(request: StateRequest, items: list[JsonValue]) -> None:
    collection = request.collection
    ensure_seeded(request)
    for record in select_records(request):
        delete_record(collection, record)
    for record in make_children(collection, request.binding, items):
        number = collection.store.number(*collection.address)
        collection.store.insert(*collection.address, record._replace(position=number))


def _check_acceptable(request: StateRequest) -> None:
    """Check that a representation is acceptable, before anything is changed."""
    if not request.binding.chosen.is_empty:
        _negotiate(request, request.collection.representation(request.binding))


def _check_unique(request: StateRequest, own: Record | None) -> int | None:
    """
    Check that unique properties are unique, if the operation documents 409.

    Returns:
        The stamp of the collection, which must not have changed when the item is stored; None if nothing is unique.
    """
    sent = read_sent(request.collection, request.binding)
    if not request.documents(_CONFLICT) or not isinstance(sent, dict):
        return None
    unique = {name: value for name, value in sent.items() if is_unique(name) and isinstance(value, str)}
    if not unique:
        return None
    since = request.collection.store.stamp(*request.collection.address)
    for record in request.collection.records():
        if own is not None and record.key == own.key:
            continue
        for name, value in unique.items():
            if same_json((record.body or {}).get(name), value):
                raise refuse_taken(request, name, value)
    return since


def _check_match(request: StateRequest, record: Record) -> None:
    """Check `If-Match`, if it is documented. RFC 9110, section 13.1.1."""
    wanted = find_field(request.context.request.fields, b"if-match")
    is_documented = any(
        parameter.location is ParameterLocation.HEADER and parameter.name.lower() == "if-match"
        for parameter in request.operation.parameters
    )
    if wanted is None or wanted.strip() == "*" or not is_documented:
        return
    tag = _tag_of(write_json(with_children(request, record).body))
    if tag not in {each.strip() for each in wanted.split(",")}:
        raise refuse_precondition(request, tag)


def _query(request: StateRequest) -> dict[str, JsonValue]:
    """Return the query parameters of a request, decoded."""
    parameters = request.context.understood.parameters.items()
    return {name: value for (location, name), value in parameters if location is ParameterLocation.QUERY}


def _show_list(request: StateRequest, path: str, query: str) -> Answer | None:
    representation = request.collection.representation(request.binding)
    represented = _negotiate(request, representation)
    place = representation.list_place(represented)
    if place is None:
        return None
    plan = representation.list_query
    page = plan.select(select_records(request), _query(request))
    records = [with_children(request, record) for record in page.records]
    items = [Item(record.key, record.body) for record in records if record.body is not None]
    span = page.span
    links = links_of(span, plan.roles, HERE + path, query)
    body = representation.show_all(represented, place, items, request.collection.plain_context(request.binding))
    signs = documented_signs(representation.outline(represented), place.pointer)
    body = fill_envelope(body, place.pointer, span, links, lambda each: representation.fits(represented, each), signs)
    answer = representation.reply.carry(represented, body, STATE + request.resource.name, request.context)
    fields = page_fields(request.binding.chosen.response, span, links)
    if _is_tagged(request.binding):
        fields += [(b"etag", _tag_of(answer.body).encode())]
    return _with_fields(request, request.binding, answer, fields)


def _show(request: StateRequest, record: Record, status: int | None = None) -> Answer:
    """
    Return the successful answer that shows an item; without content, if none is documented.

    Args:
        request: The request.
        record: The record of the item.
        status: Of the answer, if it is not that of the binding.

    Raises:
        StateRefusal: no documented representation is acceptable.
        SchemaError: no conforming body can be generated.
    """
    binding, record = request.binding, with_children(request, record)
    chosen = choose_status(binding.operation, status) if status is not None else None
    if chosen is not None and chosen.status != binding.chosen.status:
        binding = dataclasses.replace(binding, chosen=chosen)
    representation = request.collection.representation(binding)
    source = STATE + request.resource.name
    fields: list[RawField] = []
    if _is_tagged(binding):
        fields.append((b"etag", _tag_of(write_json(record.body)).encode()))
    if binding.action is Action.CREATE or status == _CREATED:
        fields += _location(request, binding, record)
    if binding.chosen.is_empty:
        head = [*representation.reply.head(), (SOURCE, source.encode("latin-1", "replace"))]
        answer = Answer(binding.chosen.status, head, b"", source, binding.operation.entry)
        return _with_fields(request, binding, answer, fields)
    represented = _negotiate(request, representation)
    plain = request.collection.at_item(record.key, record.body).plain_context(binding)
    body = representation.show(represented, record.body or {}, plain)
    answer = representation.reply.carry(represented, body, source, request.context)
    return _with_fields(request, binding, answer, fields)


def _negotiate(request: StateRequest, representation: ItemRepresentation) -> ChosenMediaType:
    """
    Return the acceptable media type of an answer.

    Raises:
        StateRefusal: none is acceptable.
    """
    reply, context = representation.reply, request.context
    represented = reply.represent(context)
    if represented is None or reply.is_refused(context):
        raise StateRefusal(request.state.responder.errors.refuse_accept(request.operation, reply, context))
    return represented


def _location(request: StateRequest, binding: Binding, record: Record) -> list[RawField]:
    """Return the `Location` of a new item, if it can be read there. RFC 9110, section 10.2.2."""
    read = request.resource.bindings.get(Action.READ)
    is_documented = any(header.name.lower() == "location" for header in binding.chosen.response.headers)
    if read is None or read.variable is None or not (is_documented or binding.chosen.status == _CREATED):
        return []
    entry = read.operation.entry
    base = request.state.responder.base_paths(entry)[0]
    path = base + fill(entry.template, {**request.collection.variables, read.variable: record.key})
    return [(b"location", path.encode("latin-1", "replace"))]


def _with_fields(request: StateRequest, binding: Binding, answer: Answer, own: list[RawField]) -> Answer:
    """Return an answer with the header fields that state knows and that conform to the document."""
    judge = request.state.responder.judge_of(binding.operation.entry)
    documented = {header.name.lower(): header for header in binding.chosen.response.headers}
    fields = list(answer.fields)
    for name, value in own:
        header = documented.get(name.decode())
        for choice in (value, _absolute(request, value)) if name == b"location" else (value,):
            if header is None or not any(judge.judge_header(header, choice.decode("latin-1"))):
                fields = [*(field for field in fields if field[0] != name), (name, choice)]
                break
    return answer._replace(fields=fields)


def _absolute(request: StateRequest, path: bytes) -> bytes:
    """Return the URL of a path, if the request names the host."""
    host = find_field(request.context.request.fields, b"host")
    if not host:
        return path
    scheme = "https" if request.state.responder.kit.settings.tls_cert is not None else "http"
    return f"{scheme}://{host}{path.decode('latin-1')}".encode("latin-1", "replace")


def _is_tagged(binding: Binding) -> bool:
    """Return True if a response documents `ETag`."""
    return any(header.name.lower() == "etag" for header in binding.chosen.response.headers)


def _tag_of(content: bytes) -> str:
    """Return a strong validator: the same for the same content, in every process. RFC 9110, section 8.8.3."""
    return f'"{blake2b(content, digest_size=8).hexdigest()}"'
