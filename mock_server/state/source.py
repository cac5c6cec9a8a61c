"""
The answer source of state.

An operation with state reads and writes the items of its resource, in the world of the request. Where no answer made
from state conforms to the document, the request is left to the next source, with one warning that says why.
"""

import time
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Final
from urllib.parse import unquote

from mock_server.document.model import Entry, Operation, ParameterLocation
from mock_server.errors import SchemaError
from mock_server.exchange import problem
from mock_server.findings import Finding
from mock_server.json_values import JsonValue
from mock_server.respond.answer import Answer, Foreseen, Passed, problem_answer
from mock_server.respond.blocking import wait_for
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.responder import Responder
from mock_server.state.body import read_sent
from mock_server.state.children import find_children
from mock_server.state.collection import Collection, DocumentState, StateRefusal, StateRequest, warn
from mock_server.state.crud import ACTIONS
from mock_server.state.inference import InferredResources
from mock_server.state.representation import NotRepresentable
from mock_server.state.resources import Action, Binding, Resource, text_of
from mock_server.state.store import Conflict, Store, StoreUnavailable

_TRIES: Final = 60  # of a write that lost against others
_PAUSE: Final = 0.05  # seconds at most between two of them


@dataclass(eq=False)
class StateSource:
    """Answers from items that were created, changed and deleted before."""

    name: ClassVar = "state"

    responder: Responder
    inferred: InferredResources
    store: Store
    before_validation: bool = False

    def __post_init__(self) -> None:
        """Make the state of the document."""
        resources = {resource.name: resource for resource in self.inferred.resources}
        children = find_children(self.inferred)
        self.document_state = DocumentState(self.responder, resources, children, self.store)

    @property
    def blocks(self) -> bool:
        """True if the store waits for something."""
        return self.store.blocks

    def version(self) -> int | None:
        """Return a version of all that is stored, or None if that takes as long as answering."""
        return self.store.pulse()

    def touches(self, entry: Entry) -> bool:
        """Return True if an operation has state."""
        return entry.id in self.inferred.by_entry

    def consider(self, operation: Operation | None, ask: RequestContext) -> Answer | Passed | Foreseen:
        """Answer from state, or foresee the action."""
        found = self.inferred.by_entry.get(operation.id) if operation is not None else None
        if found is None:
            return Passed("the operation has no state")
        request = self._read(*found, ask)
        if ask.explains:
            return self._foresee(request)
        return self._answer(request) or Passed("no answer made from state conforms")

    def _foresee(self, request: StateRequest) -> Foreseen:
        collection, action = request.collection, request.binding.action
        described = f"{action.value} {collection.resource.name}:"
        if action in {Action.LIST, Action.CREATE, Action.CLEAR} or request.key is None:
            return Foreseen(f"{described} the collection {collection.path}")
        record = collection.find(request.key)
        if record is not None and record.body is not None:
            there = f"which is there, in version {record.version}"
        elif record is not None:
            there = "which was deleted"
        elif collection.resource.listed and self.store.seeded(*collection.address, collection.path):
            there = "which is not there"
        else:
            there = "which nobody asked for yet"
        return Foreseen(f"{described} {request.key!r} in {collection.path}, {there}")

    def _answer(self, request: StateRequest) -> Answer | None:
        """Return the answer of an action; None if no answer conforms."""
        entry = request.operation.entry
        for attempt in range(_TRIES):
            try:
                return ACTIONS[request.binding.action](request)
            except Conflict:
                self._pause(attempt)
            except StateRefusal as refused:
                return refused.answer
            except (NotRepresentable, SchemaError) as error:
                self._warn(entry, str(error))
                return None
            except StoreUnavailable as error:
                return problem_answer(problem.STORE_UNAVAILABLE, str(error), entry=entry)
        return problem_answer(problem.STORE_UNAVAILABLE, "too many others write the same thing", entry=entry)

    def _pause(self, attempt: int) -> None:
        """Wait before another try; in memory, no other request can be writing by then."""
        if self.store.blocks:
            seconds = Random().random() * _PAUSE * min(attempt + 1, 4) / 4
            wait_for(lambda: time.sleep(seconds))

    def _read(self, resource: Resource, binding: Binding, context: RequestContext) -> StateRequest:
        variables = {name: unquote(value) for name, value in context.variables.items()}
        values: dict[str, JsonValue] = dict(variables)
        for (location, name), value in context.understood.parameters.items():
            if location is ParameterLocation.PATH:
                values[name] = value
        for alias, name in resource.aliases:
            for known, other in ((alias, name), (name, alias)):
                if known in variables and other not in variables:
                    variables[other], values[other] = variables[known], values[known]
        path = self.document_state.path_of(resource.template, variables)
        collection = Collection(self.document_state, resource, context, path, variables, values)
        if binding.variable is not None:
            key = variables.get(binding.variable)
        else:
            key = _find_key(collection, binding)
        return StateRequest(collection, binding, "" if resource.single else key)

    def _warn(self, entry: Entry, reason: str) -> None:
        """Warn once that an operation could not be answered from state."""
        if self.document_state.unwarned([entry.id]):
            message = f"{entry.title} is answered without state: what state says breaks the document: {reason}"
            place = entry.node.place
            warn(Finding(rule="document-state-unfit", message=message, place=place, operation=entry.id))


def _find_key(collection: Collection, binding: Binding) -> str | None:
    """Return the key of the requested item where the path does not have it: that of the query, or of the body."""
    resource = collection.resource
    if binding.action in {Action.LIST, Action.CREATE, Action.CLEAR} or resource.key is None:
        return None
    for (location, name), value in collection.context.understood.parameters.items():
        if location is ParameterLocation.QUERY and name == resource.key:
            return text_of(value)
    sent = read_sent(collection, binding)
    if isinstance(sent, dict):
        return text_of(resource.key_of(sent))
    return None
