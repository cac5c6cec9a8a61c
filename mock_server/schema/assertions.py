"""
Broken assertions, in the same words for both judges.

jsonschema-rs is the first judge, the `jsonschema` package the second: two implementations that share no code. They
agree on what is wrong but name some of it differently; here an assertion is its keyword and the instance location.

The only module that imports `jsonschema`. Its formats come from the small packages that it looks for; IRIs are mapped
to URIs, since the package that it would take for them builds its grammar, for over a second, whenever it is imported.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from mock_server.errors import SchemaError
from mock_server.json_values import JsonObject, JsonValue, Pointer, as_object
from mock_server.lazy import LazyModule
from mock_server.schema.bundle import Bundle
from mock_server.schema.formats import FORMATS, Format
from mock_server.schema.validate import Validator

if TYPE_CHECKING:
    import jsonschema
    import rfc3986_validator
else:
    jsonschema = LazyModule("jsonschema")
    rfc3986_validator = LazyModule("rfc3986_validator")

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
# The 61st second of a minute, which RFC 3339, section 5.7, knows and Python's calendar does not.
_LEAP: Final = re.compile(r"(?<=\d\d:59:)60")
# References that the second judge follows for one value: a value that nests in itself, by alternatives, has it follow
# twice as many for each level, and it is the only part of a proof whose cost has no other bound.
_MOST_FOLLOWED: Final = 50_000
_PARENTS: Final = frozenset(("properties", "items", "prefixItems"))


class BrokenAssertion(NamedTuple):
    """One assertion that a value breaks."""

    keyword: str
    instance: Pointer


class CostlyProof(SchemaError):
    """A value of a schema cannot be judged in a believable time."""


class Located(NamedTuple):
    """A broken assertion with its keyword location in the bundle, where known."""

    assertion: BrokenAssertion
    path: Pointer


def find_broken(validator: Validator, value: JsonValue) -> list[Located]:
    """List the violations by jsonschema-rs, under full error output."""
    found: dict[tuple[BrokenAssertion, Pointer], None] = {}
    for violation in validator.check(value):
        assertion, path = _named(violation.keyword, violation.path, violation.instance)
        found[assertion, path] = None
    return [Located(assertion, path) for assertion, path in found]


def _named(kind: str, path: Pointer, instance: Pointer) -> tuple[BrokenAssertion, Pointer]:
    if kind == "propertyNames":
        path = path[: len(path) - path[::-1].index("propertyNames")]
        return BrokenAssertion("propertyNames", instance), path
    keyword = path[-1] if path else "false"
    if kind == "falseSchema":
        if len(path) > 1 and path[-2] in _PARENTS:
            return BrokenAssertion(path[-2], instance[:-1]), path[:-1]
        if keyword == "items":
            return BrokenAssertion("items", instance[:-1]), path
    if keyword in {"minContains", "maxContains"}:
        return BrokenAssertion("contains", instance), (*path[:-1], "contains")
    return BrokenAssertion(keyword, instance), path


_ENDLESS = "it refers to itself without end, so that its second judge can't decide: nothing can be proven"


class _TooManyReferences(Exception):
    """The budget is spent."""


class _Following(threading.local):
    """The references that may still be followed, in this thread."""

    left = _MOST_FOLLOWED


_following: Final = _Following()


@cache
def _bounded_validator() -> "type[jsonschema.Draft202012Validator]":
    """Make the validator of the `jsonschema` package that gives up in time; once, since it makes a class."""
    plain = jsonschema.Draft202012Validator
    follow = plain.VALIDATORS["$ref"]

    def bounded(validator: Any, ref: str, instance: JsonValue, schema: JsonObject) -> Any:  # noqa: ANN401 - its own
        _following.left -= 1
        if _following.left < 0:
            raise _TooManyReferences
        return follow(validator, ref, instance, schema)

    extend: Any = jsonschema.validators.extend
    made: type[jsonschema.Draft202012Validator] = extend(plain, {"$ref": bounded})
    return made


class SecondJudge:
    """
    A bundle, compiled for the `jsonschema` package.

    That package follows references without end where a schema refers to itself at the same place of a value
    (`oneOf: [{$ref: '#'}]`); the methods then raise SchemaError. Where it would follow too
    many, they raise `CostlyProof`.
    """

    def __init__(self, bundle: Bundle) -> None:
        """Prepare a bundle; patterns that are no regular expressions of Python are passed over."""
        checker = jsonschema.FormatChecker(formats=())
        for record in FORMATS.values():
            check = _find_check(record)
            if check is not None:
                checker.checks(record.name)(_of_text(check))
        readable = _readable(bundle.schema)
        self._place = bundle.node.place
        self._judge = _bounded_validator()(as_object(readable), format_checker=checker)

    def find_broken(self, value: JsonValue) -> set[BrokenAssertion]:
        """List the violations, under full error output."""
        with self._bounded():
            return {translated(error) for error in self._judge.iter_errors(value)}

    def is_valid(self, value: JsonValue) -> bool:
        """Return True if a value conforms."""
        with self._bounded():
            return bool(self._judge.is_valid(value))

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Bound the work of a judgement."""
        _following.left = _MOST_FOLLOWED
        try:
            yield
        except _TooManyReferences:
            raise CostlyProof(self._place, "the second judge would take too long") from None
        except RecursionError as error:
            raise SchemaError(self._place, _ENDLESS) from error


def translated(error: "jsonschema.ValidationError") -> BrokenAssertion:
    """Translate errors of the `jsonschema` package."""
    instance = tuple(map(str, error.absolute_path))
    path = list(error.absolute_schema_path)
    if "propertyNames" in path:
        return BrokenAssertion("propertyNames", instance)
    if not error.validator:  # the schema `false`
        names = [token for token in path if isinstance(token, str)]
        return BrokenAssertion(names[-1] if names else "false", instance)
    keyword = str(error.validator)
    return BrokenAssertion("contains" if keyword in {"minContains", "maxContains"} else keyword, instance)


def _find_check(record: Format) -> Callable[[str], bool] | None:
    """Find the assertion of a format by the second judge."""
    if record.rfc3986_rule:
        return partial(_is_iri if record.is_international else _is_uri, rule=record.rfc3986_rule)
    if not record.is_built_in or record.name == "regex":  # it knows Python's expressions, and documents mean ECMA-262's
        return record.is_valid
    # of this draft: `FormatChecker.checkers` is of no draft, and has the `time` of draft 3
    judge = jsonschema.Draft202012Validator.FORMAT_CHECKER
    check = partial(judge.conforms, format=record.name)
    return _with_leap_seconds(check) if record.has_clock else check


def _with_leap_seconds(check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: bool(check(_LEAP.sub("59", text)))


def _is_uri(text: str, rule: str) -> bool:
    """Check a URI, RFC 3986; the expressions of the package take a line break at the end."""
    return "\n" not in text and bool(rfc3986_validator.validate_rfc3986(text, rule=rule))


def _is_iri(text: str, rule: str) -> bool:
    """Check an IRI as its URI: RFC 3987, section 3.1."""
    try:
        return _is_uri(_BEYOND_ASCII.sub(lambda match: quote(match[0]), text), rule)
    except UnicodeEncodeError:  # half a character
        return False


def _of_text(check: Callable[[str], bool]) -> Callable[[object], bool]:
    """Return a check that accepts values that are no strings."""
    return lambda value: not isinstance(value, str) or check(value)


def _readable(schema: JsonValue) -> JsonValue:
    """Return a schema without the patterns that Python can't read."""
    if isinstance(schema, list):
        return [_readable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out: JsonObject = {}
    for keyword, value in schema.items():
        if keyword == "pattern" and isinstance(value, str) and not _compiles(value):
            continue
        if keyword == "patternProperties" and isinstance(value, dict):
            out[keyword] = {pattern: _readable(child) for pattern, child in value.items() if _compiles(pattern)}
        elif keyword in {"additionalProperties", "unevaluatedProperties"} and not _all_compile(
            schema.get("patternProperties")
        ):
            continue  # the names that it is about are not known
        elif keyword in {"enum", "const", "examples", "default"}:
            out[keyword] = value
        elif keyword in {"properties", "$defs", "dependentSchemas"} and isinstance(value, Mapping):
            out[keyword] = {name: _readable(child) for name, child in value.items()}
        else:
            out[keyword] = _readable(value)
    return out


def _all_compile(patterns: JsonValue) -> bool:
    if isinstance(patterns, dict):
        return all(_compiles(pattern) for pattern in patterns)
    return True


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
