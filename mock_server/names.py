"""Property names as words: `homeGroupId`, `home_group_id` and `HomeGroup-ID` all read "home group id"."""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|[0-9]+")
_SAME_IN_PLURAL = frozenset(
    (
        "series",
        "news",
        "species",
        "address",
        "status",
        "class",
        "access",
        "process",
        "business",
        "bus",
        "gas",
        "analysis",
    )
)
# Things whose parts are things of the same kind: a `subgroup` is a group. A `subscription` is no `scription`.
_PARTED = frozenset(
    ("account", "area", "category", "chapter", "class", "collection", "command", "community", "company",
     "component", "directory",
     "division", "domain", "event", "family", "folder", "goal", "group", "issue", "item", "location", "menu",
     "module", "network",
     "organization", "page", "plan", "process", "product", "project", "region", "resource", "section", "sector",
     "segment", "set",
     "step", "system", "task", "team", "tenant", "topic", "tree", "type", "unit", "user", "workflow", "zone")
)  # fmt: skip
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


@lru_cache(maxsize=65536)
def joined(name: str) -> str:
    """Return a name without case and separators: `pet_id` and `petId` are one."""
    return "".join(split_words(name))


@lru_cache(maxsize=1024)
def joined_names(names: tuple[str, ...]) -> frozenset[str]:
    """Return the names of an object, each as `joined` has it."""
    return frozenset(map(joined, names))


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """Return the singular of an English noun, by its ending; good enough to match `categories` with `category`."""
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
    Return what a name says that a thing is: `chargerGroups` is a "charger group" and a "group".

    Words that say nothing, as in `UserResponse`, are left out.
    """
    words = list(split_words(name))
    while len(words) > 1 and words[-1] in _TAIL:
        words.pop()
    if not words:
        return frozenset()
    words[-1] = singular(words[-1])
    found = {words[-1], " ".join(words)}
    part = words[0].removeprefix("sub")
    if len(words) == 1 and part in _PARTED:
        found.add(part)
    return frozenset(found)
