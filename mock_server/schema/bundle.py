"""
Schemas with everything they refer to, in one piece.

Validators and generators take a `Bundle`: JSON Schema 2020-12 in which every `$ref` is `#/$defs/<name>`.
What a document refers to is translated once per direction and purpose, when it is first needed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mock_server.document.references import Node, References
from mock_server.errors import ForbiddenReference, UnresolvableReference, UnusableSchema
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonObject, JsonValue, Pointer, as_list, as_object
from mock_server.schema.cost import Effort
from mock_server.schema.dialect import Direction, Purpose, Syntax, Use, translate, with_null
from mock_server.schema.discriminator import Discriminators
from mock_server.schema.hiding import Hiding
from mock_server.schema.simplify import shape_of

# The target of a `$dynamicRef` to an anchor here: the schema of the first resource on the way that has the anchor.
_Scope = tuple[tuple[str, Node], ...]
# Of a definition: its place, what is hidden in it, its scope, and whether it is the base of a child; see
# `discriminate`.
_Key = tuple[str, Pointer, frozenset[str], _Scope, bool]
_NOTHING_HIDDEN: frozenset[str] = frozenset()
_MAX_HOPS = 60
_EXCLUDING = frozenset(("oneOf", "not", "if", "maxContains"))
_MAX_SCOPES = 500


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Bundle:
    """A self-contained schema, and the places of its parts."""

    schema: JsonObject
    node: Node
    origins: dict[str, Node]  # by name in $defs
    excludes: bool = False  # whether a part has to fail for the whole to hold: then obeying more is not always safe
    steps: int = 1  # subschemas that one part of a value may be judged by

    def definitions(self) -> list[JsonValue]:
        """Return the definitions that the schema refers to."""
        found = self.schema.get("$defs")
        if isinstance(found, dict):
            return list(found.values())
        return []

    def locate(self, path: Sequence[str | int]) -> Place:
        """Find the place of a keyword by its path in the bundle, as near as the translation allows."""
        tokens = [str(token) for token in path]
        node = self.node
        if tokens[:1] == ["$defs"] and len(tokens) > 1:
            node, tokens = self.origins.get(tokens[1], node), tokens[2:]
        for token in tokens:
            try:
                node = node.child(token)
            except KeyError:
                break
        return node.place


@dataclass(slots=True)
class _Definition:
    schema: JsonValue
    needs: set[str]
    excludes: bool


@dataclass(eq=False, repr=False)
class Schemas:
    """The Schema Objects of a document, translated for one use."""

    references: References
    use: Use
    syntax: Syntax
    _names: dict[_Key, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _pending: dict[str, tuple[Node, frozenset[str], _Scope, bool]] = field(default_factory=dict)
    _definitions: dict[str, _Definition] = field(default_factory=dict)
    _origins: dict[str, Node] = field(default_factory=dict)
    _schemas: dict[str, JsonValue] = field(default_factory=dict)
    _shapes: dict[str, JsonValue] = field(default_factory=dict)
    _notes: dict[tuple[str, Place, str], Finding] = field(default_factory=dict)
    _recurring: dict[str, bool] = field(default_factory=dict)
    _needs: set[str] = field(default_factory=set)  # of what is being translated now
    _scope: _Scope = ()  # around what is being translated now
    _scopes: set[_Scope] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Prepare the properties hidden by the direction, and the discriminators."""
        self._effort = Effort(self._schemas)
        self._hiding = Hiding(self.use.direction, self._find)
        self._discriminators = Discriminators(self.references)

    def bundle(self, node: Node) -> Bundle:
        """
        Translate a schema with its references.

        Raises:
            UnusableSchema: it is nested too deeply to be read.
        """
        self._needs, self._scope = set(), ()
        try:
            schema = self._schema(node)
            needed = self._close(self._needs)
        except RecursionError:
            raise UnusableSchema(node.place, "it is nested too deeply") from None
        if isinstance(schema, bool):
            schema = {} if schema else {"not": {}}
        out: JsonObject = dict(as_object(schema))
        definitions = {name: self._definitions[name].schema for name in needed}
        if definitions:
            out["$defs"] = definitions
        excludes = _excludes(schema) or any(self._definitions[name].excludes for name in needed)
        steps = self._effort.steps(schema)
        return Bundle(out, node, {name: self._origins[name] for name in needed}, excludes, steps)

    def recurs(self, name: str) -> bool:
        """Return True if a definition leads back to itself."""
        if name not in self._recurring:
            seen: set[str] = set()
            todo = [name]
            while todo:
                known = self._definitions.get(todo.pop())
                fresh = known.needs - seen if known is not None else set()
                seen |= fresh
                todo.extend(fresh)
            self._recurring[name] = name in seen
        return self._recurring[name]

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings in the schemas translated so far."""
        return tuple(self._notes.values())

    def shape(self, schema: JsonValue, *, is_branch: bool = False) -> JsonValue:
        """Return the shape of a schema that was bundled here; see `schema.shape`."""
        return shape_of(schema, self._schemas, is_branch=is_branch)

    def definition_shape(self, name: str) -> JsonValue:
        """Return the shape of a definition; `True` for one that is not known."""
        if name not in self._shapes:
            known = self._definitions.get(name)
            self._shapes[name] = self.shape(known.schema) if known is not None else True
        return self._shapes[name]

    def _close(self, roots: set[str]) -> list[str]:
        """Translate and list, sorted, everything that is reached from some definitions."""
        seen: set[str] = set()
        todo = list(roots)
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name not in self._definitions:
                node, hidden, self._scope, as_base = self._pending.pop(name)
                self._needs = set()
                schema = self._schema(node, hidden, as_base=as_base)
                self._definitions[name] = _Definition(schema, self._needs, _excludes(schema))
                self._schemas[name] = schema
            todo.extend(self._definitions[name].needs)
        return sorted(seen)

    def _schema(self, node: Node, hidden: frozenset[str] = _NOTHING_HIDDEN, *, as_base: bool = False) -> JsonValue:
        if not isinstance(node.value, dict):
            if isinstance(node.value, bool):
                return node.value
            return True
        outer = self._scope
        self._scope = self._enter(node, outer)
        try:
            return self._inside(node, hidden, as_base=as_base)
        finally:
            self._scope = outer

    def _enter(self, node: Node, outer: _Scope) -> _Scope:
        """
        Return the dynamic scope once the schema resource of a node is entered.

        Source: JSON Schema 2020-12 core, section 8.2.3.2: "the outermost schema resource in the dynamic scope"
        """
        if not node.resource.is_dynamic or not self.use.is_json_schema:
            return outer
        anchors = {**self.references.dynamic_anchors(node), **self.references.dynamic_bindings(node), **dict(outer)}
        scope = tuple(sorted(anchors.items(), key=lambda item: item[0]))
        self._scopes.add(scope)
        if len(self._scopes) > _MAX_SCOPES:
            raise UnusableSchema(node.place, f"its dynamic references can be read in more than {_MAX_SCOPES} ways")
        return scope

    def _inside(self, node: Node, hidden: frozenset[str], *, as_base: bool) -> JsonObject:
        if node.reference is None:
            return self._nullable(node, self._object(node, hidden, as_base=as_base))
        reference = self._reference(node, hidden, as_base=as_base)
        siblings = (
            {key: value for key, value in node.value.items() if key != "$ref"} if isinstance(node.value, dict) else {}
        )
        if not self.use.is_json_schema or not siblings:
            return self._nullable(node, reference)
        rest = self._nullable(node, self._object(Node(siblings, node.resource, node.pointer), hidden))
        if not isinstance(reference, dict):
            return rest
        if "$ref" not in rest:
            return {**rest, **reference}
        also = rest.get("allOf")  # not around it: `unevaluatedProperties` has to see its siblings
        return {**rest, "allOf": [*as_list(also), reference]}

    def _nullable(self, node: Node, out: JsonValue) -> JsonObject:
        """Obey `nullable`. Where readings differ, as next to `$ref`, null is judged right but never made."""
        source = as_object(node.value)
        schema = as_object(out)
        if source.get("nullable") is not True and source.get("x-nullable") is not True:
            return schema
        if self.use.purpose is Purpose.JUDGE:
            return with_null(schema)
        if self.use.is_json_schema:
            return schema  # 3.1 knows no `nullable`
        values = schema.get("enum")
        decided = "type" in schema and (not isinstance(values, list) or None in values)
        changed = with_null(schema) if decided else schema
        if "anyOf" in changed and "anyOf" not in schema:
            return schema
        return changed

    def _object(self, node: Node, hidden: frozenset[str], *, as_base: bool = False) -> JsonObject:
        own = hidden | self._hiding.names(node)
        out = translate(node, self.use, self._schema, self._note, self.syntax, own)
        source = as_object(node.value)
        if isinstance(source.get("allOf"), list):
            members = [
                self._schema(child, own, as_base=self._is_base(node, child)) for child in node.child("allOf").items()
            ]
            if members:
                _conjoin(out, members)
        if self.use.purpose is Purpose.MAKE and self.use.is_json_schema and "discriminator" not in source:
            self._prefer_shown(node, out, own)
        if as_base and self._discriminators.returns(node):
            out = {keyword: value for keyword, value in out.items() if keyword not in {"oneOf", "anyOf"}}
        elif "discriminator" in source and not as_base:
            self._discriminators.apply(
                node, out, self._naming, lambda child: {"$ref": f"#/$defs/{self._name(child, own)}"}
            )
        if not as_base and "allOf" in source and self._naming is Purpose.MAKE:
            self._discriminators.name_child(node, out)
        dynamic = source.get("$dynamicRef")
        if isinstance(dynamic, str) and self.use.is_json_schema:
            reference = self._reference(node, hidden, dynamic)
            out.update(as_object(reference))
        return out

    @property
    def _naming(self) -> Purpose:
        """The purpose for which discriminators are read: a sender names its alternative."""
        if self.use.is_sent:
            return Purpose.MAKE
        return self.use.purpose

    def _is_base(self, holder: Node, member: Node) -> bool:
        """Return True if a member of `allOf` is a schema with a discriminator that its holder extends."""
        target = self._find(member) if member.reference is not None else None
        return target is not None and self._discriminators.is_base(holder, target)

    def _reference(
        self, node: Node, hidden: frozenset[str], dynamic: str | None = None, *, as_base: bool = False
    ) -> JsonValue:
        """Translate a `$ref`, or the `$dynamicRef` given; one that leads nowhere is noted and constrains nothing."""
        try:
            if dynamic is None:
                target = self._target(node)
            else:
                target = self._dynamic_target(dynamic, node)
            return {"$ref": f"#/$defs/{self._name(target, hidden, as_base=as_base)}"}
        except (UnresolvableReference, ForbiddenReference) as error:
            finding = error.finding()
            self._notes[finding.rule, node.place, finding.message] = finding
            return True

    def _target(self, node: Node) -> Node:
        """Follow a `$ref` to a schema that is more than another `$ref`."""
        target = node
        for _ in range(_MAX_HOPS):
            target = self.references.resolve(target.reference or "", target)
            if not isinstance(target.value, dict) or set(target.value) != {"$ref"} or target.resource.is_dynamic:
                return target
        raise UnresolvableReference(node.reference or "", node.place, "it leads in a circle")

    def _dynamic_target(self, ref: str, node: Node) -> Node:
        """Follow a `$dynamicRef`: like `$ref`, unless it names a dynamic anchor; then the scope decides."""
        target = self.references.resolve(ref, node)
        name = ref.partition("#")[2]
        if isinstance(target.value, dict) and name and target.value.get("$dynamicAnchor") == name:
            if self.references.dynamic_anchors(target).get(name) is None:
                message = (
                    f"the anchor {name!r} stands more than once in one schema resource; "
                    "the binding nearest to the reference is taken"
                )
                self._note("document-anchor-duplicate", node, message)
            return dict(self._enter(target, self._scope)).get(name, target)
        return target

    def _name(self, target: Node, hidden: frozenset[str], *, as_base: bool = False) -> str:
        scope = self._enter(target, self._scope)
        key = (*target.key, hidden, scope, as_base)
        if key not in self._names:
            if target.pointer:
                word = target.pointer[-1]
            else:
                word = target.resource.name.rsplit("/", 1)[-1].split(".")[0]
            base = re.sub(r"[^A-Za-z0-9._-]", "_", word) or "schema"
            name, count = base, 2
            while name in self._taken:
                name = f"{base}~{count}".replace("~", "-")
                count += 1
            self._taken.add(name)
            self._names[key] = name
            self._pending[name] = (target, hidden, scope, as_base)
            self._origins[name] = target
        name = self._names[key]
        self._needs.add(name)
        return name

    def _prefer_shown(self, node: Node, out: JsonObject, hidden: frozenset[str]) -> None:
        """Drop alternatives that require hidden properties, if others do not."""
        for keyword in ("oneOf", "anyOf"):
            branches = out.get(keyword)
            places = list(node.child(keyword).items()) if keyword in out else []
            if isinstance(branches, list) and len(branches) == len(places):
                pairs = zip(places, branches, strict=True)
                shown = [branch for place, branch in pairs if not self._hiding.is_required(place, hidden)]
                out[keyword] = shown or branches

    def _find(self, node: Node) -> Node | None:
        try:
            return self.references.follow(node)
        except (UnresolvableReference, ForbiddenReference):
            return None  # noted where it is translated

    def _note(self, rule: str, node: Node, message: str) -> None:
        self._notes.setdefault((rule, node.place, message), Finding(rule=rule, message=message, place=node.place))


@dataclass(eq=False, repr=False)
class SchemaSets:
    """The schemas of a document in each direction, for each purpose."""

    references: References
    is_json_schema: bool
    syntax: Syntax
    _sets: dict[tuple[Direction, Purpose], Schemas] = field(default_factory=dict)

    def of(self, direction: Direction, purpose: Purpose) -> Schemas:
        """Return the schemas of one use."""
        key = (direction, purpose)
        if key not in self._sets:
            self._sets[key] = Schemas(self.references, Use(direction, purpose, self.is_json_schema), self.syntax)
        return self._sets[key]

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings so far, each once."""
        found = {(f.rule, f.place, f.message): f for schemas in self._sets.values() for f in schemas.findings()}
        return tuple(found.values())


def _conjoin(out: JsonObject, members: list[JsonValue]) -> None:
    """Add members to the `allOf` of a translated schema."""
    also = out.get("allOf")
    out["allOf"] = [*as_list(also), *members]


def _excludes(schema: JsonValue) -> bool:
    """
    Return True if a translated schema has a keyword that wants something to fail.

    A property of that name does no harm.
    """
    todo = [schema]
    while todo:  # a `const` may be hundreds of levels deep
        value = todo.pop()
        if isinstance(value, dict):
            if not _EXCLUDING.isdisjoint(value):
                return True
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return False
