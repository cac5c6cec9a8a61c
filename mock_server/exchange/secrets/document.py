"""
Secrets according to documents.

Keys of security schemes, `format: password`, variables of paths that are called so.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from mock_server.document.document import Document
from mock_server.exchange.secrets.mask import Mask, names_of
from mock_server.exchange.secrets.names import Secrecy, judge_name
from mock_server.json_values import JsonValue

_PASSWORD: Final = re.compile(rb"format[\"']?\s*:\s*[\"']?password")
_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")


def mask_of(documents: Iterable[Document], open_cookies: frozenset[str] = frozenset()) -> Mask:
    """
    Make the mask of exchanges with some documents.

    Args:
        documents: Any number of them.
        open_cookies: Names of cookies that are no secrets.
    """
    known = [_known(document) for document in documents]
    return Mask(
        names=frozenset().union(*(each.names for each in known)),
        members=frozenset().union(*(each.members for each in known)),
        templates=tuple(template for each in known for template in each.templates),
        open_cookies=open_cookies,
    )


@lru_cache(maxsize=16)
def _known(document: Document) -> Mask:
    texts = [resource for resource in document.library.loaded() if any(map(_PASSWORD.search, resource.iter_data()))]
    members = frozenset(name.lower() for resource in texts for name in find_passwords(resource.value))
    templates = {
        entry.template
        for entry in document.entries
        for name in _VARIABLE.findall(entry.template)
        if judge_name(name) is Secrecy.SECRET or name.lower() in members
    }
    return Mask(names=names_of(document.schemes.values()), members=members, templates=tuple(sorted(templates)))


def find_passwords(document: JsonValue) -> set[str]:
    """
    Find the properties and parameters with schemas of `format.

    Password`, also by reference to a schema that does.
    """
    named = list(_iter_named(document))
    found = {name for name, schema in named if _is_password(schema)}
    return found | {name for name, schema in named if _referred(schema) in found}


def _iter_named(document: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield all named schemas: of a property, a parameter, a component."""
    todo: list[JsonValue] = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, dict):
            for key in ("properties", "schemas", "definitions", "$defs"):
                inner = value.get(key)
                yield from inner.items() if isinstance(inner, dict) else ()
            name = value.get("name")
            if isinstance(name, str) and "in" in value:
                yield name, value.get("schema", value)
            todo.extend(value.values())


def _is_password(schema: JsonValue) -> bool:
    return isinstance(schema, dict) and schema.get("format") == "password"


def _referred(schema: JsonValue) -> str:
    """Return the name at the end of a reference; "" where there is none."""
    ref = schema.get("$ref") if isinstance(schema, dict) else None
    if isinstance(ref, str):
        return ref.rpartition("/")[2]
    return ""
