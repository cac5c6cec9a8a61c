"""
Path templates by structure: `/buckets/{id}` and `/buckets/{bucket_id}` name the same thing.

A template is compared by its shape, in which variables have no names, and variables are taken over by position.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from mock_server.document.document import template_names
from mock_server.json_values import JsonValue
from mock_server.names import singular, split_words

Variables = Mapping[str, JsonValue]

_VARIABLE = re.compile(r"\{[^}]*\}")
# The last segment of paths by which things of the collection before it are listed.
_LISTING = frozenset(("filter", "search", "query", "list", "find", "all", "_search", "lookup"))


def is_listing(template: str) -> bool:
    """Return whether a template is that of a search among things, as `/pets/search`: what is sent there is no thing."""
    return shape_of(template).rpartition("/")[2] in _LISTING


def is_plural(template: str) -> bool:
    """Return whether a template ends with a plural, as that of a collection does: `/loans`."""
    last = shape_of(template).rpartition("/")[2]
    words = split_words(last)
    return bool(words) and "{" not in last and singular(words[-1]) != words[-1]


@lru_cache(maxsize=4096)
def shape_of(template: str) -> str:
    """Return a template without the names of its variables: `/buckets/{}`."""
    return _VARIABLE.sub("{}", template).rstrip("/") or "/"


def is_at_or_below(template: str, outer: str) -> bool:
    """Return whether a template is another one, or something within it: `/pets/{id}/photos`, `/pets/{petId}:stop`."""
    inside, around = shape_of(template), shape_of(outer)
    return inside == around or inside.startswith((around + "/", around + ":"))


def rename(variables: Variables, template: str, other: str) -> dict[str, JsonValue]:
    """Return the variables of a template under the names that another template has at the same positions."""
    names = dict(zip(template_names(template), template_names(other), strict=False))
    return {names.get(name, name): value for name, value in variables.items()}


def iter_prefixes(template: str) -> Iterator[str]:
    """Yield the parts of a template that end with a variable: `/a/{x}` and `/a/{x}/b/{y}` of `/a/{x}/b/{y}:stop`."""
    for match in re.finditer(r"\}", template):
        yield template[: match.end()]


def names_item(template: str) -> bool:
    """Return whether a template names one thing: it ends with a variable."""
    return template.rstrip("/").endswith("}")


def identify_path(template: str, variables: Variables) -> tuple[str, tuple[str, ...]]:
    """Return what a path names, whatever its variables are called and however their values are written."""
    return shape_of(template), tuple(str(variables.get(name)) for name in template_names(template))


def collection_word(template: str) -> str:
    """
    Return the noun of a collection, or of the things in it: `pet` of `/pets`, `/pets/{petId}` and `/pets/search`.

    It is empty where there is none.
    """
    segments = [segment for segment in template.strip("/").split("/") if "{" not in segment]
    while len(segments) > 1 and segments[-1] in _LISTING:
        segments.pop()
    words = split_words(segments[-1]) if segments else ()
    if not words:
        return ""
    return "".join((*words[:-1], singular(words[-1])))


def iter_item_shapes(template: str) -> Iterator[str]:
    """
    Yield the shapes that the things of a collection may have, the likeliest first.

    `/pets/{}` for `/pets`; for `/pets/search` as well; `/pet/{}`, where the path of one thing is in the singular; and
    `/hosts/{}/{}`, where two values name a thing.
    """
    shape = shape_of(template)
    yield f"{shape}/{{}}"
    outer, _, last = shape.rpartition("/")
    if last in _LISTING and outer:
        yield f"{outer}/{{}}"
    elif last and "{" not in last and singular(last) != last:
        yield f"{outer}/{singular(last)}/{{}}"
        yield f"{shape}/{{}}/{{}}"
