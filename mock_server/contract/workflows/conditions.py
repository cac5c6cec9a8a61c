"""
Criteria: simple conditions, regular expressions and JSONPath.

A condition that can't be evaluated does not hold; the reason is said.

Source: https://spec.openapis.org/arazzo/v1.1.0.html#criterion-object
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mock_server.contract.workflows.expressions import Scope, as_text
from mock_server.contract.workflows.model import StepCriterion
from mock_server.document.model import Missing
from mock_server.json_values import JsonValue
from mock_server.jsonpath import PathError
from mock_server.schema.validate import compile_pattern

_LONGEST: Final = 2_000  # characters of a condition
_DEEPEST: Final = 40  # parentheses and negations in each other
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<sign>\|\||&&|==|!=|<=|>=|<|>|!|\(|\))|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])|(?P<word>true|false|null)(?!\w)"
    r"|(?P<expression>\$[\w.\-#/~%\[\]$]+))"
)
_WORDS: Final[dict[str, JsonValue]] = {"true": True, "false": False, "null": None}
_ORDER: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class ConditionError(ValueError):
    """A condition can't be evaluated."""


def holds(criterion: StepCriterion, scope: Scope) -> bool:
    """
    Evaluate a criterion.

    Raises:
        ConditionError: it can't be.
    """
    if len(criterion.condition) > _LONGEST:
        raise ConditionError(f"the condition is longer than {_LONGEST:,} characters")
    if criterion.type == "simple":
        return is_truthy(_ConditionReader(criterion.condition, scope).parse())
    if criterion.type == "xpath":
        raise ConditionError("XPath is not evaluated")
    around = scope.resolve(criterion.context or "")
    if isinstance(around, Missing) or around is None:
        return False
    condition = scope.fill(criterion.condition) if not criterion.condition.startswith("$") else criterion.condition
    if criterion.condition.startswith("$"):
        condition = _fill_embedded(criterion.condition, scope)
    if not isinstance(condition, str):
        raise ConditionError(f"what {criterion.condition!r} names is not there")
    if criterion.type == "regex":
        try:
            return compile_pattern(condition, whole=False)(as_text(around))
        except ValueError as error:
            raise ConditionError(str(error)) from error
    try:
        return bool(scope.paths.select(condition, around))
    except PathError as error:
        raise ConditionError(f"{condition!r}: {error}") from error


def _fill_embedded(condition: str, scope: Scope) -> JsonValue | Missing:
    """Fill in a JSONPath, whose `$` is no expression: only those in braces are."""
    filled = scope.fill(f" {condition}")
    return filled[1:] if isinstance(filled, str) else filled


def is_truthy(value: JsonValue | Missing) -> bool:
    """Return whether a condition that came to a value holds: `null`, `false` and nothing do not."""
    return not isinstance(value, Missing) and value is not None and value is not False


@dataclass(eq=False, repr=False)
class _ConditionReader:
    """Reads a simple condition, and evaluates it on the way."""

    text: str
    scope: Scope
    position: int = 0
    depth: int = 0

    def parse(self) -> JsonValue | Missing:
        value = self.either()
        if self.text[self.position :].strip():
            raise ConditionError(f"{self.text!r} is not understood at {self.text[self.position :].strip()[:40]!r}")
        return value

    def either(self) -> JsonValue | Missing:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = is_truthy(value) or is_truthy(other)
        return value

    def both(self) -> JsonValue | Missing:
        value = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            value = is_truthy(value) and is_truthy(other)
        return value

    def comparison(self) -> JsonValue | Missing:
        left = self.operand()
        for sign in ("==", "!=", "<=", ">=", "<", ">"):
            if self.take(sign):
                return compare(left, sign, self.operand())
        return left

    def operand(self) -> JsonValue | Missing:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ConditionError("the condition is nested too deeply")
        try:
            if self.take("!"):
                return not is_truthy(self.operand())
            if self.take("("):
                value = self.either()
                if not self.take(")"):
                    raise ConditionError(f"a parenthesis of {self.text!r} is not closed")
                return value
            return self.literal()
        finally:
            self.depth -= 1

    def literal(self) -> JsonValue | Missing:
        match = _TOKEN.match(self.text, self.position)
        if match is None or match["sign"] is not None:
            raise ConditionError(f"{self.text!r} lacks a value at {self.text[self.position :].strip()[:40]!r}")
        self.position = match.end()
        if match["text"] is not None:
            return match["text"][1:-1].replace("''", "'")
        if match["number"] is not None:
            return float(match["number"])
        if match["word"] is not None:
            return _WORDS[match["word"]]
        return self.scope.resolve(match["expression"])

    def take(self, sign: str) -> bool:
        match = _TOKEN.match(self.text, self.position)
        if match is None or match["sign"] != sign:
            return False
        self.position = match.end()
        return True


def compare(left: JsonValue | Missing, sign: str, right: JsonValue | Missing) -> bool:
    """Compare two values: texts without regard to case, numbers also where they are written as texts."""
    if sign == "==":
        return _equal(left, right)
    if sign == "!=":
        return not _equal(left, right)
    one, other = _number(left), _number(right)
    if one is not None and other is not None:
        return _ORDER[sign](one, other)
    if isinstance(left, str) and isinstance(right, str):
        first, second = left.lower(), right.lower()
        return {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[sign]
    return False


def _equal(left: JsonValue | Missing, right: JsonValue | Missing) -> bool:
    if isinstance(left, Missing) or isinstance(right, Missing):
        return (left is None or isinstance(left, Missing)) and (right is None or isinstance(right, Missing))
    if isinstance(left, bool) or isinstance(right, bool):
        return str(left).lower() == str(right).lower()
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    one, other = _number(left), _number(right)
    if one is not None and other is not None:
        return one == other
    return left == right


def _number(value: JsonValue | Missing) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None
