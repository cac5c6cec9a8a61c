"""A request for a resource, as state reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from mock_server.serve.answer import Answer
from mock_server.serve.reply import Ask
from mock_server.serve.state.resource import Deed, Resource
from mock_server.serve.state.seeding import Place, thing_place
from mock_server.serve.state.store import Record
from mock_server.spec.model import Operation


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a resource, read."""

    resource: Resource
    deed: Deed
    ask: Ask
    place: Place  # of the collection, or of the thing
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

    def place_of(self, record: Record) -> Place:
        """Where a thing is."""
        known = self.resource.key_of(record.body)
        return thing_place(self.place, record.key, known if known is not None else record.key)


class Refused(Exception):
    """The request can't be done: the answer that says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def fill(template: str, variables: Mapping[str, str]) -> str:
    """A concrete path; variables that have no value stay as they are."""
    for name, value in variables.items():
        template = template.replace("{" + name + "}", quote(value, safe=""))
    return template


def documents(operation: Operation, status: int) -> bool:
    """Whether an operation documents a status by its number or its range, rather than by `default` alone."""
    found = operation.find_response(status)
    return found is not None and found.status != "default"
