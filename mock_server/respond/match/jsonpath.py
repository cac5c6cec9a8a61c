"""
A small part of JSONPath, RFC 9535: names, indices, `*`, and filters that compare one member with one value.

    $.a.b[0]    $['a b']    $.items[*].id    $.items[?(@.kind == 'x')].id    $.items[?(@.price > 9.5)]    $.items[?(@.id)]

Descendants (`..`), slices, functions and combined filters are refused: what is not understood is not guessed.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mock_server.errors import ScriptError
from mock_server.json_values import JsonValue, same_json

_MAX_LENGTH = 500  # characters of an expression
_MAX_NODES = 10_000  # values that are looked at on each step

_STEP = re.compile(
    r"""\.(?P<name>[A-Za-z_\u0080-\uffff$][\w$-]*)   # .name
      | (?P<any>\.\*|\[\*\])                         # .* and [*]
      | \[(?P<index>-?[0-9]{1,9})\]                     # [0] and [-1]
      | \['(?P<single>[^'\\]*)'\] | \["(?P<double>[^"\\]*)"\]
      | \[\?\(?\s*@(?P<path>(?:\.[A-Za-z_\u0080-\uffff$][\w$-]*|\['[^'\\]*'\])*)\s*
          (?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>'[^'\\]*'|"[^"\\]*"|-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?|true|false|null)\s*)?\)?\]
    """,
    re.VERBOSE,
)
_MEMBER = re.compile(r"\.([\w$\u0080-\uffff-]+)|\['([^'\\]*)'\]")

# Of numbers with numbers and texts with texts, which mypy can't know.
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_Step = Callable[[JsonValue], list[JsonValue]]


@dataclass(frozen=True, slots=True)
class JsonPath:
    """An expression, read."""

    text: str
    steps: tuple[_Step, ...]

    def find(self, value: JsonValue) -> list[JsonValue]:
        """List what stands where the expression leads."""
        found = [value]
        for step in self.steps:
            found = [child for node in found for child in step(node)][:_MAX_NODES]
        return found


def parse_jsonpath(text: str) -> JsonPath:
    """
    Read an expression.

    Raises:
        ScriptError: it is none, or one that is not understood.
    """
    if not text.startswith("$"):
        raise ScriptError(f"a JSONPath starts with '$': {text[:80]!r}")
    if len(text) > _MAX_LENGTH:
        raise ScriptError(f"the JSONPath is longer than {_MAX_LENGTH} characters")
    at, steps = 1, []
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            advice = "understood are $, .name, ['name'], [0], [*] and [?(@.name == 'value')]"
            raise ScriptError(f"the JSONPath {text!r} is not understood from {text[at : at + 20]!r} on; {advice}")
        steps.append(_step(found))
        at = found.end()
    return JsonPath(text, tuple(steps))


def _step(found: "re.Match[str]") -> _Step:
    if found["any"]:
        return _children
    if found["index"] is not None:
        return _index(int(found["index"]))
    name = next((found[group] for group in ("name", "single", "double") if found[group] is not None), None)
    if name is not None:
        return _name(name)
    names = [dotted or quoted for dotted, quoted in _MEMBER.findall(found["path"])]
    return _filter(names, found["operator"], _literal(found["value"]))


def _children(node: JsonValue) -> list[JsonValue]:
    if isinstance(node, dict):
        return list(node.values())
    if isinstance(node, list):
        return node
    return []


def _name(name: str) -> _Step:
    return lambda node: [node[name]] if isinstance(node, dict) and name in node else []


def _index(index: int) -> _Step:
    return lambda node: [node[index]] if isinstance(node, list) and -len(node) <= index < len(node) else []


def _filter(names: list[str], compared: str | None, wanted: JsonValue) -> _Step:
    steps = tuple(map(_name, names))

    def holds(node: JsonValue) -> bool:
        found = JsonPath("@", steps).find(node)
        if not found or compared is None:
            return bool(found)
        if compared in {"==", "!="}:
            return same_json(found[0], wanted) is (compared == "==")
        return _comparable(found[0], wanted) and _ORDER[compared](found[0], wanted)

    return lambda node: [child for child in _children(node) if holds(child)]


def _comparable(one: JsonValue, other: JsonValue) -> bool:
    """RFC 9535, section 2.3.5.2.2: numbers with numbers, texts with texts."""
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    return (isinstance(one, str) and isinstance(other, str)) or (
        isinstance(one, int | float) and isinstance(other, int | float)
    )


def _literal(text: str | None) -> JsonValue:
    if text is None:
        return None
    if text[0] in "'\"":
        return text[1:-1]
    value: JsonValue = orjson.loads(text)
    return value
