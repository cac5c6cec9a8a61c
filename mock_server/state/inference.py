"""
Which resources a document has, told from its paths and schemas.

`/pets` is a collection and `/pets/{petId}` a thing in it, whatever the names are; what `GET /settings` reads and
`PUT /settings` writes is a thing of which there is one. An operation that fits none of this stays without state.

`x-mock` at an operation or a path item, and the settings, overrule: `stateful: false` leaves it out; `resource: pets`
and `act: list|create|read|replace|change|remove|clear` put it where its path does not; `id: petNo` names the key,
`seed: 5` says how many things there are in the beginning.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from mock_server.document.document import template_names
from mock_server.document.model import Entry, Operation, ParameterLocation, RequestBody
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.negotiate import choose_success, represent
from mock_server.exchange.router import iter_literals
from mock_server.generate.engine import Engine
from mock_server.generate.envelope import EnvelopePlace, Shape, find_collection, find_list, find_thing, is_object
from mock_server.json_values import JsonValue
from mock_server.names import nouns_of, split_words
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline
from mock_server.settings import ResourceSettings
from mock_server.state.resources import Action, Binding, ForeignKey, Owner, Resource, find_key_place, find_owner

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_UNUSUAL = re.compile(r"[?#]|\{\+|[+*]\}")  # a query, a fragment, a variable of several segments
_WHOLE = re.compile(r"\{([^{}]*)\}\Z")
_ITEM_ACTS = {
    "GET": Action.READ,
    "PUT": Action.REPLACE,
    "PATCH": Action.CHANGE,
    "POST": Action.CHANGE,
    "DELETE": Action.REMOVE,
    "HEAD": Action.READ,
}
_MOST = 10_000  # things in the beginning
_NOTHING = Outline((), {})
_MADE = 201  # Created
_COPYING = frozenset(
    ("copy", "clone", "duplicate", "fork", "split", "merge", "replicate")
)  # what makes another thing of one


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredResource:
    """What `x-mock` and the settings say of one operation."""

    stateful: bool = True
    resource: str | None = None
    act: Action | None = None
    key: str | None = None
    size: int | None = None


@dataclass(slots=True)
class _OperationGroup:
    """Operations of one collection, before it is known what they do."""

    template: str
    name: str | None = None  # where the document says it
    own: list[tuple[Entry, DeclaredResource]] = field(default_factory=list)  # of the collection's path
    items: list[tuple[Entry, DeclaredResource]] = field(default_factory=list)  # of the path of a thing


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
        base_of: Gives the base path of an operation.

    Raises:
        UsageError: `x-mock` says what can't be.
    """
    found = _Finder(kit, base_of)
    drafts = [draft for group in _groups(kit).values() if (draft := found.draft(group)) is not None]
    _join_views(drafts)
    _join_actions(drafts)
    return _finish(drafts)


def _groups(kit: Engine) -> dict[str, _OperationGroup]:
    groups: dict[str, _OperationGroup] = {}
    for entry in kit.document.entries:
        said = read_said(kit, entry)
        if not said.stateful or _UNUSUAL.search(entry.template):
            continue
        path = entry.template.rstrip("/")
        head, _, last = path.rpartition("/")
        is_item = _WHOLE.match(last) is not None
        template = head if is_item else path
        key = f"\0{said.resource}" if said.resource is not None else _shape(template)
        group = groups.setdefault(key, _OperationGroup(template, said.resource))
        (group.items if is_item else group.own).append((entry, said))
    return groups


def read_said(kit: Engine, entry: Entry) -> DeclaredResource:
    """
    Read what the document and the settings say of an operation, the settings over the operation over its path.

    Raises:
        UsageError: something that can't be.
    """
    merged: dict[str, JsonValue] = {}
    for node in (entry.path_item, entry.node):
        extension = node.value.get("x-mock") if isinstance(node.value, dict) else None
        if isinstance(extension, dict):
            merged.update(extension)
    own = kit.settings.for_operation(entry.id, entry.title)
    name = own.resource if own.resource is not None else merged.get("resource")
    act = merged.get("act")
    if act is not None and act not in set(Action):
        raise UsageError(f"x-mock of {entry.title}: act is one of {', '.join(Action)}, not {act!r}")
    key, size = merged.get("id"), merged.get("seed")
    stateful = merged.get("stateful", True) if own.stateful is None else own.stateful
    return DeclaredResource(
        stateful=stateful is not False,
        resource=str(name) if name is not None else None,
        act=Action(str(act)) if act is not None else None,
        key=str(key) if key is not None else None,
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
    )


@dataclass(slots=True)
class _ResourceDraft:
    """A resource whose relations to others are not known yet."""

    name: str
    template: str
    place: tuple[str, ...]  # of the key in a thing; empty where it has none
    nouns: frozenset[str]
    outline: Outline
    single: bool
    bindings: list[Binding]
    size: int | None
    identity: str | None
    is_map: bool = False  # its things are listed by their keys
    home: "_ResourceDraft | None" = None  # where its things really are

    @property
    def key(self) -> str | None:
        """The property that tells things apart."""
        return self.place[-1] if self.place else None

    @property
    def acts(self) -> frozenset[Action]:
        """What its operations do."""
        return frozenset(binding.action for binding in self.bindings)

    @property
    def is_stateful(self) -> bool:
        """Whether something is read, and written or read in two ways, and it can be told what a path means."""
        reads = self.acts & {Action.LIST, Action.READ}
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
            or not (nameless or (named and self.acts & {Action.LIST, Action.CREATE}))
        )
        return keyed and bool(reads) and (len(reads) > 1 or bool(self.acts - reads))


@dataclass(frozen=True, slots=True, eq=False)
class _Finder:
    """Tells what the operations of a group do."""

    kit: Engine
    base_of: Callable[[Entry], str]

    def draft(self, group: _OperationGroup) -> "_ResourceDraft | None":
        """Return the resource of a group; None where nothing in it is about things."""
        name = group.name or next(iter_literals(group.template), "")
        own = self.kit.settings.resources.get(name, ResourceSettings())
        if own.stateful is False or not name:
            return None
        nouns = nouns_of(name)
        read = {entry.id: self.kit.document.operation(entry) for entry, _ in (*group.own, *group.items)}
        bodies = {id_: self.answered(operation) for id_, operation in read.items()}
        lists = {id_: find_list(body, nouns) for id_, body in bodies.items()}
        if group.items:  # what is listed by keys can be read by them
            lists |= {
                entry.id: find_collection(bodies[entry.id], nouns) for entry, _ in group.own if entry.method == "GET"
            }
        bindings = [binding for binding in self._bind(group, read, lists) if not _is_confused(group.template, binding)]
        said = [s for _, s in (*group.own, *group.items)]
        variable = next((binding.variable for binding in bindings if binding.variable is not None), None)
        outline = self._outline(bindings, bodies, lists, nouns, variable)
        bindings = [
            binding for binding in bindings if self._is_about(binding, outline, bodies[binding.operation.id], nouns)
        ]
        if not bindings:
            return None
        single = (
            variable is None
            and not any(binding.action in {Action.LIST, Action.CREATE} for binding in bindings)
            and group.name is None
        )
        named = own.id or next((s.key for s in said if s.key), None)
        place = tuple(named.split(".")) if named else find_key_place(outline, variable, nouns)
        size = own.seed if own.seed is not None else next((s.size for s in said if s.size is not None), None)
        if size is not None and not 0 <= size <= _MOST:
            raise UsageError(
                f"the resource {name}: there can be from 0 to {_MOST:,} things in the beginning, not {size}"
            )
        return _ResourceDraft(
            name=name, template=group.template, place=() if single else place, nouns=nouns | _nouns_of(outline), outline=outline,
            single=single, bindings=bindings, size=size, is_map=any(spot is not None and spot.shape is Shape.MAP for spot in lists.values()),
            identity=component_of(outline),
        )  # fmt: skip

    def answered(self, operation: Operation) -> Outline:
        """Return the outline of what an operation answers in success."""
        chosen = choose_success(operation)
        represented = represent(chosen.response, None) if chosen is not None and not chosen.is_empty else None
        schema = represented.media_type.schema if represented is not None else None
        return self._gathered(schema, Direction.RESPONSE)

    def asked(self, body: RequestBody | None) -> Outline:
        """Return the outline of what an operation is sent."""
        content = body.content if body is not None else ()
        media = next((m for m in content if is_json(parse_media_type(m.name))), next(iter(content), None))
        return self._gathered(media.schema if media is not None else None, Direction.REQUEST)

    def _gathered(self, schema: object, direction: Direction) -> Outline:
        try:
            return self.kit.outline(schema, direction, Purpose.MAKE) if schema is not None else _NOTHING  # type: ignore[arg-type]
        except MockServerError:
            return _NOTHING  # that it can't be read is said when it is asked for

    def _bind(
        self, group: _OperationGroup, read: Mapping[str, Operation], lists: Mapping[str, EnvelopePlace | None]
    ) -> Iterator[Binding]:
        writes = any(e.method in {"PUT", "PATCH"} for e, _ in group.own)
        alone = (
            writes and not group.items and not any(lists[entry.id] for entry, _ in group.own if entry.method == "GET")
        )
        for entry, said in group.own:
            act = said.act or _own_act(entry.method, is_list=lists[entry.id] is not None, alone=alone)
            yield from self._bind_operation(act, read[entry.id], None)
        for entry, said in group.items:
            found = _WHOLE.search(entry.template.rstrip("/"))
            listed = entry.method == "GET" and lists[entry.id] is not None
            act = said.act or (_ITEM_ACTS.get(entry.method) if not listed else None)
            yield from self._bind_operation(act, read[entry.id], found.group(1) if found is not None else None)

    def _bind_operation(self, act: Action | None, operation: Operation, variable: str | None) -> Iterator[Binding]:
        chosen = choose_success(operation)
        if act is not None and chosen is not None and 200 <= chosen.status < 300:  # noqa: PLR2004
            yield Binding(
                action=act, operation=operation, chosen=chosen, variable=variable, base=self.base_of(operation.entry)
            )

    def _outline(
        self,
        bindings: list[Binding],
        bodies: Mapping[str, Outline],
        lists: Mapping[str, EnvelopePlace | None],
        nouns: frozenset[str],
        variable: str | None,
    ) -> Outline:
        """Return the outline of a thing: as it is read, else as it is listed, else as it is created or changed."""
        for act in (Action.READ, Action.LIST, Action.CREATE, Action.REPLACE, Action.CHANGE):
            for binding in bindings:
                if binding.action is not act:
                    continue
                body = bodies[binding.operation.id]
                spot = lists[binding.operation.id] if act is Action.LIST else self._thing(body, nouns, variable)
                if spot is not None:
                    return spot.outline
        for binding in bindings:
            body = self.asked(binding.operation.request_body)
            if is_object(body):
                return body
        return _NOTHING

    def _is_about(self, binding: Binding, thing: Outline, answered: Outline, nouns: frozenset[str]) -> bool:
        """
        Return whether what is written has something in common with what is read.

        Else a POST is an action and no creation.
        """
        if binding.action is Action.READ and binding.operation.method == "GET" and not is_object(answered):
            return False  # a file, a text, a number: nothing that could be changed by its parts
        if binding.action in {Action.LIST, Action.READ, Action.REMOVE, Action.CLEAR} or not thing.names:
            return True
        asked = self.asked(binding.operation.request_body)
        if (
            binding.operation.method in {"PUT", "PATCH"}
            and binding.operation.request_body is not None
            and not asked.names
        ):
            return True  # it takes anything, or a list of changes
        queried = {p.name for p in binding.operation.parameters if p.location is ParameterLocation.QUERY}
        if binding.action is Action.CHANGE and binding.operation.request_body is None:
            return bool(queried & frozenset(thing.names))
        bodies = (asked, answered) if binding.action is Action.CREATE else (asked,)
        inner = [body.member(name) for body in bodies for name in body.names if is_object(body.member(name))]
        return any(frozenset(thing.names) & frozenset(body.names) for body in (*bodies, *inner))

    def _thing(self, body: Outline, nouns: frozenset[str], variable: str | None) -> EnvelopePlace | None:
        found = find_thing(body, nouns, lambda outline: bool(find_key_place(outline, variable, nouns)))
        return found or (EnvelopePlace((), body) if is_object(body) else None)


def _shape(template: str) -> str:
    """Return a template without the names of its variables."""
    return _VARIABLE.sub("{}", template)


def _aliases(template: str, binding: Binding) -> Iterator[tuple[str, str]]:
    """Yield the variables of a collection's path that an operation calls otherwise: its name and the collection's."""
    own = template_names(binding.operation.entry.template)
    if _shape(binding.operation.entry.template).startswith(_shape(template)):
        yield from ((mine, ours) for mine, ours in zip(own, template_names(template), strict=False) if mine != ours)


def _is_confused(template: str, binding: Binding) -> bool:
    """Return whether an operation calls one variable of the path as the collection calls another."""
    own, ours = template_names(binding.operation.entry.template), template_names(template)
    return any(name in own or alias in ours for alias, name in _aliases(template, binding))


def _own_act(method: str, *, is_list: bool, alone: bool) -> Action | None:
    """Return what an operation at the path of a collection does."""
    if method in {"GET", "HEAD"}:
        return Action.LIST if is_list else Action.READ if alone else None
    acts = {
        "POST": Action.CREATE,
        "PUT": Action.REPLACE,
        "PATCH": Action.CHANGE,
        "DELETE": Action.REMOVE if alone else Action.CLEAR,
    }
    return acts.get(method)


def _nouns_of(outline: Outline) -> frozenset[str]:
    name = component_of(outline)
    return nouns_of(name) if name is not None else frozenset()


def component_of(outline: Outline) -> str | None:
    """Return the component that describes a thing: two resources of the same one may be the same."""
    ref = outline.sources[0].get("$ref") if outline.sources else None
    return ref.removeprefix("#/$defs/") if isinstance(ref, str) else None


def _join_views(drafts: list[_ResourceDraft]) -> None:
    """
    See where one collection is shown in several places.

    `/pet/findByStatus` and `/owners/{ownerId}/pets` show what is in `/pet` and `/pets`, where the things are the same.
    """
    for draft in drafts:
        for other in drafts:
            if other is draft or draft.identity is None or other.identity != draft.identity or "{" in other.template:
                continue
            if other.key is None or not other.is_stateful or any(binding.variable for binding in draft.bindings):
                continue
            same_name = draft.template.rpartition("/")[2] == other.template.rpartition("/")[2] and "{" in draft.template
            if same_name or (draft.acts == {Action.LIST} and draft.template.startswith(other.template + "/")):
                draft.home = other
                break


def _join_actions(drafts: list[_ResourceDraft]) -> None:
    """
    See where an operation does something with a thing, and answers with it.

    `POST /issues/{id}/close` that answers an issue changes the one that is there; what makes a copy, or answers 201,
    does not.
    """
    things = {
        _shape(draft.template): draft
        for draft in drafts
        if draft.is_stateful and any(binding.variable for binding in draft.bindings)
    }
    for draft in drafts:
        above, _, verb = draft.template.rpartition("/")
        collection, _, variable = above.rpartition("/")
        owner, named = things.get(_shape(collection)), _WHOLE.match(variable)
        if owner is None or named is None or owner.identity is None or owner.identity != draft.identity:
            continue
        if draft.home is not None or draft.acts & {Action.LIST, Action.READ} or _COPYING & set(split_words(verb)):
            continue
        for binding in draft.bindings:
            if (
                binding.action not in {Action.CLEAR, Action.REMOVE}
                and binding.variable is None
                and binding.chosen.status != _MADE
            ):
                owner.bindings.append(
                    dataclasses.replace(binding, action=Action.CHANGE, variable=named.group(1), verb=verb)
                )


def _finish(drafts: list[_ResourceDraft]) -> InferredResources:
    """Relate the resources to each other."""
    homes = [draft for draft in drafts if draft.home is None and draft.is_stateful]
    things = {_shape(draft.template): draft for draft in homes if any(binding.variable for binding in draft.bindings)}
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
            *(_viewed(binding, view, draft, things) for view in views for binding in view.bindings),
        ]
        links = {binding.link.variable: binding.link for binding in bindings if binding.link is not None}
        resource = Resource(
            name=draft.name, template=draft.template, key=draft.key, inside=draft.place[:-1],
            nouns=draft.nouns, outline=draft.outline, single=draft.single,
            bindings={binding.action: binding for binding in reversed(draft.bindings)}, owners=tuple(_owners(draft.template, things)), size=draft.size,
            links=tuple(links.values()), aliases=tuple(pair for binding in draft.bindings for pair in _aliases(draft.template, binding)),
        )  # fmt: skip
        resources[id(draft)] = resource
        by_entry.update({binding.operation.id: (resource, binding) for binding in bindings})
    return InferredResources(tuple(resources.values()), by_entry)


def _owners(template: str, things: Mapping[str, _ResourceDraft]) -> Iterator[Owner]:
    """Whose things are in a collection."""
    segments = template.split("/")
    for index, segment in enumerate(segments):
        found = _WHOLE.match(segment)
        above = "/".join(segments[:index])
        owner = things.get(_shape(above)) if found is not None else None
        if found is not None and owner is not None:
            yield Owner(variable=found.group(1), resource=owner.name, template=above)


def _viewed(
    binding: Binding, view: _ResourceDraft, home: _ResourceDraft, things: Mapping[str, _ResourceDraft]
) -> Binding:
    """Return what an operation on a view does: the same, for the things of one owner."""
    owner = next(iter(reversed(list(_owners(view.template, things)))), None)
    if owner is None:
        return binding
    pointer = find_owner(home.outline, owner.variable, things[_shape(owner.template)].nouns)
    return dataclasses.replace(
        binding, link=ForeignKey(variable=owner.variable, pointer=pointer, resource=owner.resource)
    )
