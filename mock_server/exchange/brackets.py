"""
Names with brackets: `address[city]=Oulu`, `items[0][id]=1`, `tags[]=a`.

OpenAPI's `deepObject` defines one level of them; what stands deeper is read and written as forms do it in practice.

Source: OAS 3.1.1, "Style Values"
"""

import re
from collections.abc import Iterator

from mock_server.errors import MalformedContent
from mock_server.exchange.interpret import Raw
from mock_server.schema.outline import Outline
from mock_server.typing import JsonValue

_DEEPEST = 32
_INDEX = re.compile(r"[0-9]{1,9}")


def put_bracketed(tree: dict[str, Raw], brackets: str, value: Raw) -> None:
    """
    Add one value.

    Args:
        tree: What stands under the name so far; `[]` counts up from 0.
        brackets: What follows the name: `[items][0][id]`.
        value: What to put there.

    Raises:
        MalformedContent: a place would be a value and an object at once, or lies too deep.
    """
    path = brackets.removeprefix("[").removesuffix("]").split("][")
    if len(path) > _DEEPEST:
        raise MalformedContent(f"names with more than {_DEEPEST} brackets are not read")
    for step in path[:-1]:
        child = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(child, dict):
            raise MalformedContent(f"[{step}] is a value and an object at once")
        tree = child
    last = path[-1] or str(len(tree))
    known = tree.get(last)
    if known is None:
        tree[last] = value
    elif isinstance(known, dict):
        raise MalformedContent(f"[{last}] is a value and an object at once")
    else:
        tree[last] = [*(known if isinstance(known, list) else [known]), value]


def settle(raw: Raw, outline: Outline) -> Raw:
    """Make lists of numbered members where the schema expects a list."""
    if not isinstance(raw, dict):
        return raw
    if "array" in outline.types and ("object" not in outline.types or not outline.names) and all(map(_INDEX.fullmatch, raw)):
        return [settle(raw[key], outline.item()) for key in sorted(raw, key=int)]
    return {name: settle(member, outline.member(name)) for name, member in raw.items()}


def iter_bracketed(name: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Write an object or a list as names with brackets and scalars; empty ones leave no trace."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from iter_bracketed(f"{name}[{key}]", member)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from iter_bracketed(f"{name}[{index}]", item)
    else:
        yield name, value
