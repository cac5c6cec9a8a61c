"""
Resources, and what operations do with them.

Which property tells things apart, and which one says to what other thing a thing belongs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mock_server.document.model import Operation
from mock_server.exchange.negotiate import ChosenResponse
from mock_server.generate.envelope import is_array, is_object, put, shown, take
from mock_server.json_values import JsonObject, JsonValue
from mock_server.names import joined, nouns_of, singular, split_words
from mock_server.schema.outline import Outline


class Action(StrEnum):
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
class ForeignKey:
    """How a thing says whose it is, where one collection holds the things of all owners."""

    variable: str
    pointer: tuple[str, ...]  # to the owner's key in the thing; empty where it does not say: then the store does
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binding:
    """What one operation does with a resource."""

    act: Action
    operation: Operation
    chosen: ChosenResponse  # the response of success
    variable: str | None = (
        None  # of the path: which thing; None: its key stands in the query or the body, or there is but one
    )
    link: ForeignKey | None = None
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
    deeds: Mapping[Action, Binding]  # the main one of each kind
    owners: tuple[Owner, ...] = ()  # that have to exist, the outermost first
    size: int | None = None  # how many things there are in the beginning; None: as the document's own list has it
    links: tuple[ForeignKey, ...] = ()
    aliases: tuple[
        tuple[str, str], ...
    ] = ()  # variables of the template that some operations call otherwise: their name and ours

    @property
    def own_key(self) -> str | None:
        """The key where it is a property of the thing itself."""
        if not self.inside:
            return self.key
        return None

    def key_of(self, thing: JsonValue) -> JsonValue:
        """Return the key of a thing; None where it has none."""
        if self.key is not None:
            return take(thing, (*self.inside, self.key))
        return None

    def with_key(self, thing: JsonObject, key: JsonValue) -> JsonObject:
        """Return a thing with another key."""
        keyed = put(thing, (*self.inside, self.key), key) if self.key is not None else thing
        if isinstance(keyed, dict):
            return keyed
        return thing

    @property
    def listed(self) -> bool:
        """Whether a list says what there is. Where none does, everything is there until it is deleted."""
        return Action.LIST in self.deeds


_KEYS: Final = ("id", "uuid", "uid", "guid", "identifier", "key", "pk", "code", "slug", "number", "no", "name")
_GENERIC: Final = ("id", "uuid", "uid", "guid", "identifier", "key", "pk")  # that need no hint by the path
_SCALARS: Final = frozenset(("string", "integer", "number"))
_DESCRIBING: Final = frozenset(
    ("metadata", "meta", "sys", "attributes", "info", "header")
)  # members that describe the thing around
# What people don't share, and no two things of a collection have.
_UNIQUE: Final = frozenset(
    ("email", "emailaddress", "username", "login", "loginname", "slug", "sku", "handle", "serialnumber", "isbn", "iban", "vin", "ssn",
     "phonenumber", "nickname", "externalid", "idtag", "licenseplate")
)  # fmt: skip


def find_key(outline: Outline, variable: str | None, nouns: frozenset[str]) -> str | None:
    """
    Find the property that tells things apart.

    Args:
        outline: Of a thing.
        variable: Of the path that names one: `petId`, `id`, `username`; None where no path does.
        nouns: What the thing is.
    """
    scalars = {joined(name): name for name in reversed(shown(outline)) if _is_scalar(outline.member(name))}
    return next((scalars[wanted] for wanted in _wanted(variable, nouns) if wanted in scalars), None)


def find_key_place(outline: Outline, variable: str | None, nouns: frozenset[str]) -> tuple[str, ...]:
    """
    Find where the property stands that tells things apart: in the thing, else in what describes it (`metadata.name`).

    Returns:
        The names of members, from the outside in; empty where there is none.
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
    """Yield names in the order in which they are likely to be the key."""
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


def _is_scalar(outline: Outline) -> bool:
    return bool(outline.types & _SCALARS) and not outline.types & {"object", "array"}


def find_owner(outline: Outline, variable: str, nouns: frozenset[str]) -> tuple[str, ...]:
    """
    Find where a thing says whose it is.

    Args:
        outline: Of the thing.
        variable: Of the path that names the owner: `ownerId` in `/owners/{ownerId}/pets`.
        nouns: What the owner is.

    Returns:
        A pointer: `("ownerId",)`, `("owner", "id")`; empty where it does not say.
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
    Return what a property refers to by its name.

    `ownerId` and `owner_ids` to an "owner"; nothing for `id` and `age`.
    """
    words = [singular(word) for word in split_words(name)]
    if len(words) > 1 and words[-1] in {"id", "uuid", "key"}:
        return nouns_of(" ".join(words[:-1]))
    return frozenset()


def is_unique(name: str) -> bool:
    """Return whether no two things of a collection have the same value of a property, as its name says."""
    return joined(name) in _UNIQUE


def text_of(value: JsonValue) -> str | None:
    """Return a key as it stands in a path; None for what can't be one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
