"""
Things that are known, and under which other paths they are found.

- `/flows/name/{name}` looks up by a property what `/flows/{id}` names.
- `/ui/flows/{id}` has things with the noun of `/flows/{id}`.
- `/shares/{owner}/{server_name}` names a server and who has it, as `/users/{name}/servers/{server}` does.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from mock_server.contract.knowledge.templates import Variables, collection_word, iter_prefixes, rename, shape_of
from mock_server.document.document import template_names
from mock_server.json_values import JsonValue
from mock_server.names import joined, split_words

_LOOKUP = re.compile(r"(?P<collection>.*)/(?P<property>[^/{}]+)/\{(?P<variable>[^}]*)\}")
_PAIR = re.compile(r".*/\{(?P<outer>[^}]*)\}/\{(?P<inner>[^}]*)\}")
# What a variable or property ends with that names a thing by one of its properties.
NAMING: Final = ("id", "uuid", "guid", "key", "name", "ref", "slug")


@dataclass(frozen=True, slots=True)
class KnownObject:
    """Something that the provider has."""

    template: str  # `/pets/{petId}`
    variables: Variables
    created: bool = False  # by this run
    # By what else it may be called, by property: names that this run made up.
    also: Variables = field(default_factory=dict, compare=False)
    facts: Variables = field(default_factory=dict, compare=False)  # texts and numbers that it showed, by property

    @property
    def key(self) -> tuple[str, str]:
        """Its identity."""
        return (shape_of(self.template), repr(list(self.variables.values())))

    @property
    def noun(self) -> str:
        """Its noun: `pet`."""
        return collection_word(self.template)

    @property
    def identity(self) -> JsonValue:
        """Its id in its collection: the last of its variables."""
        return list(self.variables.values())[-1]

    def iter_names(self) -> Iterator["KnownObject"]:
        """Yield it under each of its names."""
        yield self
        for other in self.also.values():
            yield replace(self, variables={**self.variables, template_names(self.template)[-1]: other})

    def variables_of(self, template: str) -> dict[str, JsonValue]:
        """Return its variables under the names of another template, at or below its own."""
        return rename(self.variables, self.template, template)

    def fact(self, name: str) -> JsonValue:
        """Return what a property of it said, however its name is written; null where it said nothing."""
        return self.facts.get(joined(name))


def name_by(words: tuple[str, ...]) -> tuple[str, str]:
    """Split the words of a name into a noun and a property: `flow` and `name` of `flow_name`."""
    if len(words) > 1 and words[-1] in NAMING:
        return "".join(words[:-1]), words[-1]
    return "".join(words), "id"


def iter_relatives(template: str, things: Iterable[KnownObject]) -> Iterator[KnownObject]:
    """
    Yield things under a path that they were not learned from, the surest first.

    Args:
        template: Of the path.
        things: What is known.
    """
    known = list(things)
    for prefix in reversed(list(iter_prefixes(template))):
        yield from _looked_up(prefix, known)
        yield from _in_pairs(prefix, known)
        yield from _of_noun(prefix, known)


def _looked_up(template: str, known: Iterable[KnownObject]) -> Iterator[KnownObject]:
    """Yield what is looked up by a property: by its name in `/flows/name/{name}`."""
    match = _LOOKUP.fullmatch(template)
    if match is None:
        return
    item, name = f"{shape_of(match['collection'])}/{{}}", joined(match["property"]).removeprefix("by")
    for thing in known:
        if shape_of(thing.template) == item and name in thing.facts:
            around = dict(zip(template_names(match["collection"]), thing.variables.values(), strict=False))
            yield KnownObject(template, {**around, match["variable"]: thing.facts[name]}, thing.created)


def _in_pairs(template: str, known: Iterable[KnownObject]) -> Iterator[KnownObject]:
    """Yield what two variables name at once, the second after a noun: a server of somebody."""
    match = _PAIR.fullmatch(template)
    if match is None or len(template_names(template)) != 2:  # noqa: PLR2004
        return
    noun, names = name_by(split_words(match["inner"]))[0], template_names(template)
    for thing in known:
        values = list(thing.variables.values())
        if len(values) > 1 and collection_word(thing.template) == noun:
            yield KnownObject(template, dict(zip(names, values[-2:], strict=True)), thing.created)


def _of_noun(template: str, known: Iterable[KnownObject]) -> Iterator[KnownObject]:
    """Yield the things of the same noun in another place: `/ui/flows/{id}` has those of `/flows/{id}`."""
    names, noun = template_names(template), collection_word(template)
    for thing in known if len(names) == 1 and noun else ():
        if len(thing.variables) == 1 and collection_word(thing.template) == noun:
            yield KnownObject(template, {names[0]: thing.identity}, thing.created, thing.also, thing.facts)
