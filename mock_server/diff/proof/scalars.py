"""
Texts and numbers: whether those of a sender are among those of a receiver, and values that may not be.

What jsonschema-rs leaves open is decided here: patterns as regular languages, steps of numbers.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from random import Random
from typing import Final

from mock_server.diff.proof.forms import has_references, types_of, values_of
from mock_server.diff.proof.gaps import Gap
from mock_server.generate.text.automaton import agree_on_nothing, iter_common
from mock_server.generate.text.regex import RegexError
from mock_server.generate.text.texts import TextConstraints, write_texts
from mock_server.json_values import JsonValue
from mock_server.schema.canonical import (
    Canonical,
    IntegerView,
    NumberView,
    StringView,
    find_difference,
)
from mock_server.schema.formats import find_format

Ask = Callable[[Canonical, Canonical], bool | None]
_SEED: Final = 7
_MOST: Final = 12  # texts that are tried
_LONGEST: Final = 100_000  # code points of a text that is written to break a length
_WORK: Final = 60_000  # states that are passed through in looking for a text
_WALKED: Final = 200  # code points of texts that are walked through for a proof
_FAR: Final = 10**6
_FREE_FORMATS: Final = ("password", "binary", "commonmark")  # which every text has: OpenAPI Format Registry
_ANY: Final[tuple[JsonValue, ...]] = (None, True, False, 0, 1, -1, 0.5, "", "a", [], {})


def find_string_gaps(sent: Canonical, received: Canonical, ask: Ask) -> list[Gap]:
    """Compare texts."""
    if ask(sent, received):
        return []
    one, other = sent.view(), received.view()
    own = one if isinstance(one, StringView) else None
    if not isinstance(other, StringView):
        return []
    wanted = TextConstraints.of(other, tuple(other.formats))
    given = TextConstraints.of(own, tuple(own.formats) if own is not None else ())
    if _is_text_within(given, wanted, own, other):
        return []
    keyword = next(word for word in _keywords(given, wanted))
    return [Gap(keyword, sent, received)]


def _keywords(given: TextConstraints, wanted: TextConstraints) -> Iterator[str]:
    """Yield the keywords that may tell two kinds of texts apart, the likeliest first."""
    if wanted.least > given.least:
        yield "minLength"
    if wanted.most is not None and (given.most is None or given.most > wanted.most):
        yield "maxLength"
    if not set(wanted.formats) <= implied_formats(given.formats):
        yield "format"
    yield "pattern"


def _is_text_within(given: TextConstraints, wanted: TextConstraints, own: StringView | None, other: StringView) -> bool:
    """Return whether it is proven that each text of one kind is of the other."""
    patterns = (*given.patterns, *(grammar for name in given.formats for grammar in find_format(name).patterns[-1:]))

    def is_empty(barred: tuple[str, ...], least: int, most: int | None) -> bool:
        return agree_on_nothing(patterns, barred, least, most, _WORK)

    if wanted.least > given.least and not (wanted.least <= _WALKED and is_empty((), given.least, wanted.least - 1)):
        return False
    most = wanted.most
    is_longer = most is not None and (given.most is None or given.most > most)
    if most is not None and is_longer and (most > _WALKED or not is_empty((), most + 1, given.most)):
        return False
    if not set(wanted.formats) <= implied_formats(given.formats):
        return False
    contents = (other.content_media_types, other.content_encodings)
    if any(contents) and (own is None or contents != (own.content_media_types, own.content_encodings)):
        return False
    if not set(wanted.barred_patterns) <= set(given.barred_patterns):
        return False
    if not set(wanted.barred_formats) <= set(given.barred_formats):
        return False
    judge = given.judge
    if any(judge is None or judge(text) for text in wanted.barred):
        return False
    least = given.least if given.least <= _WALKED else 0
    return all(each in given.patterns or is_empty((each,), least, given.most) for each in wanted.patterns)


def implied_formats(formats: Iterable[str]) -> set[str]:
    """Return the formats that a text of some formats has, those that every text has among them."""
    found = set(_FREE_FORMATS)
    for name in formats:
        found |= {name, *find_format(name).within}
    return found


def _texts_outside(given: TextConstraints, wanted: TextConstraints) -> Iterator[str]:
    """Yield texts of one kind that may not be of the other."""
    own = given.judge
    refuses = wanted.judge
    for text in islice(_candidate_texts(given, wanted), 400):
        if (own is None or own(text)) and refuses is not None and not refuses(text):
            yield text


def _candidate_texts(given: TextConstraints, wanted: TextConstraints) -> Iterator[str]:
    random = Random(_SEED)
    for pattern in wanted.patterns:
        try:
            yield from islice(iter_common(given.patterns, (pattern,), given.least, given.most, random, _WORK), 4)
        except RegexError:
            continue
    for pattern in wanted.barred_patterns:
        try:
            yield from islice(iter_common((*given.patterns, pattern), (), given.least, given.most, random, _WORK), 4)
        except RegexError:
            continue
    yield from wanted.barred
    if wanted.least > given.least:
        for size in {given.least, wanted.least - 1}:
            yield from _sized(given, size)
    if wanted.most is not None and (given.most is None or given.most > wanted.most):
        yield from _sized(given, wanted.most + 1)
    yield from write_texts(_SEED, "", given)[:_MOST]
    for format_ in wanted.formats:
        for grammar in find_format(format_).patterns[:1]:
            try:
                yield from islice(iter_common(given.patterns, (grammar,), given.least, given.most, random, _WORK), 4)
            except RegexError:
                continue
    yield from ("", "a", "0", "abc", " ", "A", "a" * max(given.least, 1))


def _sized(given: TextConstraints, size: int) -> Iterator[str]:
    if not 0 <= size <= _LONGEST:
        return
    yield "a" * size
    yield "0" * size
    yield from write_texts(
        _SEED, "", TextConstraints(given.formats, given.patterns, size, size, given.barred_patterns)
    )[:2]


def find_number_gaps(sent: Canonical, received: Canonical, ask: Ask) -> list[Gap]:
    """Compare numbers."""
    if ask(sent, received):
        return []
    one, other = sent.view(), received.view()
    own = one if isinstance(one, IntegerView | NumberView) else None
    if not isinstance(other, IntegerView | NumberView):
        return []
    whole = types_of(sent) == {"integer"}
    keywords = [
        *(["type"] if isinstance(other, IntegerView) and not whole else []),
        *(["minimum"] if _low(other) is not None and (_low(own) is None or _low(own) < _low(other)) else []),  # type: ignore[operator]
        *(["maximum"] if _high(other) is not None and (_high(own) is None or _high(own) > _high(other)) else []),  # type: ignore[operator]
        *(["multipleOf"] if other.multiple_of else []),
    ]
    return [Gap(next(iter(keywords), "minimum"), sent, received)]


def _low(view: IntegerView | NumberView | None) -> float | None:
    if view is None or view.minimum is None:
        return None
    return float(view.minimum)


def _high(view: IntegerView | NumberView | None) -> float | None:
    if view is None or view.maximum is None:
        return None
    return float(view.maximum)


def _numbers_outside(
    own: IntegerView | NumberView | None, other: IntegerView | NumberView, *, whole: bool
) -> Iterator[JsonValue]:
    """Yield numbers near the bounds of both; whoever uses them judges them."""
    steps = [float(step) for view in (own, other) if view is not None for step in view.multiple_of] or [1.0]
    bounds = [bound for view in (own, other) for bound in (_low(view), _high(view)) if bound is not None]
    step = math.prod(float(each) for each in own.multiple_of) if own is not None and own.multiple_of else 1.0
    for base in (*bounds, 0.0):
        anchor = math.floor(base / step) * step if step else base
        for offset in (0, 1, -1, 2, -2, 3, 5, 7):
            for value in (base + offset, anchor + offset * step):
                yield _plain(value)
        if not whole:
            for fraction in (0.5, 0.25, 0.1, -0.5):
                yield base + fraction
    for value in (step, steps[-1], 1.0, _FAR, -_FAR, 7.0, 11.0, 2.0**31, 2.0**53, -(2.0**31) - 1, 2.0**63):
        yield _plain(value)


def _plain(value: float) -> JsonValue:
    if math.isfinite(value) and value == int(value):
        return int(value)
    return value


def iter_candidates(sent: Canonical, received: Canonical) -> Iterator[JsonValue]:
    """Yield values that a sender may have and a receiver may refuse, for forms of any kind."""
    yield from values_of(sent)
    one, other = sent.view(), received.view()
    if isinstance(other, StringView) and types_of(sent) == {"string"}:
        given = TextConstraints.of(one, tuple(one.formats)) if isinstance(one, StringView) else TextConstraints()
        yield from _texts_outside(given, TextConstraints.of(other, tuple(other.formats)))
    if isinstance(other, IntegerView | NumberView):
        own = one if isinstance(one, IntegerView | NumberView) else None
        yield from _numbers_outside(own, other, whole=types_of(sent) == {"integer"})
    types = types_of(sent)
    yield from _ANY if types is None or len(types) > 1 else _typical(types)
    left = None if has_references(sent) or has_references(received) else find_difference(sent, received)
    if left is not None:
        yield from values_of(left)
    for view in (one, other):
        if isinstance(view, IntegerView | NumberView):
            yield from _numbers_outside(view, view, whole=False)
        elif isinstance(view, StringView):
            yield from write_texts(_SEED, "", TextConstraints.of(view, tuple(view.formats)))[:_MOST]


def _typical(types: set[str]) -> tuple[JsonValue, ...]:
    by_type: dict[str, tuple[JsonValue, ...]] = {
        "null": (None,),
        "boolean": (True, False),
        "integer": (0, 1, -1, _FAR),
        "number": (0.5, 0, -1.5, _FAR),
        "string": ("", "a", "mock-server", "0"),
        "array": ([],),
        "object": ({},),
    }
    return tuple(value for type_ in sorted(types) for value in by_type.get(type_, ()))
