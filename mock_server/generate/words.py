"""Property names as words: `homeGroupId`, `home_group_id` and `HomeGroup-ID` all read "home group id"."""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|[0-9]+")
_SAME_IN_PLURAL = frozenset(
    ("series", "news", "species", "address", "status", "class", "access", "process", "business", "bus", "gas", "analysis")
)
_TAIL = frozenset(
    (
        "data",
        "info",
        "details",
        "detail",
        "object",
        "dto",
        "model",
        "response",
        "resource",
        "entity",
        "item",
        "list",
        "record",
        "summary",
        "type",
    )
)


@lru_cache(maxsize=65536)
def split_words(name: str) -> tuple[str, ...]:
    """Split a name into lower-case words."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """The singular of an English noun, by its ending; good enough to match `categories` with `category`."""
    if word in _SAME_IN_PLURAL or len(word) < 4:  # noqa: PLR2004 - `ids`, `bus`
        return {"ids": "id"}.get(word, word)
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=8192)
def nouns_of(name: str) -> frozenset[str]:
    """
    What a name says that a thing is: `chargerGroups` is a "charger group" and a "group".

    Words that say nothing, as in `UserResponse`, are left out.
    """
    words = list(split_words(name))
    while len(words) > 1 and words[-1] in _TAIL:
        words.pop()
    if not words:
        return frozenset()
    words[-1] = singular(words[-1])
    found = {words[-1], " ".join(words)}
    if len(words) == 1 and words[0].startswith("sub") and len(words[0]) > 5:  # noqa: PLR2004 - `subgroup`, not `subway`
        found.add(words[0][3:])
    return frozenset(found)
