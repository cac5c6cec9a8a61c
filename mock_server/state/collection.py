"""
A collection: the items of one resource under one path, in the world of one request.

`DocumentState` holds what all collections of a document share. A `StateRequest` is a request for a collection or for
one item of it; `refuse` and its kin are the answers where the stored items do not permit what it asks for.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import quote

from mock_server.cache import BoundedCache
from mock_server.document.document import template_names
from mock_server.document.model import MISSING, Operation, ParameterLocation
from mock_server.exchange import problem
from mock_server.exchange.message import Request
from mock_server.exchange.negotiate import choose_failure
from mock_server.exchange.prefer import NONE, Preferences
from mock_server.exchange.problem import Problem
from mock_server.findings import Finding
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judges.request import DecodedRequest
from mock_server.respond.answer import Answer
from mock_server.respond.answer_cache import KEPT_READY, ready_answers
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.responder import Responder
from mock_server.sizes import weigh_json
from mock_server.state.children import Child
from mock_server.state.patch import PatchError
from mock_server.state.representation import ItemRepresentation, NotRepresentable
from mock_server.state.resources import Action, Binding, Item, Resource
from mock_server.state.store import Record, Store

_log: Final = logging.getLogger("mock_server.state")
_MOST: Final = 1_024  # warnings
_AROUND: Final = 300  # bytes of an item in memory, apart from its body
_CONFLICT: Final = "request-state-conflict"

_ReadyAnswers = BoundedCache[tuple[str | bytes, ...], tuple[object, Answer]]
_SeededItems = BoundedCache[tuple[str, ...], list[Item]]


def _weigh(key: tuple[str, ...], items: list[Item]) -> int:
    return _AROUND + sum(map(len, key)) + sum(_AROUND + weigh_json(item.body) for item in items)


def _seeded_items() -> _SeededItems:
    return KEPT_READY.make(_weigh)


@dataclass(eq=False)
class DocumentState:
    """State that the collections of one document share."""

    responder: Responder
    resources: Mapping[str, Resource]  # by name
    children: Mapping[str, tuple[Child, ...]]  # by the name of the owner's resource
    store: Store
    listed: _SeededItems = field(default_factory=_seeded_items)  # as the list of the document has them
    seeded: _SeededItems = field(default_factory=_seeded_items)  # the same items, completed
    item_answers: _ReadyAnswers = field(default_factory=ready_answers)  # each valid for a record
    list_answers: _ReadyAnswers = field(default_factory=ready_answers)  # each valid for a stamp of the collection
    _representations: dict[tuple[str, int], ItemRepresentation] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    def representation(self, resource: Resource, binding: Binding) -> ItemRepresentation:
        """Return the representation of a resource in the successful response of a binding."""
        key = (binding.operation.id, binding.chosen.status)
        if key not in self._representations:
            self._representations[key] = ItemRepresentation(self.responder, resource, binding)
        return self._representations[key]

    def path_of(self, template: str, variables: Mapping[str, str]) -> str:
        """Return the name of a collection in the store: documents may share one, each under its base path."""
        return self.responder.base_paths()[0] + fill(template, variables)

    def unwarned(self, subjects: Iterable[str]) -> list[str]:
        """Return the subjects that there was no warning about yet, and remember them."""
        fresh = sorted(set(subjects) - self._warned)[: max(_MOST - len(self._warned), 0)]
        self._warned.update(fresh)
        return fresh


def warn(finding: Finding) -> None:
    """Log a finding about the document."""
    _log.warning("%s: %s", finding.rule, finding.message)


class Collection(NamedTuple):
    """The items of one resource under one path, in the world of a request."""

    state: DocumentState
    resource: Resource
    context: RequestContext
    path: str  # concrete, under the base path of the document: its name in the store
    variables: Mapping[str, str]  # of the path, as text
    values: Mapping[str, JsonValue]  # the same, decoded

    @property
    def store(self) -> Store:
        """The store of its items."""
        return self.state.store

    @property
    def address(self) -> tuple[str, str]:
        """The world and the path, by which the store knows the collection."""
        return self.context.world.name, self.path

    def find(self, key: str) -> Record | None:
        """Find the record of an item; deleted ones are found too, where the store remembers them."""
        return self.store.find(*self.address, key)

    def records(self) -> list[Record]:
        """Return the records of all items that are not deleted, in order."""
        return self.store.all(*self.address)

    def at(self, key: str, value: JsonValue) -> "Collection":
        """Return the collection with the path variables of one of its items."""
        names = [binding.variable for binding in self.resource.bindings.values() if binding.variable is not None]
        variables = {**self.variables, **dict.fromkeys(names, key)}
        values = {**self.values, **dict.fromkeys(names, value)}
        return Collection(self.state, self.resource, self.context, self.path, variables, values)

    def at_item(self, key: str, body: JsonValue) -> "Collection":
        """Return the collection with the path variables of an item; its body may have the key as a number."""
        return self.at(key, self.resource.key_of(body, key))

    def other(
        self, resource: Resource, template: str, variables: Mapping[str, str], values: Mapping[str, JsonValue]
    ) -> "Collection":
        """Return another collection, in the same world and for the same request."""
        return Collection(
            self.state, resource, self.context, self.state.path_of(template, variables), variables, values
        )

    def representation(self, binding: Binding) -> ItemRepresentation:
        """Return the representation of an item in the successful response of a binding."""
        return self.state.representation(self.resource, binding)

    def plain_context(self, binding: Binding, size: int | None = None) -> RequestContext:
        """
        Return a request to another operation, without query, body and preferences.

        Args:
            binding: Of the operation.
            size: The wanted number of items; None for any.
        """
        entry = binding.operation.entry
        path = entry.template
        variables = {name: self.variables[name] for name in template_names(path) if name in self.variables}
        quoted = {name: quote(text, safe="") for name, text in variables.items()}
        for name, text in quoted.items():
            path = path.replace("{" + name + "}", text)
        seed = derive_seed(self.context.seed_text, entry.id, "\0".join(variables.values()), "", b"")
        parameters: dict[tuple[ParameterLocation, str], JsonValue] = {
            (ParameterLocation.PATH, name): value for name, value in self.values.items() if name in variables
        }
        return self.context._replace(
            request=Request("GET", (binding.base + path).encode(), b"", [], b""),
            understood=DecodedRequest(parameters, MISSING),
            accept=None,
            preferences=NONE if size is None else Preferences(size=size),
            derive=lambda: seed,
            variables=quoted,
        )

    def objection(self, item: JsonObject, *, strictly: bool = True) -> str | None:
        """
        Return the reason why an item can't be read or listed; None if it can.

        Args:
            item: As it would be stored.
            strictly: Whether no property of the item itself may be generated.
        """
        for representation, context in self._shown_by():
            found = representation.objection(item, context, strictly=strictly)
            if found is not None:
                return found
        return None

    def accepts(self, item: JsonObject, *, strictly: bool = True) -> bool:
        """Return True if an item can be read and listed; see `objection`."""
        return self.objection(item, strictly=strictly) is None

    def culprits(self, item: JsonObject) -> frozenset[str]:
        """Return the properties that keep an item from being read or listed."""
        return frozenset[str]().union(*(shows.culprits(item, context) for shows, context in self._shown_by()))

    def _shown_by(self) -> Iterator[tuple[ItemRepresentation, RequestContext]]:
        for action in (Action.READ, Action.LIST):
            binding = self.resource.bindings.get(action)
            if binding is not None and not binding.chosen.is_empty:
                yield self.representation(binding), self.plain_context(binding)


class StateRequest(NamedTuple):
    """A request for a collection, or for an item of it."""

    collection: Collection
    binding: Binding
    key: str | None  # of the item

    @property
    def resource(self) -> Resource:
        """The resource of the collection."""
        return self.collection.resource

    @property
    def context(self) -> RequestContext:
        """The request as the document has it decoded."""
        return self.collection.context

    @property
    def operation(self) -> Operation:
        """The requested operation."""
        return self.binding.operation

    @property
    def state(self) -> DocumentState:
        """The state of the document."""
        return self.collection.state

    @property
    def noun(self) -> str:
        """The name of an item, for messages."""
        return noun_of(self.resource)

    def documents(self, status: int) -> bool:
        """Return True if the operation documents a status by its number or its range, not by `default` alone."""
        found = self.operation.find_response(status)
        return found is not None and found.status != "default"


def noun_of(resource: Resource) -> str:
    """Return the name of an item of a resource, for messages."""
    return min(sorted(resource.nouns), key=len, default=resource.name)


def fill(template: str, variables: Mapping[str, str]) -> str:
    """Return a concrete path; variables without a value stay as they are."""
    for name, value in variables.items():
        template = template.replace("{" + name + "}", quote(value, safe=""))
    return template


class StateRefusal(Exception):
    """A request that the stored items do not permit, with the answer to it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refuse_absent(request: StateRequest, detail: str = "") -> StateRefusal:
    """Refuse a request for an item, or an owner, that does not exist."""
    key = f" {request.key!r}" if request.key else ""
    detail = detail or f"there is no {request.noun}{key}"
    return _refuse(request, (404, 410), problem.NOT_THERE, "request-state-absent", detail)


def refuse_taken(request: StateRequest, name: str | None, value: JsonValue) -> StateRefusal:
    """Refuse a value of a unique property that another item has."""
    detail = f"{name} {value!r} belongs to another {request.noun}"
    return _refuse(request, (409,), problem.CONFLICT, _CONFLICT, detail)


def refuse_precondition(request: StateRequest, tag: str) -> StateRefusal:
    """Refuse a write with an `If-Match` of another version of the item."""
    detail = f"the {request.noun} has changed: it is {tag} now"
    return _refuse(request, (412,), problem.PRECONDITION_FAILED, _CONFLICT, detail)


def refuse_patch(request: StateRequest, error: PatchError) -> Exception:
    """Refuse a patch if the document has a status for that, else leave it to other sources. RFC 5789, section 2.2."""
    statuses = (409, 422, 400) if error.conflict else (400, 422, 409)
    if error.result:
        statuses = (422, 400, 409)
    if choose_failure(request.operation, statuses) is None:
        return NotRepresentable(str(error))
    return _refuse(request, statuses, problem.UNPROCESSABLE, _CONFLICT, str(error))


def _refuse(request: StateRequest, statuses: tuple[int, ...], kind: Problem, rule: str, detail: str) -> StateRefusal:
    operation, variable = request.operation, request.binding.variable
    instance = ("path", variable) if variable is not None else ("body",)
    place = operation.entry.node.place
    finding = Finding(rule=rule, message=detail, place=place, instance=instance, operation=operation.id)
    return StateRefusal(request.state.responder.errors.fail(operation, request.context, statuses, kind, finding))
