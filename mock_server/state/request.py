"""
A request for a resource, as state reads it.

Refusing what can't be done with what is there, in the document's words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from mock_server.document.model import Operation
from mock_server.exchange import problem
from mock_server.exchange.negotiate import choose_failure
from mock_server.exchange.problem import Problem
from mock_server.findings import Finding
from mock_server.respond.answer import Answer
from mock_server.respond.representation import RequestContext
from mock_server.respond.responder import Responder
from mock_server.state.patch import PatchError
from mock_server.state.representation import NotRepresentable
from mock_server.state.resources import Binding, Resource
from mock_server.state.seeds import CollectionPath, thing_place
from mock_server.state.store import Record


@dataclass(frozen=True, slots=True)
class StateRequest:
    """A request for a resource, read."""

    resource: Resource
    deed: Binding
    ask: RequestContext
    place: CollectionPath  # of the collection, or of the thing
    collection: str  # by its concrete path, under the base path of the document
    key: str | None  # of the thing that is meant

    @property
    def world(self) -> str:
        """The name of the world of who asks."""
        return self.ask.world.name

    @property
    def noun(self) -> str:
        """What a thing of the resource is called."""
        return min(self.resource.nouns, key=len, default=self.resource.name)

    def place_of(self, record: Record) -> CollectionPath:
        """Return where a thing is."""
        known = self.resource.key_of(record.body)
        return thing_place(self.place, record.key, known if known is not None else record.key)


class StateRefusal(Exception):
    """The request can't be done: the answer that says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def fill(template: str, variables: Mapping[str, str]) -> str:
    """Return a concrete path; variables that have no value stay as they are."""
    for name, value in variables.items():
        template = template.replace("{" + name + "}", quote(value, safe=""))
    return template


def documents(operation: Operation, status: int) -> bool:
    """Return whether an operation documents a status by its number or its range, rather than by `default` alone."""
    found = operation.find_response(status)
    return found is not None and found.status != "default"


@dataclass(frozen=True, slots=True, eq=False)
class Refusals:
    """Words refusals."""

    responder: Responder

    def absent(self, asked: StateRequest) -> StateRefusal:
        """Return the thing that is meant is not there."""
        return self.missing(asked, f"there is no {asked.noun}" + (f" {asked.key!r}" if asked.key else ""))

    def missing(self, asked: StateRequest, detail: str) -> StateRefusal:
        """Something is not there."""
        return self._refused(asked, (404, 410), problem.NOT_THERE, "request-state-absent", detail)

    def conflict(self, asked: StateRequest, detail: str) -> StateRefusal:
        """Return what is asked for contradicts what is there."""
        return self._refused(asked, (409,), problem.CONFLICT, _CONFLICT, detail)

    def changed(self, asked: StateRequest, tag: str) -> StateRefusal:
        """Somebody else changed it."""
        return self._refused(
            asked, (412,), problem.PRECONDITION_FAILED, _CONFLICT, f"the {asked.noun} has changed: it is {tag} now"
        )

    def unpatchable(self, asked: StateRequest, error: PatchError) -> Exception:
        """Return a patch can't be applied: a documented refusal, else no answer from state. RFC 5789, section 2.2."""
        statuses = (409, 422, 400) if error.conflict else (400, 422, 409)
        if error.result:
            statuses = (422, 400, 409)
        if choose_failure(asked.deed.operation, statuses) is None:
            return NotRepresentable(str(error))
        return self._refused(asked, statuses, problem.UNPROCESSABLE, _CONFLICT, str(error))

    def _refused(
        self, asked: StateRequest, statuses: tuple[int, ...], kind: Problem, rule: str, detail: str
    ) -> StateRefusal:
        operation = asked.deed.operation
        where = ("path", asked.deed.variable) if asked.deed.variable is not None else ("body",)
        finding = Finding(
            rule=rule, message=detail, place=operation.entry.node.place, instance=where, operation=operation.id
        )
        return StateRefusal(self.responder.fail(operation, asked.ask, statuses, kind, finding))


_CONFLICT = "request-state-conflict"
