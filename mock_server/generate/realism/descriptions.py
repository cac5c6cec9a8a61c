"""
Reading of descriptions: the words that are allowed, examples, bounds and units of values.

Descriptions are somebody else's text: only their beginning is read, by expressions that go over it once. What is found
is a wish: every value is judged by the schema before it is used, so that a description makes none that is wrong.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

READ: Final = 900  # characters of a description
_MOST: Final = 24  # values of one list
_NEAR: Final = 26  # characters between what introduces a list and the list
_TOKEN: Final = r"[^\s`\"'“”*|,;(){}<>\[\]](?:[^`\"“”*|,;(){}<>\[\]\n]{0,38}[^\s`\"'“”*|,;(){}<>\[\]])?"
_QUOTES: Final = (r"`{{1,2}}({0})`{{1,2}}", r"\"({0})\"", r"“({0})”", r"\*\*({0})\*\*", r"(?<!\w)'({0})'(?!\w)")
_ONE: Final = re.compile("|".join(quotes.format(_TOKEN) for quotes in _QUOTES))
_STAR: Final = re.compile(r"`\*`|\"\*\"")
# What stands between the members of a list.
_BETWEEN: Final = re.compile(
    r"\s{0,3}(?:\([^()]{0,60}\)\s{0,3})?(?:,|;|\||/|\bor\b|\band\b|&)(?:\s{0,3}(?:or|and)\b)?\s{0,3}"
)
_OR: Final = re.compile(r",|\bor\b|\||/")
# What leads to the values of a property, and what to an example of one.
_ALLOWED: Final = r"(?:possible|valid|allowed|supported|accepted|available|permitted)"
_LISTS: Final = re.compile(
    r"\b(?:one of|either|any of|values? (?:are|is|can be|may be|must be)|is always|always|can be|"
    r"may be|must be|will be|"
    rf"{_ALLOWED} (?:\w{{1,20}} )?(?:values?|options?|types?|operators?|states?|modes?|kinds?)|"
    rf"{_ALLOWED} \w{{3,20}}s(?: are|:)|defaults? (?:value )?(?:is|to)|object type:?|set to)\b",
    re.IGNORECASE,
)
_EXAMPLES: Final = re.compile(
    r"\b(?:e\.g\.?|eg\.|for example|for instance|examples?|such as|like|i\.e\.)(?=\W)", re.IGNORECASE
)
_BARE_LIST: Final = re.compile(
    rf"\b(?:one of|{_ALLOWED} (?:values|operators|options|types|modes|states)(?: are| include)?:?)[: ]{{1,3}}"
    r"((?:[A-Za-z][\w*-]{0,30}(?:, (?:or |and )?|\. and |\. | or | and )){1,12}[A-Za-z*][\w*-]{0,30})",
    re.IGNORECASE,
)
_CAPITALS: Final = re.compile(
    r"\b[A-Z][A-Z_]{2,30}(?:, [A-Z][A-Z_]{2,30}){1,12},? (?:or|and) (?:[A-Z][A-Z_]{2,30}\b|\*)"
)
_MEANS: Final = re.compile(
    r"(?:`([\w.-]{1,40})`|\*\*([\w.-]{1,40})\*\*|\"([\w.-]{1,40})\")"
    r"\s{0,2}(?:\([^()]{0,40}\)\s{0,2})?(?:is |means |for |indicates |- |: |= )"
)
_TRUTH: Final = re.compile(r"\b(?:if|when|whether|either) `?(?:true|false)`?\b|`true` (?:if|or|when)", re.IGNORECASE)
_NUMBER: Final = r"[`*]{0,2}([-+]?\d{1,9}(?:\.\d{1,6})?)(?!\d*(?:[A-Za-z_]|\.\d))"
_NOTE: Final = r"\s?(?:\([a-z ]{1,20}\)\s?)?(?:%|`|\*\*)?\s?"
_DASH: Final = r"\s?(?:-|\u2013|\.\.)\s?"
_RANGES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bbetween\s{_NUMBER}{_NOTE}(?:\w{{1,12}} )?(?:and|to)\s{_NUMBER}",
        rf"\bfrom\s{_NUMBER}{_NOTE}(?:\w{{1,12}} )?(?:to|through|until)\s{_NUMBER}",
        rf"\b(?:ranges?|values?)(?: are| is| from)?:?\s{_NUMBER}(?:{_DASH}|\sto\s){_NUMBER}",
        rf"[(\[]\s?{_NUMBER}{_DASH}{_NUMBER}\b",
    )
)
_LEAST: Final = re.compile(
    r"(?:\b(?:greater than(?: or equal to)?|at least|minimum(?: value)?(?: is| of|:)?|"
    r"start(?:s|ing) (?:at|from|with))\s|>=?\s?)" + _NUMBER,
    re.IGNORECASE,
)
_GREATEST: Final = re.compile(
    r"(?:\b(?:less than(?: or equal to)?|at most|maximum(?: value)?(?: is| of|:)?|up to|no more than)\s|<=?\s?)"
    + _NUMBER,
    re.IGNORECASE,
)
_USUAL: Final = re.compile(
    rf"\b(?:usually|typically|normally|defaults? to|default(?: value)?(?: is|:)|default of)\s{_NUMBER}", re.IGNORECASE
)
_IDENTIFIES: Final = re.compile(
    r"\s{0,3}(?:The |An? |Unique |Opaque )?(?:\w{1,20} )?(?:\[[^\]]{0,30}\] )?"
    r"(?:ID|UUID|GUID|identifier|unique id|unique identifier)\b(?: of| for| associated|,|\.|$)",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"\b(?:names? (?:of|for)|name given to) (?:the |a |an |this |that |your )?((?:\w{2,20}'s )?\w{2,20}(?: \w{2,20})?)",
    re.IGNORECASE,
)
_ZERO: Final = re.compile(r"\bzero\b", re.IGNORECASE)
# Words that are no part of a noun.
_SMALL: Final = frozenset(
    ("of", "the", "in", "for", "to", "on", "that", "this", "with", "from", "is", "and", "or", "as", "by", "at",
     "used", "which", "a",
     "an", "associated", "assigned", "when", "if", "will", "has", "being", "where", "who")
)  # fmt: skip
_WORDS_LIKE: Final = frozenset(("true", "false", "null", "none", "undefined", "nil"))


@dataclass(frozen=True, slots=True)
class DescribedValues:
    """The demands and hints of a description on the values of a property."""

    values: tuple[str, ...] = ()  # the words that are allowed, or examples of them
    least: float | None = None
    most: float | None = None
    usual: float | None = None
    identifies: bool = False  # it is the identifier of something
    named: str = ""  # the noun whose name it is


NOTHING: Final = DescribedValues()


@lru_cache(maxsize=16_384)
def read_description(description: str, beside: frozenset[str] = frozenset()) -> DescribedValues:
    """
    Read a description.

    Args:
        description: Of the property; its first characters count.
        beside: Names of properties next to it: these are no values.
    """
    text = _ZERO.sub("0", description[:READ])
    if not text.strip():
        return NOTHING
    named = _NAMED.search(text[:160])
    return DescribedValues(
        _values(text, beside),
        *_bounds(text),
        usual=_first(_USUAL.search(text)),
        identifies=_IDENTIFIES.match(text) is not None,
        named=_noun(named[1]) if named is not None else "",
    )


def _noun(phrase: str) -> str:
    """Return the noun at the beginning of a phrase: `content provider`, `operator` of `operator of`."""
    words = [word for word in phrase.lower().split() if not word.endswith("'s")]
    end = next((index for index, word in enumerate(words) if word in _SMALL), len(words))
    return " ".join(words[:end])


def _values(text: str, beside: frozenset[str]) -> tuple[str, ...]:
    """Find the values that a text lists: the longest list, or else what it shows as an example."""
    if _TRUTH.search(text[:120]) is not None:
        return ("true", "false")
    lists = [*_quoted_lists(text), *_meant(text), *_bare_lists(text)]
    best = max(lists, key=len, default=())
    kept = [value for value in dict.fromkeys(best[:_MOST]) if value not in beside]
    words = tuple(value for value in kept if value.lower() not in _WORDS_LIKE or value.lower() == "none")
    if words and _STAR.search(text) and len(words) > 1:
        return (*words, "*")
    return words


def _quoted_lists(text: str) -> list[tuple[str, ...]]:
    """Find runs of quoted words that stand for values: two or more, or one that is introduced."""
    found = list(_ONE.finditer(text))
    runs: list[tuple[str, ...]] = []
    index = 0
    while index < len(found):
        last = index
        joints: list[str] = []
        while last + 1 < len(found):
            gap = text[found[last].end() : found[last + 1].start()]
            if _BETWEEN.fullmatch(gap) is None:
                break
            joints.append(gap)
            last += 1
        before = text[max(found[index].start() - 60, 0) : found[index].start()]
        if _is_list(before, joints):
            runs.append(tuple(_group(match) for match in found[index : last + 1]))
        index = last + 1
    return runs


def _is_list(before: str, joints: list[str]) -> bool:
    """Return True if what is quoted after some words is a list of values."""
    for introduction in (_LISTS, _EXAMPLES):
        leads = list(introduction.finditer(before))
        gap = before[leads[-1].end() :] if leads else ""
        if leads and len(gap) <= _NEAR and not re.search(r"[.!?]\s|[`\"*]", gap):
            return True
    if len(joints) > 1 or (joints and _OR.search(joints[-1]) is not None):
        return True
    return before.rstrip().endswith(":")


def _meant(text: str) -> list[tuple[str, ...]]:
    """Find values each of which is explained: `0` is an error, `1` is a warning."""
    values = tuple(_group(match) for match in _MEANS.finditer(text))
    return [values] if len(set(values)) > 1 else []


def _bare_lists(text: str) -> list[tuple[str, ...]]:
    """Find lists without quotes, where they are introduced, or in capitals."""
    found = [tuple(re.findall(r"[A-Za-z*][\w*-]*", match[1])) for match in _BARE_LIST.finditer(text)]
    found += [tuple(re.findall(r"[A-Z_]{3,}|\*", match[0])) for match in _CAPITALS.finditer(text)]
    words = frozenset(("or", "and"))
    return [tuple(word for word in words_ if word not in words) for words_ in found if len(words_) > 1]


def _bounds(text: str) -> tuple[float | None, float | None]:
    """Find the least and the greatest number that a text names."""
    for pattern in _RANGES:
        found = pattern.search(text)
        if found is not None:
            low, high = float(found[1]), float(found[2])
            if low < high:
                return low, high
    least, most = _first(_LEAST.search(text)), _first(_GREATEST.search(text))
    if least is not None and most is not None and least >= most:
        return None, None
    return least, most


def _first(found: re.Match[str] | None) -> float | None:
    if found is None:
        return None
    return float(next(group for group in found.groups() if group is not None))


def _group(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None).strip()
