"""
One Schema Object, of any OpenAPI version, as JSON Schema 2020-12.

| in the document | here |
| --- | --- |
| `nullable`, `x-nullable` | `null` among the types, or `anyOf` with it |
| `exclusiveMinimum: true` next to `minimum` | `exclusiveMinimum` as a number |
| `format: int32` and its like | bounds |
| `type: file` | a string |
| `items: […]`, `additionalItems` | `prefixItems`, `items` |
| `dependencies` | `dependentRequired`, `dependentSchemas` |
| `readOnly`, `writeOnly` | not required in the other direction, and never made there |
| `discriminator` | each branch with its names; see `discriminate` |
| `enum` values of another type than `type` | the value as that type; JUDGE takes both |

A keyword with a value that it can't have is passed over, with a finding.

Source: OAS 2.0, 3.0.4 and 3.1.1, section "Schema Object"; JSON Schema 2020-12 core and validation
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mock_server.document.references import Node
from mock_server.json_values import JsonObject, JsonValue, as_list, as_object
from mock_server.schema.formats import find_format
from mock_server.schema.patterns import iter_readings, read_literal
from mock_server.schema.types import FOLK_TYPES, TYPES, cast, is_number, is_text_only, is_type


class Direction(Enum):
    """The direction of a message."""

    REQUEST = "request"
    RESPONSE = "response"

    @property
    def hidden_by(self) -> str:
        """The keyword that keeps a property out of this direction."""
        if self is Direction.REQUEST:
            return "readOnly"
        return "writeOnly"


class Purpose(Enum):
    """The purpose of a translation, where the document leaves room."""

    JUDGE = "judge"  # accept every defensible reading
    MAKE = "make"  # make what every reading accepts; keeps the annotations that make values believable


@dataclass(frozen=True, slots=True)
class Use:
    """The parameters of a translation, besides the Schema Object."""

    direction: Direction
    purpose: Purpose
    is_json_schema: bool  # 3.1 and later
    is_sent: bool = False  # what the direction hides is never there, though judges would let it pass


def _any_format(format_: str, pattern: str | None, least: int, most: int | None) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Syntax:
    """The dialect of patterns and formats."""

    pattern_ok: Callable[[str], bool]  # whether a regular expression compiles
    has_format: Callable[[str, str | None, int, int | None], bool] = (
        _any_format  # whether a text can: format, pattern, least, most length
    )


# A place as a schema that may be named by `$ref`, and what was noted on the way.
Translate = Callable[[Node], JsonValue]
Note = Callable[[str, Node, str], None]

_COUNTS = (
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
)
_ONE = ("not", "additionalProperties")
_ONE_SINCE_31 = ("contains", "propertyNames", "if", "then", "else", "unevaluatedItems", "unevaluatedProperties")
_LISTS = ("anyOf", "oneOf")
_ANNOTATIONS = ("title", "description", "default", "x-faker", "x-mock", "deprecated")
_SAYING_NOTHING = frozenset(("nullable", "title", "description", "default", "example", "deprecated", "externalDocs"))
_WIRE_ANNOTATIONS = ("xml", "contentMediaType", "contentEncoding")
# One of another type says nothing, and would make the schema unreadable for others.
_TYPES_OF_ANNOTATIONS: Final = {
    "title": str,
    "description": str,
    "deprecated": bool,
    "contentMediaType": str,
    "contentEncoding": str,
}


def translate(
    node: Node, use: Use, schema: Translate, note: Note, syntax: Syntax, hidden: frozenset[str]
) -> JsonObject:
    """
    Translate one Schema Object that is no mere reference.

    Args:
        node: The object, with `$ref` only where siblings count.
        use: For what.
        schema: Translates a subschema, following and naming references.
        note: Takes a rule, a place and a message.
        syntax: Of patterns and formats.
        hidden: Properties that this direction hides, as far as `allOf` around knows them.
    """
    step = _ObjectTranslation(node, as_object(node.value), use, schema, note, syntax)
    out = step.types()
    step.numbers(out)
    step.texts(out)
    step.applicators(out)
    step.objects(out, hidden)
    step.annotations(out)
    if step.making:
        step.kubernetes(out)
    return out


@dataclass(frozen=True, slots=True)
class _ObjectTranslation:
    """The translation of one object, keyword family by keyword family."""

    node: Node
    source: JsonObject
    use: Use
    schema: Translate
    note: Note
    syntax: Syntax

    def bad(self, keyword: str) -> None:
        shown = json.dumps(self.source.get(keyword), default=str)
        self.note("document-keyword-malformed", self.node, f"{keyword!r} can't be {shown[:80]}")

    @property
    def making(self) -> bool:
        return self.use.purpose is Purpose.MAKE

    @property
    def modern(self) -> bool:
        """True if keywords that 3.0 lacks are obeyed: always when making values, since the authors meant them."""
        return self.use.is_json_schema or self.making

    def types(self) -> JsonObject:
        """Translate type, enum, const."""
        out: JsonObject = {}
        declared = self.source.get("type")
        if declared is not None:
            names: list[JsonValue] = [declared] if isinstance(declared, str) else as_list(declared)
            types: list[JsonValue] = [name for name in names if name in TYPES]
            if not isinstance(declared, str | list) or len(types) != len(names):
                types = self._folk_types(names)
            if types:
                out["type"] = list(dict.fromkeys(types))
        if "enum" in self.source:
            self._enum(out)
        if "const" in self.source and self.modern:
            out["const"] = self.source["const"]
        return out

    def _folk_types(self, names: list[JsonValue]) -> list[JsonValue]:
        if names != ["file"]:
            self.bad("type")
        if not self.making and names != ["file"]:
            return []
        known: dict[str, JsonValue] = {**FOLK_TYPES, **{name: name for name in TYPES}}
        return [known[str(name)] for name in names if name in known]

    def _enum(self, out: JsonObject) -> None:
        values = self.source["enum"]
        if not isinstance(values, list) or not values:
            self.bad("enum")
            return
        written = out.get("type")
        own = as_list(written)
        types = list(own)  # and those of values that are tolerated
        fitting: list[JsonValue] = []
        mistyped = False
        for value in values:
            if value is None or not own or any(is_type(value, str(type_)) for type_ in own):
                fitting.append(value)
                continue
            casts = [each for type_ in own for each in cast(value, str(type_))]
            mistyped = mistyped or bool(casts)
            fitting += casts
            if not self.making:
                fitting.append(value)
                types = list(dict.fromkeys([*types, *(t for t in TYPES if is_type(value, t))]))
        if mistyped:
            shown = json.dumps(values, default=str)
            self.note("document-enum-mistyped", self.node, f"'enum' has values that are not of the type: {shown[:80]}")
        if not fitting:
            self.bad("enum")
            if self.making:
                out["enum"] = values  # read strictly, nothing is possible here: a property that may be left out is
            return
        if None in fitting and own and not self.making:
            types = list(dict.fromkeys([*types, "null"]))
        out["enum"] = fitting
        if own:
            out["type"] = types

    def numbers(self, out: JsonObject) -> None:
        """Translate bounds, their exclusive forms and numeric formats."""
        for bound, exclusive, pick in (("minimum", "exclusiveMinimum", max), ("maximum", "exclusiveMaximum", min)):
            value, strict = self.source.get(bound), self.source.get(exclusive)
            if value is not None and not is_number(value):
                self.bad(bound)
                value = None
            if is_number(strict):
                out[exclusive] = strict
            elif strict not in {None, True, False}:
                self.bad(exclusive)
            if value is not None:
                out[exclusive if strict is True else bound] = value
            limits = find_format(self.source.get("format")).bounds
            if limits and not is_text_only(out):
                limit = limits[bound == "maximum"]
                known = out.get(bound)
                out[bound] = pick(known, limit) if isinstance(known, int | float) else limit
        step = self.source.get("multipleOf")
        if step is not None:
            if is_number(step) and step > 0:  # type: ignore[operator]
                out["multipleOf"] = step
            else:
                self.bad("multipleOf")

    def texts(self, out: JsonObject) -> None:
        """Translate counts, pattern and format."""
        for keyword in _COUNTS:
            value = self.source.get(keyword)
            if value is None:
                continue
            if is_number(value) and value >= 0 and value == math.floor(value):  # type: ignore[operator, arg-type]
                out[keyword] = int(value)
            else:
                self.bad(keyword)
        if self.source.get("uniqueItems") is True:
            out["uniqueItems"] = True
        pattern = self.source.get("pattern")
        text = self._pattern(pattern)
        if text is not None:
            out["pattern"] = text
        if (
            self.making
            and isinstance(pattern, str)
            and read_literal(pattern) is not None
            and self.syntax.pattern_ok(pattern)
        ):
            # as it is written it finds nothing: what may be left out is
            out["allOf"] = [{"type": ["string"], "pattern": pattern}]
        format_ = self.source.get("format")
        is_of_text = isinstance(format_, str) and (find_format(format_).bounds is None or is_text_only(out))
        if is_of_text and self._is_possible(str(format_), out):
            out["format"] = format_  # the name of a number on a string, too: worth knowing when making one

    def _is_possible(self, format_: str, out: JsonObject) -> bool:
        """
        Return True if a text of the lengths and the pattern can have a format that is asserted.

        One that can't is an annotation.
        """
        least, most, pattern = out.get("minLength"), out.get("maxLength"), out.get("pattern")
        if not find_format(format_).is_asserted or (pattern is None and most is None and least is None):
            return True
        text = pattern if isinstance(pattern, str) else None
        if self.syntax.has_format(
            format_, text, least if isinstance(least, int) else 0, most if isinstance(most, int) else None
        ):
            return True
        besides = " and ".join(keyword for keyword in ("pattern", "minLength", "maxLength") if keyword in out)
        self.note(
            "document-format-impossible",
            self.node,
            f"no text has the format {format_!r} beside its {besides}; the format is passed over",
        )
        return False

    def _pattern(self, pattern: JsonValue) -> str | None:
        if pattern is None:
            return None
        if isinstance(pattern, str):
            literal = read_literal(pattern)
            if literal is not None:
                self.note(
                    "document-pattern-invalid",
                    self.node,
                    f"{pattern!r} is a literal of JavaScript; {literal!r} is read",
                )
            for readable in iter_readings(pattern if literal is None else literal):
                if self.syntax.pattern_ok(readable):
                    return readable
        self.note(
            "document-pattern-invalid", self.node, f"{str(pattern)[:80]!r} is no regular expression that can be used"
        )
        return None

    def applicators(self, out: JsonObject) -> None:
        """Translate the keywords that hold schemas, but for properties and allOf."""
        items = self.source.get("items")
        if isinstance(items, list):
            self._tuple(out, items)
        elif items is not None:
            self._one(out, "items")
        if self.modern and "prefixItems" in self.source:
            prefix = self._list("prefixItems")
            if prefix:
                out["prefixItems"] = prefix
        for keyword in _ONE + _ONE_SINCE_31 if self.modern else _ONE:
            if keyword in self.source:
                self._one(out, keyword)
        for keyword in _LISTS:
            if keyword in self.source:
                branches = self._list(keyword)
                if branches:
                    out[keyword] = branches
        if self.modern:
            dependent = {
                name: self.schema(child)
                for keyword in ("dependencies", "dependentSchemas")
                if isinstance(self.source.get(keyword), dict)
                for name, child in self.node.child(keyword).members()
                if isinstance(child.value, dict | bool)
            }
            if dependent:
                out["dependentSchemas"] = dependent

    def _tuple(self, out: JsonObject, items: list[JsonValue]) -> None:
        """
        Translate `items` as older drafts knew it.

        A schema for each of the first items, and `additionalItems` for the rest.
        """
        if items:
            out["prefixItems"] = self._list("items")
        if isinstance(self.source.get("additionalItems"), dict | bool):
            out["items"] = self.schema(self.node.child("additionalItems"))

    def _one(self, out: JsonObject, keyword: str) -> None:
        if isinstance(self.source[keyword], dict | bool):
            out[keyword] = self.schema(self.node.child(keyword))
        else:
            self.bad(keyword)

    def _list(self, keyword: str) -> list[JsonValue]:
        found: list[JsonValue] = []
        for child in self.node.child(keyword).items():
            if keyword in _LISTS and self._means_null(child, keyword):
                found.append({"type": ["null"]})
            elif isinstance(child.value, dict | bool):
                found.append(self.schema(child))
            else:
                self.note("document-keyword-malformed", child, f"an item of {keyword!r} is no schema")
        if not found:
            self.bad(keyword)
        if self.making and keyword == "anyOf":
            return [
                branch for branch in found if not _says_nothing(branch)
            ] or found  # where anything will do, what is described
        if self.making and keyword == "oneOf":
            return _fractional(found)
        return found

    def _means_null(self, branch: Node, keyword: str) -> bool:
        """
        Return True if an alternative is null, written as `{nullable: true}`, which strictly admits anything.

        Next to `anyOf` that reading does no harm to a judge; next to `oneOf` it would refuse all that the others admit.
        """
        written = branch.value
        if not isinstance(written, dict) or True not in (written.get("nullable"), written.get("x-nullable")):
            return False
        is_bare = all(key in _SAYING_NOTHING or key.startswith("x-") for key in written)
        is_alone = len(self.node.child(keyword).value or ()) < 2  # type: ignore[arg-type] # noqa: PLR2004 - then it is no alternative
        return is_bare and not is_alone and (self.making or keyword == "oneOf")

    def objects(self, out: JsonObject, hidden: frozenset[str]) -> None:
        """Translate properties, patternProperties, required and dependentRequired."""
        for keyword in ("properties", "patternProperties"):
            value = self.source.get(keyword)
            if value is None:
                continue
            if not isinstance(value, dict):
                self.bad(keyword)
                continue
            children: JsonObject = {}
            for name, child in self.node.child(keyword).members():
                key: str | None = name
                if keyword != "properties":
                    key = self._pattern(name)
                if key is not None:
                    children[key] = self._property(child, hide=keyword == "properties" and name in hidden)
            out[keyword] = children
        required = self.source.get("required")
        if isinstance(required, list):
            names = [name for name in dict.fromkeys(map(str, required)) if name not in hidden]
            if names:
                out["required"] = list(names)
        dependent: JsonObject = {
            name: list(dict.fromkeys(map(str, needed)))
            for keyword in ("dependencies", "dependentRequired")
            if self.modern and isinstance(named := self.source.get(keyword), dict)
            for name, needed in named.items()
            if isinstance(needed, list)
        }
        if dependent:
            out["dependentRequired"] = dependent

    def kubernetes(self, out: JsonObject) -> None:
        """Give an object of Kubernetes its kind and its version, which `x-kubernetes-group-version-kind` names."""
        listed, properties = self.source.get("x-kubernetes-group-version-kind"), out.get("properties")
        first = listed[0] if isinstance(listed, list) and listed else listed
        if not isinstance(first, dict) or not isinstance(properties, dict):
            return
        group, version, kind = (first.get(name) for name in ("group", "version", "kind"))
        if not isinstance(kind, str) or not isinstance(version, str):
            return
        for name, value in (("kind", kind), ("apiVersion", f"{group}/{version}" if group else version)):
            known = properties.get(name)
            if isinstance(known, dict) and known.get("type") == ["string"] and "enum" not in known:
                properties[name] = {**known, "enum": [value]}

    def _property(self, child: Node, *, hide: bool) -> JsonValue:
        if hide and (self.making or self.use.is_sent):
            return False
        if isinstance(child.value, dict | bool):
            return self.schema(child)
        self.note("document-keyword-malformed", child, "a property is no schema")
        return True

    def annotations(self, out: JsonObject) -> None:
        """Keep keywords of notation and, when making values, of realism."""
        for keyword in _WIRE_ANNOTATIONS if not self.making else (*_WIRE_ANNOTATIONS, *_ANNOTATIONS):
            if keyword in self.source and isinstance(self.source[keyword], _TYPES_OF_ANNOTATIONS.get(keyword, object)):
                out[keyword] = self.source[keyword]
        if not self.making:
            return
        if isinstance(self.source.get("contentSchema"), dict | bool):
            out["contentSchema"] = self.schema(self.node.child("contentSchema"))
        examples = self.source.get("examples")
        shown: list[JsonValue] = list(as_list(examples))
        shown += [self.source[key] for key in ("example", "x-example") if key in self.source]
        if shown:
            out["examples"] = shown


def with_null(out: JsonObject) -> JsonObject:
    """Let a schema take null as well: in its types and enum where these alone decide, else as an alternative."""
    types, values = out.get("type"), out.get("enum")
    if isinstance(types, list) and not ({"const", "allOf", "anyOf", "oneOf", "not", "if", "$ref"} & out.keys()):
        changed: JsonObject = {**out, "type": list(dict.fromkeys([*types, "null"]))}
        if isinstance(values, list) and None not in values:
            changed["enum"] = [*values, None]
        return changed
    return {"anyOf": [out, {"type": "null"}]}


def _fractional(branches: list[JsonValue]) -> list[JsonValue]:
    """
    Return the fractional branch of `integer` and `number` branches that only formats keep apart.

    A whole number is of either type, whatever the bounds of a format; one with a fraction is of one, for every
    validator.
    """
    plain = {"type", "minimum", "maximum", "format", *_ANNOTATIONS, "examples"}
    typed = [(branch, branch.get("type")) for branch in branches if isinstance(branch, dict) and branch.keys() <= plain]
    whole = [branch for branch, types in typed if types == ["integer"]]
    if not whole or not any(types == ["number"] for _, types in typed):
        return branches
    kept = [branch for branch in branches if branch not in whole]
    for index, branch in enumerate(kept):
        if isinstance(branch, dict) and branch.get("type") == ["number"]:
            kept[index] = {**branch, "not": {"type": ["integer"]}}
    return kept


def _says_nothing(schema: JsonValue) -> bool:
    return schema is True or (isinstance(schema, dict) and schema.keys() <= {*_ANNOTATIONS, "examples"})
