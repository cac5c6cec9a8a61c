"""
Unfolding: a schema with the definitions that it refers to written in their place.

Only where they speak of the same value as the schema itself: a property's reference stays one, so what recurs stays
finite. `unevaluatedProperties` can't be understood otherwise, nor can a `not` or a `oneOf` be taken apart.
"""

from collections.abc import Callable

from mock_server.typing import JsonObject, JsonValue

_LISTS = frozenset(("allOf", "anyOf", "oneOf"))
_ONES = frozenset(("not", "if", "then", "else"))
# Definitions written into one schema: what is larger stays folded.
_MOST = 120


def unfold(schema: JsonObject, definition: Callable[[str], JsonValue]) -> JsonValue:
    """
    Write definitions in the place of references.

    Args:
        schema: JSON Schema whose references are `#/$defs/<name>`.
        definition: Gives what a name stands for.

    Returns:
        The same schema; a reference that leads back to itself stays one.
    """
    return _Unfolding(definition).write(schema, frozenset())


class _Unfolding:
    def __init__(self, definition: Callable[[str], JsonValue]) -> None:
        self._definition = definition
        self._left = _MOST

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
        return out if not isinstance(ref, str) else self._beside(ref, out, passed)

    def _beside(self, ref: str, rest: JsonObject, passed: frozenset[str]) -> JsonValue:
        """What a reference stands for, together with its siblings."""
        name = ref.removeprefix("#/$defs/")
        if name in passed or self._left <= 0:
            return {**rest, "$ref": ref}
        self._left -= 1
        target = self.write(self._definition(name), passed | {name})
        if not rest:
            return target
        also = rest.get("allOf")
        return {**rest, "allOf": [*(also if isinstance(also, list) else []), target]}
