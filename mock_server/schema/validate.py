"""
Judging values by schemas: jsonschema-rs with the formats of OpenAPI.

One of the two modules that import jsonschema-rs; `canonical` is the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import islice
from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

import jsonschema_rs
import orjson

from mock_server.errors import UnusableSchema
from mock_server.findings import Place
from mock_server.json_values import JsonObject, JsonValue, Pointer
from mock_server.schema.bundle import Bundle
from mock_server.schema.cost import MOST_STEPS
from mock_server.schema.formats import CHECKS
from mock_server.schema.large import Broken, LargeValues, weighs_up_to

# The regular expressions of a document are untrusted: bound what they may cost. 40 MB is 0.15 s of CPU at most, and
# lets through
# what real documents have: Ethereum's blobs are `^0x[a-fA-F0-9]{262144}$`, which takes between 16 and 40 MB.
PATTERN_OPTIONS: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=40_000_000)
# Those of requests to come are many, and each is kept: they are smaller, too.
_SEARCH_OPTIONS: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=2_000_000)
_MAX_SHOWN = 160  # characters of a value in a message
_MAX_VIOLATIONS = 100
_MAX_BREACHES = 30
_LIGHT = 20_000  # parts of a value


class Violation(NamedTuple):
    """One assertion that a value breaks."""

    keyword: str
    message: str
    instance: Pointer  # in the judged value
    place: Place  # in the document
    path: Pointer  # in the bundle, down to the keyword


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken assertion, for mending a value rather than reporting it."""

    path: Pointer  # in the schema, down to the keyword
    instance: Pointer  # in the judged value
    names: tuple[str, ...]  # of the properties that are missing, or too many


class Validator:
    """A compiled schema. Values are JSON data as `orjson` reads them."""

    def __init__(self, bundle: Bundle) -> None:
        """
        Compile a bundle.

        Raises:
            UnusableSchema: jsonschema-rs can't compile it.
        """
        self.bundle = bundle
        if bundle.steps > MOST_STEPS:
            raise UnusableSchema(
                bundle.node.place, f"it is too large: to judge one value takes more than {MOST_STEPS:,} steps"
            )
        try:
            self._shared = _share(bundle.schema)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise UnusableSchema(bundle.node.place, str(error)[:300]) from error
        self._compiled, self._large = self._shared.compiled, self._shared.large
        self.is_valid = self._compiled.is_valid
        self.breaches = breaches_of(self._compiled)
        self._assertions: dict[tuple[str | int, ...], _Assertion] = {}  # each is looked up once

    def check(self, value: JsonValue, limit: int = _MAX_VIOLATIONS) -> list[Violation]:
        """List the violations of a value; an empty list when it conforms."""
        if self.is_valid(value):
            return []
        return self.explain(value, limit)

    def explain(self, value: JsonValue, limit: int = _MAX_VIOLATIONS, *, text: bytes | None = None) -> list[Violation]:
        """
        List the violations of a value that does not conform.

        Args: value: The value. limit: How many violations to list. text: What the value was read from as JSON, where
            that is known: it says in less time whether the value is small.
        """
        if self._large.is_small(value, text):
            return [self._violation(error) for error in islice(self._compiled.iter_errors(value), limit)]
        return [self._described(broken) for broken in islice(self._large.iter_broken(value), limit)]

    def is_light(self, value: JsonValue) -> bool:
        """Return True if listing all that a value breaks costs little."""
        return weighs_up_to(_LIGHT, value)

    def broken(self, value: JsonValue, limit: int) -> list[tuple[str, Pointer]]:
        """
        Return the violations as keywords and places, without messages.

        Messages of large schemas are large.
        """
        if self.is_valid(value):
            return []
        return [
            (error.keyword, tuple(map(str, error.instance))) for error in islice(self._large.iter_broken(value), limit)
        ]

    def _described(self, broken: Broken) -> Violation:
        if broken.error is not None:
            known = self._violation(broken.error, broken.path)
            return known._replace(instance=tuple(map(str, broken.instance)))
        path = tuple(map(str, broken.path))
        return Violation(
            broken.keyword, broken.message, tuple(map(str, broken.instance)), self.bundle.locate(broken.path), path
        )

    def _violation(
        self, error: jsonschema_rs.ValidationError, written: tuple[str | int, ...] | None = None
    ) -> Violation:
        written = tuple(error.schema_path) if written is None else written
        try:
            keyword, place, path, has_branches = self._assertions[written]
        except KeyError:
            keyword, place, path, has_branches = self._assertions[written] = self._locate(error, written)
        message = error.message
        if has_branches:
            message = _message(error)
        elif len(message) > 2 * _MAX_SHOWN:
            message = _shortened(message)
        return Violation(keyword, message, tuple(map(str, error.instance_path)), place, path)

    def _locate(self, error: jsonschema_rs.ValidationError, written: tuple[str | int, ...]) -> "_Assertion":
        """Find the assertion that an error is about."""
        kind = error.kind
        return _Assertion(kind.name, self.bundle.locate(written), tuple(map(str, written)), hasattr(kind, "context"))


class _Assertion(NamedTuple):
    """A keyword of a schema that is broken now and then."""

    keyword: str
    place: Place
    path: Pointer
    has_branches: bool  # of which the nearest one is explained


class _Shared:
    """A compiled schema, shared by all validators of the same schema."""

    __slots__ = ("__weakref__", "compiled", "large")

    def __init__(self, schema: JsonObject) -> None:
        formats = _own_formats(schema)
        self.compiled = _compile(schema, formats)
        self.large = LargeValues(schema, self.compiled, partial(_compile, formats=formats))


_in_use: WeakValueDictionary[bytes, _Shared] = WeakValueDictionary()  # by a digest of the schema


def _share(schema: JsonObject) -> _Shared:
    """
    Compile a schema, or share the compiled one where an equal schema is in use: many operations have the same.

    Each takes megabytes in a large document, which are given back when it is no longer used.
    """
    try:
        digest = blake2b(orjson.dumps(schema)).digest()
    except TypeError:  # a number beyond 64 bits
        return _Shared(schema)
    found = _in_use.get(digest)
    if found is None:
        found = _in_use[digest] = _Shared(schema)
    return found


def compile_schema(schema: JsonObject) -> "jsonschema_rs.Validator":
    """
    Compile a self-contained schema that belongs to no document.

    Raises:
        ValueError: it can't be compiled.
    """
    return _compile(schema)


def breaches_of(compiled: "jsonschema_rs.Validator", limit: int = _MAX_BREACHES) -> Callable[[JsonValue], list[Breach]]:
    """List the breaches of a value."""
    return lambda value: [_breach(error) for error in islice(compiled.iter_errors(value), limit)]


def _breach(error: jsonschema_rs.ValidationError) -> Breach:
    kind: Any = error.kind
    names = getattr(kind, "unexpected", None) or [getattr(kind, "property", None)]
    if kind.name == "propertyNames":
        names = [kind.error.instance]
    return Breach(
        path=tuple(map(str, error.schema_path)),
        instance=tuple(map(str, error.instance_path)),
        names=tuple(map(str, names)),
    )


def _compile(schema: JsonObject, formats: set[str] | None = None) -> jsonschema_rs.Validator:
    """Compile a schema, with those of our formats that it names; None looks for them."""
    named = _own_formats(schema) if formats is None else formats
    return jsonschema_rs.Draft202012Validator(
        schema,
        formats={name: CHECKS[name] for name in named} or None,
        validate_formats=True,
        ignore_unknown_formats=True,
        pattern_options=PATTERN_OPTIONS,
        offline=True,
    )


def _own_formats(schema: JsonValue) -> set[str]:
    """Return our formats that a schema names: without any, jsonschema-rs is a third faster."""
    found: set[str] = set()
    stack = [schema]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            format_ = part.get("format")
            if isinstance(format_, str) and format_ in CHECKS:
                found.add(format_)
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return found


@lru_cache(maxsize=4096)
def pattern_ok(pattern: str) -> bool:
    """Return True if a regular expression compiles."""
    try:
        _compile({"pattern": pattern}).is_valid("x")
    except ValueError:
        return False
    return True


def compile_pattern(pattern: str, *, whole: bool) -> Callable[[str], bool]:
    """
    Compile a regular expression of a document or a setting, with a bound on what it may cost.

    Where it costs more, nothing matches.

    Args:
        pattern: Of ECMA-262.
        whole: Whether it has to match a text from end to end, rather than some part of it.

    Raises:
        ValueError: it is no regular expression, or too large a one.
    """
    for written in (pattern, f"^(?:{pattern})$")[
        : 2 if whole else 1
    ]:  # alone first: `a)(b` is none, though `(?:a)(b)` is one
        try:
            compiled = jsonschema_rs.Draft202012Validator(
                {"pattern": written}, pattern_options=_SEARCH_OPTIONS, offline=True
            )
        except ValueError as error:
            message = f"{pattern!r} is no regular expression that can be used"
            raise ValueError(message) from error
    return compiled.is_valid


def _message(error: jsonschema_rs.ValidationError) -> str:
    """Return the message, shortened; of alternatives the nearest one is explained."""
    text = _shortened(error.message)
    nearest = _nearest(error.kind)
    if nearest is not None:
        return f"{text} (nearest alternative: {_shortened(nearest.message)})"
    return text


def _nearest(kind: Any) -> jsonschema_rs.ValidationError | None:  # noqa: ANN401 - 40 classes without a common one
    """Of the alternatives that failed, the error deepest in the value: the one most likely meant."""
    branches = getattr(kind, "context", None)
    if not branches:
        return None
    return max((error for branch in branches for error in branch), key=_depth, default=None)


def _depth(error: jsonschema_rs.ValidationError) -> int:
    return len(error.instance_path)


def _shortened(text: str) -> str:
    if len(text) <= 2 * _MAX_SHOWN:
        return text
    return f"{text[:_MAX_SHOWN]} … {text[-_MAX_SHOWN:]}"
