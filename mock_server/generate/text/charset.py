"""Sets of characters, as sorted ranges of code points."""

import unicodedata
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]  # inclusive, sorted, apart from each other

_MAX = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)  # no characters: JSON text in UTF-8 can't hold them

DIGIT: Ranges = ((0x30, 0x39),)
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
# ECMA-262, WhiteSpace and LineTerminator
SPACE: Ranges = (
    (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
LINE_END: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
EVERYTHING: Ranges = ((0, _SURROGATES[0] - 1), (_SURROGATES[1] + 1, _MAX))

# What people expect to see, best first: letters and digits, then other printable ASCII.
_PLAIN: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A))
_LOWER: Ranges = ((0x61, 0x7A),)
_HEX: Ranges = ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66))
_LOWER_HEX: Ranges = ((0x30, 0x39), (0x61, 0x66))
_PRINTABLE: Ranges = ((0x21, 0x7E),)


def union(*sets: Ranges) -> Ranges:
    """Unite sets."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(part for ranges in sets for part in ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Return all characters that are not in a set."""
    out: list[tuple[int, int]] = []
    start = 0
    for low, high in union(ranges, (_SURROGATES,)):
        if low > start:
            out.append((start, low - 1))
        start = high + 1
    if start <= _MAX:
        out.append((start, _MAX))
    return tuple(out)


def intersection(one: Ranges, other: Ranges) -> Ranges:
    """Return the characters in both sets."""
    parts = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted((low, high) for low, high in parts if low <= high))


@lru_cache(maxsize=4096)
def preferred(ranges: Ranges) -> str:
    """Return the characters of a set worth writing, at most 256 of them; empty only for an empty set."""
    for taste in (
        _LOWER if len(ranges) == 1 and ranges[0][1] > 0x7F else _PLAIN,  # noqa: PLR2004
        _PRINTABLE,
        ((0x20, 0x20),),
        EVERYTHING,
    ):
        common = intersection(ranges, taste)
        if common == _HEX:
            common = _LOWER_HEX  # a digest is written in one case
        if common:
            return "".join(chr(code) for low, high in common for code in range(low, min(high, low + 255) + 1))[:256]
    return ""


def contains(ranges: Ranges, code: int) -> bool:
    """Return True if a set contains a code point."""
    return any(low <= code <= high for low, high in ranges)


@lru_cache(maxsize=64)
def unicode_property(name: str) -> Ranges | None:
    r"""
    Return the characters with a property, as in `\p{Lu}` or `\p{Letter}`; None for one that is not known here.

    Only the Basic Multilingual Plane is searched: enough to write with.
    """
    short = _LONG_NAMES.get(name.rpartition("=")[2].replace("_", "").lower(), name.rpartition("=")[2])
    if short in {"Any", "Assigned"}:
        return EVERYTHING
    if short == "ASCII":
        return ((0, 0x7F),)
    if short in _SCRIPTS:
        return _SCRIPTS[short]
    if len(short) > 2 or not short[:1].isupper():  # noqa: PLR2004 - general categories are `L` or `Lu`
        return None
    found = [(code, code) for code in range(0xD800) if unicodedata.category(chr(code)).startswith(short)]
    return union(tuple(found)) or None


_LONG_NAMES = {
    "letter": "L", "alphabetic": "L", "alpha": "L", "uppercaseletter": "Lu", "uppercase": "Lu", "lowercaseletter": "Ll",
    "lowercase": "Ll", "number": "N", "decimalnumber": "Nd", "digit": "Nd", "punctuation": "P", "symbol": "S",
    "separator": "Z", "spaceseparator": "Zs", "mark": "M", "other": "C", "control": "Cc", "whitespace": "Zs",
}  # fmt: skip
_SCRIPTS: dict[str, Ranges] = {
    "Latin": ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F)), "Greek": ((0x391, 0x3C9),), "Cyrillic": ((0x410, 0x44F),),
    "Han": ((0x4E00, 0x9FFF),), "Hiragana": ((0x3041, 0x3096),), "Katakana": ((0x30A1, 0x30FA),), "Arabic": ((0x620,
                                                                                                              0x64A),),
    "Hebrew": ((0x5D0, 0x5EA),), "Thai": ((0xE01, 0xE2E),), "Hangul": ((0xAC00, 0xD7A3),), "Devanagari": ((0x905,
                                                                                                           0x939),),
}  # fmt: skip
