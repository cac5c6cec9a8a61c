"""
The shape of a schema: the same schema, written so that its canonical form stays small.

- `allOf: [{$ref: Base}, {properties: …}]`, which is how most documents inherit, becomes one object. As a conjunction
  with a recursive reference, every use of it would have to be intersected anew.
- The definition of a scalar is written in place of the reference, so that alternatives can be told apart.
- Where `unevaluatedProperties` asks what others have said of a value, they are written in its place, see `unfold`;
  where such a schema contains itself, the inner one does not ask.
- Beside the alternatives that a discriminator names, the plain ones are left out: each named one implies its plain one.

But for the last two, which may let through a value too many, a shape admits exactly the values of its schema.
Only generators see shapes; judges never do.

Unfolding: a schema with the definitions that it refers to written in their place.

Only where they speak of the same value as the schema itself: a property's reference stays one, so what recurs stays
finite. `unevaluatedProperties` can't be understood otherwise, nor can a `not` or a `oneOf` be taken apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mock_server.json_values import JsonObject, JsonValue, as_list, as_object
from mock_server.schema.discriminator import NAMED

_LISTS = frozenset(("allOf", "anyOf", "oneOf"))
_ONES = frozenset(("not", "if", "then", "else"))
# Definitions written into one schema: what is larger stays folded.
_MOST_UNFOLDED = 120


def unfold(schema: JsonObject, definition: Callable[[str], JsonValue]) -> JsonValue:
    """
    Write definitions in the place of references.

    Args:
        schema: JSON Schema whose references are `#/$defs/<name>`.
        definition: Finds a definition by its name.

    Returns:
        The same schema; a reference that leads back to itself stays one.
    """
    return _Unfolding(definition).write(schema, frozenset())


class _Unfolding:
    def __init__(self, definition: Callable[[str], JsonValue]) -> None:
        self._definition = definition
        self._left = _MOST_UNFOLDED

    def write(self, schema: JsonValue, passed: frozenset[str]) -> JsonValue:
        if not isinstance(schema, dict):
            return schema
        out: JsonObject = {}
        for keyword, value in schema.items():
            if keyword in _LISTS and isinstance(value, list):
                out[keyword] = [self.write(branch, passed) for branch in value]
            elif keyword in _ONES:
                out[keyword] = self.write(value, passed)
            elif keyword == "dependentSchemas" and isinstance(value, dict):
                out[keyword] = {name: self.write(branch, passed) for name, branch in value.items()}
            elif keyword != "$ref":
                out[keyword] = value
        ref = schema.get("$ref")
        if not isinstance(ref, str):
            return out
        return self._beside(ref, out, passed)

    def _beside(self, ref: str, rest: JsonObject, passed: frozenset[str]) -> JsonValue:
        """Return the target of a reference with its siblings."""
        name = ref.removeprefix("#/$defs/")
        if name in passed or self._left <= 0:
            return {**rest, "$ref": ref}
        self._left -= 1
        target = self.write(self._definition(name), passed | {name})
        if not rest:
            return target
        also = rest.get("allOf")
        return {**rest, "allOf": [*as_list(also), target]}


# Keywords of an object that mean the same next to those of another.
_PLAIN = frozenset(("type", "properties", "required", "minProperties", "maxProperties"))
_ANNOTATIONS = frozenset(("title", "description", "examples", "default", "deprecated", "xml", "x-faker", "x-mock"))
# Keywords that hold schemas; a definition without them is a leaf.
NESTED_MAPS = frozenset(("properties", "patternProperties", "dependentSchemas"))
NESTED_LISTS = frozenset(("prefixItems", "allOf", "anyOf", "oneOf"))
_CHOICES = frozenset(("anyOf", "oneOf"))
NESTED = frozenset(
    ("items", "additionalProperties", "not", "contains", "if", "then", "else", "propertyNames", "unevaluatedProperties",
     "unevaluatedItems")
)  # fmt: skip
_NOT_LEAF = NESTED_MAPS | NESTED_LISTS | NESTED | {"$ref"}
_ASKING = frozenset(("unevaluatedProperties", "unevaluatedItems"))
_MOST = 60  # ancestors


@dataclass(frozen=True, slots=True)
class _RewriteContext:
    """The context of a rewriting."""

    definitions: dict[str, JsonValue]
    inherited: frozenset[str] = frozenset()  # definitions that were merged in around: not again, or it would not end


def shape_of(schema: JsonValue, definitions: dict[str, JsonValue], *, is_branch: bool = False) -> JsonValue:
    """
    Write a schema as its shape; references stay.

    Args:
        schema: JSON Schema, with references to definitions.
        definitions: What they lead to.
        is_branch: Whether it is one of some alternatives, which inherit when one is chosen.
    """
    return _shape(schema, _RewriteContext(definitions), is_branch=is_branch)


def _shape(schema: JsonValue, context: _RewriteContext, *, is_branch: bool) -> JsonValue:
    """Rewrite a schema or a list of them; alternatives (branches) inherit when one is chosen, not before."""
    if isinstance(schema, list):
        return [_shape(item, context, is_branch=is_branch) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if _ASKING & schema.keys():
        schema, context = _answer(schema, context)
    leaf = _find_leaf(schema, context.definitions)
    if leaf is not None:
        return {**leaf, **{keyword: value for keyword, value in schema.items() if keyword != "$ref"}}
    members = schema.get("allOf")
    if isinstance(members, list):
        if any(isinstance(member, dict) and NAMED in member for member in members):
            schema = {keyword: value for keyword, value in schema.items() if keyword not in _CHOICES}
        if not is_branch and not ({"unevaluatedProperties", "additionalProperties"} & schema.keys()):
            schema, context = _inherit(schema, context)
    out: JsonObject = {}
    for keyword, value in schema.items():
        if keyword in NESTED_MAPS and isinstance(value, dict):
            out[keyword] = {name: _shape(child, context, is_branch=False) for name, child in value.items()}
        elif keyword in NESTED_LISTS or keyword in NESTED:
            out[keyword] = _shape(value, context, is_branch=keyword in _CHOICES)
        else:
            out[keyword] = value
    return out


def _answer(schema: JsonObject, context: _RewriteContext) -> tuple[JsonObject, _RewriteContext]:
    """Write a definition in the place of a reference, where its keywords count; where it recurs, leave it out."""
    passed: set[str] = set()

    def look_up(name: str) -> JsonValue:
        passed.add(name)
        return context.definitions.get(name, True)

    unfolded = unfold(schema, look_up)
    if passed & context.inherited or not isinstance(unfolded, dict):
        return {keyword: value for keyword, value in schema.items() if keyword not in _ASKING}, context
    return unfolded, _RewriteContext(context.definitions, context.inherited | passed)


def _find_leaf(schema: JsonObject, definitions: dict[str, JsonValue]) -> JsonObject | None:
    """Return the definition of a scalar that a schema refers to, where its siblings are annotations only."""
    ref = schema.get("$ref")
    if not isinstance(ref, str) or any(keyword != "$ref" and keyword not in _ANNOTATIONS for keyword in schema):
        return None
    target = definitions.get(ref.removeprefix("#/$defs/"))
    if (
        isinstance(target, dict)
        and target
        and not (_NOT_LEAF & target.keys())
        and target.get("type") not in (["object"], ["array"])
    ):
        return target
    return None


def _inherit(schema: JsonObject, context: _RewriteContext) -> tuple[JsonObject, _RewriteContext]:
    """Merge the plain objects of an `allOf`; the other members stay in it."""
    own: JsonObject = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
    members = schema["allOf"]
    parts = as_list(members)
    if len(parts) == 1 and isinstance(parts[0], dict) and not (own.keys() - _ANNOTATIONS):
        return {**parts[0], **own}, context  # only said otherwise: `allOf: [{$ref}]` is `$ref`
    base: JsonObject = {keyword: value for keyword, value in own.items() if keyword in _PLAIN}
    if "type" in base and base["type"] != ["object"]:
        return schema, context
    rest: list[JsonValue] = []
    passed: set[str] = set()
    for part in parts:
        plain = _as_plain(part, context, passed)
        if plain is None:
            rest.append(part)
        else:
            base = _join(base, plain)
    out: JsonObject = {**{keyword: value for keyword, value in own.items() if keyword not in _PLAIN}, **base}
    if rest:
        out["allOf"] = rest
    return out, _RewriteContext(context.definitions, context.inherited | passed)


def _as_plain(part: JsonValue, context: _RewriteContext, passed: set[str]) -> JsonObject | None:
    """
    Return a member as one plain object, through references and members of its own.

    Returns:
        None where it is more than a plain object. What it passed through is added to `passed`.
    """
    if not isinstance(part, dict):
        return None
    found: JsonObject = {}
    for keyword, value in part.items():
        inherited: JsonObject | None = {}
        if keyword == "$ref":
            name = str(value).removeprefix("#/$defs/")
            if name in context.inherited or name in passed or len(passed) > _MOST:
                return None
            passed.add(name)
            inherited = _as_plain(context.definitions.get(name), context, passed)
        elif keyword == "allOf" and isinstance(value, list):
            inherited = _all_plain(value, context, passed)
        elif (keyword == "type" and value != ["object"]) or not _is_plain(keyword, value):
            return None
        if inherited is None:
            return None
        found = _join(found, inherited)
    return _join(found, {keyword: value for keyword, value in part.items() if keyword in _PLAIN})


def _all_plain(members: list[JsonValue], context: _RewriteContext, passed: set[str]) -> JsonObject | None:
    found: JsonObject = {}
    for member in members:
        plain = _as_plain(member, context, passed)
        if plain is None:
            return None
        found = _join(found, plain)
    return found


def _is_plain(keyword: str, value: JsonValue) -> bool:
    return keyword in _PLAIN or keyword in _ANNOTATIONS or (keyword == "additionalProperties" and value is True)


def _join(one: JsonObject, other: JsonObject) -> JsonObject:
    """Return the plain object that both members describe."""
    if not one or not other:
        return one or other
    out: JsonObject = {**one, **other}
    known, more = one.get("properties"), other.get("properties")
    properties = dict(as_object(known))
    for name, schema in as_object(more).items():
        already = properties.get(name)
        properties[name] = schema if already is None or already == schema else {"allOf": [already, schema]}
    if properties:
        out["properties"] = properties
    required = [*_list(one, "required"), *_list(other, "required")]
    if required:
        out["required"] = list(dict.fromkeys(map(str, required)))
    for keyword, pick in (("minProperties", max), ("maxProperties", min)):
        counts = [value for value in (one.get(keyword), other.get(keyword)) if isinstance(value, int)]
        if counts:
            out[keyword] = pick(counts)
    return out


def _list(schema: JsonObject, keyword: str) -> list[JsonValue]:
    value = schema.get(keyword)
    if isinstance(value, list):
        return value
    return []
