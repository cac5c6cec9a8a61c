"""
What is wrong where none of several alternatives fits.

"Not valid under any of the schemas" helps nobody. So the alternative is explained that was most likely meant: one that agrees about
the words that tell alternatives apart (`in: query`), and of those the one that goes wrong deepest in the value. Where none agrees
about a word, the words are told together.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from mock_server.typing import JsonValue, Pointer

_MOST: Final = 200  # errors that are looked at
_MOST_ALTERNATIVES: Final = 64
_WORDS: Final = frozenset(("enum", "const"))

_Error = Any  # jsonschema_rs.ValidationError; the 40 kinds of them have no class in common


def iter_causes(schema: Mapping[str, JsonValue], value: JsonValue) -> Iterator[tuple[Pointer, str]]:
    """
    List what a value breaks, down to what is no alternative.

    Args:
        schema: Of the specification.
        value: A whole document.

    Returns:
        The place of each cause, and what is wrong there.
    """
    compiled = jsonschema_rs.validator_for(dict(schema), offline=True)
    for error in islice(compiled.iter_errors(value), _MOST):
        yield from _causes(error)


def _causes(error: _Error) -> list[tuple[Pointer, str]]:
    alternatives = [each for each in _alternatives(error) if not any(map(_asks_for_reference, each))] or _alternatives(error)
    if len(alternatives) == 1 and alternatives[0] == [error]:
        return [(_place(error), error.message)]
    words = [{_place(each): each for each in alternative if each.kind.name in _WORDS} for alternative in alternatives]
    disputed = max((place for place in words[0] if len(words) > 1 and all(place in others for others in words)), key=len, default=None)
    if disputed is not None:
        wanted = dict.fromkeys(option for each in words for option in _options(each[disputed]))
        return [(disputed, f"{words[0][disputed].instance!r} is not one of {', '.join(wanted)}")]
    told_by = Counter(place for names in words for place in names)  # what most of them want another word for tells them apart
    ranks = [
        (sum(map(told_by.__getitem__, names)), -max(len(each.instance_path) for each in errors), len(errors))
        for names, errors in zip(words, alternatives, strict=True)
    ]
    nearest = alternatives[ranks.index(min(ranks))]
    return [cause for each in nearest for cause in (_causes(each) if _is_of_alternatives(each) else [(_place(each), each.message)])]


def _alternatives(error: _Error) -> list[list[_Error]]:
    """What would be wrong by each alternative; alternatives within one that are about the same value are some of its own."""
    if not _is_of_alternatives(error):
        return [[error]]
    found: list[list[_Error]] = []
    for branch in error.kind.context:
        ways: list[list[_Error]] = [[]]
        for each in branch:
            inner = _alternatives(each) if each.instance_path == error.instance_path else [[each]]
            ways = [way + more for way in ways for more in inner][:_MOST_ALTERNATIVES]
        found += [way for way in ways if way]
    return found[:_MOST_ALTERNATIVES] or [[error]]


def _is_of_alternatives(error: _Error) -> bool:
    return bool(getattr(error.kind, "context", None))


def _asks_for_reference(error: _Error) -> bool:
    """Whether a Reference Object would fit, which nobody meant who wrote no `$ref`."""
    return bool(error.kind.name == "required" and error.kind.property == "$ref")


def _options(error: _Error) -> list[str]:
    return [repr(option) for option in (error.kind.options if error.kind.name == "enum" else [error.kind.expected_value])]


def _place(error: _Error) -> Pointer:
    return tuple(map(str, error.instance_path))
