"""
Linting a document by openapi-spec-validator: its structure, by the specification's schema, and its rules.

The only module that imports openapi-spec-validator. References are resolved by our own library, so that linting reads
nothing that was not allowed.

What is wrong where none of several alternatives fits.

"Not valid under any of the schemas" helps no one. So the alternative is explained that was most likely meant: one that
agrees about the words that keep alternatives apart (`in: query`), and of those the one that goes wrong deepest in the
value. Where none agrees about a word, the words are listed together.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import jsonschema_rs
from openapi_spec_validator import (
    OpenAPIV2SpecValidator,
    OpenAPIV30SpecValidator,
    OpenAPIV31SpecValidator,
    OpenAPIV32SpecValidator,
)
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from referencing.exceptions import Unresolvable

from mock_server.document.document import Document
from mock_server.document.model import Version
from mock_server.errors import DocumentError
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonValue, Pointer

_MOST_ERRORS: Final = 200  # errors that are looked at
_MOST_ALTERNATIVES: Final = 64
_WORDS: Final = frozenset(("enum", "const"))

_Error = Any  # jsonschema_rs.ValidationError; the 40 kinds of them have no class in common


def iter_causes(schema: Mapping[str, JsonValue], value: JsonValue) -> Iterator[tuple[Pointer, str]]:
    """
    List the violations of a value, down to those that are not alternatives.

    Args:
        schema: Of the specification.
        value: A whole document.

    Returns:
        The place of each cause, and what is wrong there.
    """
    compiled = jsonschema_rs.validator_for(dict(schema), offline=True)
    for error in islice(compiled.iter_errors(value), _MOST_ERRORS):
        yield from _causes(error)


def _causes(error: _Error) -> list[tuple[Pointer, str]]:
    alternatives = [each for each in _alternatives(error) if not any(map(_asks_for_reference, each))] or _alternatives(
        error
    )
    if len(alternatives) == 1 and alternatives[0] == [error]:
        return [(_place(error), error.message)]
    words = [{_place(each): each for each in alternative if each.kind.name in _WORDS} for alternative in alternatives]
    disputed = max(
        (place for place in words[0] if len(words) > 1 and all(place in others for others in words)),
        key=len,
        default=None,
    )
    if disputed is not None:
        wanted = dict.fromkeys(option for each in words for option in _options(each[disputed]))
        return [(disputed, f"{words[0][disputed].instance!r} is not one of {', '.join(wanted)}")]
    counts = Counter(
        place for names in words for place in names
    )  # a place for which most of them want another word keeps them apart
    ranks = [
        (sum(map(counts.__getitem__, names)), -max(len(each.instance_path) for each in errors), len(errors))
        for names, errors in zip(words, alternatives, strict=True)
    ]
    nearest = alternatives[ranks.index(min(ranks))]
    return [cause for each in nearest for cause in _nested_causes(each)]


def _alternatives(error: _Error) -> list[list[_Error]]:
    """
    Return the errors by each alternative.

    Alternatives within one that are about the same value are some of its own.
    """
    if not _has_alternatives(error):
        return [[error]]
    found: list[list[_Error]] = []
    for branch in error.kind.context:
        ways: list[list[_Error]] = [[]]
        for each in branch:
            inner = _alternatives(each) if each.instance_path == error.instance_path else [[each]]
            ways = [way + more for way in ways for more in inner][:_MOST_ALTERNATIVES]
        found += [way for way in ways if way]
    return found[:_MOST_ALTERNATIVES] or [[error]]


def _has_alternatives(error: _Error) -> bool:
    return bool(getattr(error.kind, "context", None))


def _asks_for_reference(error: _Error) -> bool:
    """Return True if an error only asks for `$ref`, which is meant only where one is written."""
    return bool(error.kind.name == "required" and error.kind.property == "$ref")


def _nested_causes(error: _Error) -> list[tuple[Pointer, str]]:
    if _has_alternatives(error):
        return _causes(error)
    return [(_place(error), error.message)]


def _options(error: _Error) -> list[str]:
    options = error.kind.options if error.kind.name == "enum" else [error.kind.expected_value]
    return list(map(repr, options))


def _place(error: _Error) -> Pointer:
    return tuple(map(str, error.instance_path))


_VALIDATORS: dict[Version, Any] = {
    Version.V2: OpenAPIV2SpecValidator,
    Version.V30: OpenAPIV30SpecValidator,
    Version.V31: OpenAPIV31SpecValidator,
    Version.V32: OpenAPIV32SpecValidator,
}
# More findings than this about one document help no one.
_MOST = 200
_NO_REGEX = (
    "is not a 'regex'",
    'is not a "regex"',
)  # by Python's or Rust's rules; by ECMA-262's it is judged where schemas are translated


def lint(document: Document) -> tuple[Finding, ...]:
    """Yield the violations of the OpenAPI specification."""
    found: dict[tuple[Place, str], Finding] = {}
    for finding in islice(_iter_findings(document), _MOST):
        if finding.place is not None:
            found.setdefault((finding.place, finding.message), finding)
    return tuple(found.values())


def _iter_findings(document: Document) -> Iterator[Finding]:
    def read(uri: str) -> JsonValue:
        try:
            return document.library.open(uri).value
        except (DocumentError, PermissionError) as error:
            raise LookupError(str(error)) from error

    base: Any = _VALIDATORS[document.version]
    judges = {name: _placing(judge) for name, judge in base.keyword_validators.items()}
    handlers = dict.fromkeys(("", "file", "http", "https"), read)
    ours = type("_Validator", (base,), {"resolver_handlers": handlers, "keyword_validators": judges})
    validator = ours(document.resource.value, base_uri=document.resource.uri)
    name = document.resource.name
    try:
        yield from _iter_invalid(document, validator)
    except Unresolvable as error:
        # following the reference says it more exactly; the validator goes no further
        message = f"openapi-spec-validator stopped at a reference that leads nowhere: {error.ref}"
        yield Finding(rule="document-lint-incomplete", message=message, place=Place(name))
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        message = f"openapi-spec-validator could not read on: {type(error).__name__}"
        yield Finding(rule="document-lint-incomplete", message=message, place=Place(name))


def _iter_invalid(document: Document, validator: Any) -> Iterator[Finding]:  # noqa: ANN401
    """Yield the errors of the validator as findings; the same one by two metaschemas once."""
    name = document.resource.name
    places = _Places(document)
    known: set[Place] | None = None  # by the schema of the specification, where it speaks of alternatives
    for error in validator.iter_errors():
        if error.instance is document.resource.value and _is_of_alternatives(error):
            if known is None:
                causes = list(iter_causes(error.schema, error.instance))
                known = {Place(name, pointer) for pointer, _ in causes}
                meant = ((pointer, message) for pointer, message in causes if not message.endswith(_NO_REGEX))
                yield from (_invalid(document, Place(name, pointer), message) for pointer, message in meant)
        elif not str(error.message).endswith(_NO_REGEX):
            nearest = _nearest(error)
            place = places.of(nearest)
            if not isinstance(nearest.validator, str) or place not in (known or ()):
                yield _invalid(document, place, str(nearest.message))


def _invalid(document: Document, place: Place, message: str) -> Finding:
    pointer = place.pointer if place.file == document.resource.name else ()
    said = _in_plain_words(document, pointer, message)
    return Finding(rule="document-invalid", message=_shortened(said), place=place)


def _in_plain_words(document: Document, pointer: Pointer, message: str) -> str:
    """Return advice for a usual mistake of a first document, else the validator's message."""
    value = document.resource.value
    if not isinstance(value, dict):
        return message
    if pointer in {("openapi",), ("swagger",)} and not isinstance(value[pointer[0]], str):
        number = "3.0.3" if pointer == ("openapi",) else "2.0"
        return f"the version is a text: write {pointer[0]}: '{number}'"
    paths = value.get("paths")
    if pointer == ("paths",) and isinstance(paths, dict) and "unexpected" in message:
        wrong = [path for path in paths if not path.startswith(("/", "x-"))]
        if wrong:
            return f"a path begins with a slash: write {', '.join(f'/{path}' for path in wrong)}"
    if not pointer and "paths" not in value and message.startswith(("'paths'", '"paths"')):
        return "there are no operations: write them under 'paths'"
    return message


def _is_of_alternatives(error: Any) -> bool:  # noqa: ANN401 - a ValidationError of either of two libraries
    """Return True if an error only says that no alternative fits."""
    return not error.context and list(error.schema_path)[-1:] in (["oneOf"], ["anyOf"])


def _nearest(error: Any) -> Any:  # noqa: ANN401
    """Return the error of the alternative that fails deepest, or of the first one."""
    while error.context:
        error = max(error.context, key=lambda each: len(each.absolute_path))
    return error


def _placing(base: Any) -> Any:  # noqa: ANN401 - of a package without types
    """
    Make a validator class with errors that name their object.

    Their paths begin there.
    """

    def call(self: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: ANN401
        about = next((each for each in args if hasattr(each, "read_value")), None)
        for error in base.__call__(self, *args, **kwargs):
            if isinstance(error, OpenAPIValidationError):
                placed = error
            else:
                placed = OpenAPIValidationError.create_from(error)
            if about is not None and not hasattr(placed, "within"):
                placed.within = about.read_value()
            yield placed

    return type(f"Placing{base.__name__}", (base,), {"__call__": call})


class _Places:
    """The places of the objects of a document and of its references."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[int, Place] = {}

    def of(self, error: Any) -> Place:  # noqa: ANN401
        """Return the nearest known place of an error."""
        root = error
        while root.parent is not None:
            root = root.parent
        within: JsonValue = getattr(root, "within", None)
        path = tuple(map(str, error.absolute_path))
        if within is None:
            return Place(self._document.resource.name, path)
        if not self._known:
            for resource in self._document.library.loaded():
                self._walk(resource.name, resource.value)
        place = self._known.get(id(within), Place(self._document.resource.name))
        below = next((more for more in (path, ("default", *path)) if _leads_to(within, more, error.instance)), ())
        return Place(place.file, (*place.pointer, *below))

    def _walk(self, name: str, value: JsonValue) -> None:
        stack: list[tuple[Pointer, JsonValue]] = [((), value)]
        while stack:
            pointer, part = stack.pop()
            children: Iterable[tuple[str | int, JsonValue]] = ()
            if isinstance(part, dict):
                self._known.setdefault(id(part), Place(name, pointer))
                children = part.items()
            elif isinstance(part, list):
                children = enumerate(part)
            stack += [((*pointer, str(key)), child) for key, child in children if isinstance(child, dict | list)]


def _leads_to(value: JsonValue, path: Pointer, wanted: JsonValue) -> bool:
    for step in path:
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return False
    return value is wanted or value == wanted


def _shortened(message: str) -> str:
    text = message.strip().split("\n", 1)[0]
    if len(text) <= 300:  # noqa: PLR2004 - a line or two
        return text
    return f"{text[:150]} … {text[-120:]}"
