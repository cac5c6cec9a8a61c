"""
Matchers of one value of a request, and of all values that a name has.

Each has a distance from 0, only where it matches, to 1, for a value or for its absence. Mappings read them in
WireMock's words (`matchers`), fixtures and scenarios in ours (`conditions`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import orjson

from mock_server.document.model import MISSING, Missing
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonValue
from mock_server.respond.match.distance import ExpectedJson, text_distance

if TYPE_CHECKING:
    from mock_server.jsonpath import JsonPath


class MatchedText:
    """One text of a request, and the JSON value that it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def of_value(cls, value: JsonValue) -> "MatchedText":
        """Return a value that was read already."""
        content = cls(value if isinstance(value, str) else str(value))
        content.json = value
        return content

    @cached_property
    def json(self) -> JsonValue | Missing:
        """Its value as JSON; MISSING where it is none."""
        try:
            value: JsonValue = orjson.loads(self.text)
        except orjson.JSONDecodeError:
            return MISSING
        return value


class Matcher(ABC):
    """A matcher of one value, or of its absence (None)."""

    __slots__ = ()

    def matches(self, content: MatchedText | None) -> bool:
        """Return True if a value matches."""
        return self._holds(content)

    def distance(self, content: MatchedText | None) -> float:
        """Measure the distance of a value: from 0, only where it matches, to 1."""
        return 0.0 if self._holds(content) else self._measure(content)

    @abstractmethod
    def _holds(self, content: MatchedText | None) -> bool: ...

    def _measure(self, content: MatchedText | None) -> float:
        """Return the distance of a value that does not match."""
        return 1.0


@dataclass(frozen=True, slots=True)
class EqualTo(Matcher):
    """Holds of one text."""

    wanted: str
    ignore_case: bool = False

    def _holds(self, content: MatchedText | None) -> bool:
        if content is None:
            return False
        return self.wanted == content.text or (self.ignore_case and self.wanted.casefold() == content.text.casefold())

    def _measure(self, content: MatchedText | None) -> float:
        return 1.0 if content is None else text_distance(self.wanted, content.text)


@dataclass(frozen=True, slots=True)
class SameAs(Matcher):
    """Holds of a JSON value, and of the text by which a parameter says it."""

    wanted: JsonValue

    def _holds(self, content: MatchedText | None) -> bool:
        if content is None:
            return False
        if content.json == self.wanted:
            return True
        return not isinstance(self.wanted, list | dict) and content.json == str(self.wanted)

    def _measure(self, content: MatchedText | None) -> float:
        return 1.0 if content is None else text_distance(str(self.wanted), content.text)


@dataclass(frozen=True, slots=True)
class Predicate(Matcher):
    """Holds where a value is there, and a function of it is true."""

    is_true: Callable[[MatchedText], bool]

    def _holds(self, content: MatchedText | None) -> bool:
        return content is not None and self.is_true(content)


@dataclass(frozen=True, slots=True)
class Absent(Matcher):
    """Holds where there is no value."""

    def _holds(self, content: MatchedText | None) -> bool:
        return content is None


@dataclass(frozen=True, slots=True)
class EqualToJson(Matcher):
    """Holds of a text that is a JSON value like the one that is expected."""

    expected: ExpectedJson

    def _holds(self, content: MatchedText | None) -> bool:
        return content is not None and not isinstance(content.json, Missing) and self.expected.matches(content.json)

    def _measure(self, content: MatchedText | None) -> float:
        if content is None or isinstance(content.json, Missing):
            return 1.0
        return self.expected.distance(content.json)


@dataclass(frozen=True, slots=True)
class AtJsonPath(Matcher):
    """Holds where a JSONPath finds something, or something that matches."""

    path: "JsonPath"
    inner: Matcher | None  # of what is found; None: anything

    def _holds(self, content: MatchedText | None) -> bool:
        if content is None or isinstance(content.json, Missing):
            return False
        found = self.path.find(content.json)
        if self.inner is None:
            return any(value is not None and value not in ([], {}) for value in found)
        return any_match(self.inner, [MatchedText(_text_of(value)) for value in found])


@dataclass(frozen=True, slots=True)
class AllOf(Matcher):
    """Holds where all of several matchers do."""

    parts: tuple[Matcher, ...]

    def _holds(self, content: MatchedText | None) -> bool:
        return all(part.matches(content) for part in self.parts)

    def _measure(self, content: MatchedText | None) -> float:
        return sum(part.distance(content) for part in self.parts) / len(self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf(Matcher):
    """Holds where any of several matchers does."""

    parts: tuple[Matcher, ...]

    def _holds(self, content: MatchedText | None) -> bool:
        return any(part.matches(content) for part in self.parts)

    def _measure(self, content: MatchedText | None) -> float:
        return min((part.distance(content) for part in self.parts), default=1.0)


@dataclass(frozen=True, slots=True)
class Negation(Matcher):
    """Holds where another matcher does not."""

    part: Matcher

    def _holds(self, content: MatchedText | None) -> bool:
        return not self.part.matches(content)


class ValuesMatcher(ABC):
    """A matcher of all values that a name has."""

    __slots__ = ()

    def matches(self, contents: Sequence[MatchedText]) -> bool:
        """Return True if the values match; no values are those of an absent name."""
        return self._holds(contents)

    def distance(self, contents: Sequence[MatchedText]) -> float:
        """Measure the distance of the values: from 0, only where they match, to 1."""
        return 0.0 if self._holds(contents) else self._measure(contents)

    @abstractmethod
    def _holds(self, contents: Sequence[MatchedText]) -> bool: ...

    @abstractmethod
    def _measure(self, contents: Sequence[MatchedText]) -> float: ...


@dataclass(frozen=True, slots=True)
class AnyValue(ValuesMatcher):
    """Holds where any of the values matches."""

    matcher: Matcher

    def _holds(self, contents: Sequence[MatchedText]) -> bool:
        return any_match(self.matcher, contents)

    def _measure(self, contents: Sequence[MatchedText]) -> float:
        return nearest(self.matcher, contents)


@dataclass(frozen=True, slots=True)
class EachOnce(ValuesMatcher):
    """Holds where each matcher has a value of its own, in any order; `is_exact`: and there is no other value."""

    parts: tuple[Matcher, ...]
    is_exact: bool

    def _holds(self, contents: Sequence[MatchedText]) -> bool:
        if self.is_exact:
            return len(contents) == len(self.parts) and _can_be_paired(self.parts, contents)
        return all(any(part.matches(content) for content in contents) for part in self.parts)

    def _measure(self, contents: Sequence[MatchedText]) -> float:
        lacking = [nearest(part, contents) for part in self.parts] if contents else [1.0] * len(self.parts)
        more = max(len(contents) - len(self.parts), 0) if self.is_exact else 0
        return max((sum(lacking) + more) / (len(self.parts) + more), 0.01)


def _text_of(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    return write_json(value).decode()


def _can_be_paired(parts: Sequence[Matcher], contents: Sequence[MatchedText]) -> bool:
    """Return whether each matcher gets a value of its own: by augmenting paths, since several may take the same."""
    owners: dict[int, int] = {}  # of values: the matcher that has each

    def find(part: int, tried: set[int]) -> bool:
        for index, content in enumerate(contents):
            if index not in tried and parts[part].matches(content):
                tried.add(index)
                if index not in owners or find(owners[index], tried):
                    owners[index] = part
                    return True
        return False

    return all(find(part, set()) for part in range(len(parts)))


def any_match(matcher: Matcher, contents: Sequence[MatchedText]) -> bool:
    """Return whether any of several texts matches; where there are none, their absence has to."""
    if contents:
        return any(matcher.matches(content) for content in contents)
    return matcher.matches(None)


def nearest(matcher: Matcher, contents: Sequence[MatchedText]) -> float:
    """Return the distance of the nearest of several texts; of none, that of absence."""
    if contents:
        return min(matcher.distance(content) for content in contents)
    return matcher.distance(None)
