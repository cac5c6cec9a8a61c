"""
Hints about a place: what a document says besides constraints.

The canonical form knows no titles, examples, descriptions or order. So a generator walks both: the canonical node
says what a value may be, the hints of the same place say what it is about.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mock_server.json_values import JsonObject, JsonValue
from mock_server.names import nouns_of

# More sources than this at one place tell nothing more.
_MOST = 64
_ALTERNATIVES = ("oneOf", "anyOf")
_OBJECT_WORDS = frozenset(
    ("properties", "additionalProperties", "required", "patternProperties", "minProperties", "propertyNames")
)
_ARRAY_WORDS = frozenset(("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"))
_STRING_WORDS = frozenset(("minLength", "maxLength", "pattern", "contentMediaType", "contentEncoding"))
_NUMBER_WORDS = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"))


@dataclass(frozen=True, slots=True)
class Hints:
    """The translated subschemas of one place; referring ones come first."""

    sources: tuple[JsonObject, ...] = ()
    nouns: frozenset[str] = frozenset()  # what the definitions passed through are called
    sure_names: tuple[str, ...] = ()  # properties documented for every alternative
    sure: tuple[JsonObject, ...] = ()  # the sources that speak of every alternative

    def first(self, keyword: str) -> JsonValue:
        """Return the first value of an annotation, or None."""
        return next((source[keyword] for source in self.sources if keyword in source), None)

    def text(self, keyword: str) -> str:
        """Return the first text of an annotation, or ""."""
        return next((value for source in self.sources if isinstance(value := source.get(keyword), str)), "")

    def formats(self) -> tuple[str, ...]:
        """Return the formats that apply."""
        return tuple(dict.fromkeys(value for source in self.sources if isinstance(value := source.get("format"), str)))

    def examples(self) -> Iterator[JsonValue]:
        """Yield the documented examples, the nearest first, then defaults."""
        for source in self.sources:
            examples = source.get("examples")
            if isinstance(examples, list):
                yield from examples
        yield from (source["default"] for source in self.sources if source.get("default") is not None)

    def property_order(self) -> list[str]:
        """Return the names of properties in the order in which they were written."""
        names: dict[str, None] = {}
        for source in self.sources:
            properties = source.get("properties")
            if isinstance(properties, dict):
                names.update(dict.fromkeys(properties))
        return list(names)

    def is_map(self) -> bool:
        """Return whether it is documented that there are more properties than those named."""
        return any(
            isinstance(source.get("additionalProperties"), dict) or "patternProperties" in source
            for source in self.sources
        )

    def implied_type(self) -> str | None:
        """Return the type that keywords imply, without `type`."""
        for source in self.sources:
            if "type" in source or "enum" in source or "const" in source:
                continue
            for type_, words in (
                ("object", _OBJECT_WORDS),
                ("array", _ARRAY_WORDS),
                ("string", _STRING_WORDS),
                ("number", _NUMBER_WORDS),
            ):
                if words & source.keys():
                    return type_
            if "format" in source:
                return "string"
        return None


@dataclass(eq=False, repr=False)
class HintReader:
    """Reads the hints of one bundle."""

    definitions: Mapping[str, JsonValue]
    _known: dict[int, Hints] = field(default_factory=dict)

    def read(self, *schemas: JsonValue, unsure: Sequence[JsonValue] = ()) -> Hints:
        """
        Gather the subschemas of a place, through references and alternatives.

        Args:
            schemas: What speaks of the place in any case.
            unsure: What speaks of it in one alternative of several around it.
        """
        key = id(schemas[0]) if len(schemas) == 1 and not unsure else 0
        if key and key in self._known:
            return self._known[key]
        sources: list[tuple[JsonObject, bool]] = []
        nouns: set[str] = set()
        names: dict[str, None] = {}
        self._gather(
            [*((schema, True) for schema in schemas), *((schema, False) for schema in unsure)], sources, nouns, names
        )
        sure = tuple(source for source, is_sure in sources if is_sure)
        hints = Hints(tuple(source for source, _ in sources), frozenset(nouns), tuple(names), sure)
        if key and schemas[0]:
            self._known[key] = hints
        return hints

    def narrowed(self, hints: Hints, alternative: JsonValue) -> Hints:
        """
        Return the hints of a place where one of its alternatives is chosen.

        What speaks of the others is left out.
        """
        own = self.read(alternative)
        names = dict.fromkeys((*hints.sure_names, *own.sure_names))
        sources = (*(source for source in hints.sure if source is not alternative), *own.sources)
        return Hints(sources, own.nouns or hints.nouns, tuple(names), (*hints.sure, *own.sure))

    def definition(self, name: str) -> Hints:
        """Return the hints of a definition, named after it."""
        hints = self.read(self.definitions.get(name, True))
        return replace(hints, nouns=hints.nouns | nouns_of(name))

    def member(self, hints: Hints, name: str) -> Hints:
        """Return the hints of a property."""
        found: list[JsonValue] = []
        unsure: list[JsonValue] = []
        sure = set(map(id, hints.sure))
        for source in hints.sources:
            properties = source.get("properties")
            if isinstance(properties, dict) and name in properties:
                (found if id(source) in sure else unsure).append(properties[name])
        if unsure:
            return self.read(*found, unsure=unsure)
        if not found:
            found = [
                source["additionalProperties"]
                for source in hints.sources
                if isinstance(source.get("additionalProperties"), dict)
            ]
        if not found:
            maps = (source.get("patternProperties") for source in hints.sources)
            found = [value for patterns in maps if isinstance(patterns, dict) for value in patterns.values()]
        if found:
            return self.read(*found)
        return Hints()

    def items(self, hints: Hints, index: int | None = None) -> Hints:
        """Return the hints of an item; with an index, of that one."""
        found: list[JsonValue] = []
        for source in hints.sources:
            prefix = source.get("prefixItems")
            if index is not None and isinstance(prefix, list) and index < len(prefix):
                found.append(prefix[index])
            elif "items" in source:
                found.append(source["items"])
        if found:
            return self.read(*found)
        return Hints()

    def _gather(
        self,
        schemas: list[tuple[JsonValue, bool]],
        sources: list[tuple[JsonObject, bool]],
        nouns: set[str],
        names: dict[str, None],
    ) -> None:
        """Walk depth first, in document order, once through each definition."""
        passed: set[str] = set()
        todo = schemas[::-1]
        while todo and len(sources) < _MOST:
            schema, sure = todo.pop()
            if not isinstance(schema, dict):
                continue
            sources.append((schema, sure))
            properties = schema.get("properties")
            if sure and isinstance(properties, dict):
                names.update(dict.fromkeys(properties))
            after: list[tuple[JsonValue, bool]] = []
            ref = schema.get("$ref")
            if isinstance(ref, str):
                name = ref.removeprefix("#/$defs/")
                if name not in passed:
                    passed.add(name)
                    after.append((self.definitions.get(name, True), sure))
                    if len(passed) == 1:
                        nouns |= nouns_of(name)
            members = schema.get("allOf")
            after += [(member, sure) for member in members] if isinstance(members, list) else []
            after += [(branch, False) for branch in iter_alternatives(schema)]
            todo.extend(reversed(after))


def iter_alternatives(schema: JsonObject) -> Iterator[JsonValue]:
    """Yield the subschemas that may or may not hold."""
    for word in _ALTERNATIVES:
        branches = schema.get(word)
        yield from branches if isinstance(branches, list) else ()
    yield from (schema[word] for word in ("then", "else") if word in schema)
    dependent = schema.get("dependentSchemas")
    yield from dependent.values() if isinstance(dependent, dict) else ()
