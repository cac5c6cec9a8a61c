"""Resources, and what operations do with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mock_server.exchange.negotiate import Chosen
from mock_server.generate.envelope import put, take
from mock_server.schema.outline import Outline
from mock_server.spec.model import Operation
from mock_server.typing import JsonObject, JsonValue


class Act(StrEnum):
    """What an operation does."""

    LIST = "list"
    CREATE = "create"
    READ = "read"
    REPLACE = "replace"
    CHANGE = "change"
    REMOVE = "remove"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Owner:
    """Whose things the things of a resource are: `{ownerId}` of `/owners/{ownerId}/pets`."""

    variable: str
    resource: str  # the name of the owner's resource
    template: str  # of the collection that the owner is in


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """How a thing says whose it is, where one collection holds the things of all owners."""

    variable: str
    pointer: tuple[str, ...]  # to the owner's key in the thing; empty where it does not say: then the store does
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deed:
    """What one operation does with a resource."""

    act: Act
    operation: Operation
    chosen: Chosen  # the response of success
    variable: str | None = None  # of the path: which thing; None: its key stands in the query or the body, or there is but one
    link: Link | None = None
    base: str = ""  # the base path of the operation
    action: str = ""  # what is done with a thing, where a path below it says so: `close` of `/issues/{id}/close`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resource:
    """A collection of things, or a thing of which there is one."""

    name: str  # `pets`, `owners/pets`
    template: str  # of the collection, or of the only thing
    key: str | None  # the property that tells things apart; None: only the path does
    inside: tuple[str, ...] = ()  # the members that hold that property: `metadata` of `metadata.name`
    nouns: frozenset[str]  # what its things are
    outline: Outline  # of a thing in a response
    single: bool = False
    deeds: Mapping[Act, Deed]  # the main one of each kind
    owners: tuple[Owner, ...] = ()  # that have to exist, the outermost first
    size: int | None = None  # how many things there are in the beginning; None: as the document's own list has it
    links: tuple[Link, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()  # variables of the template that some operations call otherwise: their name and ours

    @property
    def own_key(self) -> str | None:
        """The key where it is a property of the thing itself."""
        return self.key if not self.inside else None

    def key_of(self, thing: JsonValue) -> JsonValue:
        """The key of a thing; None where it has none."""
        return take(thing, (*self.inside, self.key)) if self.key is not None else None

    def with_key(self, thing: JsonObject, key: JsonValue) -> JsonObject:
        """A thing with another key."""
        keyed = put(thing, (*self.inside, self.key), key) if self.key is not None else thing
        return keyed if isinstance(keyed, dict) else thing

    @property
    def listed(self) -> bool:
        """Whether a list says what there is. Where none does, everything is there until it is deleted."""
        return Act.LIST in self.deeds
