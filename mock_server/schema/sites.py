"""
Sites: the places of a value, each with all subschemas that speak of it.

One walk (`follow`) leads from the subschemas that are written for a place to all that speak of it: through `$ref`,
`allOf` and, if wanted, alternatives. Text on the wire has no types: its readers ask a site for types, items and
properties. The canonical form has no titles, examples or order: generators ask a site for these. `locations` lists the
places of a schema by the same walk.

Source: JSON Schema 2020-12 core, section 7.1 (instance locations, keyword locations)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, NamedTuple

from mock_server.json_values import JsonObject, JsonValue, Pointer, as_list, as_object
from mock_server.names import nouns_of
from mock_server.schema.bundle import Bundle
from mock_server.schema.types import TYPES, is_type

_MOST: Final = 64  # subschemas; more of them at one place say nothing new
_EVERY_TYPE: Final = frozenset(TYPES)
# Keywords that imply a type.
_IMPLYING: Final = {
    "object": frozenset(
        ("properties", "additionalProperties", "required", "patternProperties", "minProperties", "propertyNames")
    ),
    "array": frozenset(("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains")),
    "string": frozenset(("minLength", "maxLength", "pattern", "contentMediaType", "contentEncoding")),
    "number": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
}


class Start(NamedTuple):
    """A subschema written for a place, its reference not followed."""

    path: Pointer  # its keyword location in the bundle
    schema: JsonValue
    is_sure: bool = True  # it speaks of every value there, not of those of one alternative


class Subschema(NamedTuple):
    """One subschema that speaks of a place."""

    path: Pointer
    schema: JsonObject
    is_sure: bool = True


class Alternative(NamedTuple):
    """A subschema that may or may not hold, with the conditions that decide on it."""

    path: Pointer
    schema: JsonValue
    tests: tuple[tuple[Pointer, JsonValue], ...] = ()


def follow(
    starts: Iterable[Start], definitions: Mapping[str, JsonValue], *, into_alternatives: bool = True
) -> tuple[Subschema, ...]:
    """
    Follow references and alternatives to all subschemas that speak of a place.

    Depth first, in the order of the document, once through each definition.
    """
    found: list[Subschema] = []
    passed: set[str] = set()
    todo = list(starts)[::-1]
    while todo and len(found) < _MOST:
        path, schema, is_sure = todo.pop()
        if not isinstance(schema, dict):
            continue
        found.append(Subschema(path, schema, is_sure))
        after: list[Start] = []
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref not in passed:
            passed.add(ref)
            name = ref.removeprefix("#/$defs/")
            after.append(Start(("$defs", name), definitions.get(name), is_sure))
        members = schema.get("allOf")
        if isinstance(members, list):
            after += [Start((*path, "allOf", str(index)), member, is_sure) for index, member in enumerate(members)]
        if into_alternatives:
            after += [Start(other.path, other.schema, is_sure=False) for other in iter_alternatives(path, schema)]
        todo.extend(reversed(after))
    return tuple(found)


def iter_alternatives(path: Pointer, schema: JsonObject) -> Iterator[Alternative]:
    """Iterate over the subschemas that may or may not hold."""
    for keyword in ("anyOf", "oneOf"):
        branches = schema.get(keyword)
        for index, branch in enumerate(as_list(branches)):
            yield Alternative((*path, keyword, str(index)), branch)
    condition = schema.get("if")
    if condition is not None:
        otherwise: JsonObject = {"not": condition}
        for keyword, test in (("then", condition), ("else", otherwise)):
            if keyword in schema:
                yield Alternative((*path, keyword), schema[keyword], (((*path, f"if-{keyword}"), test),))
    dependent = schema.get("dependentSchemas")
    for name, held in as_object(dependent).items():
        present: JsonObject = {"required": [name]}
        yield Alternative((*path, "dependentSchemas", name), held, (((*path, "has", name), present),))


def find_named_member(path: Pointer, schema: JsonObject, name: str) -> tuple[Pointer, JsonValue] | None:
    """Find the subschema of a property under its name, if there is one."""
    known = schema.get("properties")
    if isinstance(known, dict) and name in known:
        return (*path, "properties", name), known[name]
    return None


def find_other_member(path: Pointer, schema: JsonObject) -> tuple[Pointer, JsonValue] | None:
    """Find the subschema of properties without an entry, if there is one."""
    if isinstance(schema.get("additionalProperties"), dict):
        return (*path, "additionalProperties"), schema["additionalProperties"]
    return None


def find_item(path: Pointer, schema: JsonObject, index: int | None) -> tuple[Pointer, JsonValue] | None:
    """Find the subschema of an item, if there is one; without an index, of those after the prefix."""
    prefix = schema.get("prefixItems")
    if index is not None and isinstance(prefix, list) and index < len(prefix):
        return (*path, "prefixItems", str(index)), prefix[index]
    if isinstance(schema.get("items"), dict):
        return (*path, "items"), schema["items"]
    return None


@dataclass(eq=False, repr=False)
class Sites:
    """The sites of one bundle; each is read once."""

    definitions: Mapping[str, JsonValue] = field(default_factory=dict)
    # By the identities of the subschemas that are written for it, which live as long as the site.
    _known: dict[tuple[tuple[int, bool], ...], "Site"] = field(default_factory=dict)

    def read(self, *starts: Start) -> "Site":
        """Read the site that some subschemas are written for."""
        key = tuple((id(start.schema), start.is_sure) for start in starts)
        known = self._known.get(key)
        if known is None:
            parts = follow(starts, self.definitions)
            known = Site(parts, self, _nouns_of_first(parts, {start.path for start in starts}))
            if parts:
                self._known[key] = known
        return known

    def root(self, schema: JsonValue) -> "Site":
        """Read the site of a whole value."""
        return self.read(Start((), schema))

    def definition(self, name: str) -> "Site":
        """Read the site of a definition, named after it."""
        site = self.read(Start(("$defs", name), self.definitions.get(name)))
        return replace(site, nouns=site.nouns | nouns_of(name))


@dataclass(frozen=True, eq=False)
class Site:
    """
    A place of a value, with all subschemas that speak of it.

    Members and items are sites in turn. A site without parts is unconstrained.
    """

    parts: tuple[Subschema, ...] = ()
    sites: Sites = field(default_factory=Sites, repr=False)
    nouns: frozenset[str] = frozenset()  # what the definition that it refers to is called

    @cached_property
    def sources(self) -> tuple[JsonObject, ...]:
        """The subschemas; referring ones come first."""
        return tuple(part.schema for part in self.parts)

    @cached_property
    def types(self) -> frozenset[str]:
        """The possible JSON types; all of them without a constraint."""
        found: set[str] = set()
        for source in self.sources:
            types = source.get("type")
            if isinstance(types, list):
                found.update(map(str, types))
            elif "properties" in source:
                found.add("object")
            elif "items" in source or "prefixItems" in source:
                found.add("array")
            else:
                found |= _types_of_values(source)
        return frozenset(found) or _EVERY_TYPE

    @cached_property
    def implied_type(self) -> str | None:
        """The type that keywords imply, without `type`."""
        for source in self.sources:
            if "type" in source or "enum" in source or "const" in source:
                continue
            for type_, words in _IMPLYING.items():
                if words & source.keys():
                    return type_
            if "format" in source:
                return "string"
        return None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The documented properties, in the order in which they were written."""
        return tuple(_names_of(self.sources))

    @cached_property
    def sure_names(self) -> frozenset[str]:
        """The properties that are documented for every alternative."""
        return frozenset(_names_of(part.schema for part in self.parts if part.is_sure))

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The properties that one of the subschemas requires."""
        listed = (names for source in self.sources if isinstance(names := source.get("required"), list))
        return tuple(dict.fromkeys(name for names in listed for name in names if isinstance(name, str)))

    @cached_property
    def is_open(self) -> bool:
        """True if there may be undocumented properties that are worth reading: a map, or nothing documented at all."""
        return not self.names or any(isinstance(source.get("additionalProperties"), dict) for source in self.sources)

    @cached_property
    def is_map(self) -> bool:
        """True if it is documented that there are more properties than those named."""
        return any(
            isinstance(source.get("additionalProperties"), dict) or "patternProperties" in source
            for source in self.sources
        )

    @cached_property
    def formats(self) -> tuple[str, ...]:
        """The formats that apply."""
        return tuple(dict.fromkeys(value for source in self.sources if isinstance(value := source.get("format"), str)))

    def annotation(self, keyword: str) -> JsonValue:
        """Find the first value of an annotation, or None."""
        return next((source[keyword] for source in self.sources if keyword in source), None)

    def text(self, keyword: str) -> str:
        """Find the first text of an annotation, or ""."""
        return next((value for source in self.sources if isinstance(value := source.get(keyword), str)), "")

    def examples(self) -> Iterator[JsonValue]:
        """Iterate over the documented examples, the nearest first, then defaults."""
        for source in self.sources:
            examples = source.get("examples")
            if isinstance(examples, list):
                yield from examples
        yield from (source["default"] for source in self.sources if source.get("default") is not None)

    def names_value(self, value: JsonValue) -> bool:
        """Return True if a value is in an enumeration."""
        return any(value in values for source in self.sources if isinstance(values := source.get("enum"), list))

    def constants(self) -> list[JsonValue]:
        """List the values that a subschema takes as its only one."""
        found: list[JsonValue] = []
        for source in self.sources:
            values = source.get("enum")
            if isinstance(values, list) and len(values) == 1:
                found += values
            elif "const" in source and "enum" not in source:
                found.append(source["const"])
        return found

    def member(self, name: str) -> "Site":
        """Find the site of a property."""
        named = [
            Start(*found, part.is_sure)
            for part in self.parts
            if (found := find_named_member(part.path, part.schema, name)) is not None
        ]
        if named:
            return self._read(sorted(named, key=lambda start: not start.is_sure))
        others = (find_other_member(part.path, part.schema) for part in self.parts)
        return self._read([Start(*found) for found in others if found is not None] or self._pattern_members())

    def item(self, index: int | None = 0) -> "Site":
        """Find the site of an item; without an index, of those after the prefix."""
        items = (find_item(part.path, part.schema, index) for part in self.parts)
        return self._read([Start(*found) for found in items if found is not None])

    def listed(self) -> "Site":
        """Make the site of a list of such values."""
        return Sites(self.sites.definitions).root({"type": ["array"], "items": {"allOf": list(self.sources)}})

    def narrow(self, alternative: Alternative) -> "Site":
        """
        Make the site where one of its alternatives is chosen.

        What speaks of the others is left out.
        """
        own = self.sites.read(Start(alternative.path, alternative.schema))
        kept = (part for part in self.parts if part.is_sure and part.schema is not alternative.schema)
        return Site((*kept, *own.parts), self.sites, own.nouns or self.nouns)

    def _pattern_members(self) -> list[Start]:
        """List the subschemas of patterns of names, matching or not."""
        return [
            Start((*path, "patternProperties", pattern), member)
            for path, schema, _ in self.parts
            if isinstance(patterns := schema.get("patternProperties"), dict)
            for pattern, member in patterns.items()
        ]

    def _read(self, starts: list[Start]) -> "Site":
        if starts:
            return self.sites.read(*starts)
        return Site((), self.sites)


def site_of(bundle: Bundle | None) -> Site:
    """Return the site of a bundle, or of an unconstrained value."""
    if bundle is None:
        return Site()
    return sites_of(bundle).root(bundle.schema)


def sites_of(bundle: Bundle) -> Sites:
    """Return the sites of a bundle."""
    definitions = bundle.schema.get("$defs")
    return Sites(as_object(definitions))


def _nouns_of_first(parts: Iterable[Subschema], starts: set[Pointer]) -> frozenset[str]:
    """Find the nouns in the name of the first definition that is passed on the way."""
    for part in parts:
        if len(part.path) == 2 and part.path[0] == "$defs" and part.path not in starts:  # noqa: PLR2004 - and a name
            return nouns_of(part.path[1])
    return frozenset()


def _names_of(sources: Iterable[JsonObject]) -> dict[str, None]:
    names: dict[str, None] = {}
    for source in sources:
        properties = source.get("properties")
        if isinstance(properties, dict):
            names.update(dict.fromkeys(properties))
    return names


def _types_of_values(source: JsonObject) -> set[str]:
    values = source.get("enum")
    listed = [source["const"]] if "const" in source else []
    if isinstance(values, list):
        listed = values
    return {type_ for value in listed for type_ in TYPES if is_type(value, type_)}
