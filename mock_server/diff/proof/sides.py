"""
One document in one role: its schemas as the messages of a sender have them, or as a receiver judges them.

A sender's schemas are sealed and leave out what the direction hides, see `policy`. Both roles have bundles, for judges
and generators, and canonical forms, for proofs. A form here leaves nothing out, unlike those of generators: a schema
with more alternatives than can be told apart has none.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from mock_server.diff.policy import DEFINITIONS, Seal
from mock_server.document.references import Node
from mock_server.generate.engine import Engine
from mock_server.generate.text.texts import has_format
from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.bundle import Bundle, Schemas
from mock_server.schema.canonical import Canonical, canonicalize_exactly, find_references
from mock_server.schema.cost import MOST_CASES, count_cases
from mock_server.schema.dialect import Direction, Purpose, Syntax, Use
from mock_server.schema.discriminator import NAMED
from mock_server.schema.simplify import unfold
from mock_server.schema.validate import compile_schema, pattern_ok

_MOST_INCLUDED = 60  # definitions, one in the other
_APART = ("anyOf", "oneOf", "not", "$ref")
_ASKING = frozenset(("unevaluatedProperties", "unevaluatedItems"))


@dataclass(eq=False, repr=False)
class SchemaSide:
    """The schemas of one document in one direction and role."""

    kit: Engine
    direction: Direction
    is_sender: bool
    is_sealed: bool
    definitions: dict[str, JsonValue] = field(default_factory=dict)  # as the document has them
    origins: dict[str, Node] = field(default_factory=dict)  # where they are written
    _sealed: dict[str, JsonValue] = field(default_factory=dict)
    _forms: dict[str, tuple[Canonical | None, ...]] = field(default_factory=dict)
    _refers: dict[str, set[str]] = field(default_factory=dict)  # what definitions refer to

    @cached_property
    def schemas(self) -> Schemas:
        """The translated schemas."""
        use = Use(self.direction, Purpose.JUDGE, self.kit.document.version.is_json_schema, is_sent=self.is_sender)
        return Schemas(self.kit.document.references, use, Syntax(pattern_ok, has_format))

    def unsealed(self) -> "SchemaSide":
        """Return the same schemas as they are written."""
        return self._unsealed if self.is_sealed else self

    @cached_property
    def _unsealed(self) -> "SchemaSide":
        return SchemaSide(
            self.kit,
            self.direction,
            self.is_sender,
            is_sealed=False,
            definitions=self.definitions,
            origins=self.origins,
        )

    @cached_property
    def _seal(self) -> Seal:
        return Seal(lambda name: self.definitions.get(name, True))

    def bundle(self, node: Node) -> Bundle:
        """
        Translate a schema with all that it refers to, as the document has it.

        Raises:
            UnusableSchema: it is nested too deeply to be read.
        """
        bundle = self.schemas.bundle(node)
        known = bundle.schema.get("$defs")
        self.definitions.update(known if isinstance(known, dict) else {})
        self.origins.update(bundle.origins)
        return bundle

    def own(self, schema: JsonValue) -> JsonValue:
        """Return a schema as this side has it: sealed, or as it is."""
        if self.is_sealed:
            return self._seal.write(schema)
        return schema

    def own_bundle(self, bundle: Bundle) -> Bundle:
        """Return a bundle as this side has it, with what it refers to."""
        if not self.is_sealed:
            return bundle
        schema = self.own(self.root(bundle))
        if isinstance(schema, dict):
            out: JsonObject = dict(schema)
        else:
            out = {} if schema else {"not": {}}
        needed = self.needed(find_references(out))
        if needed:
            out["$defs"] = {name: self.definition(name) for name in needed}
        origins = {name: bundle.origins[name] for name in needed if name in bundle.origins}
        return Bundle(out, bundle.node, origins, bundle.excludes, bundle.steps)

    def needed(self, names: Iterable[str]) -> list[str]:
        """List the definitions that some lead to, with themselves, sorted."""
        seen: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                if name not in self._refers:
                    self._refers[name] = find_references(self.definition(name))
                todo.extend(self._refers[name] - seen)
        return sorted(seen)

    @staticmethod
    def root(bundle: Bundle) -> JsonObject:
        """Return the schema of a bundle without its definitions."""
        return {keyword: value for keyword, value in bundle.schema.items() if keyword != "$defs"}

    def base_name(self, name: str) -> str:
        """Return the name of the document's definition that a name stands for."""
        return self._seal.base_name(name)

    def find_origin(self, name: str | Canonical) -> Node | None:
        """Return where a definition is written; None for a form, which is not."""
        if isinstance(name, str):
            return self.origins.get(self.base_name(name))
        return None

    def definition(self, name: str) -> JsonValue:
        """Return what a name stands for, as this side has it."""
        if not self.is_sealed:
            return self.definitions.get(name, True)
        if name not in self._sealed:
            self._sealed[name] = self._seal.write_definition(name)
        return self._sealed[name]

    def look_up(self, schema: JsonValue) -> JsonValue:
        """Return what a mere reference stands for, or the schema itself."""
        for _ in range(_MOST_INCLUDED):
            name = name_of(schema)
            if not name:
                break
            schema = self.definition(self.base_name(name) if not self.is_sealed else name)
        return schema

    def forms(self, schema: JsonValue) -> tuple[Canonical | None, ...]:
        """
        Return the canonical forms of a schema that refers to definitions of this side.

        Returns:
            The forms that hold together, a sender's as few, a receiver's as small as can be; None for what has none.
        """
        if self.is_sender:
            parts = _split_names(schema)
        else:
            parts = _split(schema)
        return tuple(map(self.whole_form, parts))

    def form(self, schema: JsonValue) -> Canonical | None:
        """Return the canonical form of a schema in one piece; None where it has none."""
        forms = self.forms(schema)
        if len(forms) == 1:
            return forms[0]
        return None

    def whole_form(self, schema: JsonValue) -> Canonical | None:
        """Return the canonical form of a schema, with what it includes in its place; None where it has none."""
        if not isinstance(schema, dict):
            return canonicalize_exactly({} if schema else {"not": {}})
        if _ASKING & schema.keys():
            unfolded = unfold(schema, self.definition)
        else:
            unfolded = self._include(schema, frozenset())
        if count_cases(unfolded) > MOST_CASES or not isinstance(unfolded, dict):
            return None
        return canonicalize_exactly(unfolded)

    def _include(self, schema: JsonValue, passed: frozenset[str], *, is_member: bool = False) -> JsonValue:
        """Write what a schema includes in its place: members of `allOf`, and a reference with something beside it."""
        if not isinstance(schema, dict):
            return schema
        ref = schema.get("$ref")
        members = schema.get("allOf")
        listed = members if isinstance(members, list) else []
        if isinstance(ref, str) and (len(schema) > 1 or is_member):
            name = ref.removeprefix(DEFINITIONS)
            if name in passed or len(passed) > _MOST_INCLUDED:
                return schema
            rest = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
            target = self._include(self.definition(name), passed | {name}, is_member=True)
            if not rest:
                return target
            return {**rest, "allOf": [*(self._include(each, passed, is_member=True) for each in listed), target]}
        if not listed:
            return schema
        return {**schema, "allOf": [self._include(each, passed, is_member=True) for each in listed]}

    def definition_forms(self, name: str) -> tuple[Canonical | None, ...]:
        """Return the canonical forms of what a name stands for."""
        if name not in self._forms:
            self._forms[name] = self.forms(self.definition(name))
        return self._forms[name]

    def judge(self, schema: JsonObject) -> Callable[[JsonValue], bool] | None:
        """Compile a schema that refers to definitions of this side; None where that fails."""
        needed = self.needed(find_references(schema))
        try:
            return compile_schema({**schema, "$defs": {name: self.definition(name) for name in needed}}).is_valid
        except ValueError:
            return None


def name_of(schema: JsonValue) -> str:
    """Return the name of the definition that a schema is a mere reference to; "" for others."""
    if isinstance(schema, dict) and schema.keys() == {"$ref"}:
        return str(schema["$ref"]).removeprefix(DEFINITIONS)
    return ""


def _split(schema: JsonValue) -> list[JsonValue]:
    """Return a schema as small parts that hold together: in one piece their alternatives would multiply."""
    if not isinstance(schema, dict) or _ASKING & schema.keys():
        return [schema]
    parts: list[JsonValue] = []
    members = schema.get("allOf")
    for member in members if isinstance(members, list) else []:
        parts += _split(member)
    apart = [keyword for keyword in _APART if keyword in schema]
    parts += [{keyword: schema[keyword]} for keyword in apart]
    rest: JsonObject = {key: value for key, value in schema.items() if key not in {"allOf", NAMED, *apart}}
    return [rest, *parts] if rest or not parts else parts


def _split_names(schema: JsonValue) -> list[JsonValue]:
    """Return a schema with the alternatives by name that a discriminator makes as parts of their own."""
    if not isinstance(schema, dict) or not isinstance(schema.get("allOf"), list):
        return [schema]
    members = schema["allOf"]
    listed = members if isinstance(members, list) else []
    named: list[JsonValue] = [member for member in listed if isinstance(member, dict) and NAMED in member]
    rest: JsonObject = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
    others = [member for member in listed if member not in named]
    if others:
        rest["allOf"] = others
    parts: list[JsonValue] = [
        {keyword: value for keyword, value in part.items() if keyword != NAMED}
        for part in named
        if isinstance(part, dict)
    ]
    return [rest, *parts] if rest or not parts else parts
