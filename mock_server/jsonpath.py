"""
JSONPath, RFC 9535, with a bound on the work, since paths and values may be hostile.

    $.a.b[0]    $['a b']    $.items[*].id    $.items[?@.kind == 'x'].id    $.items[?@.price > 9.5 && @.id]    $..id

The library evaluates; each value that it visits or compares is counted on the way. `match` and `search` run on an
engine that takes time in proportion to the text, whatever the pattern.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import jsonpath
import jsonschema_rs
from jsonpath.function_extensions import ExpressionType, FilterFunction
from jsonpath.parse import Parser
from jsonpath.segments import JSONPathChildSegment, JSONPathRecursiveDescentSegment

from mock_server.json_values import JsonValue, Pointer

_MOST_CHARACTERS: Final = 2_000  # of a path
_MOST_STEPS: Final = 20_000_000  # values that the paths of one engine visit: some 30 seconds
_MOST_STEPS_OF_USE: Final = 500_000  # values that one use of a path visits: less than a second
_MOST_DEPTH: Final = 900  # levels, as in YAML
_MOST_PATTERNS: Final = 256  # that are kept compiled
_TEXT_FOR_A_STEP: Final = 1_024  # characters


class PathError(ValueError):
    """A path is no JSONPath, or it takes too long."""


class Selected(NamedTuple):
    """One node that a path selects."""

    pointer: Pointer
    value: JsonValue


class PathEngine:
    """Evaluates paths, all of them together within one bound."""

    def __init__(self, most_steps: int = _MOST_STEPS) -> None:
        """Begin with a number of steps."""
        self._environment = _MeteredEnvironment(most_steps)

    def select(self, path: str, value: JsonValue) -> list[Selected]:
        """
        List the nodes that a path selects, each once, in the order of RFC 9535.

        Raises:
            PathError: it is no path, or more steps are needed than are left.
        """
        matches = _evaluate(_compile(self._environment, path), value)
        return list({match.parts: _selected(match) for match in matches}.values())


class JsonPath:
    """A path, read once and used often; each use has the same bound. Threads may share it."""

    def __init__(self, text: str, most_steps: int = _MOST_STEPS_OF_USE) -> None:
        """
        Read a path.

        Raises:
            PathError: it is none.
        """
        self._most_steps = most_steps
        self._environment = _MeteredEnvironment(most_steps)  # of its own, since it counts
        self._compiled = _compile(self._environment, text)
        self._lock = threading.Lock()

    def find(self, value: JsonValue) -> list[JsonValue]:
        """List the values that the path selects: none where that takes too many steps."""
        with self._lock:
            self._environment.refill(self._most_steps)
            try:
                return [_selected(match).value for match in _evaluate(self._compiled, value)]
            except PathError:
                return []


def _selected(match: jsonpath.JSONPathMatch) -> Selected:
    return Selected(tuple(map(str, match.parts)), match.obj)  # type: ignore[arg-type]  # a part of a JSON value


def _compile(environment: "_MeteredEnvironment", path: str) -> jsonpath.JSONPath:
    if len(path) > _MOST_CHARACTERS:
        raise PathError(f"it is longer than {_MOST_CHARACTERS:,} characters")
    if not path.startswith("$"):
        raise PathError("a JSONPath starts with '$'")
    try:
        compiled = environment.compile(path)
    except jsonpath.JSONPathError as error:
        raise PathError(str(error).partition("\n")[0]) from error
    except RecursionError as error:
        raise PathError("it is nested too deeply") from error
    assert isinstance(compiled, jsonpath.JSONPath)  # noqa: S101 - compound paths are none of RFC 9535
    return compiled


def _evaluate(path: jsonpath.JSONPath, value: JsonValue) -> list[jsonpath.JSONPathMatch]:
    """
    List what a path selects, in order.

    Raises:
        PathError: more steps are needed than are left.
    """
    matches: Iterable[jsonpath.JSONPathMatch] = [_LeanMatch(value)]
    try:
        for segment in path.segments:
            matches = segment.resolve(matches)
        return list(matches)
    except jsonpath.JSONPathError as error:
        raise PathError(str(error).partition("\n")[0]) from error
    except RecursionError as error:
        raise PathError("it is nested too deeply") from error


class _LeanMatch(jsonpath.JSONPathMatch):
    """A match that does not write its path, which takes longer than everything else."""

    __slots__ = ()

    def __init__(
        self,
        value: Any,  # noqa: ANN401 - a JSON value, and as the library has it
        parent: "_LeanMatch | None" = None,
        parts: tuple[int | str, ...] = (),
        root: Any = None,  # noqa: ANN401
    ) -> None:
        super().__init__(
            filter_context={}, obj=value, parent=parent, path="", parts=parts, root=value if parent is None else root
        )

    def new_child(self, obj: object, key: int | str) -> "_LeanMatch":
        """Make the match of a member or item."""
        return _LeanMatch(obj, self, (*self.parts, key), self.root)

    def add_child(self, *children: jsonpath.JSONPathMatch) -> None:
        """Keep no children: they are never read."""


class _MeteredParser(Parser):
    """Makes segments that count what they visit."""

    def parse_query(self, stream: Any) -> Iterable[Any]:  # noqa: ANN401 - of the library
        """Parse the segments of a query, or of one within a filter."""
        for segment in super().parse_query(stream):
            if isinstance(segment, JSONPathRecursiveDescentSegment):
                kind: type[Any] = _MeteredDescent
            else:
                kind = _MeteredChild
            yield kind(env=segment.env, token=segment.token, selectors=segment.selectors)


class _MeteredEnvironment(jsonpath.JSONPathEnvironment):
    """Counts steps; it belongs to one engine."""

    parser_class = _MeteredParser
    max_recursion_depth = _MOST_DEPTH

    def __init__(self, most_steps: int) -> None:
        self._left = most_steps
        self._sizes: dict[int, tuple[object, int]] = {}  # by identity, with the value itself, which has to stay
        super().__init__(strict=True, filter_caching=False)
        self.function_extensions["match"] = _PatternFunction(self, is_whole=True)
        self.function_extensions["search"] = _PatternFunction(self, is_whole=False)

    def refill(self, steps: int) -> None:
        """Begin anew, with a number of steps."""
        self._left = steps
        self._sizes.clear()

    def spend(self, steps: int = 1) -> None:
        """
        Count steps.

        Raises:
            JSONPathError: no more are left.
        """
        self._left -= steps
        if self._left < 0:
            raise jsonpath.JSONPathError("it takes too many steps", token=None)

    def is_truthy(self, obj: object) -> bool:
        """Judge a filter at one value; every value that a filter looks at comes here."""
        self.spend()
        return super().is_truthy(obj)

    def compare(self, left: object, operator: str, right: object) -> bool:
        """Compare, for the price of both sides."""
        self.spend(1 + self._size_of(left) + self._size_of(right))
        return super().compare(left, operator, right)

    def _size_of(self, value: object) -> int:
        """Count the values within a value."""
        if isinstance(value, str):
            return len(value) // _TEXT_FOR_A_STEP
        if not isinstance(value, dict | list):
            return 0
        if id(value) not in self._sizes:
            count, stack = 0, [value]
            while stack:
                part = stack.pop()
                children = part.values() if isinstance(part, dict) else part
                count += len(part)
                self.spend(len(part))
                stack += [child for child in children if isinstance(child, dict | list)]
            self._sizes[id(value)] = (value, count)
        return self._sizes[id(value)][1]


class _MeteredChild(JSONPathChildSegment):
    """A child segment that counts what it selects."""

    def resolve(self, nodes: Iterable[jsonpath.JSONPathMatch]) -> Iterator[jsonpath.JSONPathMatch]:
        """Select children of nodes."""
        spend = self.env.spend  # type: ignore[attr-defined]  # of our environment
        for node in nodes:
            spend(len(self.selectors))
            for selector in self.selectors:
                for found in selector.resolve(node):
                    spend()
                    yield found


class _MeteredDescent(JSONPathRecursiveDescentSegment):
    """A descendant segment that counts what it visits."""

    def _visit(self, node: jsonpath.JSONPathMatch, depth: int = 1) -> Iterator[jsonpath.JSONPathMatch]:
        """Visit a node and what is below it, parents first, without recursion."""
        spend = self.env.spend  # type: ignore[attr-defined]  # of our environment
        stack = [node]
        while stack:
            visited = stack.pop()
            spend(len(self.selectors))
            yield visited
            value = visited.obj
            pairs: Iterable[tuple[int | str, Any]] = ()
            if isinstance(value, dict):
                pairs = value.items()
            elif isinstance(value, list):
                pairs = enumerate(value)
            below = [visited.new_child(child, key) for key, child in pairs if isinstance(child, dict | list)]
            stack += reversed(below)


class _PatternFunction(FilterFunction):
    """`match` or `search`, RFC 9535, sections 2.4.6 and 2.4.7, with I-Regexp, RFC 9485."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - so the library declares it
    return_type = ExpressionType.LOGICAL

    def __init__(self, environment: _MeteredEnvironment, *, is_whole: bool) -> None:
        self._environment = environment
        self._is_whole = is_whole
        self._compiled: dict[str, Any] = {}

    def __call__(self, value: object, pattern: object) -> bool:
        """Return True if a text matches; nothing matches what is no pattern."""
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        self._environment.spend(1 + len(value) * len(pattern) // _TEXT_FOR_A_STEP)
        if pattern not in self._compiled:
            if len(self._compiled) >= _MOST_PATTERNS:
                self._compiled.clear()
            self._compiled[pattern] = _compile_pattern(pattern, is_whole=self._is_whole)
        compiled = self._compiled[pattern]
        return compiled is not None and bool(compiled.is_valid(value))


def _compile_pattern(pattern: str, *, is_whole: bool) -> Any:  # noqa: ANN401 - a validator of jsonschema-rs
    written = _write_pattern(pattern)
    if is_whole:
        written = f"^(?:{written})$"
    options = jsonschema_rs.RegexOptions(size_limit=2_000_000)
    try:
        return jsonschema_rs.validator_for({"pattern": written}, pattern_options=options, offline=True)
    except jsonschema_rs.ValidationError:
        return None


def _write_pattern(pattern: str) -> str:
    """Write an I-Regexp for other engines: a dot is no end of a line, and there are no anchors. RFC 9485, section 5."""
    written: list[str] = []
    is_escaped, is_class = False, False
    for character in pattern:
        if is_escaped or is_class or character not in ".^$":
            written.append(character)
        else:
            written.append(r"[^\n\r]" if character == "." else rf"\{character}")
        if is_escaped:
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        elif character in "[]":
            is_class = character == "["
    return "".join(written)
