"""
Resources of a document, inferred from its paths and schemas.

`/pets` is a collection and `/pets/{petId}` an item of it, whatever the names; what `GET /settings` reads and
`PUT /settings` writes is a single item. An operation that fits none of this has no state.

`x-mock` at an operation or a path item, and the settings, take precedence: `stateful: false` excludes it,
`resource: pets` and `act: list|create|read|replace|change|remove|clear` bind it to a resource, `id: petNo` names the
key, and `seed: 5` is the number of seeded items.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mock_server.document.document import template_names
from mock_server.document.model import Entry, Operation, ParameterLocation
from mock_server.document.references import Node
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange.negotiate import choose_success, represent
from mock_server.exchange.router import iter_literals
from mock_server.generate.engine import Engine
from mock_server.generate.envelope import EnvelopePlace, Shape, find_collection, find_list, find_thing, is_object
from mock_server.json_values import JsonValue, as_object
from mock_server.names import nouns_of, split_words
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site
from mock_server.settings import ResourceSettings
from mock_server.state.resources import (
    Action,
    Binding,
    ForeignKey,
    Owner,
    Resource,
    find_key_place,
    find_owner,
    sent_schema,
)

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_UNUSUAL = re.compile(r"[?#]|\{\+|[+*]\}")  # a query, a fragment, a variable of several segments
_WHOLE = re.compile(r"\{([^{}]*)\}\Z")
_ITEM_ACTIONS = {
    "GET": Action.READ,
    "PUT": Action.REPLACE,
    "PATCH": Action.CHANGE,
    "POST": Action.CHANGE,
    "DELETE": Action.REMOVE,
    "HEAD": Action.READ,
}
_MOST = 10_000  # seeded items
_NOTHING = Site()
_MADE = 201  # Created
_COPYING = frozenset(("copy", "clone", "duplicate", "fork", "split", "merge", "replicate"))  # verbs that create an item


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredResource:
    """The declarations about one operation by `x-mock` and the settings."""

    stateful: bool = True
    resource: str | None = None
    action: Action | None = None
    key: str | None = None
    size: int | None = None


@dataclass(slots=True)
class _OperationGroup:
    """Operations of one collection, before their actions are known."""

    template: str
    name: str | None = None  # as declared
    own: list[tuple[Entry, DeclaredResource]] = field(default_factory=list)  # at the collection's path
    items: list[tuple[Entry, DeclaredResource]] = field(default_factory=list)  # at the path of an item


@dataclass(eq=False)
class InferredResources:
    """The resources of a document."""

    resources: tuple[Resource, ...]
    by_entry: Mapping[str, tuple[Resource, Binding]]


def infer(kit: Engine, base_of: Callable[[Entry], str] = lambda entry: "") -> InferredResources:
    """
    Find the resources of a document.

    Args:
        kit: Of the document.
        base_of: Returns the base path of an operation.

    Raises:
        UsageError: `x-mock` has an invalid value.
    """
    found = _ResourceFinder(kit, base_of)
    drafts = [draft for group in _groups(kit).values() if (draft := found.draft(group)) is not None]
    _join_views(drafts)
    _join_actions(drafts)
    return _finish(drafts)


def _groups(kit: Engine) -> dict[str, _OperationGroup]:
    groups: dict[str, _OperationGroup] = {}
    for entry in kit.document.entries:
        declared = _read_declared(kit, entry)
        if not declared.stateful or _UNUSUAL.search(entry.template):
            continue
        path = entry.template.rstrip("/")
        head, _, last = path.rpartition("/")
        is_item = _WHOLE.match(last) is not None
        template = head if is_item else path
        key = f"\0{declared.resource}" if declared.resource is not None else _shape(template)
        group = groups.setdefault(key, _OperationGroup(template, declared.resource))
        (group.items if is_item else group.own).append((entry, declared))
    return groups


def _read_declared(kit: Engine, entry: Entry) -> DeclaredResource:
    """
    Read the declarations about an operation: the settings take precedence over the operation, that over its path item.

    Raises:
        UsageError: a value is invalid.
    """
    merged: dict[str, JsonValue] = {}
    for node in (entry.path_item, entry.node):
        merged.update(as_object(as_object(node.value).get("x-mock")))
    own = kit.settings.for_operation(entry.id, entry.title)
    name = own.resource if own.resource is not None else merged.get("resource")
    action = merged.get("act")
    if action is not None and action not in set(Action):
        raise UsageError(f"x-mock of {entry.title}: act is one of {', '.join(Action)}, not {action!r}")
    key, size = merged.get("id"), merged.get("seed")
    stateful = merged.get("stateful", True) if own.stateful is None else own.stateful
    return DeclaredResource(
        stateful=stateful is not False,
        resource=_text_or_none(name),
        action=Action(str(action)) if action is not None else None,
        key=_text_or_none(key),
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
    )


def _text_or_none(value: JsonValue) -> str | None:
    if value is None:
        return None
    return str(value)


@dataclass(slots=True)
class _ResourceDraft:
    """A resource before its relations to others are known."""

    name: str
    template: str
    place: tuple[str, ...]  # of the key in an item; empty if it has none
    nouns: frozenset[str]
    outline: Site
    single: bool
    bindings: list[Binding]
    size: int | None
    identity: str | None
    is_map: bool = False  # items are listed by their keys
    home: "_ResourceDraft | None" = None  # the collection that it is a view of

    @property
    def key(self) -> str | None:
        """The property that identifies an item."""
        return self.place[-1] if self.place else None

    @property
    def actions(self) -> frozenset[Action]:
        """The actions of its operations."""
        return frozenset(binding.action for binding in self.bindings)

    @property
    def is_stateful(self) -> bool:
        """True if items are read, and are written or read in two ways, and requests identify them."""
        reads = self.actions & {Action.LIST, Action.READ}
        named = any(binding.variable is not None for binding in self.bindings)
        nameless = any(
            binding.variable is None
            for binding in self.bindings
            if binding.action in {Action.REPLACE, Action.CHANGE, Action.REMOVE}
        )
        keyed = (
            self.key is not None
            or self.single
            or self.is_map
            or not (nameless or (named and self.actions & {Action.LIST, Action.CREATE}))
        )
        return keyed and bool(reads) and (len(reads) > 1 or bool(self.actions - reads))


@dataclass(frozen=True, slots=True, eq=False)
class _ResourceFinder:
    """Drafts resources from groups of operations."""

    kit: Engine
    base_of: Callable[[Entry], str]

    def draft(self, group: _OperationGroup) -> "_ResourceDraft | None":
        """Return the resource of a group; None if none of its operations is about items."""
        name = group.name or next(iter_literals(group.template), "")
        own = self.kit.settings.resources.get(name, ResourceSettings())
        if own.stateful is False or not name:
            return None
        nouns = nouns_of(name)
        read = {entry.id: self.kit.document.operation(entry) for entry, _ in (*group.own, *group.items)}
        bodies = {id_: self._response_outline(operation) for id_, operation in read.items()}
        lists = {id_: find_list(body, nouns) for id_, body in bodies.items()}
        if group.items:  # items that are listed by keys can be read by them
            lists |= {
                entry.id: find_collection(bodies[entry.id], nouns) for entry, _ in group.own if entry.method == "GET"
            }
        bindings = [binding for binding in self._bind(group, read, lists) if not _is_confused(group.template, binding)]
        declared = [s for _, s in (*group.own, *group.items)]
        variable = next((binding.variable for binding in bindings if binding.variable is not None), None)
        outline = self._outline(bindings, bodies, lists, nouns, variable)
        bindings = [
            binding for binding in bindings if self._is_about(binding, outline, bodies[binding.operation.id], nouns)
        ]
        if not bindings:
            return None
        actions = {binding.action for binding in bindings}
        single = variable is None and group.name is None and not actions & {Action.LIST, Action.CREATE}
        named = own.id or next((s.key for s in declared if s.key), None)
        place = tuple(named.split(".")) if named else find_key_place(outline, variable, nouns)
        size = own.seed if own.seed is not None else next((s.size for s in declared if s.size is not None), None)
        if size is not None and not 0 <= size <= _MOST:
            raise UsageError(
                f"the resource {name}: there can be from 0 to {_MOST:,} things in the beginning, not {size}"
            )
        return _ResourceDraft(
            name=name,
            template=group.template,
            place=() if single else place,
            nouns=nouns | _nouns_of(outline),
            outline=outline,
            single=single,
            bindings=bindings,
            size=size,
            is_map=any(found is not None and found.shape is Shape.MAP for found in lists.values()),
            identity=component_of(outline),
        )

    def _response_outline(self, operation: Operation) -> Site:
        """Return the outline of the successful response body."""
        chosen = choose_success(operation)
        represented = represent(chosen.response, None) if chosen is not None and not chosen.is_empty else None
        schema = represented.media_type.schema if represented is not None else None
        return self._outline_of(schema, Direction.RESPONSE)

    def _request_outline(self, operation: Operation) -> Site:
        """Return the outline of a request body."""
        return self._outline_of(sent_schema(operation), Direction.REQUEST)

    def _outline_of(self, schema: Node | None, direction: Direction) -> Site:
        if schema is None:
            return _NOTHING
        try:
            return self.kit.outline(schema, direction, Purpose.MAKE)
        except MockServerError:
            return _NOTHING  # reported when the operation is requested

    def _bind(
        self, group: _OperationGroup, read: Mapping[str, Operation], lists: Mapping[str, EnvelopePlace | None]
    ) -> Iterator[Binding]:
        writes = any(e.method in {"PUT", "PATCH"} for e, _ in group.own)
        alone = (
            writes and not group.items and not any(lists[entry.id] for entry, _ in group.own if entry.method == "GET")
        )
        for entry, declared in group.own:
            action = declared.action or _collection_action(
                entry.method, is_list=lists[entry.id] is not None, alone=alone
            )
            yield from self._bind_operation(action, read[entry.id], None)
        for entry, declared in group.items:
            found = _WHOLE.search(entry.template.rstrip("/"))
            listed = entry.method == "GET" and lists[entry.id] is not None
            action = declared.action or (_ITEM_ACTIONS.get(entry.method) if not listed else None)
            yield from self._bind_operation(action, read[entry.id], found.group(1) if found is not None else None)

    def _bind_operation(self, action: Action | None, operation: Operation, variable: str | None) -> Iterator[Binding]:
        chosen = choose_success(operation)
        if action is not None and chosen is not None and 200 <= chosen.status < 300:  # noqa: PLR2004
            yield Binding(
                action=action, operation=operation, chosen=chosen, variable=variable, base=self.base_of(operation.entry)
            )

    def _outline(
        self,
        bindings: list[Binding],
        bodies: Mapping[str, Site],
        lists: Mapping[str, EnvelopePlace | None],
        nouns: frozenset[str],
        variable: str | None,
    ) -> Site:
        """Return the outline of an item: as it is read, else as it is listed, else as it is created or changed."""
        for action in (Action.READ, Action.LIST, Action.CREATE, Action.REPLACE, Action.CHANGE):
            for binding in bindings:
                if binding.action is not action:
                    continue
                body = bodies[binding.operation.id]
                found = lists[binding.operation.id] if action is Action.LIST else self._find_item(body, nouns, variable)
                if found is not None:
                    return found.outline
        for binding in bindings:
            body = self._request_outline(binding.operation)
            if is_object(body):
                return body
        return _NOTHING

    def _is_about(self, binding: Binding, item: Site, answered: Site, nouns: frozenset[str]) -> bool:
        """
        Return True if a written body shares properties with the item.

        Otherwise a POST is not a creation.
        """
        if binding.action is Action.READ and binding.operation.method == "GET" and not is_object(answered):
            return False  # a file, a text or a number has no properties to change
        if binding.action in {Action.LIST, Action.READ, Action.REMOVE, Action.CLEAR} or not item.names:
            return True
        asked = self._request_outline(binding.operation)
        if (
            binding.operation.method in {"PUT", "PATCH"}
            and binding.operation.request_body is not None
            and not asked.names
        ):
            return True  # it accepts anything, or a list of changes
        queried = {p.name for p in binding.operation.parameters if p.location is ParameterLocation.QUERY}
        if binding.action is Action.CHANGE and binding.operation.request_body is None:
            return bool(queried & frozenset(item.names))
        bodies = (asked, answered) if binding.action is Action.CREATE else (asked,)
        inner = [body.member(name) for body in bodies for name in body.names if is_object(body.member(name))]
        return any(frozenset(item.names) & frozenset(body.names) for body in (*bodies, *inner))

    def _find_item(self, body: Site, nouns: frozenset[str], variable: str | None) -> EnvelopePlace | None:
        found = find_thing(body, nouns, lambda outline: bool(find_key_place(outline, variable, nouns)))
        return found or (EnvelopePlace((), body) if is_object(body) else None)


def _shape(template: str) -> str:
    """Return a template without the names of its variables."""
    return _VARIABLE.sub("{}", template)


def _aliases(template: str, binding: Binding) -> Iterator[tuple[str, str]]:
    """Yield pairs of different names for a path variable: that of an operation, and that of the collection."""
    own = template_names(binding.operation.entry.template)
    if _shape(binding.operation.entry.template).startswith(_shape(template)):
        yield from ((mine, ours) for mine, ours in zip(own, template_names(template), strict=False) if mine != ours)


def _is_confused(template: str, binding: Binding) -> bool:
    """Return True if an operation uses the collection's name of one path variable for another."""
    own, ours = template_names(binding.operation.entry.template), template_names(template)
    return any(name in own or alias in ours for alias, name in _aliases(template, binding))


def _collection_action(method: str, *, is_list: bool, alone: bool) -> Action | None:
    """Return the action of an operation at the path of a collection."""
    if method in {"GET", "HEAD"}:
        if is_list:
            return Action.LIST
        return Action.READ if alone else None
    actions = {
        "POST": Action.CREATE,
        "PUT": Action.REPLACE,
        "PATCH": Action.CHANGE,
        "DELETE": Action.REMOVE if alone else Action.CLEAR,
    }
    return actions.get(method)


def _nouns_of(outline: Site) -> frozenset[str]:
    name = component_of(outline)
    return nouns_of(name) if name is not None else frozenset()


def component_of(outline: Site) -> str | None:
    """Return the component that describes an item: two resources of one component may be the same."""
    for source in outline.sources[:1]:
        ref = source.get("$ref")
        if isinstance(ref, str):
            return ref.removeprefix("#/$defs/")
    return None


def _join_views(drafts: list[_ResourceDraft]) -> None:
    """
    Mark resources that are views of others.

    `/pet/findByStatus` and `/owners/{ownerId}/pets` list what is in `/pet` and `/pets`, if the component is the same.
    """
    for draft in drafts:
        for other in drafts:
            if other is draft or draft.identity is None or other.identity != draft.identity or "{" in other.template:
                continue
            if other.key is None or not other.is_stateful or any(binding.variable for binding in draft.bindings):
                continue
            same_name = draft.template.rpartition("/")[2] == other.template.rpartition("/")[2] and "{" in draft.template
            if same_name or (draft.actions == {Action.LIST} and draft.template.startswith(other.template + "/")):
                draft.home = other
                break


def _join_actions(drafts: list[_ResourceDraft]) -> None:
    """
    Bind operations below an item that change it and answer with it.

    `POST /issues/{id}/close` changes the issue that it answers with, unless it makes a copy or answers 201.
    """
    collections = {
        _shape(draft.template): draft
        for draft in drafts
        if draft.is_stateful and any(binding.variable for binding in draft.bindings)
    }
    for draft in drafts:
        above, _, verb = draft.template.rpartition("/")
        collection, _, variable = above.rpartition("/")
        owner, named = collections.get(_shape(collection)), _WHOLE.match(variable)
        if owner is None or named is None or owner.identity is None or owner.identity != draft.identity:
            continue
        if draft.home is not None or draft.actions & {Action.LIST, Action.READ} or _COPYING & set(split_words(verb)):
            continue
        for binding in draft.bindings:
            if (
                binding.action not in {Action.CLEAR, Action.REMOVE}
                and binding.variable is None
                and binding.chosen.status != _MADE
            ):
                owner.bindings.append(replace(binding, action=Action.CHANGE, variable=named.group(1), verb=verb))


def _finish(drafts: list[_ResourceDraft]) -> InferredResources:
    """Return the resources, related to each other."""
    homes = [draft for draft in drafts if draft.home is None and draft.is_stateful]
    collections = {
        _shape(draft.template): draft for draft in homes if any(binding.variable for binding in draft.bindings)
    }
    taken: set[str] = set()
    resources: dict[int, Resource] = {}
    by_entry: dict[str, tuple[Resource, Binding]] = {}
    for draft in homes:
        name = draft.name if draft.name not in taken else "/".join(reversed(list(iter_literals(draft.template))))
        taken.add(name)
        draft.name = name
    for draft in homes:
        views = [view for view in drafts if view.home is draft]
        bindings = [
            *draft.bindings,
            *(_viewed(binding, view, draft, collections) for view in views for binding in view.bindings),
        ]
        links = {binding.link.variable: binding.link for binding in bindings if binding.link is not None}
        resource = Resource(
            name=draft.name,
            template=draft.template,
            key=draft.key,
            inside=draft.place[:-1],
            nouns=draft.nouns,
            outline=draft.outline,
            single=draft.single,
            bindings={binding.action: binding for binding in reversed(draft.bindings)},
            owners=tuple(_owners(draft.template, collections)),
            size=draft.size,
            links=tuple(links.values()),
            aliases=tuple(pair for binding in draft.bindings for pair in _aliases(draft.template, binding)),
        )
        resources[id(draft)] = resource
        by_entry.update({binding.operation.id: (resource, binding) for binding in bindings})
    return InferredResources(tuple(resources.values()), by_entry)


def _owners(template: str, collections: Mapping[str, _ResourceDraft]) -> Iterator[Owner]:
    """Yield the owners of a collection's items, the outermost first."""
    segments = template.split("/")
    for index, segment in enumerate(segments):
        found = _WHOLE.match(segment)
        above = "/".join(segments[:index])
        owner = collections.get(_shape(above)) if found is not None else None
        if found is not None and owner is not None:
            yield Owner(variable=found.group(1), resource=owner.name, template=above)


def _viewed(
    binding: Binding, view: _ResourceDraft, home: _ResourceDraft, collections: Mapping[str, _ResourceDraft]
) -> Binding:
    """Return a binding of a view: the same, for the items of one owner."""
    owner = next(iter(reversed(list(_owners(view.template, collections)))), None)
    if owner is None:
        return binding
    pointer = find_owner(home.outline, owner.variable, collections[_shape(owner.template)].nouns)
    link = ForeignKey(variable=owner.variable, pointer=pointer, resource=owner.resource)
    return replace(binding, link=link)
