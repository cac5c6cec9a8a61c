"""
The Discriminator Object: the schema that a value names.

It is next to `oneOf` or `anyOf`, or in a parent whose children extend it by `allOf`; in 2.0 always there, as the mere
name of a property. In either form a value that names a known schema has to conform to that one. A name that
nothing is known by is left to `oneOf` and `anyOf` themselves; a parent takes its children's names, its own and the
rest of its `enum`. MAKE makes values that conform to `oneOf` as well, unless only the discriminator keeps the
branches apart.

Source: OAS 2.0 and 3.0.3, "Composition and Inheritance (Polymorphism)"; OAS 3.1.1 and 3.2.0, "Discriminator Object"
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Final

from mock_server.document.load import LoadedResource
from mock_server.document.references import Node, References
from mock_server.errors import DocumentError
from mock_server.json_values import JsonObject, JsonValue, Pointer, as_list, as_object
from mock_server.schema.dialect import Purpose

# Marks the alternatives that a discriminator names.
NAMED = "x-named-alternatives"
# Of a parent with more children than this nothing is judged, and only the first are made.
_MOST_CHILDREN: Final = 40
_DEEPEST: Final = 12  # members of members of `allOf`
_CHOICES: Final = ("oneOf", "anyOf")
_HOMES: Final = frozenset(("schemas", "definitions", "$defs"))
# Keywords that may keep schemas apart in more ways than are looked for here.
_CONDITIONS: Final = frozenset(("oneOf", "anyOf", "not", "if", "dependentSchemas", "patternProperties"))

_Key = tuple[str, Pointer]
Refer = Callable[[Node], JsonValue]  # writes a reference to a schema


@dataclass(frozen=True, slots=True)
class _DiscriminatorRule:
    """A discriminator, read."""

    name: str  # of the property
    mapped: Mapping[_Key | str, list[str]]  # the values of each target, by place and by the last word of its reference
    targets: tuple[Node, ...]  # of the mapping, in order
    default: Node | None = None  # OAS 3.2: what a value is that names nothing known


@dataclass(slots=True)
class _Facts:
    """The constraints of an object, `allOf` included."""

    properties: dict[str, Node] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    is_closed: bool = False
    is_conditional: bool = False


@dataclass(eq=False, repr=False)
class Discriminators:
    """The discriminators of a document."""

    references: References
    _children: dict[str, dict[_Key, list[Node]]] = field(default_factory=dict)  # by resource, then by parent
    _rules: dict[_Key, _DiscriminatorRule | None] = field(default_factory=dict)
    _without: set[_Key] = field(
        default_factory=set
    )  # schemas that neither have a discriminator nor extend one that has

    def apply(self, node: Node, out: JsonObject, purpose: Purpose, refer: Refer) -> None:
        """
        Add the constraints of a discriminator to a translated schema, in place.

        Args:
            node: The Schema Object with `discriminator`.
            out: Its translation; its branches are those of the node.
            purpose: See the module.
            refer: Writes a reference to a schema.
        """
        rule = self._rule(node)
        if rule is None:
            return
        source = as_object(node.value)
        word = next((word for word in _CHOICES if word in out and word in source), None)
        if word is not None:
            self._among_branches(node, word, rule, out, purpose)
        else:
            self._among_children(node, rule, out, purpose, refer)

    def is_base(self, holder: Node, target: Node) -> bool:
        """Return True if a member of `allOf` makes its named holder a child of a schema with a discriminator."""
        return _is_named(holder) and self._has_discriminator(target)

    def _has_discriminator(self, node: Node) -> bool:
        """
        Return True if a schema or one that it extends has a discriminator.

        Of what has none, no part is looked at again.
        """
        if node.key in self._without:
            return False
        if any(True for _ in self._discriminating(node)):
            return True
        self._without.add(node.key)
        self._without.update(part.key for part in self._parts(node))
        return False

    def returns(self, node: Node) -> bool:
        """Return True if the branches of a schema are its own children: as their base it does not choose among them."""
        return any(
            node.key in {ancestor.key for ancestor in self._ancestors(target)}
            for word in _CHOICES
            for branch in _list(node, word)
            if (target := self._follow(branch)) is not None
        )

    def name_child(self, node: Node, out: JsonObject) -> None:
        """Let a child bear the names that its parents' discriminators know it by; in place."""
        if not _is_named(node) or not self._has_discriminator(node):
            return
        for parent in self._discriminating(node):
            rule = self._rule(parent)
            if parent.key == node.key or rule is None or self._says_itself(node, rule.name):
                continue
            names = self._names_of_child(node, rule, self._listed(parent, rule.name))
            if names:
                _conjoin(out, _bearing(rule.name, names))

    def _among_branches(
        self, node: Node, word: str, rule: _DiscriminatorRule, out: JsonObject, purpose: Purpose
    ) -> None:
        places, translated = _list(node, word), out[word]
        if not isinstance(translated, list) or len(places) != len(translated):
            return
        named: list[JsonValue] = []
        known: list[JsonValue] = []
        default: list[JsonValue] = []
        for place, branch in zip(places, translated, strict=True):
            values = self._names_of_branch(place, rule, purpose)
            if values is None:
                return  # an inline branch has no name
            known += values
            named.append({"allOf": [branch, _bearing(rule.name, values) if values else {"required": [rule.name]}]})
            target = self._follow(place)
            if rule.default is not None and target is not None and target.key == rule.default.key:
                default.append(branch)
        if purpose is Purpose.MAKE:
            if word == "oneOf" and not self._are_apart(places, rule):
                del out[word]
            _conjoin(out, {"anyOf": named, NAMED: True})
            return
        unknown: JsonObject = {"not": _bearing(rule.name, known)} if known else {}
        others: JsonObject = {"allOf": default} if default else {word: out.pop(word)}
        out.pop(word, None)
        _conjoin(out, {"anyOf": [{**others, **unknown}, *named]})

    def _among_children(
        self, node: Node, rule: _DiscriminatorRule, out: JsonObject, purpose: Purpose, refer: Refer
    ) -> None:
        listed = self._listed(node, rule.name)
        children = list(
            {child.key: child for child in (*rule.targets, *self._descendants(node)) if child.key != node.key}.values()
        )
        if not children or (len(children) > _MOST_CHILDREN and purpose is Purpose.JUDGE):
            return
        named: list[JsonValue] = []
        taken: list[JsonValue] = []
        for child in children[:_MOST_CHILDREN]:
            own = self._own_values(child, rule.name)
            if own and child.key not in rule.mapped:
                names = own
            else:
                names = self._names_of_child(child, rule, listed)
            if purpose is Purpose.JUDGE:
                names = list(dict.fromkeys([*names, *own, _name(child)]))
            elif not names:
                continue
            taken += names
            named.append({"allOf": [refer(child), _bearing(rule.name, names)]})
        itself = [*rule.mapped.get(node.key, ()), *(value for value in listed if value not in taken)]
        if purpose is Purpose.MAKE:
            if itself or not named:
                named.append({"properties": {rule.name: {"enum": itself}}} if itself else {})
            _conjoin(out, {"anyOf": named, NAMED: True})
            return
        itself.append(_name(node))
        if rule.default is not None:
            named.append({"allOf": [refer(rule.default)], "not": _bearing(rule.name, taken)})
        _conjoin(out, {"anyOf": [{"properties": {rule.name: {"enum": itself}}}, *named]})

    def _rule(self, node: Node) -> _DiscriminatorRule | None:
        if node.key not in self._rules:
            self._rules[node.key] = self._read_rule(node)
        return self._rules[node.key]

    def _read_rule(self, node: Node) -> _DiscriminatorRule | None:
        written = as_object(node.value).get("discriminator")
        if isinstance(written, str):
            return _DiscriminatorRule(written, {}, ())
        name = as_object(written).get("propertyName")
        if not isinstance(name, str) or not isinstance(written, dict):
            return None
        mapping, default = written.get("mapping"), written.get("defaultMapping")
        mapped: dict[_Key | str, list[str]] = {}
        targets: dict[_Key, Node] = {}
        for value, ref in as_object(mapping).items():
            if not isinstance(ref, str):
                continue
            mapped.setdefault(_last_word(ref), []).append(value)
            target = self._target(ref, node)
            if target is not None:
                targets[target.key] = target
                mapped.setdefault(target.key, []).append(value)
        return _DiscriminatorRule(
            name, mapped, tuple(targets.values()), self._target(default, node) if isinstance(default, str) else None
        )

    def _target(self, ref: str, node: Node) -> Node | None:
        """Return the schema that a mapping names, by reference or by name."""
        home = node.pointer[:-1] if node.pointer[-2:-1] and node.pointer[-2] in _HOMES else ("components", "schemas")
        refs = [ref] if "#" in ref or "/" in ref or ref.endswith((".yaml", ".yml", ".json")) else []
        refs.append("#/" + "/".join((*home, ref)))
        return next(
            (
                found
                for each in refs
                if (found := self._follow(Node({"$ref": each}, node.resource, node.pointer))) is not None
            ),
            None,
        )

    def _names_of_branch(self, place: Node, rule: _DiscriminatorRule, purpose: Purpose) -> list[JsonValue] | None:
        """
        Return the discriminator's values for a branch.

        Returns:
            None for a branch without a name; an empty list where the branch itself says which values there are.
        """
        target = self._follow(place)
        if target is None:
            return None
        says = self._says_itself(target, rule.name)
        ref = place.reference
        if ref is None:
            if says:
                return []
            return None
        mapped: list[JsonValue] = list(
            dict.fromkeys([*rule.mapped.get(target.key, ()), *rule.mapped.get(_last_word(ref), ())])
        )
        if purpose is Purpose.JUDGE:
            return [
                *mapped,
                *(value for value in (_last_word(ref), *self._own_values(target, rule.name)) if value not in mapped),
            ]
        if says:
            return []
        return mapped or [_last_word(ref)]

    def _names_of_child(self, child: Node, rule: _DiscriminatorRule, listed: list[JsonValue]) -> list[JsonValue]:
        """Return the discriminator's values for a child; empty where the parent lists others."""
        mapped: list[JsonValue] = list(
            dict.fromkeys([*rule.mapped.get(child.key, ()), *rule.mapped.get(_name(child), ())])
        )
        said = as_object(child.value).get("x-ms-discriminator-value")
        names = mapped or [said if isinstance(said, str) else _name(child)]
        if not listed:
            return names
        fitting = [name for name in names if name in listed]
        return fitting or [value for value in listed if any(_is_alike(str(value), str(name)) for name in names)][:1]

    def _says_itself(self, target: Node, name: str) -> bool:
        """Return True if a schema restricts the property to certain values already."""
        return bool(self._own_values(target, name))

    def _own_values(self, target: Node, name: str) -> list[JsonValue]:
        """Return the values to which a schema restricts the property, without the schemas that it extends."""
        for part in self._parts(target):
            if part.key != target.key and self._rule(part) is not None:
                continue
            values = self._listed(part, name, deep=False)
            if values:
                return values
        return []

    def _listed(self, node: Node, name: str, *, deep: bool = True) -> list[JsonValue]:
        """Return the `enum` or `const` of a property."""
        for part in self._parts(node) if deep else (node,):
            properties = as_object(part.value).get("properties")
            if isinstance(properties, dict) and name in properties:
                found = self._follow(part.child("properties").child(name))
                if found is not None and isinstance(found.value, dict):
                    own = found.value
                else:
                    own = {}
                values = own.get("enum", [own["const"]] if "const" in own else None)
                if isinstance(values, list):
                    return list(values)
        return []

    def _are_apart(self, places: list[Node], rule: _DiscriminatorRule) -> bool:
        """Return True if no value that is made for one branch conforms to another, as far as can be seen."""
        facts = [(self._facts(place), self._names_of_branch(place, rule, Purpose.JUDGE) or []) for place in places]
        return all(self._is_apart(one, names, other, rule.name) for (one, names), (other, _) in permutations(facts, 2))

    def _is_apart(self, one: _Facts, names: list[JsonValue], other: _Facts, discriminator: str) -> bool:
        if one.is_conditional or other.is_conditional or other.required - one.properties.keys() - one.required:
            return True
        if other.is_closed and one.properties.keys() - other.properties.keys():
            return True
        for name in one.required & other.properties.keys():
            own, its = (
                self._follow(one.properties.get(name, other.properties[name])),
                self._follow(other.properties[name]),
            )
            types = [
                found.value.get("type") for found in (own, its) if found is not None and isinstance(found.value, dict)
            ]
            if len(types) > 1 and None not in types and types[0] != types[1]:
                return True
        listed = other.properties.get(discriminator)
        found = self._follow(listed) if listed is not None else None
        if found is not None and isinstance(found.value, dict):
            value = found.value
        else:
            value = {}
        values = value.get("enum", [value["const"]] if "const" in value else None)
        return isinstance(values, list) and not any(name in values for name in names)

    def _facts(self, node: Node) -> _Facts:
        facts = _Facts()
        for part in self._parts(node):
            value = as_object(part.value)
            facts.properties.update(
                part.child("properties").members() if isinstance(value.get("properties"), dict) else ()
            )
            required = value.get("required")
            facts.required.update(map(str, required) if isinstance(required, list) else ())
            facts.is_closed = facts.is_closed or value.get("additionalProperties") is False
            facts.is_conditional = facts.is_conditional or not _CONDITIONS.isdisjoint(value)
        return facts

    def _discriminating(self, node: Node) -> Iterator[Node]:
        """Return a schema and those that it extends, as far as they have a discriminator."""
        return (part for part in self._parts(node) if self._rule(part) is not None)

    def _parts(self, node: Node) -> Iterator[Node]:
        """Yield a schema and the members of its `allOf`, through references, each once."""
        passed: set[_Key] = set()
        todo = [node]
        while todo:
            target = self._follow(todo.pop())
            if target is None or target.key in passed or not isinstance(target.value, dict):
                continue
            passed.add(target.key)
            yield target
            todo += reversed(_list(target, "allOf"))

    def _ancestors(self, node: Node) -> Iterator[Node]:
        return (part for part in self._parts(node) if part.key != node.key)

    def _descendants(self, node: Node) -> list[Node]:
        """
        Return the schemas with a name that extend a schema, those nearest first.

        In its own file and in the entry document.
        """
        resources = {resource.uri: resource for resource in (*self.references.library.loaded()[:1], node.resource)}
        indexes = [self._index(resource) for resource in resources.values()]
        found: dict[_Key, Node] = {}
        todo = [node]
        while todo and len(found) <= _MOST_CHILDREN:
            parent = todo.pop(0)
            fresh = [child for index in indexes for child in index.get(parent.key, ()) if child.key not in found]
            found.update((child.key, child) for child in fresh)
            todo += fresh
        return list(found.values())

    def _index(self, resource: LoadedResource) -> dict[_Key, list[Node]]:
        """Return the schemas of a file by the schemas that they extend."""
        if resource.uri not in self._children:
            index = self._children[resource.uri] = {}
            for child in _iter_named(Node(resource.value, resource)):
                for base in self._bases(child):
                    index.setdefault(base.key, []).append(child)
        return self._children[resource.uri]

    def _bases(self, child: Node, depth: int = 0) -> Iterator[Node]:
        for member in _list(child, "allOf"):
            base = self._follow(member)
            if base is not None and member.reference is not None:
                yield base
            elif depth < _DEEPEST:
                yield from self._bases(member, depth + 1)

    def _follow(self, node: Node) -> Node | None:
        try:
            return self.references.follow(node)
        except DocumentError:
            return None  # noted where it is translated


def _conjoin(out: JsonObject, member: JsonObject) -> None:
    also = out.get("allOf")
    out["allOf"] = [*as_list(also), member]


def _bearing(name: str, values: list[JsonValue]) -> JsonObject:
    return {"properties": {name: {"enum": values}}, "required": [name]}


def _list(node: Node, word: str) -> list[Node]:
    """Return the schemas in a keyword's list."""
    if not isinstance(node.value, dict) or not isinstance(node.value.get(word), list):
        return []
    return list(node.child(word).items())


def _is_named(node: Node) -> bool:
    """Return True if a schema, or the one around its `allOf`, is a component or a file of its own."""
    pointer = node.pointer
    while pointer[-2:-1] == ("allOf",):
        pointer = pointer[:-2]
    return (
        not pointer
        or (len(pointer) > 1 and pointer[-2] in _HOMES)
        or (len(pointer) == 1 and "openapi" not in _members(node))
    )


def _members(node: Node) -> JsonObject:
    if isinstance(node.resource.value, dict):
        return node.resource.value
    return {}


def _iter_named(root: Node) -> Iterator[Node]:
    """Yield the components of a document; of a file that is none, its members."""
    members = dict(root.members())
    if "components" in members:
        components = dict(members["components"].members())
    else:
        components = {}
    homes = [
        home
        for home in (components.get("schemas"), members.get("definitions"), members.get("$defs"))
        if home is not None
    ]
    if not homes and not {"openapi", "swagger"} & members.keys():
        homes = [root]
    for home in homes:
        yield from (child for _, child in home.members())


def _name(node: Node) -> str:
    if node.pointer:
        return node.pointer[-1]
    return _last_word(node.resource.uri)


def _is_alike(one: str, other: str) -> bool:
    """
    Return True if two names differ only in notation, or one begins or ends with the other.

    `dog`, `DogPet`.
    """
    plain, whole = ("".join(char for char in name.lower() if char.isalnum()) for name in (one, other))
    return bool(plain) and (plain == whole or whole.startswith(plain) or whole.endswith(plain))


def _last_word(ref: str) -> str:
    return ref.rsplit("#", 1)[-1].rsplit("/", 1)[-1].removesuffix(".yaml").removesuffix(".yml").removesuffix(".json")
