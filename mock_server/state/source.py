"""
Answering from state: the source that brings the parts together.

An operation with state reads and writes the things of its resource in the world of who asks. Whatever can't be
answered in the document's words from state is answered as without it, and a warning says why.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from mock_server.respond.representation import RequestContext
from mock_server.respond.responder import Responder
from mock_server.state.body import Creation
from mock_server.state.children import find_children
from mock_server.state.crud import Reads, Writes
from mock_server.state.inference import InferredResources
from mock_server.state.presence import Presence
from mock_server.state.representation import NotRepresentable
from mock_server.state.request import Refusals, StateRefusal, StateRequest
from mock_server.state.resources import Action, Binding, Resource, text_of
from mock_server.state.seeds import CollectionPath, ItemRepresentations, Seeds
from mock_server.state.showing import Showing
from mock_server.state.store import Conflict, Store, StoreUnavailable

_log = logging.getLogger("mock_server.state")
_TRIES: Final = 60  # of a write that others were faster with
_PAUSE: Final = 0.05  # seconds at most between two of them
_MOST: Final = 1_024  # warnings


@dataclass(eq=False)
class StateSource:
    """Answers from what was created, changed and deleted before."""

    name: ClassVar = "state"

    responder: Responder
    inferred: InferredResources
    store: Store
    clock: Callable[[], float] = time.time
    before_validation: bool = False
    _warned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make the parts."""
        self.fittings = ItemRepresentations(
            self.responder, {resource.name: resource for resource in self.inferred.resources}
        )
        seeds = Seeds(self.fittings)
        self._creation = Creation(self.fittings, seeds, self.clock, self._dropped)
        self._presence = Presence(
            self.store, self.fittings, seeds, self._creation, Refusals(self.responder), find_children(self.inferred)
        )
        showing = Showing(self.responder, self.fittings, self._presence)
        reads = Reads(self._presence, showing)
        writes = Writes(self._presence, showing, reads)
        self._acts: dict[Action, Callable[[StateRequest], Answer | None]] = {
            Action.LIST: reads.look_through,
            Action.READ: reads.read,
            Action.CREATE: writes.create,
            Action.REPLACE: writes.replace,
            Action.CHANGE: writes.change,
            Action.REMOVE: writes.remove,
            Action.CLEAR: writes.clear,
        }

    @property
    def blocks(self) -> bool:
        """Whether the store waits for something."""
        return self.store.blocks

    def version(self) -> int | None:
        """Return a number that is another one after each change; None where telling it takes as long as answering."""
        return self.store.pulse()

    def touches(self, entry: Entry) -> bool:
        """Return whether an operation has state."""
        return entry.id in self.inferred.by_entry

    def consider(self, operation: Operation | None, ask: RequestContext) -> Answer | Passed | Foreseen:
        """Answer from state, or foresee what would be done."""
        if ask.explains:
            return self._foresee(operation, ask)
        return self.answer(operation, ask) or Passed("no answer made from state conforms")

    def _foresee(self, operation: Operation | None, ask: RequestContext) -> Foreseen | Passed:
        found = self.inferred.by_entry.get(operation.id) if operation is not None else None
        if found is None:
            return Passed("the operation has no state")
        asked = self._understood(*found, ask)
        resource, act = asked.resource, asked.deed.act
        if act in {Action.LIST, Action.CREATE, Action.CLEAR} or asked.key is None:
            return Foreseen(f"{act.value} {resource.name}: the collection {asked.collection}")
        record = self.store.find(asked.world, asked.collection, asked.key)
        if record is None and resource.listed and self.store.seeded(asked.world, asked.collection, asked.collection):
            there = "which is not there"
        elif record is None:
            there = "which nobody asked for yet"
        elif record.body is None:
            there = "which was deleted"
        else:
            there = f"which is there, in version {record.version}"
        return Foreseen(f"{act.value} {resource.name}: {asked.key!r} in {asked.collection}, {there}")

    def answer(self, operation: Operation | None, ask: RequestContext) -> Answer | None:
        """Answer from state; None where the operation has none, or where nothing made from it conforms."""
        found = self.inferred.by_entry.get(operation.id) if operation is not None else None
        if found is None:
            return None
        asked = self._understood(*found, ask)
        for attempt in range(_TRIES):
            try:
                return self._acts[asked.deed.act](asked)
            except Conflict:
                self._pause(attempt)
            except StateRefusal as refused:
                return refused.answer
            except (NotRepresentable, SchemaError) as error:
                self._warn(asked, str(error))
                return None
            except StoreUnavailable as error:
                return problem_answer(problem.STORE_UNAVAILABLE, str(error), entry=asked.deed.operation.entry)
        return problem_answer(
            problem.STORE_UNAVAILABLE, "too many others write the same thing", entry=asked.deed.operation.entry
        )

    def _pause(self, attempt: int) -> None:
        """Wait a little before looking again; in memory nobody else can be at it by then."""
        if self.store.blocks:
            seconds = Random().random() * _PAUSE * min(attempt + 1, 4) / 4
            wait_for(lambda: time.sleep(seconds))

    def collection(self, template: str, variables: Mapping[str, str]) -> str:
        """Return the name of a collection in the store."""
        return self._presence.collection(template, variables)

    def _understood(self, resource: Resource, deed: Binding, ask: RequestContext) -> StateRequest:
        variables = {name: unquote(value) for name, value in ask.variables.items()}
        values: dict[str, JsonValue] = {
            **variables,
            **{n: v for (where, n), v in ask.understood.parameters.items() if where is ParameterLocation.PATH},
        }
        for alias, name in resource.aliases:
            for known, other in ((alias, name), (name, alias)):
                if known in variables and other not in variables:
                    variables[other], values[other] = variables[known], values[known]
        collection = self._presence.collection(resource.template, variables)
        if deed.variable is not None:
            named = variables.get(deed.variable)
        else:
            named = self._key_elsewhere(resource, deed, ask)
        key = "" if resource.single else named
        return StateRequest(resource, deed, ask, CollectionPath(resource, variables, values), collection, key)

    def _key_elsewhere(self, resource: Resource, deed: Binding, ask: RequestContext) -> str | None:
        """Return the key of the thing that is meant, where the path does not say: in the query, or in the body."""
        if deed.act in {Action.LIST, Action.CREATE, Action.CLEAR} or resource.key is None:
            return None
        for (where, name), value in ask.understood.parameters.items():
            if where is ParameterLocation.QUERY and name == resource.key:
                return text_of(value)
        sent = self._creation.sent(resource, deed, ask)
        if isinstance(sent, dict):
            return text_of(resource.key_of(sent))
        return None

    def _warn(self, asked: StateRequest, reason: str) -> None:
        """Say once that an operation could not be answered from state."""
        entry = asked.deed.operation.entry
        message = f"{entry.title} is answered without state: what state says breaks the document: {reason}"
        self._tell(
            entry.id, Finding(rule="document-state-unfit", message=message, place=entry.node.place, operation=entry.id)
        )

    def _dropped(self, resource: Resource, names: set[str], reason: str) -> None:
        """Say once that answers can't show properties of what is kept."""
        fresh = sorted(name for name in names if f"{resource.name}.{name}" not in self._warned)
        message = (
            f"{resource.name}: what was sent as {', '.join(fresh)} is kept, but not every answer can show it: {reason}"
        )
        for name in fresh:
            self._tell(
                f"{resource.name}.{name}", Finding(rule="document-state-unfit", message=message), quiet=name != fresh[0]
            )

    def _tell(self, what: str, finding: Finding, *, quiet: bool = False) -> None:
        if what in self._warned or len(self._warned) >= _MOST:
            return
        self._warned.add(what)
        if not quiet:
            _log.warning("%s: %s", finding.rule, finding.message)
