"""Secrets in JSON data: below names that say so, and in texts."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from mock_server.exchange.secrets.known import MASKED, KnownSecrets
from mock_server.exchange.secrets.names import (
    ALWAYS,
    OF_OAUTH,
    Secrecy,
    find_granting,
    hides,
    is_place_name,
    judge_name,
)
from mock_server.json_values import JsonObject, JsonValue

_DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class ValueMask(KnownSecrets, ABC):
    """Takes secrets out of JSON data."""

    @abstractmethod
    def text(self, text: str, *, is_identifying: bool = False) -> str:
        """Replace the secrets in a text."""

    def value(self, value: JsonValue) -> JsonValue:
        """Replace the secrets in JSON data."""
        return self._value(value, 0)

    def hides(self, name: str, value: JsonValue) -> bool:
        """Check whether a value is a secret, or holds one, below a name."""
        if self._is_named(name) and not isinstance(value, bool) and value is not None:
            return True
        return self.value({name: value}) != {name: value}

    def _value(self, value: JsonValue, depth: int) -> JsonValue:
        if depth > _DEEPEST:
            if isinstance(value, str | list | dict):
                return MASKED
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._value(item, depth + 1) for item in value]
        if isinstance(value, dict):
            granting: frozenset[str] = frozenset()
            if not value.keys().isdisjoint(OF_OAUTH):
                granting = find_granting(
                    {name: item for name, item in value.items() if isinstance(item, str)}, has_pairs=False
                )
            shown: dict[str, JsonValue] = {}
            for name, item in value.items():
                if name in granting:
                    shown[self.text(name)] = self._below(item, depth)
                else:
                    shown[self.text(name)] = self._member(name, item, depth + 1, value)
            return shown
        if isinstance(value, int | float) and not isinstance(value, bool) and self._knows(str(value)):
            return self._number(value)
        return value

    def _member(self, name: str, value: JsonValue, depth: int, around: JsonObject) -> JsonValue:
        if name.lower() in self.members:
            return self._below(value, depth)
        if name in {"value", "values", "content", "text", "data"} and _is_named_pair(around):
            return self._below(value, depth)  # HAR's headers, forms as lists: {"name": "token", "value": …}
        secrecy = judge_name(name)
        if secrecy is Secrecy.SECRET or (isinstance(value, str) and hides(name, value)):
            return self._below(value, depth)
        if (
            secrecy is Secrecy.PIN
            and isinstance(value, int)
            and not isinstance(value, bool)
            and hides(name, str(value))
        ):
            return self._below(value, depth)
        if isinstance(value, str):
            return self.text(value, is_identifying=is_place_name(name) or "etag" in name.lower())
        return self._value(value, depth)

    def _below(self, value: JsonValue, depth: int) -> JsonValue:
        """Cover all that is below a name; booleans and null reveal nothing."""
        if isinstance(value, str):
            if value:
                return self._cover(value)
            return value
        if isinstance(value, list):
            if depth <= _DEEPEST:
                return [self._below(item, depth + 1) for item in value]
            return MASKED
        if isinstance(value, dict):
            if depth <= _DEEPEST:
                return {name: self._below(item, depth + 1) for name, item in value.items()}
            return MASKED
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value)

    def _number(self, value: float) -> JsonValue:
        written = str(value)
        shown = self._cover(written)
        if not self.is_veiled or self._found is not None:
            return shown
        digits = len(str(abs(int(value)))) if abs(value) < 1e300 else 1  # noqa: PLR2004 - infinity has none
        ones = int("1" * digits) * (-1 if value < 0 else 1)
        if isinstance(value, int):
            return ones
        return float(ones)


def _is_named_pair(around: JsonObject) -> bool:
    """Check for `{"name": "token", "value": …}`, as HAR and lists of settings have it."""
    names = (around.get(key) for key in ("name", "key", "field", "header"))
    return any(
        isinstance(name, str) and (judge_name(name) is Secrecy.SECRET or name.lower() in ALWAYS) for name in names
    )


def put_back(value: JsonValue, before: JsonValue) -> JsonValue:
    """Put back into a value that was edited what a mask took out of the one before: where it still says so."""
    if value == MASKED and before is not None:
        return before
    if isinstance(value, dict) and isinstance(before, dict):
        return {name: put_back(item, before.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(before, list):
        return [put_back(item, old) for item, old in zip_longest(value, before[: len(value)])]
    return value
