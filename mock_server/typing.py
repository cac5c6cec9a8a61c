"""The type words of the package."""

from collections.abc import Callable
from typing import TypeAlias, Union

# What JSON can say (RFC 8259), as Python's own types.
# Objects keep the order in which they were written.
JsonValue: TypeAlias = Union[bool, int, float, str, list["JsonValue"], dict[str, "JsonValue"], None]  # noqa: UP007 - recursive
JsonObject: TypeAlias = dict[str, JsonValue]

# The reference tokens of a JSON Pointer (RFC 6901), unescaped.
Pointer: TypeAlias = tuple[str, ...]

# Header fields and query items in order of appearance.
Fields: TypeAlias = tuple[tuple[str, str], ...]

# Tells somebody how far a long piece of work has come: (done, total or None, what).
Progress: TypeAlias = Callable[[int, int | None, str], None]
