"""
Runtime expressions of Arazzo: what was put in, what was answered, and what steps before gave.

Source: https://spec.openapis.org/arazzo/v1.1.0.html#runtime-expressions
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.workflows.model import Selector
from mock_server.document.model import MISSING, Missing
from mock_server.exchange.body import write_json
from mock_server.exchange.expressions import ExpressionContext, evaluate
from mock_server.json_values import JsonObject, JsonValue, array_index, find_at, parse_pointer
from mock_server.jsonpath import PathEngine, PathError

_EMBEDDED: Final = re.compile(r"\{(\$[^{}]*)\}")
_PART: Final = re.compile(r"\.([^.\[\]#]+)|\[(\d+)\]")
_OF_EXCHANGE: Final = re.compile(
    r"(\$(?:url|method|statusCode)(?![\w.])|\$(?:request|response)\.(?:header|query|path)\.[^\s\[\]#]+"
    r"|\$(?:request|response)\.body(?:#[^\s]*)?)"
)
_DEEPEST: Final = 50


@dataclass(eq=False, repr=False)
class Scope:
    """The values that expressions may name."""

    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    steps: dict[str, Mapping[str, JsonValue]] = field(default_factory=dict)  # outputs by step
    workflows: dict[str, Mapping[str, Mapping[str, JsonValue]]] = field(default_factory=dict)  # inputs and outputs
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    exchange: ExpressionContext | None = None
    paths: PathEngine = field(default_factory=PathEngine)

    def resolve(self, expression: str) -> JsonValue | Missing:
        """Look an expression up; MISSING where there is nothing."""
        text = expression.strip()
        found = _OF_EXCHANGE.match(text)
        if found is not None:
            if self.exchange is None:
                return MISSING
            return _walk(evaluate(found[1], self.exchange), text[found.end() :])
        root, dot, rest = text.removeprefix("$").partition(".")
        return _walk(self._of_workflows(root), f"{dot}{rest}" if rest else "")

    def _of_workflows(self, root: str) -> JsonValue | Missing:
        """Return what an expression that begins with a word leads into; MISSING where no expression does."""
        match root:
            case "inputs":
                return dict(self.inputs)
            case "outputs":
                return dict(self.outputs)
            case "steps":
                return {name: {"outputs": dict(outputs)} for name, outputs in self.steps.items()}
            case "workflows":
                return {name: _as_objects(sides) for name, sides in self.workflows.items()}
            case "sourceDescriptions":
                return {name: {"url": url} for name, url in self.sources.items()}
        return MISSING

    def fill(self, value: JsonValue, depth: int = 0) -> JsonValue | Missing:
        """Replace the expressions in a value; MISSING where one leads to nothing."""
        if isinstance(value, str):
            return self._fill_text(value)
        if depth > _DEEPEST:
            return value
        if isinstance(value, list):
            items = [self.fill(item, depth + 1) for item in value]
            return MISSING if any(isinstance(item, Missing) for item in items) else items  # type: ignore[return-value]
        if isinstance(value, dict):
            members = {name: self.fill(item, depth + 1) for name, item in value.items()}
            if any(isinstance(item, Missing) for item in members.values()):
                return MISSING
            return members  # type: ignore[return-value]  # none is missing
        return value

    def _fill_text(self, text: str) -> JsonValue | Missing:
        if text.startswith("$") and not text.startswith("$ "):
            return self.resolve(text)
        whole = _EMBEDDED.fullmatch(text)
        if whole is not None and isinstance(found := self.resolve(whole[1]), list | dict):
            return found  # which has no form as a text
        missing = False

        def write(match: re.Match[str]) -> str:
            nonlocal missing
            found = self.resolve(match[1])
            if isinstance(found, Missing):
                missing = True
                return ""
            return as_text(found)

        filled = _EMBEDDED.sub(write, text)
        return MISSING if missing else filled

    def select(self, wanted: str | Selector) -> JsonValue | Missing:
        """Find an output: by an expression, or a selector in what an expression leads to."""
        if isinstance(wanted, str):
            return self.fill(wanted)
        around = self.resolve(wanted.context)
        if isinstance(around, Missing):
            return MISSING
        if wanted.type == "jsonpath":
            try:
                nodes = self.paths.select(wanted.selector, around)
            except PathError:
                return MISSING
            return nodes[0].value if nodes else MISSING
        if wanted.type == "jsonpointer":
            return _at(around, wanted.selector)
        return MISSING


def as_text(value: JsonValue) -> str:
    """Write a value into a text."""
    if isinstance(value, str):
        return value
    return write_json(value).decode()


def _as_objects(parts: Mapping[str, Mapping[str, JsonValue]]) -> JsonObject:
    return {name: dict(part) for name, part in parts.items()}


def _walk(value: JsonValue | Missing, rest: str) -> JsonValue | Missing:
    """Go on from a value: `.name`, `[0]`, then perhaps `#/a/json/pointer`."""
    if isinstance(value, Missing):
        return MISSING
    path, hash_, pointer = rest.partition("#")
    position = 0
    while position < len(path):
        part = _PART.match(path, position)
        if part is None:
            return MISSING
        value = _step_into(value, part[1] if part[1] is not None else part[2])
        if isinstance(value, Missing):
            return MISSING
        position = part.end()
    if hash_:
        return _at(value, pointer)
    return value


def _step_into(value: JsonValue, name: str) -> JsonValue | Missing:
    if isinstance(value, dict):
        return value.get(name, MISSING)
    index = array_index(name)
    if isinstance(value, list) and index is not None and index < len(value):
        return value[index]
    return MISSING


def _at(value: JsonValue, pointer: str) -> JsonValue | Missing:
    try:
        is_there, found = find_at(value, parse_pointer(pointer))
    except ValueError:
        return MISSING
    return found if is_there else MISSING
