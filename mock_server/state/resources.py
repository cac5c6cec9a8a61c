"""
Resources of a document, and the operations bound to them.

`find_key` finds the property that identifies an item, `find_owner` the one that refers to the owner of an item.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from mock_server.document.model import Operation
from mock_server.document.references import Node
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.negotiate import ChosenResponse
from mock_server.generate.envelope import is_array, is_object, put, shown, take
from mock_server.json_values import JsonObject, JsonValue
from mock_server.names import joined, nouns_of, singular, split_words
from mock_server.schema.sites import Site


class Action(StrEnum):
    """An act of an operation on a collection or an item; the values are those of `x-mock`."""

    LIST = "list"
    CREATE = "create"
    READ = "read"
    REPLACE = "replace"
    CHANGE = "change"
    REMOVE = "remove"
    CLEAR = "clear"


class Item(NamedTuple):
    """An item that is not stored yet, or about to be shown."""

    key: str
    body: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Owner:
    """A resource with items that own others: `{ownerId}` of `/owners/{ownerId}/pets`."""

    variable: str
    resource: str  # its name
    template: str  # of its collection


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForeignKey:
    """The reference of an item to its owner, where one collection holds the items of all owners."""

    variable: str
    pointer: tuple[str, ...]  # to the owner's key in the item; empty where only the store knows it
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binding:
    """An operation with what it does to a resource."""

    action: Action
    operation: Operation
    chosen: ChosenResponse  # the successful response
    variable: str | None = None  # of the path: the key of the item; None if query or body have it, or a single item
    link: ForeignKey | None = None
    base: str = ""  # the base path of the operation
    verb: str = ""  # the last segment of a path below an item: `close` of `/issues/{id}/close`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resource:
    """A collection of items, or a single item."""

    name: str  # `pets`, `owners/pets`
    template: str  # the path of the collection, or of the single item
    key: str | None  # the property that identifies an item; None: only the path does
    inside: tuple[str, ...] = ()  # the members around that property: `metadata` of `metadata.name`
    nouns: frozenset[str]  # names of an item
    outline: Site  # of an item in a response
    single: bool = False
    bindings: Mapping[Action, Binding]  # the main one of each action
    owners: tuple[Owner, ...] = ()  # that have to exist, the outermost first
    size: int | None = None  # the number of seeded items; None: as many as the document's own list has
    links: tuple[ForeignKey, ...] = ()
    aliases: tuple[
        tuple[str, str], ...
    ] = ()  # other names of path variables: that of an operation, that of the template

    @property
    def own_key(self) -> str | None:
        """The key, if it is a property of the item itself."""
        if not self.inside:
            return self.key
        return None

    def key_of(self, item: JsonValue, default: JsonValue = None) -> JsonValue:
        """Return the key in the body of an item."""
        key = take(item, (*self.inside, self.key)) if self.key is not None else None
        if key is not None:
            return key
        return default

    def with_key(self, item: JsonObject, key: JsonValue) -> JsonObject:
        """Return an item with another key."""
        if self.key is None:
            return item
        keyed = put(item, (*self.inside, self.key), key)
        if isinstance(keyed, dict):
            return keyed
        return item

    @property
    def listed(self) -> bool:
        """True if a list enumerates the items. Without one, each item exists until it is deleted."""
        return Action.LIST in self.bindings

    def first(self, *actions: Action) -> Binding | None:
        """Return the binding of the first of some actions that the resource has."""
        return next((self.bindings[action] for action in actions if action in self.bindings), None)


def sent_schema(operation: Operation) -> Node | None:
    """Return the schema of a request body, the one of JSON if there are several."""
    if operation.request_body is None or not operation.request_body.content:
        return None
    content = operation.request_body.content
    return next((media for media in content if is_json(parse_media_type(media.name))), content[0]).schema


_KEYS: Final = ("id", "uuid", "uid", "guid", "identifier", "key", "pk", "code", "slug", "number", "no", "name")
_GENERIC: Final = ("id", "uuid", "uid", "guid", "identifier", "key", "pk")  # recognised without a hint from the path
_SCALARS: Final = frozenset(("string", "integer", "number"))
_DESCRIBING: Final = frozenset(
    ("metadata", "meta", "sys", "attributes", "info", "header")
)  # members with metadata of the object around them
# Properties that no two items of a collection share.
_UNIQUE: Final = frozenset(
    ("email", "emailaddress", "username", "login", "loginname", "slug", "sku", "handle", "serialnumber", "isbn",
     "iban", "vin", "ssn", "phonenumber", "nickname", "externalid", "idtag", "licenseplate")
)  # fmt: skip


def find_key(outline: Site, variable: str | None, nouns: frozenset[str]) -> str | None:
    """
    Find the property that identifies an item.

    Args:
        outline: Of an item.
        variable: The path variable for its key: `petId`, `id`, `username`; None if there is none.
        nouns: Names of an item.
    """
    scalars = {joined(name): name for name in reversed(shown(outline)) if _is_scalar(outline.member(name))}
    return next((scalars[wanted] for wanted in _wanted(variable, nouns) if wanted in scalars), None)


def find_key_place(outline: Site, variable: str | None, nouns: frozenset[str]) -> tuple[str, ...]:
    """
    Find the path of the property that identifies an item: in the item, else in its metadata (`metadata.name`).

    Returns:
        The names of members, from the outside in; empty if there is no such property.
    """
    key = find_key(outline, variable, nouns)
    if key is not None:
        return (key,)
    for name in shown(outline):
        member = outline.member(name)
        if joined(name) in _DESCRIBING and is_object(member) and not is_array(member):
            inner = find_key(member, variable, nouns)
            if inner is not None:
                return (name, inner)
    return ()


def _wanted(variable: str | None, nouns: frozenset[str]) -> Iterator[str]:
    """Yield names of keys, the likeliest first."""
    bare = [noun.replace(" ", "") for noun in sorted(nouns)]
    words = split_words(variable or "")
    if words:
        yield "".join(words)
        if words[-1] in _KEYS:
            yield words[-1]
            yield from (noun + words[-1] for noun in bare)
    for key in _GENERIC:
        yield key
        yield from (noun + key for noun in bare)
    if words and words[-1] not in _GENERIC:
        yield from ("slug", "code", "name")


def _is_scalar(outline: Site) -> bool:
    return bool(outline.types & _SCALARS) and not outline.types & {"object", "array"}


def find_owner(outline: Site, variable: str, nouns: frozenset[str]) -> tuple[str, ...]:
    """
    Find the reference of an item to its owner.

    Args:
        outline: Of the item.
        variable: The path variable for the owner's key: `ownerId` in `/owners/{ownerId}/pets`.
        nouns: Names of the owner.

    Returns:
        A pointer: `("ownerId",)`, `("owner", "id")`; empty if the item has none.
    """
    names = {noun.replace(" ", "") for noun in nouns}
    wanted = {name + key for name in names for key in ("id", "uuid", "key", "")}
    if joined(variable) not in _KEYS:
        wanted.add(joined(variable))
    for name in shown(outline):
        member = outline.member(name)
        if joined(name) in wanted and _is_scalar(member):
            return (name,)
        if joined(name) in names and is_object(member) and not is_array(member):
            key = find_key(member, None, nouns)
            if key is not None:
                return (name, key)
    return ()


def referred(name: str) -> frozenset[str]:
    """
    Return the nouns that a property refers to by its name.

    `ownerId` and `owner_ids` refer to an "owner", `id` and `age` to nothing.
    """
    words = [singular(word) for word in split_words(name)]
    if len(words) > 1 and words[-1] in {"id", "uuid", "key"}:
        return nouns_of(" ".join(words[:-1]))
    return frozenset()


def is_unique(name: str) -> bool:
    """Return True if a property is unique in a collection, judging by its name."""
    return joined(name) in _UNIQUE


def text_of(value: JsonValue) -> str | None:
    """Return a key as text of a path; None for a value that can't be a key."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
